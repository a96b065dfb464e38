"""BIND with one view for each thing that DNS may say, told apart by the address asked.

Each view is one root zone with all of its names: whatever is not there does not exist,
and nobody goes hunting for real root servers.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import dns.exception
import dns.message
import dns.query

from tests.topology.lab.daemon import Daemon
from tests.topology.lab.network import WAN, entered
from tests.topology.lab.plan import Acme, Record

TTL_S: Final = 1
KEY: Final = "lab"
_CONTROL: Final = "127.0.0.1"
_PATIENCE_S: Final = 2.0


def resolver_addresses(views: Sequence[str]) -> dict[str, str]:
    """Give each view the address under which it is asked.

    Args:
        views: Their names.
    """
    return {name: f"10.53.0.{number}" for number, name in enumerate(views, 1)}


class NameServer:
    """The running server.

    Args:
        views: What each says.
        acme: The zone that may be changed from outside, if any.
        directory: Where its files go.
    """

    def __init__(
        self,
        views: Mapping[str, Sequence[Record]],
        acme: Acme | None,
        directory: Path,
    ) -> None:
        self.addresses = resolver_addresses(list(views))
        self.key_file = directory / "key"
        self._directory = directory
        self._serials = dict.fromkeys(views, 0)
        directory.mkdir()
        generated = _out("tsig-keygen", KEY)
        self.key_file.write_text(generated)
        for name, records in views.items():
            self._write(name, records)
        if acme is not None:
            (directory / "acme").write_text(zone_text((), 1))
        config = directory / "named.conf"
        config.write_text(config_text(self.addresses, directory, generated, acme))
        self.daemon = Daemon(
            WAN, ["named", "-g", "-n", "1", "-c", str(config)], directory / "log"
        )
        self.daemon.wait_until(lambda: all(map(self._answers, views)))

    def say(self, view: str, records: Sequence[Record]) -> None:
        """Let a view say something else; it does when this returns.

        Args:
            view: Which.
            records: All that it says from now on.
        """
        self._write(view, records)
        reload = ["rndc", "-k", str(self.key_file), "-s", _CONTROL, "reload", "."]
        _out("ip", "netns", "exec", WAN, *reload, "IN", view)
        self.daemon.wait_until(lambda: self._answers(view))

    def _write(self, view: str, records: Sequence[Record]) -> None:
        self._serials[view] += 1
        text = zone_text(records, self._serials[view])
        (self._directory / view).write_text(text)

    def _answers(self, view: str) -> bool:
        """Whether a view answers from the zone that was written for it last."""
        wanted = self._serials[view]
        question = dns.message.make_query(".", "SOA")
        try:
            with entered(WAN):
                answer = dns.query.udp(question, self.addresses[view], _PATIENCE_S)
        except (dns.exception.DNSException, OSError):
            return False
        return any(f" {wanted} " in str(rrset) for rrset in answer.answer)


def zone_text(records: Sequence[Record], serial: int) -> str:
    """Write a zone file with a start, a server and the records.

    Args:
        records: The names and what stands behind them.
        serial: Higher than before.
    """
    lines = [
        f"@ {TTL_S} SOA ns.lab. admin.lab. {serial} 60 60 600 {TTL_S}",
        f"@ {TTL_S} NS ns.lab.",
        f"ns.lab. {TTL_S} A 10.53.0.1",
        *(f"{_full(r.name)} {TTL_S} {r.kind} {r.value}" for r in records),
    ]
    return "\n".join(lines) + "\n"


def config_text(
    addresses: Mapping[str, str], directory: Path, key: str, acme: Acme | None
) -> str:
    """Write the server's configuration.

    Args:
        addresses: The views, and under which address each is asked.
        directory: Where the zones are.
        key: Who may change things: a `key` clause.
        acme: The zone that may be changed from outside, if any.
    """
    views = "".join(
        _view(name, address, _challenges(acme, first=next(iter(addresses)), view=name))
        for name, address in addresses.items()
    )
    return f"""{key}
options {{
  directory "{directory}"; pid-file "pid"; session-keyfile "session.key";
  lock-file none; listen-on {{ any; }}; listen-on-v6 {{ none; }};
  recursion yes; dnssec-validation no; empty-zones-enable no;
  minimal-responses yes; notify no;
}};
controls {{ inet {_CONTROL} allow {{ any; }} keys {{ {KEY}; }}; }};
{views}"""


def _view(name: str, address: str, more: str) -> str:
    return f"""view "{name}" {{
  match-destinations {{ {address}; }};
  zone "." {{ type primary; file "{name}"; }};
{more}}};
"""


def _challenges(acme: Acme | None, *, first: str, view: str) -> str:
    if acme is None:
        return ""
    zone = f"_acme-challenge.{acme.zone}"
    if view != first:
        return f'  zone "{zone}" {{ in-view "{first}"; }};\n'
    allowed = f"allow-update {{ key {KEY}; }};"
    return f'  zone "{zone}" {{ type primary; file "acme"; {allowed} }};\n'


def _full(name: str) -> str:
    return name if name.endswith(".") else f"{name}."


def _out(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
