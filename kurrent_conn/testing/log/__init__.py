"""The one log of a simulated cluster and how it is read: values, pure functions."""
