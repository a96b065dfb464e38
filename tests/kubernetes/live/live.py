"""A plan that runs in the lab, and clients where it promises to serve them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from kurrent_conn import Overrides, Settings
from kurrent_conn.kubernetes import (
    ClientSide,
    Location,
    Site,
    Solution,
    client_sides,
    plans,
    situation_of,
)
from kurrent_conn.kubernetes.plan import Plan
from tests.kubernetes.live.deployment import Deployment
from tests.topology.lab.plan import Issuer
from tests.topology.lab.program import Program
from tests.topology.lab.requirement import require_lab
from tests.topology.lab.running import RunningLab, running_lab

NAMESPACES: Final = {
    Location.SAME_CLUSTER: "in",
    Location.OTHER_CLUSTER: "peer",
    Location.OUTSIDE: "out",
}
SITE: Final = Site(
    addresses=(
        *((f"mydb-{place}", f"10.10.0.{11 + place}") for place in range(3)),
        ("mydb-remote-replica-0", "10.20.0.11"),
    )
)


@dataclass(frozen=True)
class Live:
    """A plan, and the lab in which it runs."""

    plan: Plan
    lab: RunningLab
    site: Site

    def side(self, location: Location) -> ClientSide:
        """What clients at a place are configured with."""
        sides = client_sides(self.plan, self.site)
        return next(side for side in sides if side.location is location)

    def everybody(self) -> dict[Location, list[dict[str, Any]]]:
        """Let clients at all places work and be examined, side by side."""
        started = {location: self._client(location) for location in self.plan.locations}
        return {
            location: self._outcome(client, location, self.strings(location))
            for location, client in started.items()
        }

    def strings(self, location: Location) -> list[str]:
        """The rendered connection strings, with a user."""
        side = self.side(location)
        found = (side.connection_string, side.discover_string)
        return [with_user(each) for each in found if each is not None]

    def examined(
        self, location: Location, overrides: Overrides | None = None
    ) -> dict[str, Any]:
        """Let the doctor look from a place, by other rules than the rendered ones."""
        (told,) = self._outcome(
            self._client(location),
            location,
            self.strings(location)[:1],
            overrides=overrides,
            connects=False,
        )
        diagnosis: dict[str, Any] = told["diagnosis"]
        return diagnosis

    def _client(self, location: Location) -> Program:
        roots = f"SSL_CERT_FILE={self.lab.ca_file(Issuer.PUBLIC)}"
        command = ("env", roots, sys.executable, "-m", "tests.kubernetes.live.client")
        return self.lab.start_command(NAMESPACES[location], *command)

    def _outcome(
        self,
        client: Program,
        location: Location,
        strings: Sequence[str],
        *,
        overrides: Overrides | None = None,
        connects: bool = True,
    ) -> list[dict[str, Any]]:
        rules = self.lab.directory / f"{location}.toml"
        used = self.side(location).overrides if overrides is None else overrides
        rules.write_text(used.to_toml())
        place = "outside" if location is Location.OUTSIDE else "pod"
        asked = {
            "strings": strings,
            "overrides": str(rules),
            "doctor": [f"--from-{place}", "--namespace", self.site.namespace],
            "connects": connects,
        }
        ended = client.end(json.dumps(asked), 30.0)
        assert ended.code == 0, ended.errors
        told: list[dict[str, Any]] = json.loads(ended.output)
        return told


def with_user(string: str) -> str:
    """Add user and password, which no rendered file has."""
    settings = Settings.from_string(string)
    return replace(settings, username="admin", password="changeit").to_string()


@contextmanager
def live_plan(solution: Solution, edit: Callable[[str], str] = str) -> Iterator[Live]:
    """A solution's first plan, applied; each file edited before."""
    require_lab(public_ca=True)
    plan = plans(situation_of(solution))[0]
    with running_lab(Deployment(plan, SITE, edit).lab()) as lab:
        yield Live(plan, lab, replace(SITE, ca_file=str(lab.ca_file(Issuer.OWN))))
