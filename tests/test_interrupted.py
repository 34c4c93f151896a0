"""Ctrl-C at any moment of a start: no traceback, and the status of an interrupt."""

import signal
import subprocess
import sys

import pytest

from tests.sources import ROOT

AT_IMPORT = """
import os, runpy, signal, sys
{before}
class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupts())
sys.argv = [{program!r}, "--help"]
runpy.run_path({program!r}, run_name="__main__")
"""
HEEDED = "signal.signal(signal.SIGINT, signal.default_int_handler)"  # a run in the background may ignore it
IN_COMMAND = f"""
import os, signal
{HEEDED}
from helpdesk.commandline import carried_out
from helpdesk.interrupted import end_at_once
end_at_once()
raise SystemExit(carried_out("helpdeskd", lambda: os.kill(os.getpid(), signal.SIGINT)))
"""
PROGRAMS = [("helpdeskd.py", "daemon.main"), ("helpdesk-admin.py", "shell.main")]
DEEP = [("helpdeskd.py", "daemon.commands.why"), ("helpdesk-admin.py", "shell.typed")]


def ended(code: str) -> tuple[int, str]:
    """Return how a process with *code* ended and what it wrote as errors."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(("program", "module"), [*PROGRAMS, *DEEP])
def test_an_interrupt_while_a_program_loads_ends_it_quietly(program: str, module: str) -> None:
    code = AT_IMPORT.format(before=HEEDED, program=program, module=module)
    assert ended(code) == (-signal.SIGINT, "")


@pytest.mark.parametrize(("program", "module"), PROGRAMS)
def test_an_interrupt_that_is_ignored_stays_so(program: str, module: str) -> None:
    before = "signal.signal(signal.SIGINT, signal.SIG_IGN)"
    assert ended(AT_IMPORT.format(before=before, program=program, module=module)) == (0, "")


def test_an_interrupt_of_a_command_lets_it_end_well() -> None:
    assert ended(IN_COMMAND) == (130, "")
