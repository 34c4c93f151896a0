"""When jobs run, as the settings say it."""

from datetime import time
from pathlib import Path

import pytest

from helpdesk.core.jobs import JobPlan
from helpdesk.core.slots import Daily
from tests.config.made import loaded, problems, with_line


def test_without_settings_nights_mornings_and_mondays_are_the_usual_ones(tmp_path: Path) -> None:
    assert loaded(tmp_path).jobs == JobPlan(Daily(time(3, 30)), Daily(time(8, 0)), Daily(time(7, 0), 0))


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ('nightly = "00:00"', "nightly", Daily(time(0, 0))),
        ('morning = "23:59"', "morning", Daily(time(23, 59))),
        ('report = "sunday 18:30"', "report", Daily(time(18, 30), 6)),
        ("close_after_days = 0", "close_after_days", 0),
        ("close_after_days = 3650", "close_after_days", 3650),
        ("held_days = 8", "held_days", 8),
        ("canary = true", "canary", True),
        ("canary_minutes = 5", "canary_minutes", 5),
        ("canary_minutes = 55", "canary_minutes", 55),
    ],
)
def test_a_setting_is_taken_as_written(tmp_path: Path, line: str, key: str, value: object) -> None:
    assert getattr(loaded(tmp_path, with_line("jobs", line)).jobs, key) == value


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('nightly = "3:30"', 'nightly: expected a time like 03:30, found "3:30"'),
        ("close_after_days = -1", "close_after_days: expected 0 to 3650, found -1"),
        ("canary_minutes = 4", "canary_minutes: expected 5 to 55, found 4"),
        ("canary_minutes = 56", "canary_minutes: expected 5 to 55, found 56"),
        ("held_days = 7", "held_days: expected 8 to 3650, found 7"),
        ("morning = 8", "morning: expected a time like 03:30, found 8"),
        ('report = "07:00"', 'report: expected a weekday and a time like monday 07:00, found "07:00"'),
        (
            'report = "lundi 07:00"',
            'report: expected a weekday and a time like monday 07:00, found "lundi 07:00"',
        ),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, line: str, told: str) -> None:
    assert problems(tmp_path, with_line("jobs", line)) == [f"FILE: [jobs] {told}"]


def test_the_environment_can_say_it_too(tmp_path: Path) -> None:
    assert loaded(tmp_path, HELPDESK_JOBS_REPORT="friday 16:00").jobs.report == Daily(time(16, 0), 4)
