"""The thin shells: they carry out what the core decides, on sockets and threads.

`rpc`, `channel_option`, `header`, `trust` are what both shells share; `blocking` and
`aio` never import each other.
"""
