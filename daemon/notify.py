"""What the service tells systemd: ready, alive, stopping (sd_notify(3)); nothing where nobody listens."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

MICROSECONDS = 1_000_000
PINGS_PER_LIMIT = 3  # systemd advises two; a third lets one ping come late


def sd_notify(text: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Send one notification. False: nobody listens, or not any more; a service never fails for that."""
    path = environ.get("NOTIFY_SOCKET", "")
    if path[:1] not in ("/", "@"):
        return False
    address = "\0" + path[1:] if path[0] == "@" else path  # "@": a name in the abstract namespace (unix(7))
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.sendto(text.encode(), address)
    except OSError:
        return False
    return True


def ping_seconds(environ: Mapping[str, str] = os.environ, pid: int | None = None) -> float | None:
    """Return how often to feed the watchdog, or None where systemd wants no sign of life from us."""
    ours = os.getpid() if pid is None else pid
    try:
        limit = int(environ["WATCHDOG_USEC"])
        meant_for = int(environ.get("WATCHDOG_PID") or ours)
    except (KeyError, ValueError):
        return None
    if limit <= 0 or meant_for != ours:
        return None
    return limit / MICROSECONDS / PINGS_PER_LIMIT


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop that must make progress: when it last did, and within how many seconds it must again."""

    name: str
    limit_seconds: float
    beat_at: float


def late(loops: Mapping[str, Loop], now: float) -> tuple[str, ...]:
    """Return the names of the loops that made no progress within their own limits."""
    return tuple(loop.name for loop in loops.values() if now - loop.beat_at > loop.limit_seconds)


@dataclass(slots=True)
class Lateness:
    """Who was late when last asked, so that each loop is told once when it falls behind and once when it is back."""

    known: frozenset[str] = frozenset()

    def news(self, behind: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return which loops are late that were not, and which were and are no longer."""
        now = frozenset(behind)
        before, self.known = self.known, now
        return tuple(sorted(now - before)), tuple(sorted(before - now))


class Watchdog:
    """Feeds systemd's watchdog while, and only while, every registered loop makes progress.

    Times are monotonic seconds. Loops beat from any thread.
    """

    def __init__(
        self,
        tell: Callable[[str], bool] = sd_notify,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._loops: dict[str, Loop] = {}
        self._lock = threading.Lock()
        self._ready = False

    def register(self, name: str, limit_seconds: float) -> Callable[[], None]:
        """Watch a loop from now on, and return what it calls at each step forward."""
        loop = Loop(name, limit_seconds, self._clock())
        with self._lock:
            self._loops[name] = loop
        return lambda: self._beat(name)

    def forget(self, name: str) -> None:
        """Stop watching a loop that ended on purpose."""
        with self._lock:
            self._loops.pop(name, None)

    def feed(self) -> tuple[str, ...]:
        """Tell systemd that we are alive, unless a loop is late; return the names of those that are."""
        with self._lock:
            loops = dict(self._loops)
        behind = late(loops, self._clock())
        if not behind:
            self._tell("WATCHDOG=1")
        return behind

    def ready(self, mailbox_answered: bool, database_answered: bool) -> bool:
        """Tell systemd, once, that the service does its work: both must have answered. True: it is told."""
        if not self._ready and mailbox_answered and database_answered:
            self._ready = True
            self._tell("READY=1")
        return self._ready

    def status(self, text: str) -> None:
        """Set the line that ``systemctl status`` shows."""
        self._tell(f"STATUS={' '.join(text.split())}")

    def stopping(self) -> None:
        """Tell systemd that the service is ending."""
        self._tell("STOPPING=1")

    def _beat(self, name: str) -> None:
        with self._lock:
            if loop := self._loops.get(name):  # a beat may come after the loop was forgotten
                self._loops[name] = replace(loop, beat_at=self._clock())
