"""Attachments and the raw bytes of mail that was not filed, as files named by their SHA-256.

A file is complete and on the disk before the row that names it is committed: written under a temporary name,
synced, renamed, its folder synced. What a crash leaves over is a file that no row names.
"""

import os
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from helpdesk.errors import StoreAway

FOLDER_MODE = 0o700
WRITERS = 8


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

    def put(self, contents: Iterable[tuple[str, bytes]]) -> None:
        """Make sure that these blobs (SHA-256 in hex, bytes) are on the disk; those that are stay untouched.

        Raises StoreAway when the disk is full or refuses; nothing half-written stays under a blob's name.
        """
        wanted = [(self.path(sha256), content) for sha256, content in contents]
        if not wanted:
            return
        try:
            with ThreadPoolExecutor(min(len(wanted), WRITERS)) as writers:  # the disk syncs several at once
                list(writers.map(_write_missing, wanted))
                # Every folder: a blob that is there may be another's, not yet synced by name.
                list(writers.map(_sync_folder, {path.parent for path, _content in wanted}))
        except OSError as error:
            raise StoreAway(f"blobs in {self._folder}: {error.strerror}; nothing was filed") from error


def _write_missing(blob: tuple[Path, bytes]) -> None:
    path, content = blob
    if path.exists() and path.stat().st_size == len(content):
        return
    _make_folder(path.parent)
    handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).rename(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each for our user only and known to its parent on the disk."""
    if not folder.exists():
        _make_folder(folder.parent)
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
