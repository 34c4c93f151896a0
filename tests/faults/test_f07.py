"""A relay in some of its moods; ``make faults`` meets it in all of them."""

from pathlib import Path

import pytest

from tests.actions.outboxes import bench
from tests.daemon.scripted_relay import GARBAGE, HANG, RESET
from tests.faults.f07_smtp import LETTERS, Mood, met, put_off_for_days


@pytest.mark.parametrize(
    "mood",
    [
        Mood("ehlo", RESET),
        Mood("rcpt", b"450 so\r\n"),
        Mood("data", b"554 so\r\n", pipelining=False),
        Mood("content", GARBAGE),
        Mood("content", HANG),
    ],
    ids=str,
)
def test_one_letter_meets_the_relays_mood_and_each_has_its_right_end(mood: Mood, tmp_path: Path) -> None:
    desk = bench(f"sqlite:///{tmp_path}/outbox.sqlite3")
    tally = met(desk, mood)
    ends = sorted(desk.states())
    desk.database.close()
    assert (tally.lost, tally.extra_letters, tally.problems) == (0, int(mood.keeps), ())
    assert ends == ["dead" if mood.refuses_for_good else "sent", *["sent"] * (LETTERS - 1)]


def test_a_letter_put_off_again_and_again_dies_after_48_hours_on_the_record(tmp_path: Path) -> None:
    desk = bench(f"sqlite:///{tmp_path}/outbox.sqlite3")
    assert put_off_for_days(desk) == []
    desk.database.close()
