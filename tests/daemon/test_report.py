"""``report weekly``: which days it tells of, in which language, and to whom it goes."""

import json
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.test_main import _run, _write_settings

ADMIN = ("person", "add", "boss@a.example", "--name", "Boss", "--role", "admin", "--language", "en")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk in Paris that speaks French, with one admin, who reads English."""
    folder = tmp_path_factory.mktemp("desk")
    _write_settings(folder)
    assert _run("helpdeskd.py", "migrate", folder=folder).returncode == 0
    assert _run("helpdesk-admin.py", *ADMIN, folder=folder).returncode == 0
    return folder


def weekly(desk: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return _run("helpdeskd.py", "report", "weekly", *words, folder=desk)


def figures(desk: Path, *words: str) -> dict[str, Any]:
    done = weekly(desk, *words, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_it_is_printed_in_the_desks_language_or_another(desk: Path) -> None:
    french, english = weekly(desk), weekly(desk, "--language", "en")
    assert (french.returncode, english.returncode) == (0, 0), french.stderr
    assert french.stdout.startswith("Desk\nRapport du ")
    assert english.stdout.startswith("Desk\nReport from ")


def test_it_tells_of_the_last_whole_week_by_default(desk: Path) -> None:
    days = [date.fromisoformat(day) for day in figures(desk)["per_day"]]
    assert days[0].weekday() == 0
    assert days == [days[0] + timedelta(days=at) for at in range(7)]
    assert days[-1] < date.today() <= days[-1] + timedelta(days=8)  # noqa: DTZ011 - Paris may be a day ahead


@pytest.mark.parametrize(
    ("words", "since", "until"),
    [
        pytest.param(("--since", "2026-03-23"), "2026-03-22T23:00", "2026-03-29T22:00", id="a week from then"),
        pytest.param(("--to", "2026-10-25"), "2026-10-18T22:00", "2026-10-25T23:00", id="a week until then"),
        pytest.param(("--since", "2026-03-29", "--to", "2026-03-29"), "2026-03-28T23:00", "2026-03-29T22:00",
                     id="one day of 23 hours"),
        pytest.param(("--since", "2026-07-01", "--to", "2026-07-31"), "2026-06-30T22:00", "2026-07-31T22:00",
                     id="31 days"),
    ],
)  # fmt: skip
def test_days_are_days_of_the_desks_zone_the_last_one_included(
    desk: Path, words: tuple[str, ...], since: str, until: str
) -> None:
    found = figures(desk, *words)
    assert (found["since"], found["until"]) == (f"{since}:00+00:00", f"{until}:00+00:00")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(
            ("--since", "2026-07-02", "--to", "2026-07-01"), "the first day comes first", id="backwards"
        ),
        pytest.param(("--since", "2026-07-01", "--to", "2026-08-01"), "31 at most", id="32 days"),
        pytest.param(("--since", "\x1b[2J"), "expected a day like", id="no day"),
        pytest.param(("--to", "0001-01-01"), "expected a day like", id="no day of ours"),
        pytest.param(("--send", "--language", "fr"), "not allowed with", id="each gets their own language"),
    ],
)
def test_wrong_days_are_wrong_usage(desk: Path, words: tuple[str, ...], told: str) -> None:
    done = weekly(desk, *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "\x1b" not in done.stderr


def test_it_is_sent_to_every_admin_once_for_the_same_days(desk: Path) -> None:
    assert weekly(desk, "--send").stdout == "1 letters are queued.\n"
    again = weekly(desk, "--send").stdout
    assert again == "0 letters are queued: sent already: each admin has the report of these days.\n"
    assert weekly(desk, "--send", "--since", "2026-03-23").stdout == "1 letters are queued.\n"
