"""The arguments of a `rewrite` directive: what is taken, dropped or refused.

Refuses what CoreDNS refuses, the options included, so that a Corefile which passes here
is one that CoreDNS would load.

Source: CoreDNS 4b26cced, `plugin/rewrite/` (rewrite.go, name.go, ttl.go, rcode.go,
type.go, class.go, cname_target.go, edns0.go).
"""

from __future__ import annotations

from typing import Final

from kurrent_conn.core.overrides.coredns import NameMatch, Rewrite, Scope
from kurrent_conn.core.overrides.coredns_match import check_groups
from kurrent_conn.core.overrides.regex import compile_pattern
from kurrent_conn.core.overrides.rule import Then
from kurrent_conn.errors import InvalidOverride

_FORM: Final = (
    "write: rewrite [stop|continue] name [exact|prefix|suffix|substring|regex] FROM TO "
    "[answer auto]"
)
_EVERY_NAME: Final = "."
_MAX_TTL: Final = 2**32 - 1
_MAX_RCODE: Final = 23
_RCODES: Final = frozenset(
    """
    NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH
    NOTZONE DSOTYPENI BADSIG BADVERS BADKEY BADTIME BADMODE BADNAME BADALG BADTRUNC
    BADCOOKIE
    """.split()  # noqa: SIM905 - a table reads better than quoted words
)
_CLASSES: Final = frozenset({"IN", "CS", "CH", "HS", "NONE", "ANY"})


class Line:
    """One `rewrite` directive, read.

    Args:
        words: Its arguments, a block's lines flattened into them.
        scope: The server block that it stands in.

    Raises:
        InvalidOverride: CoreDNS refuses these arguments.
    """

    __slots__ = ("note", "rule")

    rule: Rewrite | None
    note: str

    def __init__(self, words: list[str], scope: Scope) -> None:
        then, field, arguments = _parted(words)
        self.rule, self.note = None, ""
        if field == "name":
            self.rule, self.note = _name_rule(arguments, then, scope)
            return
        if field == "answer":
            raise InvalidOverride(f"an answer belongs to a name rule; {_FORM}")
        matched = _OTHER_FIELDS[field](arguments) if field in _OTHER_FIELDS else None
        if field not in _OTHER_FIELDS:
            raise InvalidOverride(f"there is no field {words[0]!r}; {_FORM}")
        self.note = f"{field} has no meaning without a DNS reply; dropped"
        if matched is not None and then is Then.STOP:
            # It renames nothing, but CoreDNS asks no later rule once it matched.
            self.rule = Rewrite(matched[0], matched[1], None, then, scope)
            self.note += ", but the rules after it stay out of reach where it matches"


def _parted(words: list[str]) -> tuple[Then, str, list[str]]:
    if not words:
        raise InvalidOverride(f"nothing to rewrite; {_FORM}")
    then = Then.STOP
    if words[0].lower() in set(Then):
        then = Then(words[0].lower())
        words = words[1:]
        if not words:
            raise InvalidOverride(f"{then} of what? {_FORM}")
    return then, words[0].lower(), words[1:]


def _name_rule(words: list[str], then: Then, scope: Scope) -> tuple[Rewrite, str]:
    if len(words) < 2:  # noqa: PLR2004 - FROM and TO
        raise InvalidOverride(f"a name rule needs FROM and TO; {_FORM}")
    if len(words) == 2:  # noqa: PLR2004 - FROM and TO
        words = [NameMatch.EXACT, *words]
    kind, source, target, *options = words
    dropped = _options(kind, options) if options else ""
    if kind.lower() not in set(NameMatch):
        raise InvalidOverride(f"names are not matched by {kind!r}; {_FORM}")
    return Rewrite(NameMatch(kind.lower()), source, target, then, scope), dropped


def _options(kind: str, words: list[str]) -> str:
    auto, named, valued = False, False, False
    at = 0
    if len(words) < 2 or words[0] != "answer":  # noqa: PLR2004 - "answer auto"
        raise InvalidOverride(f"{' '.join(words)!r} is no option of {kind}; {_FORM}")
    while at < len(words):
        at += words[at] == "answer"
        if at == len(words):
            raise InvalidOverride("answer is not complete: auto, name or value?")
        option = words[at]
        at += 1
        if option == "auto":
            auto = True
            continue
        if option not in {"name", "value"}:
            raise InvalidOverride(f"an answer is auto, name or value, not {option!r}")
        if len(words) - at < 2:  # noqa: PLR2004 - FROM and TO
            raise InvalidOverride(f"answer {option} needs FROM and TO")
        check_groups(compile_pattern(words[at]).group_count, words[at + 1])
        named, valued = named or option == "name", valued or option == "value"
        at += 2
    if auto and named:
        raise InvalidOverride("answer auto and answer name exclude each other")
    if named or valued:
        return "answer rules have no meaning without a DNS reply; dropped"
    return ""


