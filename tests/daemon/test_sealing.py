"""A running daemon seals and copies; a folder that cannot be written is told once, and harms nothing else."""

import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon import sealing as daemon_sealing
from daemon.sealing import Sealing
from helpdesk.actions import sealing
from helpdesk.actions.leases import Lease
from helpdesk.config import AuditSettings
from helpdesk.errors import StoreAway
from helpdesk.store.auditfiles import AuditFiles
from tests.actions.trails import Trail, a_trail, now_of
from tests.servers.sqlite import Sqlite

DAY = timedelta(days=1)


@pytest.fixture
def trail(sqlite: Sqlite, tmp_path: Path) -> Iterator[Trail]:
    url = sqlite.fresh_database()
    made = a_trail(url, tmp_path)
    yield made
    made.database.close()
    sqlite.drop_database(url)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "audit"


def sealing_of(trail: Trail, folder: Path, owner: str = "host:1", keep_days: int = 90) -> Sealing:
    return Sealing(trail.desk, AuditSettings(folder, keep_days), owner, every_seconds=0.05)


def purges(trail: Trail) -> list[tuple[str, str, Any]]:
    found = [(row["action"], row["status"], row["detail"]) for row in trail.rows()]
    return [row for row in found if row[0] == "AUDIT_PURGED"]


def _away(*_given: object) -> None:
    raise StoreAway("away")


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "helpdesk.audit"]


def test_it_seals_and_copies_until_it_is_stopped(trail: Trail, folder: Path) -> None:
    with sealing_of(trail, folder) as running:
        trail.add(now_of(trail.database))
        for _ in range(400):
            if folder.is_dir() and [one.anchor for one in AuditFiles(folder).copies()]:
                break
            running.join(0.05)
    assert not running.is_alive()
    assert [one.anchor for one in AuditFiles(folder).copies()] == [seal.anchor for seal in trail.seals()]
    assert trail.staged() == 0


def test_many_rows_are_sealed_at_once(trail: Trail, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sealing, daemon_sealing):
        monkeypatch.setattr(module, "SEAL_ROWS", 3)
    monkeypatch.setattr(daemon_sealing, "REST_SECONDS", 0.0)
    trail.add(*[now_of(trail.database)] * 10)
    sealing_of(trail, folder).look()
    assert [seal.entry_count for seal in trail.seals()] == [3, 3, 3, 1]
    assert [one.anchor for one in AuditFiles(folder).copies()] == [seal.anchor for seal in trail.seals()]


def test_one_daemon_seals_and_each_copies(trail: Trail, folder: Path) -> None:
    other = Lease(trail.database, "audit", "host:2", 30)
    assert other.keep()
    trail.add(now_of(trail.database))
    ours = sealing_of(trail, folder)
    ours.look()
    assert (trail.seals(), folder.is_dir()) == ([], True)
    trail.seal_all()
    ours.look()
    assert len([one.anchor for one in AuditFiles(folder).copies()]) == 1
    other.release()
    trail.add(now_of(trail.database))
    ours.look()
    assert len(trail.seals()) == 2


def test_the_log_keeps_the_end_of_the_chain_at_start_and_each_day(
    trail: Trail, folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "helpdesk.audit")
    ours = sealing_of(trail, folder)
    ours.look()
    assert told(caplog) == [], "there is no seal"
    trail.add(now_of(trail.database))
    ours.look()
    ours.look()
    assert told(caplog) == ["audit_anchor"]
    (seal,) = trail.seals()
    assert caplog.records[-1].fields == {"seq": 1, "mac": seal.mac.hex()}  # type: ignore[attr-defined]
    long_ago = now_of(trail.database) - DAY
    monkeypatch.setattr(Sealing, "_day", lambda _self, at: "2099-01-01" if at > long_ago else "2001-01-01")
    ours.look()
    assert told(caplog) == ["audit_anchor"] * 2
    sealing_of(trail, folder).look()
    assert told(caplog) == ["audit_anchor"] * 3


