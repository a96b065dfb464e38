"""Faults by name, and what each does; `kurrent_conn.testing.fault` has the values."""
