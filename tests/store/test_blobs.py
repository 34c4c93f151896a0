"""Blobs: whole and private on the disk, or not there at all."""

import errno
import hashlib
import os
import resource
import signal
import stat
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path

import pytest

from helpdesk.errors import StoreAway
from helpdesk.store import blobs as blobs_module
from helpdesk.store.blobs import ORPHAN_SECONDS, Blobs
from helpdesk.store.engine import ANSWERED

EVERY_BYTE = bytes(range(256)) * 5


def named(content: bytes) -> tuple[str, bytes]:
    return hashlib.sha256(content).hexdigest(), content


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the kernel refuse every byte beyond *size* in a file, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then write() says EFBIG
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"a\r\nb\nc\rd\0", id="line ends and NUL"),
        pytest.param(EVERY_BYTE, id="every byte"),
        pytest.param(EVERY_BYTE * 2000, id="2.5 MB"),
    ],
)
def test_a_blob_comes_back_byte_for_byte(tmp_path: Path, content: bytes) -> None:
    blobs = Blobs(tmp_path / "blobs")
    blobs.put([named(content)])
    assert blobs.read(named(content)[0]) == content


@pytest.mark.parametrize("umask", [0, 0o077, 0o777], ids=oct)
def test_our_user_and_the_group_of_the_folder_can_read_a_blob_and_nobody_else(
    tmp_path: Path, umask: int
) -> None:
    blobs = Blobs(tmp_path / "blobs")
    before = os.umask(umask)
    try:
        blobs.put([named(b"secret")])
    finally:
        os.umask(before)
    path = blobs.path(named(b"secret")[0])
    assert mode(path) == 0o640
    assert [mode(folder) for folder in list(path.parents)[:2]] == [0o750] * 2


