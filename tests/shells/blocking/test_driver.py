"""The core of a blocking connection goes on, whatever happened to one caller."""

from __future__ import annotations

from time import monotonic

import pytest

from kurrent_conn.core.events import RulesChanged
from kurrent_conn.core.notice import Notice
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.errors import DiscoveryError
from kurrent_conn.shells.blocking.driver import Driver
from kurrent_conn.shells.blocking.timer import Timer
from kurrent_conn.shells.given import read_given


def test_an_interrupted_caller_does_not_silence_the_core() -> None:
    """Ctrl-C hits whoever tells the core something; the next wait ends as it should."""
    given = read_given(
        "kurrentdb://127.0.0.1:1?tls=false",
        None,
        follow=True,
        trusted_names=None,
        allow_plaintext_credentials=False,
    )
    interrupts = [KeyboardInterrupt()]

    def hear(_: Notice) -> None:
        if interrupts:
            raise interrupts.pop()

    timer = Timer("a timer")
    driver = Driver(
        given,
        timer,
        lazy=False,
        expiry_warning_s=0,
        on_open=lambda *_: None,
        on_note=hear,
    )
    try:
        with pytest.raises(KeyboardInterrupt):
            driver.post(RulesChanged(Overrides()))
        _, waiting = driver.want(None, monotonic() + 0.05)
        assert isinstance(waiting.exception(timeout=10), DiscoveryError)
    finally:
        driver.close()
        timer.close()
