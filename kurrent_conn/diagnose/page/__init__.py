"""The diagnosis as one page of HTML: no script, and nothing is loaded from anywhere.

Legible on a phone, on a desk and in print: `style` says how, `drawing` has two maps.
"""

from __future__ import annotations

from collections.abc import Iterator

from kurrent_conn.diagnose.diagnosis import Diagnosis
from kurrent_conn.diagnose.page import section
from kurrent_conn.diagnose.page.markup import element, text
from kurrent_conn.diagnose.page.style import STYLE

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page_of(diagnosis: Diagnosis) -> str:
    """Write the page.

    Args:
        diagnosis: What the doctor says.

    Returns:
        A whole HTML document, UTF-8; no secret is in it.
    """
    head = (
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<link rel="icon" href="data:,">'
        f"{element('title', text('kurrent-conn doctor'))}<style>{STYLE}</style>"
    )
    body = element("main", *_body(diagnosis))
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}</head>'
        f"<body>{body}</body></html>\n"
    )


def _body(diagnosis: Diagnosis) -> Iterator[str]:
    case = diagnosis.case
    yield element("h1", text("kurrent-conn doctor"))
    yield section.verdict(diagnosis)
    yield element("h2", "Who dials whom") + section.drawn_map(case)
    yield element("h2", "Findings") + section.findings(diagnosis.findings)
    yield element("h2", "Every step") + section.everybody(case)
    if case.lookups:
        yield element("h2", "Names") + section.names(case)
    if case.views:
        yield element("h2", "Who says what") + section.gossip(case.views)
    yield element("footer", text("Nothing was written to the cluster."))
