"""The demo tells its whole story on real servers, as the README promises."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from daemon.demo import SETTINGS
from tests.config.made import loaded

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 120


def test_every_step_of_the_story_happens(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "helpdeskd.py"), "demo", "--once"]
    told = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "every step happened" in told.stdout
    for seen in ("Demande bien reçue", "fate=held", "Quelqu’un a écrit en votre nom"):
        assert seen in told.stdout


class Standing:
    """The demo in a terminal, its story told: ``said`` is its last screen, ``folder`` where its parts are."""

    def __init__(self, here: Path) -> None:
        self.terminal = pexpect.spawn(
            sys.executable,
            [str(ROOT / "helpdeskd.py"), "demo"],
            cwd=here,
            encoding="utf-8",
            dimensions=(60, 300),
            timeout=DEADLINE_SECONDS,
            preexec_fn=_heeds_ctrl_c,
        )
        self.terminal.expect_exact("Now it is yours")
        self.terminal.expect_exact("tail -f ")
        self.said = self.terminal.before
        self.folder = Path(self.terminal.readline().strip()).parent

    def command(self, part: str) -> list[str]:
        """Return the command of the shell with *part* that a visitor is told to type."""
        wanted = re.compile(rf"helpdesk-admin\.py.* {part}")
        return shlex.split(next(line for line in self.said.splitlines() if wanted.search(line)))

    def at_its_end(self) -> tuple[int, str]:
        """Wait for the end; return the exit status and what was said last."""
        self.terminal.expect(pexpect.EOF)
        self.terminal.close()
        return self.terminal.exitstatus, self.terminal.before


def _heeds_ctrl_c() -> None:
    """Undo what a run in the background of a script hands down: there Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[Standing]:
    demo = Standing(tmp_path)
    yield demo
    demo.terminal.close(force=True)


def test_it_stays_up_says_how_to_open_the_shell_and_ends_at_ctrl_c(standing: Standing) -> None:
    listed = subprocess.run(
        standing.command("ticket list"), capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS
    )
    assert "Mon chargeur ne" in listed.stdout
    shell = pexpect.spawn(shlex.join(standing.command("bootstrap")), timeout=DEADLINE_SECONDS)
    shell.expect("(?i)password")
    shell.close(force=True)

    standing.terminal.sendintr()
    status, said = standing.at_its_end()

    assert (status, "stopping" in said, "Traceback" in said) == (0, True, False), said
    assert not standing.folder.exists()


def test_a_daemon_that_ends_by_itself_is_said(standing: Standing) -> None:
    os.kill(_daemon_of(standing.folder), signal.SIGTERM)
    status, said = standing.at_its_end()

    assert (status, "the daemon ended by itself" in said) == (1, True)


def _daemon_of(folder: Path) -> int:
    wanted = f"run\0--config\0{folder / 'helpdesk.toml'}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "cmdline").read_bytes():
                return int(process.name)
        except OSError:
            continue  # it ended while we looked
    raise AssertionError("the demo's daemon does not run")


def test_who_plays_for_a_day_gets_an_answer_each_time(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.touch()
    places = {"state": tmp_path, "ca_file": ca_file, "imap_port": 1, "smtp_port": 1}
    names = {"desk": "desk@x.example", "contact": "boss@x.example", "border": "mx.x.example"}
    caps = loaded(tmp_path, SETTINGS.format(**places, **names), HELPDESK_SMTP_PASSWORD="x").caps
    assert min(caps.per_address_hour, caps.per_address_day, caps.per_domain_hour, caps.overall_hour) >= 1000
