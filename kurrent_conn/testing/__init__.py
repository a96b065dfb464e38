"""A KurrentDB cluster on loopback that fails like the real one.

`SimulatedCluster` is the door, `fault` lists what can go wrong. `WatchedCluster` also
keeps a chronicle and takes faults by name. Needs the runtime dependencies only.
"""

from kurrent_conn.testing import fault
from kurrent_conn.testing.certificates import CertificateAuthority, KeyPair
from kurrent_conn.testing.cluster import SimulatedCluster
from kurrent_conn.testing.conduct import Conduct
from kurrent_conn.testing.election import Election
from kurrent_conn.testing.node import SimulatedNode
from kurrent_conn.testing.watched_cluster import WatchedCluster

__all__ = [
    "CertificateAuthority",
    "Conduct",
    "Election",
    "KeyPair",
    "SimulatedCluster",
    "SimulatedNode",
    "WatchedCluster",
    "fault",
]
