"""A leader dies while an application appends: nothing is lost, nothing comes twice.

Run it: `python examples/failover.py`. It needs the runtime dependencies only.
"""

from __future__ import annotations

from uuid import uuid4

import grpc

import kurrent_conn
from kurrent_conn import Outcome
from kurrent_conn.testing import SimulatedCluster
from kurrent_conn.testing.stream_client import StreamClient

EVENTS = 200


def append_once(client: StreamClient, number: int) -> None:
    """Append an event whose id is kept, so that repeating it is safe."""
    event_id = uuid4()
    while True:
        try:
            client.append("orders", event_id, b"%d" % number)
        except grpc.RpcError as error:
            if kurrent_conn.outcome(error) is Outcome.NOT_EXECUTED:
                raise
            print(f"event {number}: outcome unknown, repeated with the same id")
        else:
            return


def main() -> None:
    """Append two hundred events; the leader dies after a hundred."""
    with (
        SimulatedCluster(size=3) as cluster,
        kurrent_conn.connect(cluster.connection_string()) as connection,
    ):
        client = StreamClient(connection.channel)
        for number in range(EVENTS):
            if number == EVENTS // 2:
                leader, heir, _ = cluster.nodes
                leader.kill()
                cluster.elect(heir, after_s=0.2)
                print(f"{leader.advertised} died; {heir.advertised} is being elected")
            append_once(client, number)
        found = [int(recorded.data) for recorded in client.read("orders")]
        print(
            f"read back {len(found)} events, in order: {found == list(range(EVENTS))}"
        )


if __name__ == "__main__":
    main()
