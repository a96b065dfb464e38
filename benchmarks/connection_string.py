"""How long does it take to read a typical connection string?

Run from the root of the repository: `python benchmarks/connection_string.py`.
Prints medians in microseconds, ours first, then those of peers that can be imported,
each over the same rounds on the same machine. Every call reads another string:
`urllib.parse`, on which some peers stand, would answer a repeated one from its cache.
Ours must take 60 us or less.
"""

from __future__ import annotations

import importlib
import statistics
import sys
import timeit
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kurrent_conn.core.settings import Settings

STRING = (
    "kurrentdb://admin:changeit@n1.kurrent.test:2113,n2.kurrent.test:2113,"
    "n3.kurrent.test:2113?tlsCaFile=/etc/kurrent/ca.crt&nodePreference=follower"
    "&connectionName=orders&keepAliveInterval=10000"
)
ROUNDS = 200
CALLS_PER_ROUND = 50
CALLS = ROUNDS * CALLS_PER_ROUND
BUDGET_US = 60.0
MONGO = (
    "mongodb://admin:changeit@n1.kurrent.test:2113,n2.kurrent.test:2113,"
    "n3.kurrent.test:2113/?tlsCAFile=%2Fetc%2Fca.crt&readPreference=secondary"
    "&appname=orders&heartbeatFrequencyMS=10000"
)
POSTGRES = (
    "postgresql://admin:changeit@n1.kurrent.test:2113,n2.kurrent.test:2113,"
    "n3.kurrent.test:2113/db?sslrootcert=/etc/ca.crt&target_session_attrs=read-write"
    "&application_name=orders&keepalives_idle=10"
)
PEERS = (
    ("kurrentdbclient", "kurrentdbclient.connection_spec", "ConnectionSpec", STRING),
    ("pymongo", "pymongo.uri_parser", "parse_uri", MONGO),
    ("psycopg", "psycopg.conninfo", "conninfo_to_dict", POSTGRES),
    ("sqlalchemy", "sqlalchemy.engine.url", "make_url", "postgresql://a:b@n1:2113/db"),
)


def median_us(parse: Callable[[str], object], text: str) -> float:
    """Give the median of many rounds, in microseconds a call."""
    texts = iter([text.replace("n1", f"n{each}") for each in range(CALLS)])
    rounds = timeit.repeat(
        lambda: parse(next(texts)), number=CALLS_PER_ROUND, repeat=ROUNDS
    )
    return statistics.median(rounds) / CALLS_PER_ROUND * 1e6


def peers() -> Iterator[tuple[str, Callable[[str], object], str]]:
    """Give the parsers of other libraries that are installed, with a string each."""
    for name, module, attribute, text in PEERS:
        try:
            parse = getattr(importlib.import_module(module), attribute)
        except ImportError:
            continue
        yield name, parse, text


def main() -> None:
    """Print a line a parser."""
    ours = median_us(Settings.from_string, STRING)
    print(f"{'kurrent_conn':<16} {ours:8.1f} us (budget {BUDGET_US:.0f})")
    for name, parse, text in peers():
        print(f"{name:<16} {median_us(parse, text):8.1f} us")
    if ours > BUDGET_US:
        sys.exit(1)


if __name__ == "__main__":
    main()
