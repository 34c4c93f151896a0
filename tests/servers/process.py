"""One server program in a folder of its own: started, stopped, crashed, and never left behind."""

import grp
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

START_SECONDS = 60.0
STOP_SECONDS = 20.0
START_TRIES = 5
POLL_SECONDS = 0.01
UNPRIVILEGED = "nobody"

# It outlives the tests by a moment: when its standard input ends without a line, the tests were killed, and it
# kills the server's process group and removes the folder.
GUARDIAN = 'trap "" INT TERM HUP; read -r line && exit; kill -s KILL -- "-$1"; [ -z "$2" ] || rm -rf -- "$2"'


class ServerMissing(Exception):
    """A server program is not installed; the text says what to install."""


class DidNotStart(Exception):
    """A server ended or did not answer in time; the text has the end of its log."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The account that a server runs as and that owns its files."""

    name: str
    group: str
    uid: int
    gid: int
    drops: bool

    @staticmethod
    def of_servers() -> "Owner":
        """Return the account of this process, or an unprivileged one when it is root."""
        drops = os.geteuid() == 0
        entry = pwd.getpwnam(UNPRIVILEGED) if drops else pwd.getpwuid(os.geteuid())
        group = grp.getgrgid(entry.pw_gid)
        return Owner(entry.pw_name, group.gr_name, entry.pw_uid, entry.pw_gid, drops)

    def own(self, folder: Path) -> None:
        """Give *folder* and everything in it to this account, if it is another one than ours."""
        if self.drops:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_reach(self, folder: Path) -> bool:
        """Say whether the account may pass through all parents of *folder*."""
        return not self.drops or all(parent.stat().st_mode & 0o001 for parent in folder.parents)

    def start(self, command: Sequence[str | Path], folder: Path, output: Path) -> subprocess.Popen[bytes]:
        """Start *command* as this account in a session of its own, all its output appended to *output*."""
        with output.open("ab") as log:
            return subprocess.Popen(
                [str(word) for word in command],
                cwd=folder,
                env={"PATH": SERVER_PATH, "HOME": str(folder), "LANG": "C.UTF-8", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self.uid if self.drops else None,
                group=self.gid if self.drops else None,
                extra_groups=[] if self.drops else None,
            )

    def run(self, command: Sequence[str | Path], folder: Path) -> None:
        """Run *command* to its end as this account; raise DidNotStart with its output if it fails."""
        output = folder / "setup.log"
        process = self.start(command, folder, output)
        if process.wait(START_SECONDS) != 0:
            raise DidNotStart(f"{command[0]} ended with status {process.returncode}:\n{tail(output)}")


SERVER_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def program(name: str, packages: str) -> Path:
    """Return the path of the server program *name*, or raise ServerMissing that names the *packages*."""
    found = shutil.which(name, path=SERVER_PATH)
    if found is None:
        raise ServerMissing(f"{name} is not installed (apt-get install {packages})")
    return Path(found)


def tail(log: Path, count: int = 2000) -> str:
    """Return the end of *log*, or nothing when there is none."""
    return log.read_text("utf-8", "replace")[-count:] if log.exists() else ""


class PrivateServer:
    """What the servers of this package share: the folder, the process, its end.

    A subclass says how to ``_prepare`` the folder (once), which ``_command`` to run (called again with fresh
    ports when the start fails), and when the server ``_answers``.
    """

    name = "server"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path | None = None) -> None:
        self._given_folder = folder
        self._owner = Owner.of_servers()
        self._process: subprocess.Popen[bytes] | None = None
        self._guardian: subprocess.Popen[bytes] | None = None
        self.folder = Path()

    def __enter__(self) -> Self:
        self._check_installed()
        self.folder = self._make_folder()
        try:
            self._prepare()
            self._owner.own(self.folder)
            self._start_first()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def start(self) -> None:
        """Start again after ``stop()`` or ``kill()``: same data, same ports. Returns when it answers."""
        assert self._process is None, f"{self.name} runs already"
        self._process = self._owner.start(self._command(), self.folder, self.output)
        mourned = str(self.folder) if self._given_folder is None else ""
        self._guardian = subprocess.Popen(
            ["/bin/sh", "-c", GUARDIAN, "guardian", str(self._process.pid), mourned],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        _wait_until(self._answers, self._process, self.name, self.log_text)

    def stop(self) -> None:
        """End the server in good order, all connections with it; by force if that takes too long."""
        if self._process is not None:
            self._finish(self._process, self.stop_signal)

    def kill(self) -> None:
        """Crash the server: SIGKILL to its process and to all that it started."""
        if self._process is not None:
            self._finish(self._process, signal.SIGKILL)

    @property
    def pid(self) -> int:
        """The process id of the server's main process."""
        assert self._process is not None, f"{self.name} does not run"
        return self._process.pid

    @property
    def output(self) -> Path:
        """The file with everything that the server wrote to its standard output and error."""
        return self.folder / "output.log"

    def log_text(self) -> str:
        """Return the end of what the server said."""
        return tail(self.output)

    def _check_installed(self) -> None:
        raise NotImplementedError

    def _prepare(self) -> None:
        raise NotImplementedError

    def _take_ports(self) -> None:
        raise NotImplementedError

    def _command(self) -> Sequence[str | Path]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def _make_folder(self) -> Path:
        if self._given_folder is not None:
            self._given_folder.mkdir(parents=True, exist_ok=True)
            folder = self._given_folder.resolve()
        else:
            folder = Path(tempfile.mkdtemp(prefix=f"desk-{self.name}-")).resolve()
            if not self._owner.can_reach(folder):
                folder.rmdir()
                folder = Path(tempfile.mkdtemp(prefix=f"desk-{self.name}-", dir="/tmp"))
        if not self._owner.can_reach(folder):
            raise DidNotStart(f"{self._owner.name} cannot reach {folder}: give a folder below /tmp, or none")
        return folder

    def _start_first(self) -> None:
        for left in reversed(range(START_TRIES)):
            self._take_ports()
            try:
                self.start()
            except DidNotStart:
                self.kill()
                if not left:
                    raise
            else:
                return

    def _finish(self, process: subprocess.Popen[bytes], how: signal.Signals) -> None:
        family = _family(process.pid)
        if process.poll() is None:
            process.send_signal(how)
        if how != signal.SIGKILL:
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait()
        _wait_until_dead(family)
        self._process = None
        if self._guardian is not None:
            self._guardian.communicate(b"done\n")
            self._guardian = None

    def _end(self) -> None:
        if self._given_folder is not None:
            self.stop()
        else:
            self.kill()
            shutil.rmtree(self.folder)


def _family(pid: int) -> list[psutil.Process]:
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def _wait_until_dead(family: list[psutil.Process]) -> None:
    """Wait for orphans; one that its new parent has yet to collect is dead enough: it holds no file and no port."""
    deadline = time.monotonic() + STOP_SECONDS
    while any(_lives(one) for one in family) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _wait_until(
    answers: Callable[[], bool], process: subprocess.Popen[bytes], name: str, log_text: Callable[[], str]
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DidNotStart(f"{name} ended with status {process.returncode}:\n{log_text()}")
        if answers():
            return
        time.sleep(POLL_SECONDS)
    raise DidNotStart(f"{name} did not answer within {START_SECONDS:.0f} s:\n{log_text()}")
