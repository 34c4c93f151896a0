"""The daily files: private, whole seals only, and each continued where the last whole seal ends."""

import os
import stat
from pathlib import Path

import pytest

from helpdesk.core.auditchain import Anchor
from helpdesk.store import auditfiles
from helpdesk.store.auditfiles import AuditFiles

DAY, NEXT = "2026-11-26", "2026-11-27"


def seal(seq: int, rows: int = 3, width: int = 40) -> tuple[bytes, Anchor]:
    """Return a seal with some rows as a file holds it."""
    anchor = Anchor(seq, bytes([seq]) * 32)
    lines = [b'{"action":"%b"}\n' % (b"x" * width)] * rows
    return b"".join(lines) + b'{"seal": %d, "mac": "%b"}\n' % (seq, anchor.mac.hex().encode()), anchor


def filled(folder: Path) -> AuditFiles:
    """Return files of two days that hold the seals 1 to 3, the third in the first day's file."""
    files = AuditFiles(folder)
    for day, seq in ((DAY, 1), (NEXT, 2), (DAY, 3)):
        files.append(day, *seal(seq))
    return files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "state" / "audit"
    assert AuditFiles(made).last() is None
    return made


def test_folder_and_files_are_for_us_alone(folder: Path) -> None:
    filled(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == [f"{DAY}.log", f"{NEXT}.log"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_the_newest_seal_is_known_now_and_after_a_start(folder: Path) -> None:
    files = filled(folder)
    assert files.last() == seal(3)[1]
    again = AuditFiles(folder)
    assert again.last() == seal(3)[1]
    assert [one.anchor for one in again.copies()] == [seal(number)[1] for number in (1, 3, 2)]


def test_whatever_is_cut_goes_back_to_the_last_whole_seal(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditfiles, "PIECE", 7)
    filled(folder)
    path = folder / f"{DAY}.log"
    whole, third = path.read_bytes(), len(seal(3)[0])
    for missing in range(1, third + 1):
        path.write_bytes(whole[:-missing])
        assert AuditFiles(folder).last() == seal(2)[1]
        assert path.read_bytes() == whole[:-third]


def test_a_file_with_no_whole_seal_is_emptied(folder: Path) -> None:
    (folder / f"{DAY}.log").write_bytes(seal(1)[0][:-1])
    assert AuditFiles(folder).last() is None
    assert (folder / f"{DAY}.log").read_bytes() == b""


def test_a_row_that_speaks_of_a_seal_is_none(folder: Path) -> None:
    files = AuditFiles(folder)
    content, anchor = seal(1)
    files.append(DAY, b'{"action":"{\\"seal\\": 9}"}\n' + content, anchor)
    with (folder / f"{DAY}.log").open("ab") as file:
        file.write(b'{"seal": "nine"}\n{"seal": 9, "mac"')
    assert AuditFiles(folder).last() == anchor


def test_a_seal_larger_than_a_piece_is_found(folder: Path) -> None:
    files = AuditFiles(folder)
    files.append(DAY, *seal(1, rows=500, width=400))
    with (folder / f"{DAY}.log").open("ab") as file:
        file.write(seal(2, rows=500, width=400)[0][:-1])
    assert AuditFiles(folder).last() == seal(1)[1]


def test_what_a_full_disk_took_half_of_is_taken_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = filled(folder)

    write, calls = os.write, []

    def half(handle: int, content: bytes) -> int:
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return write(handle, content[: len(content) // 2])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space"):
            files.append(DAY, *seal(4))
    assert files.last() == seal(3)[1]
    files.append(DAY, *seal(4))
    assert AuditFiles(folder).last() == seal(4)[1]
    assert (folder / f"{DAY}.log").read_bytes() == b"".join(seal(seq)[0] for seq in (1, 3, 4))


def test_a_folder_that_was_lost_is_made_anew(folder: Path) -> None:
    files = filled(folder)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert files.last() is None
    files.append(DAY, *seal(1))
    assert files.last() == seal(1)[1]


def test_old_days_are_forgotten_and_nothing_else(folder: Path) -> None:
    files = filled(folder)
    (folder / "notes.txt").touch()
    (folder / "2001-01-01.log.gz").touch()
    assert list(files.forget_before(DAY)) == []
    assert [path.name for path in files.forget_before(NEXT)] == [f"{DAY}.log"]
    assert sorted(path.name for path in folder.iterdir()) == ["2001-01-01.log.gz", f"{NEXT}.log", "notes.txt"]


def test_no_link_is_followed(folder: Path, tmp_path: Path) -> None:
    (folder / f"{DAY}.log").symlink_to(tmp_path / "elsewhere")
    files = AuditFiles(folder)
    with pytest.raises(OSError, match=r"symbolic links|exist"):
        files.append(DAY, *seal(1))
    assert not (tmp_path / "elsewhere").exists()
