"""A simulated cluster's truth, and what each node believes: values, pure functions."""
