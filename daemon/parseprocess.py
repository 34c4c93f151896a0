"""The parent's side of one worker process: starts it, talks to it, and says how it ended."""

import contextlib
import datetime as dates
import enum
import io
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from daemon.parseworker import CHUNK, PIECE_BYTES, READY, SIZE, Orders, WorkerLimits
from helpdesk.errors import HelpdeskError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

START_S = 30.0
GRACE_S = 2.0  # the worker ends itself when the time for a mail is over; the parent only sees to it
_ROOT = str(Path(__file__).resolve().parents[1])
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from daemon.parseworker import main; main(int(sys.argv[2]))"
)
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")
_DATES = {"datetime": dates.datetime, "timezone": dates.timezone, "timedelta": dates.timedelta}
_OUR_DATA = ("helpdesk.core.", "daemon.examine", "daemon.evidence")


class PoolClosed(HelpdeskError):
    """The daemon is stopping: mails that were being examined stay where they are."""


class WorkerBroken(HelpdeskError):
    """No worker can examine even a plain mail: something is wrong with the installation, not with a mail."""


class WorkerDied(Exception):
    """A worker ended, or was ended, while it examined mails; the text says how.

    ``overran``: for want of time, which a second attempt would want too; not by something from outside.
    """

    def __init__(self, how: str, overran: bool = False) -> None:
        super().__init__(how)
        self.overran = overran


class _Timed(io.RawIOBase):
    """The reading end of a socket, with one deadline for all that is read until the next is set."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self.deadline = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._end.settimeout(left)
        return self._end.recv_into(buffer)


class _Plain(pickle.Unpickler):
    """Reads data classes, enums and dates of ours, nothing else: a mail may have taken a worker over."""

    def find_class(self, module: str, name: str, /) -> Any:
        if module == "datetime" and name in _DATES:
            return _DATES[name]
        found = super().find_class(module, name) if module.startswith(_OUR_DATA) else None
        if isinstance(found, type) and (is_dataclass(found) or issubclass(found, enum.Enum)):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no plain data of ours")


def read_answer(reader: IO[bytes]) -> Any:
    """Return what a worker wrote. Raises UnpicklingError for anything but plain data, and what a bad stream may."""
    return _Plain(reader).load()


def _some(answer: Any, most: int) -> list[Any]:
    if isinstance(answer, list) and 0 < len(answer) <= most:
        return answer
    raise pickle.UnpicklingError("it is no list of what was found in these mails")


class WorkerProcess:
    """One worker process with the socket to it. Used by one thread at a time, stopped by any."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._starting = threading.Lock()
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process without waiting for it. Raises PoolClosed after ``close``, or WorkerBroken."""
        with self._starting:
            if self._closed:
                raise PoolClosed("the parse workers are closed")
            if self._process is not None and self._process.poll() is None:
                return
            self._end_process()
            try:
                self._socket, self._process = _spawned()
            except OSError as error:  # no memory, no file or no process left for one more
                raise WorkerBroken(f"no parse worker can be started: {error}") from error
            self._wire = _Timed(self._socket)
            self._reader = io.BufferedReader(self._wire, PIECE_BYTES)
            self._is_ready = False
            self._socket.settimeout(START_S)
            with contextlib.suppress(OSError):  # a worker that is gone already is seen when it is used
                self._socket.sendall(pickle.dumps(self._orders))

    def examine(self, raws: Sequence[bytes], now_epoch: int, on_progress: Callable[[], None]) -> list[Any]:
        """Return what the worker found in each mail. Raises WorkerDied; the next call starts another.

        *on_progress* is called when it is ready, and each time that it has read some.
        """
        self.start()
        self._wait_until_ready()
        on_progress()
        found: list[Any] = []
        try:
            self._send(raws, now_epoch)
            while len(found) < len(raws):
                left = len(raws) - len(found)
                self._wire.deadline = time.monotonic() + self._orders.limits.wall_s * left + GRACE_S
                found += _some(read_answer(self._reader), left)
                on_progress()
        except Exception as error:
            raise self._death(error) from error
        return found

    def close(self) -> None:
        """Kill the process, also in the middle of its work, and never start another."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._starting:
            self._end_process()

    def _wait_until_ready(self) -> None:
        if self._is_ready:
            return
        self._wire.deadline = time.monotonic() + START_S
        try:
            self._is_ready = self._reader.read(len(READY)) == READY
        except OSError:
            self._is_ready = False
        if not self._is_ready:
            died = self._death(EOFError())
            if self._closed:
                raise PoolClosed("the parse workers are closed")
            raise WorkerBroken(f"no parse worker can be started: {died}; its messages stand before this line")
        try:
            read_answer(self._reader)  # to a plain mail: what cannot be read here would quarantine every mail
        except Exception as error:
            self._death(error)
            if self._closed:
                raise PoolClosed("the parse workers are closed") from error
            raise WorkerBroken(f"what a parse worker writes cannot be read: {error}") from error

    def _send(self, raws: Sequence[bytes], now_epoch: int) -> None:
        self._socket.settimeout(self._orders.limits.wall_s)
        head = CHUNK.pack(now_epoch, len(raws)) + b"".join(SIZE.pack(len(raw)) for raw in raws)
        if sum(map(len, raws)) <= PIECE_BYTES:
            self._socket.sendall(b"".join((head, *raws)))
            return
        for piece in (head, *raws):
            self._socket.sendall(piece)

    def _death(self, error: Exception | None) -> WorkerDied:
        """Make sure that the process is gone, and return how it went."""
        process = self._process
        if process is None or self._closed:
            return WorkerDied("closed")
        try:
            status = process.wait(timeout=GRACE_S if isinstance(error, (EOFError, OSError)) else 0)
        except subprocess.TimeoutExpired:
            status = None
        with self._starting:
            self._end_process()
        overran = status in (None, -signal.SIGALRM, -signal.SIGPROF)
        return WorkerDied(_told(status, self._orders.limits), overran)

    def _end_process(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None
        self._socket.close()
        self._reader.close()


def _spawned() -> "tuple[socket.socket, subprocess.Popen[bytes]]":
    """Start a worker and return our end of its socket with it."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}  # no credentials
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT, _ROOT, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                cwd="/",
                env=environment,
            )
        except OSError:
            ours.close()
            raise
    return ours, process


def _told(status: int | None, limits: WorkerLimits) -> str:
    """Say in words how a worker ended; *status* as ``Popen.returncode``, None when it had to be killed."""
    match status:
        case None:
            return f"its parser gave no answer within {limits.wall_s:g} s"
        case _ if status == -signal.SIGALRM:
            return f"it took longer than {limits.wall_s:g} s to read"
        case _ if status == -signal.SIGPROF:
            return f"it took more than {limits.cpu_s:g} s of processor time to read"
        case _ if status == -signal.SIGKILL:
            return "its parser was killed, perhaps for want of memory"
        case _ if status < 0:
            return f"its parser died of {signal.Signals(-status).name}"
        case _:
            return f"its parser ended with status {status}"
