"""Caps on automatic mail: where they are full, a letter waits for the first room."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.core.lettercaps import (
    DAY,
    HORIZON,
    HOUR,
    Cap,
    LetterLimits,
    Window,
    caps_on,
    first_free,
    starts_ahead,
    subject_minutes,
    subject_scope,
)

NOW = datetime(2026, 11, 21, 22, 40, 5, tzinfo=UTC)
AT_23 = datetime(2026, 11, 21, 23, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
HOURLY = Cap("hour:a", 2, HOUR)
DAILY = Cap("day:a", 3, DAY)


def hour(number: int) -> Window:
    return "hour:a", datetime(2026, 11, 21, tzinfo=UTC) + number * HOUR


TODAY: Window = ("day:a", datetime(2026, 11, 21, tzinfo=UTC))
TOMORROW: Window = ("day:a", MIDNIGHT)


@pytest.mark.parametrize(
    ("spent", "at", "tripped"),
    [
        pytest.param({}, NOW, (), id="nothing spent"),
        pytest.param({hour(22): 1}, NOW, (), id="one below the hourly cap"),
        pytest.param({hour(22): 2}, AT_23, (HOURLY,), id="hour full"),
        pytest.param({hour(22): 3}, AT_23, (HOURLY,), id="hour over full"),
        pytest.param({hour(21): 9}, NOW, (), id="an earlier hour does not count"),
        pytest.param({hour(22): 2, hour(23): 2}, MIDNIGHT, (HOURLY,), id="two hours full"),
        pytest.param({TODAY: 2}, NOW, (), id="one below the daily cap"),
        pytest.param({TODAY: 3}, MIDNIGHT, (DAILY,), id="day full"),
        pytest.param({hour(22): 2, TODAY: 3}, MIDNIGHT, (HOURLY, DAILY), id="hour and day full"),
        pytest.param(
            {TODAY: 3, hour(24): 2},
            MIDNIGHT + HOUR,
            (DAILY, HOURLY),
            id="the first hour of tomorrow is full too",
        ),
        pytest.param({TODAY: 3, TOMORROW: 3}, MIDNIGHT + DAY, (DAILY,), id="two days full"),
    ],
)
def test_a_letter_goes_out_in_the_first_hour_with_room_for_it(
    spent: dict[Window, int], at: datetime, tripped: tuple[Cap, ...]
) -> None:
    assert first_free((HOURLY, DAILY), NOW, Counter(spent).__getitem__) == (at, tripped)


def test_the_search_ends_where_no_room_is_left_for_long() -> None:
    at, _tripped = first_free((HOURLY,), NOW, lambda window: 99)
    assert NOW + HORIZON <= at < NOW + HORIZON + HOUR


def test_the_starts_ahead_are_all_that_a_search_may_ask_for() -> None:
    ahead = set(starts_ahead(NOW, timedelta(hours=3)))
    assert ahead == {start for _scope, start in (hour(22), hour(23), hour(24), hour(25), TODAY, TOMORROW)}
    asked: set[datetime] = set()
    first_free((HOURLY, DAILY), NOW, lambda window: asked.add(window[1]) or 99)  # type: ignore[func-returns-value]
    assert asked <= set(starts_ahead(NOW, HORIZON))


def test_a_confirmation_counts_for_its_person_domain_and_all_and_a_later_one_for_its_ticket() -> None:
    limits = LetterLimits(1, 2, 3, 4, 5)
    caps = caps_on("zoe@learn.example", 7, limits)
    assert caps_on("zoe@learn.example", None, limits) == caps[:-1]
    assert [(cap.scope, cap.limit, cap.length) for cap in caps] == [
        ("hour:address:zoe@learn.example", 1, HOUR),
        ("day:address:zoe@learn.example", 2, DAY),
        ("hour:domain:learn.example", 3, HOUR),
        ("hour:all", 5, HOUR),
        ("hour:ticket:7", 3, HOUR),
    ]


def test_the_shipped_caps_are_those_of_the_manual() -> None:
    assert LetterLimits() == LetterLimits(10, 40, 200, 3, 600)


@pytest.mark.parametrize(
    ("recipient", "subject", "minutes_later", "same"),
    [
        pytest.param("a@x.example", "Hello", 0, True, id="the same mail"),
        pytest.param("a@x.example", "Hello", 9, True, id="nine minutes later"),
        pytest.param("a@x.example", "Hello", 10, False, id="ten minutes later"),
        pytest.param("a@x.example", "hello", 0, False, id="another subject"),
        pytest.param("b@x.example", "Hello", 0, False, id="another person"),
    ],
)
def test_equal_subjects_of_one_person_meet_within_ten_minutes(
    recipient: str, subject: str, minutes_later: int, same: bool
) -> None:
    same_scope = subject_scope("a@x.example", "Hello") == subject_scope(recipient, subject)
    later = subject_minutes(NOW + timedelta(minutes=minutes_later))
    assert (same_scope and subject_minutes(NOW)[0] in later) is same
