"""A database that dies in the middle of a transaction; ``make faults`` lets it stay away for long, too."""

from pathlib import Path

from tests.faults.f03_database import killed


def test_a_database_that_dies_while_mail_is_filed_costs_nothing_but_time(tmp_path: Path) -> None:
    tally = killed("MariaDB", tmp_path, 20, (0.0,))
    assert (tally.lost, tally.doubled, tally.problems) == (0, 0, ())
