"""`shells.survey` sees what each route leads to, and says why it sees nothing."""

from __future__ import annotations

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.settings import Settings
from kurrent_conn.shells.survey import survey
from kurrent_conn.shells.trust import read_trust
from kurrent_conn.testing import SimulatedCluster
from kurrent_conn.testing.stages.reserved_port import ReservedPort


def test_every_route_is_looked_at() -> None:
    """Names where a node answers, a reason where nothing does, in the given order."""
    port = ReservedPort()
    with SimulatedCluster(1, advertise="n{index}.kurrent.test") as cluster:
        (node,) = cluster.nodes
        refused = str(port.endpoint)
        rule = Override(
            exact=node.advertised.host, target=(str(node.endpoint), refused)
        )
        rules = Overrides((rule,))
        trust = read_trust(Settings.from_string(cluster.connection_string()))
        seen = survey([node.advertised], rules, trust, timeout_s=5.0)
    port.close()
    assert [s.route.dial for s in seen] == [node.endpoint, Endpoint.parse(refused)]
    answered, silent = seen
    assert answered.names is not None
    assert node.advertised.host in answered.names.dns
    assert silent.names is None
    assert "refused" in silent.why_not
