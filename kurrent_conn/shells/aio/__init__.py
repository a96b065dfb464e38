"""The asyncio shell: carries out the core's actions with tasks and `grpc.aio`.

`connecting` is where a connection begins; `driver` feeds the core; `channel`,
`multicallable` and `call` are what a stub sees, `attempts` what happens behind it.
"""
