"""What passes the public addresses, counted by the router; and its one filter.

Counts are of IP packets: payload and headers, two in a thousand more than the payload.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tests.topology.lab.network import NETWORKS, WAN

_SETS: Final = ("received", "sent")


@dataclass(frozen=True, slots=True)
class Flow:
    """What one client moved through one public address.

    Args:
        client: The client's address.
        address: The public address.
        port: Its port.
        received_bytes: From the client.
        sent_bytes: To the client.
    """

    client: str
    address: str
    port: int
    received_bytes: int
    sent_bytes: int


def install(*, is_peered: bool) -> None:
    """Start counting, and drop what the internet sends to private addresses.

    Args:
        is_peered: Whether the two private networks reach each other.
    """
    _nft("-f", "-", given=rules(is_peered=is_peered))


def flows() -> tuple[Flow, ...]:
    """Read what was counted since the last reset."""
    counted: dict[tuple[str, str, int], dict[str, int]] = {}
    for name in _SETS:
        for key, amount in _elements(name):
            counted.setdefault(key, dict.fromkeys(_SETS, 0))[name] = amount
    return tuple(
        Flow(*key, received_bytes=both["received"], sent_bytes=both["sent"])
        for key, both in sorted(counted.items())
    )


def reset() -> None:
    """Count from zero again."""
    for name in _SETS:
        _nft("flush", "set", "inet", "lab", name)


def rules(*, is_peered: bool) -> str:
    """Write the rules.

    Args:
        is_peered: Whether the two private networks reach each other.
    """
    public = "203.0.113.0/24"
    private = f"{{ {NETWORKS['in']}.0/24, {NETWORKS['peer']}.0/24 }}"
    apart = f"ip saddr {private} ip daddr {private} drop" if not is_peered else ""
    towards, back = (
        "ip saddr . ip daddr . tcp dport",
        "ip daddr . ip saddr . tcp sport",
    )
    keyed = "type ipv4_addr . ipv4_addr . inet_service; flags dynamic; counter"
    return f"""table inet lab {{
  set received {{ {keyed}; size 4096; }}
  set sent {{ {keyed}; size 4096; }}
  chain in_ {{
    type filter hook input priority 0;
    ip daddr {public} meta l4proto tcp update @received {{ {towards} }}
  }}
  chain out_ {{
    type filter hook output priority 0;
    ip saddr {public} meta l4proto tcp update @sent {{ {back} }}
  }}
  chain through {{
    type filter hook forward priority 0;
    ip saddr {NETWORKS["out"]}.0/24 ip daddr {private} counter drop
    {apart}
  }}
}}
"""


def _elements(name: str) -> Iterator[tuple[tuple[str, str, int], int]]:
    listed = json.loads(_nft("-j", "list", "set", "inet", "lab", name))
    for entry in listed["nftables"]:
        for element in entry.get("set", {}).get("elem", []):
            value: Any = element["elem"]
            client, address, port = value["val"]["concat"]
            yield (client, address, port), value["counter"]["bytes"]


def _nft(*arguments: str, given: str = "") -> str:
    command = ["ip", "netns", "exec", WAN, "nft", *arguments]
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"nft: {done.stderr.strip()}")
    return done.stdout
