"""The state machine on virtual time: the simulator and its exhaustive search."""
