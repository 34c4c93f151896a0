"""What is put on record is sealed once, in order, by day; and copied to the daily files without gap or double."""

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from helpdesk.actions import sealing
from helpdesk.actions.sealing import CopyDiffers, copy_seals, current_anchor, seal_next
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.auditchain import BEFORE_ALL, Anchor, Fault, seal_fault, unpacked
from helpdesk.errors import StoreAway
from helpdesk.store.audit import Event
from helpdesk.store.auditfiles import AuditFiles
from helpdesk.store.tables import audit_unsealed
from helpdesk.store.work import Refusal, Work
from tests.actions.trails import Trail, a_trail
from tests.store.cleaning import empty_tables

MIDNIGHT = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)  # in Paris
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def trail(migrated_url: str, tmp_path: Path) -> Iterator[Trail]:
    """A desk with an empty trail, on each engine in turn."""
    made = a_trail(migrated_url, tmp_path)
    empty_tables(made.database)
    yield made
    made.database.close()


def going() -> bool:
    return True


def test_each_row_is_sealed_once_and_each_seal_names_the_one_before(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "SEAL_ROWS", 4)
    trail.add(*(MIDNIGHT + number * SECOND for number in range(10)))
    assert trail.staged() == 10
    made = trail.seal_all()
    assert trail.staged() == 0
    assert trail.seals() == made, "as the database gives them back"
    assert [(seal.seq, seal.entry_count) for seal in made] == [(1, 4), (2, 4), (3, 2)]
    ids = [entry.row_id for seal in made for entry in unpacked(seal.entries)]
    assert ids == [row["id"] for row in trail.rows()]
    before = BEFORE_ALL
    for seal in made:
        assert seal_fault(trail.desk.audit_key, seal, before) is None
        before = seal.mac
    assert current_anchor(trail.desk) == made[-1].anchor
    assert seal_next(trail.desk) is None
    assert trail.findings(*(seal.anchor for seal in made)) == []


def test_a_seal_holds_rows_of_one_local_day(trail: Trail) -> None:
    trail.add(MIDNIGHT, MIDNIGHT - MICROSECOND, MIDNIGHT + SECOND, MIDNIGHT - SECOND)
    seals = trail.seal_all()
    assert [(seal.day, seal.entry_count) for seal in seals] == [("2026-11-26", 2), ("2026-11-25", 2)]
    assert (seals[1].first_at, seals[1].last_at) == (MIDNIGHT - SECOND, MIDNIGHT - MICROSECOND)
    assert trail.findings() == []


def test_what_is_not_committed_is_not_staged(trail: Trail) -> None:
    with Work(trail.database) as work:
        work.audit.add([Event(Action.LOGIN, Outcome.FAIL, MIDNIGHT)])
    assert (trail.rows(), trail.staged()) == ([], 0)


def test_without_rows_there_is_no_seal(trail: Trail) -> None:
    assert seal_next(trail.desk) is None
    assert current_anchor(trail.desk) == Anchor(0, BEFORE_ALL)
    assert trail.findings() == []


def test_a_row_that_is_gone_or_broken_before_it_is_sealed_holds_up_nothing(trail: Trail) -> None:
    trail.add(MIDNIGHT, MIDNIGHT + SECOND)
    trail.tamper(insert(audit_unsealed).values(row_id=5))
    (seal,) = trail.seal_all()
    assert seal.entry_count == 3
    assert [(one.fault, one.row_id, one.seq) for one in trail.findings()] == [(Fault.ROW_LOST, 5, 1)]
    trail.tamper(insert(audit_unsealed).values(row_id=6))
    trail.seal_all()
    assert [(one.fault, one.row_id) for one in trail.findings()] == [(Fault.ROW_LOST, 5), (Fault.ROW_LOST, 6)]


