"""Machines that answer whatever they get end soon; ``make faults`` tries more of them."""

from pathlib import Path

import pytest

from tests.faults.answering import MARKS, THREAD, dsn_storm
from tests.faults.f13_loops import CAP, endless, machine, two_desks


@pytest.mark.parametrize(
    ("stripped", "letters"),
    [pytest.param((), 2, id="as they are"), pytest.param((*MARKS, *THREAD), 4, id="behind a gateway")],
)
def test_two_desks_that_write_to_each_other_exchange_two_letters_per_ticket_at_most(
    tmp_path: Path, stripped: tuple[str, ...], letters: int
) -> None:
    tally = two_desks("SQLite", stripped, tmp_path, True)
    assert (tally.lost, tally.doubled, tally.problems) == (0, 0, ())
    assert tally.faults == letters, "each letter about two tickets was carried to the other desk"


def test_a_storm_of_delivery_reports_sends_nothing(tmp_path: Path) -> None:
    tally = machine("SQLite", dsn_storm, tmp_path, True)
    assert (tally.lost, tally.doubled, tally.problems) == (0, 0, ())
    assert tally.note == "2 tickets, 2 letters"


def test_a_machine_that_nothing_tells_from_a_person_is_answered_up_to_the_cap(tmp_path: Path) -> None:
    tally = endless("SQLite", tmp_path, True)
    assert (tally.lost, tally.doubled, tally.problems) == (0, 0, ())
    assert tally.faults >= CAP