@pytest.mark.parametrize("umask", [0, 0o027, 0o077], ids=oct)
def test_a_blob_belongs_to_the_group_of_the_folder_where_that_one_says_so(tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "blobs"
    folder.mkdir()
    os.chown(folder, -1, 4242)
    folder.chmod(0o2750)
    before = os.umask(umask)
    try:
        Blobs(folder).put([named(b"secret")])
    finally:
        os.umask(before)
    path = Blobs(folder).path(named(b"secret")[0])
    assert (path.stat().st_gid, mode(path)) == (4242, 0o640)
    assert (path.parent.stat().st_gid, mode(path.parent)) == (4242, 0o2750)
    assert mode(folder) == 0o2750


def test_who_may_not_read_the_blobs_is_told_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs, closed = Blobs(tmp_path / "blobs"), set[Path]()
    scan = os.scandir

    def scanning(folder: Path) -> object:
        if folder in closed:
            raise PermissionError(errno.EACCES, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(os, "scandir", scanning)
    assert blobs.reading_problem() == ""  # nothing was ever put
    blobs.put([named(b"secret")])
    assert blobs.reading_problem() == ""
    for folder in (blobs.path(named(b"secret")[0]).parent, tmp_path / "blobs"):
        closed.add(folder)
        assert blobs.reading_problem() == f"{folder}: Permission denied"


def test_a_blob_lies_in_a_folder_named_by_its_first_two_digits(tmp_path: Path) -> None:
    assert Blobs(tmp_path).path("abcd") == tmp_path / "ab" / "abcd"


def test_a_blob_that_nobody_put_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Blobs(tmp_path).read("ab" * 32)


def test_putting_nothing_makes_no_folder(tmp_path: Path) -> None:
    Blobs(tmp_path / "blobs").put([])
    assert not (tmp_path / "blobs").exists()


def test_a_blob_that_is_there_is_left_untouched(tmp_path: Path) -> None:
    blobs, blob = Blobs(tmp_path), named(b"the same")
    blobs.put([blob])
    before = blobs.path(blob[0]).stat()
    blobs.put([blob])
    after = blobs.path(blob[0]).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_blob_cut_short_by_a_broken_disk_is_written_again(tmp_path: Path) -> None:
    blobs, blob = Blobs(tmp_path), named(b"whole")
    blobs.put([blob])
    blobs.path(blob[0]).write_bytes(b"who")
    blobs.put([blob])
    assert blobs.read(blob[0]) == b"whole"


def test_many_blobs_at_once_are_all_there_and_nothing_else(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    given = [named(f"blob {number % 40}".encode()) for number in range(60)]  # some of them twice
    blobs.put(given)
    assert files(tmp_path) == sorted({sha256 for sha256, _content in given})
    assert all(blobs.read(sha256) == content for sha256, content in given)


def test_threads_that_put_the_same_blobs_do_not_disturb_each_other(tmp_path: Path) -> None:
    given = [named(f"blob {number}".encode()) for number in range(20)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: Blobs(tmp_path / "blobs").put(given), range(4)))
    assert files(tmp_path) == sorted(sha256 for sha256, _content in given)


def test_a_disk_that_fills_up_leaves_nothing_half_written(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    with files_of_at_most(1000), pytest.raises(StoreAway, match=r"blobs in .*: .*; nothing was filed"):
        blobs.put([named(EVERY_BYTE), named(b"small")])
    assert set(files(tmp_path)) <= {named(b"small")[0]}
    blobs.put([named(EVERY_BYTE)])
    assert blobs.read(named(EVERY_BYTE)[0]) == EVERY_BYTE


def test_a_file_where_the_folder_should_be_means_away(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("in the way")
    with pytest.raises(StoreAway, match="Not a directory"):
        Blobs(tmp_path / "blobs").put([named(b"x")])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_we_may_not_write_means_away(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir(mode=0o500)
    with pytest.raises(StoreAway, match="Permission denied"):
        Blobs(tmp_path / "blobs").put([named(b"x")])


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_disk_that_refuses_at_the_end_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    blobs = Blobs(tmp_path / "blobs")
    blobs.put([named(b"before")])
    blob = next(named(b"%d" % n) for n in range(9999) if named(b"%d" % n)[0][:2] == named(b"before")[0][:2])
    if call == "fsync":
        monkeypatch.setattr(os, "fsync", refuse)
    else:
        monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StoreAway, match="Input/output error"):
        blobs.put([blob])
    assert files(tmp_path) == [named(b"before")[0]]


def test_a_blob_has_its_name_only_after_its_bytes_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs, blob = Blobs(tmp_path), named(b"content")
    seen: list[tuple[str, bool]] = []
    fsync = os.fsync

    def watched(handle: int) -> None:
        target = Path(f"/proc/self/fd/{handle}").readlink()
        kind = "folder" if target.is_dir() else "file"
        seen.append((f"{kind} {target.name[:5]}", blobs.path(blob[0]).exists()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    blobs.put([blob])
    first_two = blob[0][:2]
    assert seen == [
        (f"folder {tmp_path.name[:5]}", False),  # it names the new folder
        ("file .new-", False),
        (f"folder {first_two}", True),
    ]


def aged(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


OLD, YOUNG = ORPHAN_SECONDS + 60, ORPHAN_SECONDS - 60


def stored(blobs: Blobs, content: bytes, age_seconds: float = OLD) -> str:
    sha256 = named(content)[0]
    blobs.put([named(content)])
    aged(blobs.path(sha256), age_seconds)
    return sha256


def test_only_what_nobody_has_put_for_a_day_is_old(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    assert list(blobs.old_ones()) == []
    old = stored(blobs, b"old")
    stored(blobs, b"young", YOUNG)
    assert [name for some in blobs.old_ones() for name in some] == [old]
    blobs.put([named(b"old")])
    assert [name for some in blobs.old_ones() for name in some] == []


def test_an_old_blob_is_removed_and_a_young_one_is_not(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    old, young = stored(blobs, b"old"), stored(blobs, b"young", YOUNG)
    assert blobs.remove_if_old(old)
    assert not blobs.remove_if_old(old), "it is gone"
    assert not blobs.remove_if_old(young)
    assert files(tmp_path) == [young]


def test_a_blob_that_is_put_while_it_is_being_removed_is_there_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each point of the removal another puts it: none of them may lose it."""
    blobs = Blobs(tmp_path / "blobs")
    plain_rename, plain_is_old = Path.rename, blobs_module._is_old

    def put_before(call: Callable[..., object]) -> Callable[..., object]:
        def both(*given: object) -> object:
            with monkeypatch.context() as once:
                once.setattr(Path, "rename", plain_rename)
                once.setattr(blobs_module, "_is_old", plain_is_old)
                blobs.put([named(b"wanted")])
            return call(*given)

        return both

    for where, name, call in ((Path, "rename", plain_rename), (blobs_module, "_is_old", plain_is_old)):
        sha256 = stored(blobs, b"wanted")
        with monkeypatch.context() as patched:
            patched.setattr(where, name, put_before(call))
            blobs.remove_if_old(sha256)
        assert blobs.read(sha256) == b"wanted"


def test_what_a_crash_left_half_removed_is_brought_back(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    sha256 = stored(blobs, b"set aside")
    path = blobs.path(sha256)
    path.rename(path.with_name(f".old-{sha256}"))
    assert [name for some in blobs.old_ones() for name in some] == [sha256]
    assert blobs.read(sha256) == b"set aside"
    path.with_name(f".old-{sha256}").write_bytes(b"set aside")
    list(blobs.old_ones())
    assert files(tmp_path) == [sha256]


def test_what_was_never_finished_is_removed_after_a_day(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    folder = blobs.path(stored(blobs, b"x")).parent
    for name, age in (("old", OLD), ("young", YOUNG)):
        unfinished = folder / f".new-{name}"
        unfinished.touch()
        aged(unfinished, age)
    list(blobs.old_ones())
    assert [name for name in files(tmp_path) if name.startswith(".new-")] == [".new-young"]


def test_each_file_on_a_slow_disk_is_a_sign_of_life(tmp_path: Path) -> None:
    told: list[str] = []

    def put() -> None:
        ANSWERED.set(lambda: told.append("answer"))
        Blobs(tmp_path / "blobs").put([named(bytes([number])) for number in range(20)])

    copy_context().run(put)
    assert len(told) >= 20
