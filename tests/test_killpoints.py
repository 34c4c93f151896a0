"""The places where tests kill the daemon: all are reached, each only when asked for."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk import killpoints
from helpdesk.errors import BadSettings
from helpdesk.killpoints import VARIABLE, Point
from tests.sources import sources

ROOT = Path(__file__).parents[1]


def test_each_point_stands_in_the_code_once_or_more() -> None:
    texts = [
        one.path.read_text() for one in sources("helpdesk", "daemon") if one.path.name != "killpoints.py"
    ]
    missing = [
        point.name for point in Point if not any(f"reach(Point.{point.name})" in text for text in texts)
    ]
    assert missing == []


def test_the_process_dies_at_the_asked_for_time_and_not_before() -> None:
    script = (
        "import os; from helpdesk.killpoints import Point, arm, reach; arm(os.environ)\n"
        "for _ in range(2): reach(Point.FETCHED); reach(Point.EXAMINED)\n"
        "print('alive', flush=True); reach(Point.FETCHED); print('still')\n"
    )
    died = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={VARIABLE: "fetched:3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (died.returncode, died.stdout) == (-signal.SIGKILL, "alive\n")


@pytest.mark.parametrize("wanted", ["nowhere", "fetched:0", "fetched:-1", "fetched:x"])
def test_an_unknown_place_is_refused(wanted: str) -> None:
    with pytest.raises(BadSettings, match=VARIABLE):
        killpoints.arm({VARIABLE: wanted})


def test_without_the_variable_nothing_is_armed() -> None:
    killpoints.arm({})
    killpoints.reach(Point.FETCHED)
