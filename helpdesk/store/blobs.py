"""Attachments and the raw bytes of mail that was not filed, as files named by their SHA-256.

A file is complete and on the disk before the row that names it is committed: written under a temporary name,
synced, renamed, its folder synced. What a crash leaves over is a file that no row names.
"""

import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from helpdesk.errors import StoreAway
from helpdesk.store.engine import ANSWERED

FOLDER_MODE, FILE_MODE = 0o750, 0o640  # the shell of another user reads them by the group of the folder
WRITERS = 8
ORPHAN_SECONDS = 24 * 3600  # how long a file may wait for the row that names it
NEW, ASIDE = ".new-", ".old-"


class Blobs:
    """The blobs below one folder. Safe from several threads and processes: names are contents."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sha256: str) -> Path:
        """Return where a blob lies or would lie."""
        return self._folder / sha256[:2] / sha256

    def read(self, sha256: str) -> bytes:
        """Return a blob's bytes. Raises FileNotFoundError when there is none."""
        return self.path(sha256).read_bytes()

    def reading_problem(self) -> str:
        """Return which folder our user may not read, and why; empty where all can be read, or nothing is there."""
        folder = self._folder
        try:
            with os.scandir(folder) as inside:
                first = next(inside, None)
            if first is not None:
                folder = folder / first.name
                os.scandir(folder).close()
        except FileNotFoundError:
            return ""
        except OSError as error:
            return f"{folder}: {error.strerror}"
        return ""

    def put(self, contents: Iterable[tuple[str, bytes]]) -> None:
        """Make sure that these blobs (SHA-256 in hex, bytes) are on the disk; those that are stay untouched.

        Raises StoreAway when the disk is full or refuses; nothing half-written stays under a blob's name.
        """
        wanted = [(self.path(sha256), content) for sha256, content in contents]
        if not wanted:
            return
        try:
            with ThreadPoolExecutor(min(len(wanted), WRITERS)) as writers:  # the disk syncs several at once
                for _done in writers.map(_write_missing, wanted):
                    ANSWERED.get()()
                # Every folder: a blob that is there may be another's, not yet synced by name.
                list(writers.map(_sync_folder, {path.parent for path, _content in wanted}))
        except OSError as error:
            raise StoreAway(f"blobs in {self._folder}: {error.strerror}; nothing was filed") from error

    def old_ones(self) -> Iterator[list[str]]:
        """Yield, folder by folder, the blobs that nobody has put for a day. What a crash left half done is put right.

        Raises StoreAway.
        """
        try:
            folders = sorted(one for one in self._folder.iterdir() if one.is_dir())
            for folder in folders:
                _mend(folder)
                yield sorted(one.name for one in folder.iterdir() if one.name[0] != "." and _is_old(one))
        except FileNotFoundError:
            return  # no blob was ever written
        except OSError as error:
            raise StoreAway(f"blobs in {self._folder}: {error.strerror}; nothing was collected") from error

    def remove_if_old(self, sha256: str) -> bool:
        """Remove a blob that no row names; False where somebody put it again just now. Raises StoreAway.

        It is set aside first: who puts it meanwhile either finds none, and writes it, or has made it young.
        """
        path = self.path(sha256)
        aside = path.with_name(f"{ASIDE}{sha256}")
        try:
            path.rename(aside)
            if not _is_old(aside):
                aside.rename(path)
                return False
            aside.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreAway(f"blobs in {self._folder}: {error.strerror}; nothing was removed") from error
        return True


def _write_missing(blob: tuple[Path, bytes]) -> None:
    path, content = blob
    with suppress(FileNotFoundError):
        there = path.stat()
        if there.st_size == len(content):
            if there.st_mtime < time.time() - ORPHAN_SECONDS / 2:
                os.utime(path)  # it is wanted: no collection of orphans removes it now
            return
    _make_folder(path.parent)
    handle, name = tempfile.mkstemp(prefix=NEW, dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, FILE_MODE)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).rename(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _is_old(path: Path) -> bool:
    return path.stat().st_mtime < time.time() - ORPHAN_SECONDS


def _mend(folder: Path) -> None:
    """Bring back what was set aside by a collection that ended in the middle, and remove what was never finished."""
    for path in list(folder.iterdir()):
        if path.name.startswith(ASIDE):
            blob = path.with_name(path.name.removeprefix(ASIDE))
            if blob.exists():
                path.unlink()
            else:
                path.rename(blob)
        elif path.name.startswith(NEW) and _is_old(path):
            path.unlink()


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each closed to all but our user and its group, and known to its parent."""
    if not folder.exists():
        _make_folder(folder.parent)
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        made = folder.stat().st_mode
        if made & 0o777 != FOLDER_MODE:  # else not at all: a unit may forbid to set the group's bit
            folder.chmod(FOLDER_MODE | made & stat.S_ISGID)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
