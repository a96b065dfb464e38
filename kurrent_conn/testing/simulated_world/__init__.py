"""A simulated KurrentDB cluster, network and clients on virtual time.

`schedule` plays random schedules of faults against the state machine and demands its
promises (`promise`); a schedule is a seed and can be played again.
"""
