"""Figures about waits, and bars drawn with characters: a row on each side of every edge."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.core.figures import TicketTimes, Waits, bar, figures_of, joined, sparkline, waits

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param([], Waits(), id="nobody waited"),
        pytest.param([5.0], Waits(1, 5.0, 5.0), id="one"),
        pytest.param([9.0, 1.0], Waits(2, 1.0, 9.0), id="two: half of them is one"),
        pytest.param([float(n) for n in range(1, 11)], Waits(10, 5.0, 9.0), id="ten: nine of them"),
        pytest.param([float(n) for n in range(1, 12)], Waits(11, 6.0, 10.0), id="eleven: rounded up"),
        pytest.param([-3.0, 2.0], Waits(2, 0.0, 2.0), id="a clock went backwards"),
    ],
)
def test_waits_are_ones_that_were_really_seen(seconds: list[float], expected: Waits) -> None:
    assert waits(seconds) == expected


def test_days_begin_by_the_clock_of_the_zone_and_empty_ones_are_there() -> None:
    paris = ZoneInfo("Europe/Paris")
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # the 21st in Paris
    times = [
        TicketTimes(NOON, "waiting", "", None, None),
        TicketTimes(late, "resolved", "net", late + HOUR, late + 2 * HOUR),
    ]
    found = figures_of(times, NOON - 2 * 24 * HOUR, NOON + 24 * HOUR, paris)
    assert dict(found.per_day) == {
        date(2026, 11, 18): 0,
        date(2026, 11, 19): 0,
        date(2026, 11, 20): 1,
        date(2026, 11, 21): 1,
    }
    assert (found.total, dict(found.per_status), dict(found.per_team)) == (
        2,
        {"waiting": 1, "resolved": 1},
        {"": 1, "net": 1},
    )
    assert (found.first_answer, found.resolution) == (Waits(1, 3600.0, 3600.0), Waits(1, 7200.0, 7200.0))


def test_a_span_that_ends_at_midnight_does_not_count_the_next_day() -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    assert list(figures_of([], midnight - 24 * HOUR, midnight, UTC).per_day) == [date(2026, 11, 19)]


@pytest.mark.parametrize(
    ("values", "drawn"),
    [([], ""), ([0, 0], "  "), ([0, 1, 8], " ▁█"), ([1], "█"), ([4, 8], "▄█"), ([1, 1000], "▁█")],
)
def test_a_sparkline_shows_what_is_not_nothing(values: list[int], drawn: str) -> None:
    assert sparkline(values) == drawn


@pytest.mark.parametrize(
    ("value", "greatest", "columns", "drawn"),
    [(0, 5, 10, ""), (5, 5, 4, "████"), (1, 1000, 4, "▏"), (1, 2, 1, "▌"), (3, 0, 4, ""), (3, 5, 0, "")],
)
def test_a_bar_is_as_long_as_its_share(value: int, greatest: int, columns: int, drawn: str) -> None:
    assert bar(value, greatest, columns) == drawn


@pytest.mark.parametrize(
    ("values", "columns", "expected"),
    [
        ([1, 2, 3], 3, [1, 2, 3]),
        ([1, 2, 3], 2, [1, 5]),
        ([1, 2, 3, 4], 2, [3, 7]),
        ([1, 2, 3], 1, [6]),
        ([], 5, []),
        ([1], 0, []),
    ],
)
def test_days_are_joined_so_that_they_fit(values: list[int], columns: int, expected: list[int]) -> None:
    assert joined(values, columns) == expected
