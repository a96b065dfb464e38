"""The page's sections: verdict, map, findings, everybody, names, gossip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.diagnose.case import Case, View
from kurrent_conn.diagnose.diagnosis import Diagnosis
from kurrent_conn.diagnose.finding import Finding, Fix, FixKind
from kurrent_conn.diagnose.page.chart import Tone, chart_of
from kurrent_conn.diagnose.page.drawing import narrow_map, wide_map
from kurrent_conn.diagnose.page.markup import element, listed, text
from kurrent_conn.diagnose.sight import Contact
from kurrent_conn.diagnose.step import Outcome, Step, steps_of

_CLASSES: Final = {
    Outcome.FINE: "badge fine",
    Outcome.BROKEN: "badge broken",
    Outcome.SKIPPED: "badge skipped",
}

_LEGEND: Final = {
    Tone.FINE: "works",
    Tone.BROKEN: "broken",
    Tone.HAIRPIN: "hairpin: out and back in",
    Tone.PROPOSED: "the straight way, tried",
    Tone.DEAD: "dead by the others' word",
}


def verdict(diagnosis: Diagnosis) -> str:
    """Write the verdict, and where and how it was come by.

    Args:
        diagnosis: What the doctor says.
    """
    case = diagnosis.case
    facts = (
        ("traffic strategy", diagnosis.strategy),
        ("asked", case.vantage),
        ("leader", case.leader or "nobody, or two"),
        ("trust", case.trust),
        ("examined", f"{case.at:%Y-%m-%d %H:%M} UTC, {diagnosis.took_s:.2f} s"),
    )
    string = _fact("connection string", case.settings.redacted(), "whole")
    return element(
        "section",
        element("p", text(diagnosis.verdict)),
        element("dl", *(_fact(*fact) for fact in facts), string, class_="facts"),
        class_=f"card verdict {_colour(diagnosis)}",
    )


def _colour(diagnosis: Diagnosis) -> str:
    if diagnosis.is_healthy:
        return "healthy"
    return "usable" if diagnosis.is_usable else "ill"


def _fact(name: str, value: object, kind: str | None = None) -> str:
    named, valued = element("dt", text(name)), element("dd", text(value))
    return element("div", named, valued, class_=kind)


def drawn_map(case: Case) -> str:
    """Draw who dials whom.

    Args:
        case: What was seen.
    """
    chart = chart_of(case)
    used = [tone for tone in _LEGEND if any(leg.tone is tone for leg in chart.legs)]
    return element(
        "section",
        wide_map(chart),
        narrow_map(chart),
        listed((_sample(tone) for tone in used), class_="legend"),
        class_="card",
    )


def _sample(tone: Tone) -> str:
    line = element("path", d="M1 5H33", class_=f"leg {tone}")
    return element("svg", line, viewBox="0 0 34 10") + text(_LEGEND[tone])


def findings(found: Iterable[Finding]) -> str:
    """Write every finding with its evidence and its fixes.

    Args:
        found: The gravest first.
    """
    return "".join(map(_finding, found)) or element(
        "p", text("Nothing was found."), class_="card"
    )


def _finding(found: Finding) -> str:
    accepted = " (accepted)" if found.is_accepted else ""
    head = element(
        "h3",
        element("span", text(found.severity), class_="badge"),
        text(f"{found.trouble}{accepted}"),
    )
    where = ", ".join(map(str, found.subjects))
    fixes = (_fix(each, "or" if at else "fix") for at, each in enumerate(found.fixes))
    return element(
        "article",
        head,
        element("div", text(where), class_="endpoint") if where else "",
        element("p", text(found.what)),
        listed(map(text, found.evidence)) if found.evidence else "",
        *fixes,
        class_=f"card finding {found.severity}",
    )


def _fix(fix: Fix, word: str) -> str:
    if fix.kind is FixKind.STEP:
        head = element("div", text(f"{word}:"), class_="fix")
        return head + element("p", text(fix.text))
    about = element("span", text(f" {fix.about}")) if fix.about else ""
    head = element("div", text(f"{word}: {fix.kind}"), about, class_="fix")
    return head + element("pre", text(fix.text.strip()))


def everybody(case: Case) -> str:
    """Write how every step of every way went.

    Args:
        case: What was seen.
    """
    return "".join(_target(case, target) for target in case.targets)


def _target(case: Case, target: Endpoint) -> str:
    contacts = case.contacts_of(target)
    ways = "".join(_way(each, case.leader) for each in contacts) or element(
        "div", element("span", "no address", class_="badge broken"), class_="way"
    )
    title = element("h3", element("span", text(target), class_="endpoint"))
    return element("article", title, ways, class_="card")


def _way(contact: Contact, leader: Endpoint | None) -> str:
    place = element("div", text(f"dials {contact.route}"), class_="place")
    steps = (_badge(step) for step in steps_of(contact, leader) if step.words)
    return place + element("div", *steps, class_="way")


def _badge(step: Step) -> str:
    took = "" if step.took_s is None else f" {step.took_s * 1000:.1f} ms"
    words = f"{step.name}: {step.words}{took}"
    return element("span", text(words), class_=_CLASSES[step.outcome])


def names(case: Case) -> str:
    """Write what the system and DNS say of every name.

    Args:
        case: What was seen.
    """
    rows = (
        (
            lookup.host,
            ", ".join(lookup.system) or lookup.failure,
            ", ".join(lookup.dns or ()) or "nothing",
        )
        for lookup in case.lookups.values()
    )
    return _table(("name", "the system says", "DNS says"), rows)


def gossip(views: Iterable[View]) -> str:
    """Write who says what of whom.

    Args:
        views: What each endpoint said.
    """
    rows = ((str(view.told_by), ", ".join(_said(view))) for view in views)
    return _table(("told by", "members"), rows)


def _said(view: View) -> Iterator[str]:
    for member in view.members:
        life = "" if member.is_alive else ", dead"
        yield f"{member.advertised} ({member.state_name}{life})"


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = element("tr", *(element("th", text(each)) for each in headings))
    body = (element("tr", *(element("td", text(c)) for c in row)) for row in rows)
    return element("div", element("table", head, *body), class_="card")
