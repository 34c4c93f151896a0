"""How long letters wait, and when we stop trying."""

from datetime import timedelta

import pytest

from helpdesk.core.backoff import GIVE_UP_AFTER, LAST_ATTEMPT, reconnect_seconds, retry_delay

EVEN = 0.5  # the middle of the jitter: no shift
YOUNG = timedelta(minutes=3)
JUST_UNDER = GIVE_UP_AFTER - timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [
        pytest.param(0, 1, id="never tried counts as one try"),
        pytest.param(1, 1, id="after the first"),
        pytest.param(2, 2, id="after the second"),
        pytest.param(3, 5, id="after the third"),
        pytest.param(4, 15, id="after the fourth"),
        pytest.param(5, 30, id="last short step"),
        pytest.param(6, 60, id="first hourly step"),
        pytest.param(LAST_ATTEMPT - 1, 60, id="last but one"),
    ],
)
def test_a_letter_waits_longer_after_each_attempt(attempts: int, minutes: int) -> None:
    assert retry_delay(attempts, YOUNG, EVEN) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("attempts", "waited", "minutes"),
    [
        pytest.param(LAST_ATTEMPT, GIVE_UP_AFTER, None, id="tried often enough for 48 hours"),
        pytest.param(LAST_ATTEMPT + 1, GIVE_UP_AFTER * 2, None, id="more than enough"),
        pytest.param(LAST_ATTEMPT, JUST_UNDER, 60, id="not for 48 hours yet"),
        pytest.param(LAST_ATTEMPT * 9, YOUNG, 60, id="young, counted up by many crashes"),
        pytest.param(LAST_ATTEMPT, -GIVE_UP_AFTER, 60, id="the clock was set back"),
        pytest.param(LAST_ATTEMPT - 1, GIVE_UP_AFTER * 2, 60, id="old, but not tried often enough"),
        pytest.param(1, GIVE_UP_AFTER * 2, 1, id="old, and tried once: nobody was there to send it"),
    ],
)
def test_a_letter_is_given_up_only_when_it_was_tried_often_and_for_48_hours(
    attempts: int, waited: timedelta, minutes: int | None
) -> None:
    expected = None if minutes is None else timedelta(minutes=minutes)
    assert retry_delay(attempts, waited, EVEN) == expected


def test_the_attempts_on_their_schedule_take_48_hours_and_less_than_an_hour_more() -> None:
    delays = [retry_delay(attempts, YOUNG, EVEN) for attempts in range(1, LAST_ATTEMPT)]
    total = sum((delay for delay in delays if delay), timedelta())
    assert GIVE_UP_AFTER < total < GIVE_UP_AFTER + timedelta(hours=1)


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 54.0), (0.5, 60.0), (1.0, 66.0)])
def test_chance_moves_a_delay_by_a_tenth_either_way(jitter: float, seconds: float) -> None:
    delay = retry_delay(1, YOUNG, jitter)
    assert delay is not None
    assert delay.total_seconds() == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("failures", "jitter", "seconds"),
    [
        pytest.param(0, EVEN, 1.0, id="none yet"),
        pytest.param(1, EVEN, 1.0, id="first"),
        pytest.param(2, EVEN, 10.0, id="second"),
        pytest.param(3, EVEN, 30.0, id="third"),
        pytest.param(4, EVEN, 60.0, id="fourth"),
        pytest.param(7, EVEN, 60.0, id="capped"),
        pytest.param(1000, 1.0, 60.0, id="jitter never goes over the cap"),
        pytest.param(6, 0.0, 48.0, id="jitter may shorten"),
    ],
)
def test_a_server_is_left_alone_for_up_to_a_minute(failures: int, jitter: float, seconds: float) -> None:
    assert reconnect_seconds(failures, jitter) == pytest.approx(seconds)
