"""The daily copies of the audit trail: ``2026-11-26.log``, each seal's rows and then its own line, written at once.

What is in the files says how far the copy is. A seal that was cut in the middle, by a crash or a full disk, is taken
back to the end of the seal before it.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from helpdesk.core.auditchain import SEAL_ROWS, Anchor
from helpdesk.core.auditcopies import SEAL_LINE, Copy, anchor_of_line

FOLDER_MODE = 0o700
FILE_MODE = 0o600
PIECE = 64 * 1024
LONGEST_LINE = 1024 * 1024  # no row of ours is
_NAME = re.compile(r"\d{4}-\d{2}-\d{2}\.log")


class AuditFiles:
    """The files of one folder, which one process writes. All raise OSError where the disk is full or refuses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._last: Anchor | None = None
        self._known = False

    def last(self) -> Anchor | None:
        """Return the newest seal in the files, None where there is none. A seal that was cut is taken away first."""
        if not self._known or not self.folder.is_dir():
            self._make_folder()
            found = [self._mended(path) for path in self._paths()]
            self._last = max((one for one in found if one), key=lambda one: one.seq, default=None)
            self._known = True
        return self._last

    def append(self, day: str, content: bytes, seal: Anchor) -> None:
        """Add a seal with its rows to the file of its day; it is on the disk when this returns."""
        path = self.folder / f"{day}.log"
        self._known = False
        new = not path.exists()
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, FILE_MODE)
        try:
            written = 0
            while written < len(content):
                written += os.write(handle, content[written:])
            os.fsync(handle)
        finally:
            os.close(handle)
        if new:
            _sync(self.folder)
        self._last, self._known = seal, True

    def forget_before(self, day: str) -> Iterator[Path]:
        """Remove the files of the days before *day*, and yield each that is gone. Raises OSError."""
        for path in [path for path in self._paths() if path.stem < day]:
            with suppress(FileNotFoundError):  # another daemon was quicker
                path.unlink()
                yield path

    def copies(self) -> Iterator[Copy]:
        """Yield every seal in the files with its rows, oldest day first; nothing is changed.

        Of rows without end the first ones tell enough. What stands behind the last seal of the newest file is passed
        over: it may be written just now.
        """
        paths = self._paths()
        for path in paths:
            with suppress(FileNotFoundError):  # its time was over, and it was removed meanwhile
                yield from (one for one in _copies_of(path) if one.anchor or path != paths[-1])

    def _paths(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if _NAME.fullmatch(path.name))

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(mode=FOLDER_MODE, parents=True)
            _sync(self.folder.parent)

    def _mended(self, path: Path) -> Anchor | None:
        size, end = _end_of(path)
        if size != path.stat().st_size:
            handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
            try:
                os.ftruncate(handle, size)
                os.fsync(handle)
            finally:
                os.close(handle)
        return end


def _copies_of(path: Path) -> Iterator[Copy]:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    lines: list[bytes] = []
    with os.fdopen(handle, "rb") as file:
        while line := file.readline(LONGEST_LINE):
            if (anchor := anchor_of_line(line)) is not None:
                yield Copy(path.stem, anchor, lines)
                lines = []
            elif len(lines) <= SEAL_ROWS:
                lines.append(line)
    if lines:
        yield Copy(path.stem, None, lines)


def _end_of(path: Path) -> tuple[int, Anchor | None]:
    """Return where the last whole seal of a file ends, and that seal; 0 and None where there is none."""
    for start, line in _lines_from_end(path):
        anchor = anchor_of_line(line)
        if anchor is not None:
            return start + len(line), anchor
    return 0, None


def _lines_from_end(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that look like a seal's and are whole, the last first, each with its place."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as file:
        place = file.seek(0, os.SEEK_END)
        rest = b""  # what stands before the first line break of what was read
        while place or rest:
            step = min(PIECE, place)
            place -= step
            file.seek(place)
            lines = (file.read(step) + rest).splitlines(keepends=True)
            rest = lines.pop(0) if place and lines else b""
            start = place + len(rest) + sum(map(len, lines))
            for line in reversed(lines):
                start -= len(line)
                if line.startswith(SEAL_LINE) and line.endswith(b"\n"):
                    yield start, line


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
