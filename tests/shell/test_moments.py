"""Times as people type them."""

import argparse
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from helpdesk.core.people import Language
from shell.commands.statistics import in_words
from shell.moments import Moment
from shell.words import Words

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("7d", "2026-11-13T09:00:00+00:00"),
        ("90m", "2026-11-20T07:30:00+00:00"),
        ("2W", "2026-11-06T09:00:00+00:00"),
        ("99999w", "1970-01-01T00:00:00+00:00"),
        ("2026-11-01", "2026-11-01T00:00:00+01:00"),
        ("2026-07-01 08:30", "2026-07-01T08:30:00+02:00"),
        ("2026-11-01T08:30:00Z", "2026-11-01T08:30:00+00:00"),
        ("1970-01-01", "1970-01-01T00:00:00+01:00"),
        ("2999-12-31T23:00-12:00", "2999-12-31T23:00:00-12:00"),
    ],
)
def test_a_time_is_a_day_an_hour_or_how_long_ago(typed: str, meant: str) -> None:
    assert Moment(typed).meant(NOW, PARIS).isoformat() == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "yesterday",
        "-3d",
        "7",
        "2026-13-01",
        "\x1b[2J",
        "0001-01-01",
        "1969-12-31",
        "3000-01-01",
        "9999-12-31T23:00-12:00",
    ],
)
def test_what_is_no_time_is_wrong_usage(typed: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="2026-11-26") as told:
        Moment(typed)
    assert "\x1b" not in str(told.value)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0, "0 s"), (59, "59 s"), (60, "1 min"), (3661, "1 h 1 min"), (86400, "1 d"), (90000, "1 d 1 h"),
     (86401, "1 d")],
)  # fmt: skip
def test_a_length_of_time_is_told_in_its_two_largest_units(seconds: float | None, words: str) -> None:
    assert in_words(Words(Language.EN), seconds) == words


def test_days_have_their_own_letter_in_french() -> None:
    assert in_words(Words(Language.FR), 89 * 86400 + 16 * 3600) == "89 j 16 h"
