"""The examination: questions out, answers in, until there are none or time is up."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Final

from kurrent_conn.core.settings import Settings
from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.diagnosis import Diagnosis, diagnosis_of
from kurrent_conn.diagnose.finding import Trouble
from kurrent_conn.diagnose.inquiry import AskName, Question, next_questions
from kurrent_conn.diagnose.probes.bag import Bag
from kurrent_conn.diagnose.probes.lookup import look_up
from kurrent_conn.diagnose.probes.side_by_side import side_by_side
from kurrent_conn.diagnose.probes.surroundings import look_around
from kurrent_conn.diagnose.probes.visit import visit
from kurrent_conn.diagnose.sight import Contact, Lookup
from kurrent_conn.diagnose.vantage import Vantage
from kurrent_conn.shells import fork
from kurrent_conn.shells.plan import OverridesLike, read_overrides, read_settings
from kurrent_conn.shells.trust import read_trust
from kurrent_conn.shells.verification import Verification, trust_in_words

STEP_S: Final = 2.0
"""The most that one step of one visit may take; a healthy one takes milliseconds."""


def diagnose(
    target: str | Settings,
    *,
    overrides: OverridesLike = None,
    vantage: Vantage | None = None,
    namespace: str = "",
    timeout: float = 15.0,
    step_timeout: float = STEP_S,
    accept: Collection[Trouble] = (),
    allow_plaintext_credentials: bool = False,
) -> Diagnosis:
    """Examine a deployment from here: every seed, every member, every step.

    Nothing is written, and credentials go only to servers whose TLS was verified.

    Args:
        target: A connection string or `Settings`.
        overrides: As in `connect`.
        vantage: Where this client stands; None finds out by itself.
        namespace: Where the servers live, for the straight way to their pods; empty
            takes what seeds and this pod say.
        timeout: Seconds for all of it.
        step_timeout: Seconds for one step, such as a handshake.
        accept: Troubles that are known and meant: shown, and not counted.
        allow_plaintext_credentials: Send user name and password under `tls=false`.

    Returns:
        Everything that was seen, what is wrong, and what mends it.

    Raises:
        ConfigurationError: Something that was given is wrong; nothing was sent.
    """
    fork.check()
    began_at = monotonic()
    named = read_settings(target)
    # The name is for the server's log; a string to paste has the user's own.
    settings = target if isinstance(target, Settings) else Settings.from_string(target)
    trust = read_trust(settings) if settings.tls else None
    around = look_around()
    stands = vantage or around.vantage
    around = replace(
        around,
        is_pod=stands is Vantage.POD,
        namespace=namespace or around.namespace,
    )
    case = Case(
        settings,
        read_overrides(overrides),
        datetime.now(UTC),
        around,
        stands,
        trust_in_words(settings, trust),
        settings.tls or allow_plaintext_credentials,
    )
    verification = Verification(named, trust)
    bag = Bag(named, trust, verification, step_timeout)
    case = _examined(case, bag, began_at + timeout)
    return diagnosis_of(case, accept=accept, took_s=monotonic() - began_at)


def _examined(case: Case, bag: Bag, ends_at: float) -> Case:
    while questions := next_questions(case):
        jobs = [_job(question, bag, ends_at) for question in questions]
        answers = side_by_side(jobs, ends_at)
        case = case.learn(answer for answer in answers if answer is not None)
        if None in answers:
            return replace(case, is_cut_short=True)
    return case


def _job(
    question: Question, bag: Bag, ends_at: float
) -> Callable[[], Lookup | Contact]:
    if isinstance(question, AskName):
        return partial(look_up, question.host, ends_at)
    return partial(visit, question, bag, ends_at)