def test_files_go_when_all_in_them_is_too_old(trail: Trail, folder: Path) -> None:
    now, zone = now_of(trail.database), trail.desk.stationery.zone
    names = {days: f"{(now - days * DAY).astimezone(zone).date()}.log" for days in (89, 90, 91)}
    folder.mkdir(parents=True)
    for name in names.values():
        (folder / name).touch()
    ours = sealing_of(trail, folder)
    ours.look()
    assert sorted(path.name for path in folder.iterdir()) == sorted([names[89], names[90]])
    purged = [("AUDIT_PURGED", "SUCCESS", {"files": 1, "first_day": names[90].removesuffix(".log")})]
    assert purges(trail) == purged
    ours.look()
    sealing_of(trail, folder).look()
    assert purges(trail) == purged, "only what is gone is on record"


def test_that_files_went_is_on_record_though_the_database_was_away(
    trail: Trail, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir(parents=True)
    for day in ("2001-01-01", "2001-01-02"):
        (folder / f"{day}.log").touch()
    ours = sealing_of(trail, folder)
    with monkeypatch.context() as patched:
        patched.setattr(daemon_sealing, "note_purged_files", _away)
        ours.look()
    assert list(folder.iterdir()) == []
    assert purges(trail) == []
    ours.look()
    assert [detail["files"] for _action, _status, detail in purges(trail)] == [2]


def test_a_folder_that_cannot_be_written_is_told_once_and_once_when_it_can(
    trail: Trail, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "helpdesk.audit")
    folder.parent.mkdir(parents=True)
    folder.touch()
    ours = sealing_of(trail, folder)
    trail.add(now_of(trail.database))
    ours.look()
    ours.look()
    assert told(caplog) == ["audit_not_copied"]
    assert len(trail.seals()) == 1
    folder.unlink()
    ours.look()
    ours.look()
    assert told(caplog) == ["audit_not_copied", "audit_copied_again"]
    assert len([one.anchor for one in AuditFiles(folder).copies()]) == 1


def test_a_full_disk_leaves_no_half_of_a_seal(
    trail: Trail, folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.WARNING, "helpdesk.audit")
    ours = sealing_of(trail, folder)
    trail.add(now_of(trail.database))
    ours.look()
    trail.add(now_of(trail.database))
    write, room = os.write, [40]

    def full(handle: int, content: bytes) -> int:
        some = content[: room[0]]
        room[0] -= len(some)
        if not some:
            raise OSError(28, "No space left on device")
        return write(handle, some)

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        ours.look()
    assert told(caplog) == ["audit_not_copied"]
    ours.look()
    (path,) = folder.iterdir()
    lines = path.read_bytes().splitlines()
    assert [line.startswith(b'{"seal": ') for line in lines] == [False, True] * 2


@pytest.mark.parametrize(
    ("trouble", "names"),
    [(StoreAway("away"), []), (RuntimeError("a defect"), ["not_sealed"])],
    ids=["away", "defect"],
)
def test_a_failure_is_told_once_and_ends_nothing(
    trail: Trail,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Exception,
    names: list[str],
) -> None:
    def fail(_desk: object) -> None:
        raise trouble

    caplog.set_level(logging.WARNING, "helpdesk.audit")
    trail.add(now_of(trail.database))
    ours = sealing_of(trail, folder)
    with monkeypatch.context() as patched:
        patched.setattr(daemon_sealing, "seal_next", fail)
        ours.look()
        ours.look()
    assert told(caplog) == names
    ours.look()
    assert len(trail.seals()) == 1


def test_what_is_gone_is_on_record_though_the_next_file_stays(
    trail: Trail, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir(parents=True)
    for name in ("2001-01-01.log", "2001-01-02.log"):
        (folder / name).touch()
    plain = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.name == "2001-01-02.log":
            raise PermissionError
        plain(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    sealing_of(trail, folder).look()
    assert [path.name for path in folder.iterdir()] == ["2001-01-02.log"]
    ((_action, _status, detail),) = purges(trail)
    assert detail["files"] == 1
