"""The arithmetic of the weekly report: weeks and days by the clock on the wall, trends, bars and ages."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from helpdesk.core.weekly import (
    AGE_DAYS,
    Compared,
    Trend,
    age_edges,
    day_edges,
    four_weeks_before,
    last_week,
    mean,
    percent,
    present,
    trend,
    weeks_to_report,
)

PARIS, CAIRO = ZoneInfo("Europe/Paris"), ZoneInfo("Africa/Cairo")
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def at(text: str, zone: tzinfo = PARIS) -> datetime:
    """Return a time by the clock on the wall."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "since", "until"),
    [
        pytest.param(at("2026-11-23 00:00"), at("2026-11-16"), at("2026-11-23"), id="as it ends"),
        pytest.param(at("2026-11-23") - SECOND, at("2026-11-09"), at("2026-11-16"), id="a second before"),
        pytest.param(at("2026-11-23 07:00"), at("2026-11-16"), at("2026-11-23"), id="when the report is due"),
        pytest.param(at("2026-11-29 23:59"), at("2026-11-16"), at("2026-11-23"), id="late, on Sunday"),
        pytest.param(at("2026-03-30 07:00"), at("2026-03-23"), at("2026-03-30"), id="summer time began"),
        pytest.param(at("2026-10-26 07:00"), at("2026-10-19"), at("2026-10-26"), id="summer time ended"),
    ],
)
def test_the_last_week_is_the_last_whole_one_by_the_clock_on_the_wall(
    moment: datetime, since: datetime, until: datetime
) -> None:
    assert last_week(moment, PARIS) == (since, until)


MONDAYS = [
    at(f"2026-{day}") for day in ("10-12", "10-19", "10-26", "11-02", "11-09")
]  # winter time from the 25th
REPORT = timedelta(hours=7)


@pytest.mark.parametrize(
    ("last", "count"),
    [
        pytest.param(None, 1, id="the first report of all"),
        pytest.param(
            MONDAYS[-1] + REPORT, 1, id="the week is reported already; whoever has it gets no other"
        ),
        pytest.param(MONDAYS[-1] - timedelta(seconds=1), 1, id="none missed"),
        pytest.param(MONDAYS[-2] + REPORT, 1, id="none missed, to the hour"),
        pytest.param(MONDAYS[-2] - timedelta(seconds=1), 2, id="one missed"),
        pytest.param(MONDAYS[-4] + REPORT, 3, id="two missed, over the change of the clocks"),
        pytest.param(MONDAYS[0] + REPORT, 4, id="as many as one run reports"),
        pytest.param(MONDAYS[0] - timedelta(days=100), 4, id="more than that"),
    ],
)
def test_each_week_since_the_last_report_is_due_the_oldest_first(last: datetime | None, count: int) -> None:
    weeks = weeks_to_report(MONDAYS[-1] + REPORT, last, PARIS)
    assert weeks == list(pairwise(MONDAYS))[-count:]


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        pytest.param(at("2026-11-16"), at("2026-11-23"), [24] * 7, id="an ordinary week"),
        pytest.param(at("2026-03-23"), at("2026-03-30"), [24] * 6 + [23], id="summer time begins on Sunday"),
        pytest.param(at("2026-10-19"), at("2026-10-26"), [24] * 6 + [25], id="summer time ends on Sunday"),
        pytest.param(at("2026-11-16"), at("2026-11-16") + SECOND, [1 / 3600], id="a second"),
        pytest.param(at("2026-11-16 22:00"), at("2026-11-17 01:00"), [2, 1], id="across midnight"),
    ],
)
def test_days_have_as_many_hours_as_the_clock_on_the_wall(
    since: datetime, until: datetime, hours: list[float]
) -> None:
    edges = day_edges(since, until, PARIS)
    assert (edges[0], edges[-1]) == (since, until)
    assert [(later - edge) / HOUR for edge, later in pairwise(edges)] == hours