_Matched = tuple[NameMatch, str] | None


def _ttl(words: list[str]) -> _Matched:
    if len(words) not in {2, 3}:
        raise InvalidOverride("a ttl rule needs a name and a TTL")
    low, dash, high = words[-1].partition("-")
    bounds = [_number(part) for part in (low, high) if part]
    if not bounds or None in bounds or (dash and "-" in high):
        raise InvalidOverride(f"{words[-1]!r} is no TTL")
    if len(bounds) == 2 and (bounds[0] or 0) > (bounds[1] or 0):  # noqa: PLR2004
        raise InvalidOverride(f"the TTL range {words[-1]!r} is backwards")
    return _matched(words[:-1])


def _rcode(words: list[str]) -> _Matched:
    if len(words) not in {3, 4}:
        raise InvalidOverride("an rcode rule needs a name and two response codes")
    for word in words[-2:]:
        number = _number(word)
        known = number is not None and number <= _MAX_RCODE
        if not known and word.upper() not in _RCODES:
            raise InvalidOverride(f"{word!r} is no response code")
    return _matched(words[:-2])


def _type(words: list[str]) -> _Matched:
    if len(words) != 2:  # noqa: PLR2004 - from and to
        raise InvalidOverride("a type rule needs two record types")
    # An address is asked for as A. (AAAA has a question of its own.)
    return (NameMatch.SUFFIX, _EVERY_NAME) if words[0].upper() == "A" else None


def _class(words: list[str]) -> _Matched:
    if len(words) != 2 or not {word.upper() for word in words} <= _CLASSES:  # noqa: PLR2004
        raise InvalidOverride("a class rule needs two classes, such as IN and CH")
    return (NameMatch.SUFFIX, _EVERY_NAME) if words[0].upper() == "IN" else None


def _cname(words: list[str]) -> _Matched:
    if len(words) not in {2, 3}:
        raise InvalidOverride("a cname rule needs FROM and TO")
    kind = words[0].lower() if len(words) == 3 else NameMatch.EXACT  # noqa: PLR2004
    if kind not in set(NameMatch):
        raise InvalidOverride(f"a cname is not matched by {words[0]!r}")
    if kind == NameMatch.REGEX:
        compile_pattern(words[1].lower())
    # CoreDNS looks at the reply only, so the rule counts as matching every name.
    return NameMatch.SUFFIX, _EVERY_NAME


def _edns0(words: list[str]) -> _Matched:
    words = [*words[:2], *(word for word in words[2:] if word != "revert")]
    counts = {"local": 4, "nsid": 2, "subnet": 4}
    if len(words) < 2 or words[0].lower() not in counts:  # noqa: PLR2004
        raise InvalidOverride("an edns0 rule is about local, nsid or subnet")
    kind, action = words[0].lower(), words[1].lower()
    if action not in {"set", "append", "replace", "unset"}:
        raise InvalidOverride(f"edns0 knows set, append, replace, unset, not {action}")
    unset_counts = {"local": 3, "nsid": 2, "subnet": 2}
    if len(words) != (unset_counts if action == "unset" else counts)[kind]:
        raise InvalidOverride(f"edns0 {kind} {action} has the wrong number of words")
    # A plain question carries no option that could be replaced.
    return None if action == "replace" else (NameMatch.SUFFIX, _EVERY_NAME)


def _matched(words: list[str]) -> tuple[NameMatch, str]:
    if len(words) == 1:
        return NameMatch.EXACT, words[0]
    kind = words[0].lower()
    if kind not in set(NameMatch):
        raise InvalidOverride(f"names are not matched by {words[0]!r}")
    if kind == NameMatch.REGEX:
        compile_pattern(words[1])
    return NameMatch(kind), words[1]


def _number(word: str) -> int | None:
    if not (word.isascii() and word.isdigit()) or int(word) > _MAX_TTL:
        return None
    return int(word)


_OTHER_FIELDS: Final = {
    "ttl": _ttl,
    "rcode": _rcode,
    "type": _type,
    "class": _class,
    "cname": _cname,
    "edns0": _edns0,
}
