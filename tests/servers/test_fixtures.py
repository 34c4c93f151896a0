"""What the fixtures do where a server is missing: nothing may pass for tested that was not."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SKIPPED_FOR, pytest_terminal_summary
from tests.servers.process import PrivateServer, ServerMissing

ROOT = Path(__file__).parents[2]


class Absent(PrivateServer):
    """A server that is installed nowhere."""

    def _check_installed(self) -> None:
        raise ServerMissing("absentd is not installed (apt-get install absent-server)")


class Report:
    """Keeps what a summary would print."""

    def __init__(self, *reasons: str) -> None:
        self.lines: list[str] = []
        self.reasons = reasons

    def getreports(self, _kind: str) -> list[pytest.TestReport]:
        """Return a skipped test for each reason."""
        return [
            pytest.TestReport("test", ("f", 1, "t"), {}, "skipped", ("f", 1, f"Skipped: {reason}"), "setup")
            for reason in self.reasons
        ]

    def section(self, title: str, **_style: bool) -> None:
        """Note a title."""
        self.lines.append(title)

    def line(self, text: str, **_style: bool) -> None:
        """Note a line."""
        self.lines.append(text)


def _run(story: str, *modules: str) -> list[str]:
    """Return which of *modules* are loaded after *story*, run by a new interpreter."""
    asked = f"{story}\nimport sys\nprint(*[name for name in {modules!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


STORY = """
import pytest
from tests.conftest import pytest_fixture_setup, pytest_runtest_call, pytest_terminal_summary
from tests.servers.test_fixtures import Absent


@pytest.fixture
def absent():
    with Absent() as server:
        yield server


def test_with_a_fixture(absent): pass
def test_that_starts_its_own(): Absent().__enter__()
def test_without_a_server(): pass
"""


def _outcome(folder: Path, ci: str) -> str:
    """Return what pytest says about STORY; its hooks are in a plug-in, as conftest.py is for our tests."""
    folder.joinpath("story.py").write_text(STORY)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "story", "-c", "/dev/null", "--rootdir=.", "story.py"],
        cwd=folder,
        env={"PYTHONPATH": f"{folder}:{ROOT}", "CI": ci, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout


@pytest.mark.parametrize("ci", ["", "false", "0"])
def test_a_missing_server_skips_its_tests_on_a_persons_machine(ci: str, tmp_path: Path) -> None:
    outcome = _outcome(tmp_path, ci)
    assert "1 passed, 2 skipped in" in outcome
    assert "NOT TESTED: servers are missing" in outcome
    assert "2 tests skipped: absentd is not installed (apt-get install absent-server)" in outcome


@pytest.mark.parametrize("ci", ["true", "True", "1"])
def test_a_missing_server_fails_its_tests_in_ci(ci: str, tmp_path: Path) -> None:
    outcome = _outcome(tmp_path, ci)
    assert "1 failed, 1 passed, 1 error in" in outcome
    assert "server missing: absentd is not installed (apt-get install absent-server)" in outcome


def test_skipped_tests_are_counted_and_named_at_the_end() -> None:
    report: Any = Report(f"{SKIPPED_FOR}b", f"{SKIPPED_FOR}a", f"{SKIPPED_FOR}b", "another reason")
    pytest_terminal_summary(report)
    assert report.lines == [
        "NOT TESTED: servers are missing",
        "1 tests skipped: a",
        "2 tests skipped: b",
    ]


def test_nothing_is_said_at_the_end_when_nothing_was_missing() -> None:
    report: Any = Report("another reason")
    pytest_terminal_summary(report)
    assert report.lines == []


def test_the_servers_need_no_pytest() -> None:
    story = (
        "from tests.servers import dovecot, mariadb, postgres, smtp_sink, sqlite"
        "\nassert all([dovecot, mariadb, postgres, smtp_sink, sqlite])"
    )
    assert _run(story, "pytest", "_pytest", "tests.conftest", "psutil") == ["psutil"]
