"""A disk that is full on command: a small file system of its own, or a limit on files where none may be mounted."""

import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

CHUNK = b"\0" * 4096
MOUNT_SECONDS = 20.0


class Disk(Protocol):
    """``how``: how it is made, for the table."""

    how: str

    def fill(self, spare_bytes: int = 0) -> None:
        """Let hardly more than so many bytes be written from now on."""
        ...

    def make_room(self) -> None:
        """Let everything be written again."""
        ...


class TinyFileSystem:
    """A tmpfs in memory, mounted on *folder*: writes end with ENOSPC as on any full disk."""

    how = "tmpfs"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, spare_bytes: int = 0) -> None:
        """See ``Disk``; rounded to whole blocks."""
        with self._ballast.open("ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(CHUNK)
            except OSError:
                ballast.truncate(max(ballast.tell() - spare_bytes, 0))

    def make_room(self) -> None:
        """See ``Disk``."""
        self._ballast.unlink()

    def grow(self, size_bytes: int) -> None:
        """Let it hold more."""
        _mount("-o", f"remount,size={size_bytes}", str(self.folder))


class FileLimit:
    """No file of one process may grow, its log neither: writes end with EFBIG, for one that may not mount."""

    how = "RLIMIT_FSIZE"

    def __init__(self, pid: Callable[[], int]) -> None:
        self._pid = pid

    def fill(self, spare_bytes: int = 0) -> None:
        """See ``Disk``; what is spare is so for each file by itself."""
        resource.prlimit(self._pid(), resource.RLIMIT_FSIZE, (spare_bytes, resource.RLIM_INFINITY))

    def make_room(self) -> None:
        """See ``Disk``."""
        wide = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(self._pid(), resource.RLIMIT_FSIZE, wide)


@contextmanager
def tiny_file_system(folder: Path, size_bytes: int) -> Iterator[TinyFileSystem | None]:
    """Mount one on *folder*, which is made; give None where this process may not."""
    folder.mkdir(parents=True, exist_ok=True)
    if _mount("-t", "tmpfs", "-o", f"size={size_bytes},mode=0700", "desk-test", str(folder)):
        try:
            yield TinyFileSystem(folder)
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=MOUNT_SECONDS)
    else:
        yield None


def _mount(*arguments: str) -> bool:
    try:
        done = subprocess.run(["mount", *arguments], check=False, capture_output=True, timeout=MOUNT_SECONDS)
    except FileNotFoundError:
        return False
    return done.returncode == 0
