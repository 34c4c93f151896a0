"""A person at a terminal: the real shell in a pty, typed at and read until what is awaited stands there."""

import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pexpect
from sqlalchemy import delete

from helpdesk.store.tables import login_locks
from tests.shell.desks import PASSWORD, ShellDesk
from tests.sources import ROOT

DEADLINE_SECONDS = 60  # far more than anything takes; a test never waits for it when all is well
STEERING = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[=>]|\r|\x07")
QUESTION = re.compile(r"(?:[:?\]]|: ?\*+) ?\Z")
PROMPT = re.compile(r"\((?:user|usager|agent|manager|responsable|admin)\)>\s*\Z")


class Terminal:
    """The shell with the settings in *config*, in a terminal of *columns*. Texts are what a person reads."""

    def __init__(
        self, config: Path, *arguments: str, environ: Mapping[str, str] | None = None, columns: int = 100
    ) -> None:
        self._seen = ""
        self._mark = 0
        self._process = pexpect.spawn(
            sys.executable,
            ["-X", "faulthandler", "helpdesk-admin.py", "--config", str(config), *arguments],
            cwd=ROOT,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")},
                "TERM": "xterm",
                "LANG": "en_GB.UTF-8",
                "LC_ALL": "",
                "PROMPT_TOOLKIT_NO_CPR": "1",  # nobody here answers where the cursor is
                **(environ or {}),
            },
            encoding="utf-8",
            codec_errors="replace",
            dimensions=(40, columns),
            timeout=DEADLINE_SECONDS,
        )
        self._process.delaybeforesend = None

    @property
    def ignores_stopping(self) -> bool:
        """Whether the process ignores what Ctrl-Z sends to it."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        ignored = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
        return bool(int(ignored.split()[1], 16) & 1 << signal.SIGTSTP - 1)

    @property
    def raw(self) -> str:
        """All that came, as it came."""
        return self._seen

    def type(self, text: str, *, enter: bool = True) -> None:
        """Type *text*; what is awaited next must come after it."""
        self._mark = len(self._seen)
        self._process.send(f"{text}\r" if enter else text)

    def until(self, wanted: str) -> str:
        """Return what stands there since the last typing, once *wanted* does. Fails at the deadline."""
        return self._until(lambda text: wanted in text, wanted)

    def at_prompt(self) -> str:
        """Return what stands there since the last typing, once the prompt waits again."""
        return self._until(lambda text: PROMPT.search(text) and text.count(")>") > 1, "the prompt")

    def run(self, line: str) -> str:
        """Type a command and return what it said."""
        self.type(line)
        return self.at_prompt()

    def at_prompt_or_question(self, *, at_prompt: bool) -> tuple[str, bool]:
        """Return what stands there since the last typing once the shell waits, and whether it asks something.

        *at_prompt*: what was typed stands behind a prompt of its own.
        """
        text = self._until(
            lambda text: QUESTION.search(text) or (PROMPT.search(text) and text.count(")>") > at_prompt),
            "the prompt or a question",
        )
        return text, QUESTION.search(text) is not None

    def ended(self) -> int:
        """Return the exit status, once the shell has ended."""
        self._until(lambda _text: False, "the end", at_end=True)
        self._process.close()
        status: int = self._process.exitstatus
        return status

    def close(self) -> None:
        """Take the terminal away."""
        self._process.close(force=True)

    def _until(self, is_there: object, wanted: str, *, at_end: bool = False) -> str:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            text = STEERING.sub("", self._seen[self._mark :])
            if callable(is_there) and is_there(text):
                return text
            if time.monotonic() > deadline:
                raise AssertionError(f"{wanted!r} did not come; what came: {text!r}\n{self._stacks()}")
            try:
                self._seen += self._process.read_nonblocking(65536, timeout=1)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF as end:
                if at_end:
                    return text
                raise AssertionError(f"{wanted!r} did not come before the end: {text!r}") from end

    def _stacks(self) -> str:
        """End the shell, and return where each of its threads stood."""
        self._process.kill(signal.SIGABRT)  # for which faulthandler prints them
        said = ""
        with suppress(pexpect.EOF, pexpect.TIMEOUT):
            while True:
                said += self._process.read_nonblocking(65536, timeout=5)
        return said.replace("\r", "")


@contextmanager
def logged_in(desk: ShellDesk, *arguments: str, columns: int = 100, **environ: str) -> Iterator[Terminal]:
    """A terminal in which the admin has logged in."""
    with desk.database.engine.begin() as connection:
        connection.execute(delete(login_locks))
    terminal = Terminal(desk.config, *arguments, environ=environ, columns=columns)
    try:
        log_in(terminal, "boss@help.example")
        yield terminal
    finally:
        terminal.close()


def log_in(terminal: Terminal, address: str) -> None:
    """Answer what a login asks."""
    terminal.until("ress")
    terminal.type(address)
    terminal.until("ass")
    terminal.type(PASSWORD)
    terminal.until(")>")
