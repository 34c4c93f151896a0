"""A clock that can be set wrong for some processes only, also while they run (libfaketime)."""

from datetime import timedelta
from pathlib import Path

from tests.servers.process import ServerMissing

PACKAGES = "faketime"
LIBRARIES = "*/faketime/libfaketimeMT.so.1"
# Debian's libfaketime 0.9.10 spoils what time.sleep() calls when CLOCK_MONOTONIC is to stay as it is.
OTHER_SLEEP = """\
import select
import time

time.sleep = lambda seconds: select.select((), (), (), max(seconds, 0.0)) and None
"""


class Clock:
    """The wall clock of every process that is started with ``environ``; the others keep the machine's.

    What measures durations (CLOCK_MONOTONIC) runs on untouched, as it does when a real clock is set. Raises
    ServerMissing without libfaketime.
    """

    def __init__(self, folder: Path) -> None:
        library = next(Path("/usr/lib").glob(LIBRARIES), None)
        if library is None:
            raise ServerMissing(f"libfaketime is not installed (apt-get install {PACKAGES})")
        folder.mkdir(parents=True)
        (folder / "sitecustomize.py").write_text(OTHER_SLEEP)
        self._file = folder / "clock"
        self.environ = {
            "LD_PRELOAD": str(library),
            "PYTHONPATH": str(folder),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
        self.set_off(timedelta())

    def set_off(self, by: timedelta) -> None:
        """Let it be ahead of the machine's by so much, behind where that is negative, from now on."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{by.total_seconds():+.0f}\n")
        new.rename(self._file)
