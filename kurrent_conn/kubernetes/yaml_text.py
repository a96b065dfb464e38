"""YAML between text and plain values; the one place that imports pyyaml, an extra."""

from __future__ import annotations

from types import ModuleType

from kurrent_conn.errors import InvalidResource, MissingExtra, Problem


def read_yaml(text: str) -> list[object]:
    """Read every document of a YAML text.

    Args:
        text: One document or more.

    Raises:
        InvalidResource: It is no YAML.
        MissingExtra: pyyaml is not installed.
    """
    yaml = _yaml()
    try:
        return list(yaml.safe_load_all(text))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        problem = Problem("file", f"is no YAML: {reason}")
    raise InvalidResource((problem,))


def write_yaml(value: object) -> str:
    """Write one document, keys in their order, nothing abbreviated.

    Args:
        value: Mappings, sequences and scalars.

    Raises:
        MissingExtra: pyyaml is not installed.
    """
    yaml = _yaml()
    dumper = yaml.SafeDumper
    # Anchors and aliases would make a reader look for what a value is.
    plain = type("Plain", (dumper,), {"ignore_aliases": lambda *_: True})
    text: str = yaml.dump(
        value, Dumper=plain, sort_keys=False, default_flow_style=False, width=100
    )
    return text


def _yaml() -> ModuleType:
    try:
        import yaml  # noqa: PLC0415 - an extra: only who needs YAML needs it
    except ModuleNotFoundError:
        raise MissingExtra("pyyaml", "kubernetes") from None
    return yaml
