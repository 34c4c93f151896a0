"""Of a certificate's end people hear three weeks, a week and a day before, to the second."""

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.core.certificates import Certificate, ending, first_end, in_short, step_days

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("left", "step"),
    [
        pytest.param(21 * DAY + SECOND, None, id="a second more than three weeks"),
        pytest.param(21 * DAY, 21, id="three weeks"),
        pytest.param(7 * DAY + SECOND, 21, id="a second more than a week"),
        pytest.param(7 * DAY, 7, id="a week"),
        pytest.param(DAY + SECOND, 7, id="a second more than a day"),
        pytest.param(DAY, 1, id="a day"),
        pytest.param(-DAY, 1, id="over"),
    ],
)
def test_each_step_begins_to_the_second(left: timedelta, step: int | None) -> None:
    assert step_days(NOW + left, NOW) == step


def test_the_line_about_them_names_the_first_end_and_can_be_read_again() -> None:
    far, soon = (
        Certificate("SMTP relay:465", NOW + 22 * DAY, ""),
        Certificate("IMAP, the: x:993", NOW + DAY, ""),
    )
    told = in_short([far, soon], NOW)
    assert told == "2 looked at, 1 end soon, the first 2026-11-27 08:00 UTC: IMAP, the: x:993"
    assert first_end(told) == (NOW + DAY, "IMAP, the: x:993")
    assert first_end(in_short([], NOW)) is None
    assert first_end("2 looked at, 1 end soon") is None, "as it was written before"


def test_only_what_ends_soon_is_told_of_the_first_end_at_the_front() -> None:
    far, later, soon = (Certificate(str(days), NOW + days * DAY, "") for days in (22, 20, 2))
    assert ending([far, later, soon], NOW) == [(soon, 7), (later, 21)]
