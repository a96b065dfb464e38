"""Connection strings: text in, values and warnings out, and back.

The grammar, decided once, in the order to read it:

`percent`, `duration`: how a single value is spelled.
`option`: one table of every option: its name, default, reader and writer.
`finding`: how problems and warnings are collected, with their positions.
`host`, `grammar`: where the parts of a string begin and end.
`reading`, `writing`: the whole string.

`Settings` holds what was read; `client_readings` knows how others read the same text.
"""

from kurrent_conn.core.connection_string.reading import Reading, Values, read
from kurrent_conn.core.connection_string.writing import redact, write

__all__ = ["Reading", "Values", "read", "redact", "write"]
