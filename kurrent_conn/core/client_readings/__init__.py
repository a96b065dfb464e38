"""How each of the six official clients reads the same connection string.

One module a client models the rules of its parser, not its rows: `dotnet`, `java`,
`node`, `go`, `rust`, `python`. `client` holds the values, `option` and `number` what
the models share, `difference` compares a reading with ours, `lint` joins them.

Pure: whether a file exists, which some clients ask while they parse, comes as an
argument.
"""