def test_several_sealers_at_once_make_one_chain(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "SEAL_ROWS", 5)
    trail.add(*(MIDNIGHT + number * SECOND for number in range(100)))
    start = threading.Barrier(3)
    failed: list[BaseException] = []

    def seal() -> None:
        start.wait()
        try:
            while True:
                try:
                    if seal_next(trail.desk) is None:
                        return
                except (Refusal, StoreAway):  # the others were quicker
                    continue
        except BaseException as error:  # noqa: BLE001 - told by the test
            failed.append(error)

    threads = [threading.Thread(target=seal) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert trail.findings() == []
    covered = [entry.row_id for one in trail.seals() for entry in unpacked(one.entries)]
    assert sorted(covered) == [row["id"] for row in trail.rows()]
    assert [one.seq for one in trail.seals()] == list(range(1, len(trail.seals()) + 1))


def lines(folder: Path) -> dict[str, list[bytes]]:
    """Return the lines of each file."""
    return {path.stem: path.read_bytes().splitlines() for path in sorted(folder.iterdir())}


def test_files_hold_every_row_by_its_day(trail: Trail, tmp_path: Path) -> None:
    files = AuditFiles(tmp_path / "audit")
    assert copy_seals(trail.desk, files, going) == 0
    trail.add(MIDNIGHT - SECOND, MIDNIGHT)
    assert copy_seals(trail.desk, files, going) == 0, "nothing is sealed"
    first = trail.seal_all()
    trail.add(MIDNIGHT + SECOND)
    second = trail.seal_all()
    assert copy_seals(trail.desk, files, going) == 3
    assert copy_seals(trail.desk, files, going) == 0
    found = lines(tmp_path / "audit")
    assert {day: len(some) for day, some in found.items()} == {"2026-11-25": 2, "2026-11-26": 4}
    assert b'"n":0' in found["2026-11-25"][0]
    assert [one.decode().startswith('{"seal": ') for one in found["2026-11-26"]] == [False, True] * 2
    assert [one.anchor for one in files.copies()] == [one.anchor for one in (*first, *second)]


def test_a_copy_that_was_cut_anywhere_or_lost_is_made_whole(
    trail: Trail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "SEAL_ROWS", 5)
    monkeypatch.setattr(sealing, "SEALS_AT_ONCE", 2)
    chance = random.Random(20261126)
    folder = tmp_path / "audit"
    trail.add(*(MIDNIGHT + number * SECOND for number in range(-20, 20)))
    seals = trail.seal_all()
    assert copy_seals(trail.desk, AuditFiles(folder), going) == len(seals)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    newest = folder / f"{seals[-1].day}.log"
    for cut in chance.sample(range(len(whole[newest.name])), 20):
        newest.write_bytes(whole[newest.name][:cut])
        copy_seals(trail.desk, AuditFiles(folder), going)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    copy_seals(trail.desk, AuditFiles(folder), going)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole


def test_copying_stops_when_told_and_goes_on_later(
    trail: Trail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "SEAL_ROWS", 1)
    monkeypatch.setattr(sealing, "SEALS_AT_ONCE", 2)
    trail.add(*(MIDNIGHT + number * SECOND for number in range(5)))
    trail.seal_all()
    files = AuditFiles(tmp_path / "audit")
    answers = iter([True, False])
    assert copy_seals(trail.desk, files, lambda: next(answers)) == 2
    assert copy_seals(trail.desk, files, going) == 3


def test_files_of_another_chain_are_not_continued(trail: Trail, tmp_path: Path) -> None:
    trail.add(MIDNIGHT)
    trail.seal_all()
    files = AuditFiles(tmp_path / "audit")
    copy_seals(trail.desk, files, going)
    content = b'{"seal": 2, "mac": "%b"}\n' % (b"00" * 32)
    files.append("2026-11-26", content, Anchor(2, bytes(32)))
    with pytest.raises(CopyDiffers, match="end with seal 2"):
        copy_seals(trail.desk, files, going)
    trail.add(MIDNIGHT)
    trail.seal_all()
    with pytest.raises(CopyDiffers):
        copy_seals(trail.desk, AuditFiles(tmp_path / "audit"), going)
