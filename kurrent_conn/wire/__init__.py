"""Bytes to values and values to bytes; no channel, no call, no thread.

`gossip`, `server_features` and `not_leader` are what a connection needs; `status` and
`identifier` are shared by them. `protos` holds the messages.
"""
