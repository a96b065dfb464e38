"""Whether a host that somebody else named may be dialled at all."""

from __future__ import annotations

from collections.abc import Iterable

from kurrent_conn.core.endpoint import normalized_host


def matches(host: str, patterns: Iterable[str]) -> bool:
    """Tell whether a host matches one of the patterns.

    Args:
        host: A host name or an address.
        patterns: Host names in which `*` stands for exactly one label, such as
            `*.kurrent.test`. Compared in lower case, without a trailing dot.
    """
    labels = normalized_host(host).split(".")
    return any(
        _label_match(labels, normalized_host(pattern).split("."))
        for pattern in patterns
    )


def _label_match(labels: list[str], pattern: list[str]) -> bool:
    return len(labels) == len(pattern) and all(
        wanted in {"*", label} for label, wanted in zip(labels, pattern, strict=True)
    )
