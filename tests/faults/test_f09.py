"""A disk that is full for a moment; ``make faults`` lets it be full for longer, at more bytes, and under the log."""

from pathlib import Path

import pytest

from tests.faults import disk
from tests.faults.f09_disk import blobs_full, database_full
from tests.faults.fault import Tally


def found(tally: Tally) -> tuple[object, ...]:
    return tally.lost, tally.doubled, tally.extra_letters, tally.problems


def test_while_the_databases_disk_is_full_mail_stays_in_the_inbox_and_is_filed_once_there_is_room(
    tmp_path: Path,
) -> None:
    assert found(database_full(tmp_path, (0,), 0.0, by_itself=False)) == (0, 0, 0, ())


def test_while_the_disk_of_the_blobs_is_full_mail_stays_in_the_inbox(tmp_path: Path) -> None:
    assert found(blobs_full(tmp_path, (0,), 0.0)) == (0, 0, 0, ())


def test_files_that_may_not_grow_do_as_a_full_disk_where_none_can_be_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_mount", lambda *_: False)
    tally = database_full(tmp_path, (0,), 0.3)
    assert (*found(tally), tally.note) == (0, 0, 0, (), "RLIMIT_FSIZE")
