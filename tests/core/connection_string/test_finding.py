"""Remarks: their order and their number."""

from __future__ import annotations

from kurrent_conn.core.connection_string.finding import MAX_LISTED, Remarks


def test_order_of_the_text() -> None:
    """Remarks come in the order of the text, those without a place last."""
    remarks = Remarks()
    remarks.add("c", "x")
    remarks.add("b", "x", 5)
    remarks.add("a", "x", 1)
    assert [each.option for each in remarks.sorted()] == ["a", "b", "c"]


def test_a_megabyte_of_nonsense_is_not_listed_whole() -> None:
    """After a thousand, one remark says that there is more; joining keeps to it."""
    first, second = Remarks(), Remarks()
    for position in range(MAX_LISTED):
        first.add("a", "x", position)
        second.add("b", "x", position)
    assert not first.full
    first.extend(second)
    assert first.full
    assert len(first.sorted()) == MAX_LISTED + 1
    assert first.sorted()[-1].reason == "and more like these"