def test_a_midnight_that_does_not_exist_begins_its_day_an_hour_later() -> None:
    edges = day_edges(
        at("2026-04-23", CAIRO), at("2026-04-26", CAIRO), CAIRO
    )  # the 24th begins at one o'clock
    assert [(later - edge) / HOUR for edge, later in pairwise(edges)] == [24, 23, 24]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (at("2026-11-16"), at("2026-10-19")),  # the clock was set back in between
        (at("2026-04-06"), at("2026-03-09")),  # … and forward
        (at("2026-08-03 12:30"), at("2026-07-06 12:30")),
    ],
)
def test_the_four_weeks_before_begin_at_the_same_time_of_the_day(since: datetime, expected: datetime) -> None:
    assert four_weeks_before(since, PARIS) == expected


@pytest.mark.parametrize(
    ("count", "before", "days", "expected"),
    [
        pytest.param(0, 0, 7, Trend.NOTHING, id="never anything"),
        pytest.param(9, 0, 7, Trend.NOTHING, id="nothing to compare with"),
        pytest.param(0, 2, 7, Trend.SAME, id="half a piece less"),
        pytest.param(0, 3, 7, Trend.LESS, id="more than half a piece less"),
        pytest.param(2, 6, 7, Trend.SAME, id="half a piece more"),
        pytest.param(2, 5, 7, Trend.MORE, id="more than half a piece more"),
        pytest.param(110, 400, 7, Trend.SAME, id="a tenth more"),
        pytest.param(111, 400, 7, Trend.MORE, id="more than a tenth more"),
        pytest.param(90, 400, 7, Trend.SAME, id="a tenth less"),
        pytest.param(89, 400, 7, Trend.LESS, id="more than a tenth less"),
        pytest.param(15, 400, 1, Trend.SAME, id="a day against the mean of a day"),
        pytest.param(16, 400, 1, Trend.MORE, id="a busy day"),
        pytest.param(400, 400, 28, Trend.SAME, id="four weeks against four weeks"),
    ],
)
def test_a_trend_stands_against_the_mean_of_the_four_weeks_before(
    count: int, before: int, days: int, expected: Trend
) -> None:
    assert trend(Compared("x", count, before), days) is expected


@pytest.mark.parametrize(
    ("before", "days", "expected"), [(34, 7, 8.5), (28, 1, 1.0), (5, 28, 5.0), (0, 7, 0.0)]
)
def test_the_mean_is_that_of_as_many_days(before: int, days: int, expected: float) -> None:
    assert mean(Compared("x", 0, before), days) == expected


@pytest.mark.parametrize(
    ("count", "greatest", "expected"),
    [(0, 0, 0), (0, 5, 0), (5, 5, 100), (1, 2, 50), (1, 3, 33), (1, 1000, 1), (-1, 5, 0)],
)
def test_a_bar_is_as_long_as_its_share_and_what_is_not_nothing_is_seen(
    count: int, greatest: int, expected: int
) -> None:
    assert percent(count, greatest) == expected


def test_ages_are_parted_at_whole_days_from_the_oldest_on_and_who_reaches_one_is_beyond_it() -> None:
    now = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    reached = [now - timedelta(days=days) for days in reversed(AGE_DAYS)]
    assert [edge - opened_at for edge, opened_at in zip(age_edges(now), reached, strict=True)] == [
        timedelta(microseconds=1)
    ] * len(AGE_DAYS)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, []),
        ({"b": (1, 0), "a": (2, 3)}, ["a", "b"]),
        ({"a": (0, 0), "b": (0, 1)}, ["b"]),
        ({"z": (1, 0), "y": (2, 0), "x": (2, 0), "b": (0, 9)}, ["b", "x", "y", "z"]),
    ],
    ids=["nothing", "in order", "only what there was", "without a place: the most frequent first"],
)
def test_what_there_was_stands_in_order(counts: dict[str, tuple[int, int]], expected: Sequence[str]) -> None:
    found = present(counts, ("a", "b"))
    assert [one.name for one in found] == expected
    assert [(one.count, one.before) for one in found] == [counts[one.name] for one in found]


def test_days_of_the_edges_are_days_of_the_zone() -> None:
    edges = day_edges(at("2026-11-16"), at("2026-11-18"), PARIS)
    assert [edge.astimezone(PARIS).date() for edge in edges[:-1]] == [date(2026, 11, 16), date(2026, 11, 17)]
