"""The pure core: values in, values out; no clock, no socket, no thread, no grpc.

Everything that *decides* lives here. The modules, in the order to read them:

`endpoint`, `route`, `cluster`, `settings`: the values.
`selection`, `backoff`, `failure`, `retry`: one decision each.
`events`, `actions`, `state`, `discovery`: the state machine that joins them.

Importable, but provisional: what users rely on is re-exported by `kurrent_conn`.
"""
