"""Run `python -m kurrent_conn.cli` as `kurrent-conn`."""

from kurrent_conn.cli import main

main()
