"""The lock of a state folder: one daemon at a time, and whether the last one ended by itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.wiring import LOCK, only_daemon_here
from helpdesk.errors import HelpdeskError

ROOT = Path(__file__).parents[2]
FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from daemon.wiring import only_daemon_here
from helpdesk.errors import HelpdeskError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
try:
    with only_daemon_here(Path(sys.argv[1])):
        print("began")
except HelpdeskError as error:
    print(error)
"""


def test_a_stop_by_itself_is_clean(tmp_path: Path) -> None:
    for _ in range(2):
        with only_daemon_here(tmp_path) as unclean:
            assert not unclean


def test_what_a_killed_daemon_leaves_behind_is_unclean_once(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("4711")
    with only_daemon_here(tmp_path) as unclean:
        assert unclean
    with only_daemon_here(tmp_path) as unclean:
        assert not unclean


def test_a_second_daemon_is_told_who_is_there(tmp_path: Path) -> None:
    with (
        only_daemon_here(tmp_path),
        pytest.raises(HelpdeskError, match=rf"process {os.getpid()}\)"),
        only_daemon_here(tmp_path),
    ):
        pass


def test_a_full_disk_is_told_in_words_and_an_unclean_stop_stays_known(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("4711")
    told = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "make room there" in told.stdout, told.stderr
    with only_daemon_here(tmp_path) as unclean:
        assert unclean
