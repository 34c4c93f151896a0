"""The mark of a page can be typed and read again, and nothing else is taken for one."""

from datetime import UTC, datetime

import pytest

from helpdesk.core.paging import Mark, NoMark, Order, read_mark

MOMENT = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("order", "mark", "text"),
    [
        pytest.param(Order.NUMBER, Mark(812, 812), "812", id="number"),
        pytest.param(Order.UPDATED, Mark(812, MOMENT), "2026-11-20T09:00:00.123456Z/812", id="time"),
        pytest.param(Order.DUE, Mark(1, MOMENT), "2026-11-20T09:00:00.123456Z/1", id="due"),
        pytest.param(Order.URGENCY, Mark(3, 3), "critical/3", id="urgency whose place is the number"),
    ],
)
def test_a_mark_that_was_shown_can_be_read(order: Order, mark: Mark, text: str) -> None:
    assert mark.in_words(order) == text
    assert read_mark(order, text) == mark


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (Order.NUMBER, ""),
        (Order.NUMBER, "0"),
        (Order.NUMBER, "-1"),
        (Order.NUMBER, "9" * 10_000),
        (Order.NUMBER, "high/12"),
        (Order.NUMBER, "٣"),
        (Order.URGENCY, "12"),
        (Order.URGENCY, "huge/12"),
        (Order.UPDATED, "12"),
        (Order.UPDATED, "2026-11-20T09:00:00/12"),
        (Order.UPDATED, "0001-01-01T00:00:00+23:59/12"),
        (Order.UPDATED, "2026-11-20T09:00:00Z/x"),
    ],
)
def test_anything_else_is_no_mark(order: Order, text: str) -> None:
    with pytest.raises(NoMark):
        read_mark(order, text)
