"""How long letters wait, and when we stop trying."""

from datetime import timedelta

import pytest

from helpdesk.core.backoff import LAST_ATTEMPT, reconnect_seconds, retry_delay

EVEN = 0.5  # the middle of the jitter: no shift


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
    assert retry_delay(attempts, EVEN) == timedelta(minutes=minutes)


@pytest.mark.parametrize("attempts", [LAST_ATTEMPT, LAST_ATTEMPT + 1])
def test_the_last_attempt_is_the_last(attempts: int) -> None:
    assert retry_delay(attempts, EVEN) is None


def test_all_attempts_together_fill_48_hours_and_not_more() -> None:
    delays = [retry_delay(attempts, EVEN) for attempts in range(1, LAST_ATTEMPT)]
    total = sum((delay for delay in delays if delay), timedelta())
    assert timedelta(hours=47) < total <= timedelta(hours=48)


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 54.0), (0.5, 60.0), (1.0, 66.0)])
def test_chance_moves_a_delay_by_a_tenth_either_way(jitter: float, seconds: float) -> None:
    delay = retry_delay(1, jitter)
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
