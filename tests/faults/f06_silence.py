"""F6: for a minute the IMAP server answers nothing, or cuts every connection. It is asked seldom, and found again."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from daemon.imaplogin import CONNECT_SECONDS, ImapAccount
from helpdesk.core.backoff import RECONNECT_SECONDS, reconnect_seconds
from tests.faults.f06_imap import conversation
from tests.faults.fault import Fault, Tally
from tests.faults.imap_script import Command, How, in_peace
from tests.faults.scripted_imap import ScriptedImap
from tests.faults.small_desk import What, mails_of_each_kind
from tests.faults.watched import Desks
from tests.servers.certificates import Certificates

MINUTE = 60.0
QUICK_SCALE = 0.25
MAX_CONNECTS = 4  # in any minute
FIRST_COMMAND = 14  # in the middle of the work: mails are fetched, not yet moved
PATIENT, SHORT = ImapAccount("", 0, "tls", "", "").timeout_seconds, 5.0
LEAST_TIMEOUT_SECONDS = 0.2
WAYS = ((How.HANG, PATIENT), (How.HANG, SHORT), (How.CUT, SHORT), (How.BYE, SHORT))


@dataclass
class Silence:
    """Strikes at every command for so long, from one in the middle of the work on."""

    how: How
    seconds: float
    until: float | None = None
    connects: list[float] = field(default_factory=list)

    def __call__(self, command: Command) -> How | None:
        """See ``Script``."""
        now = time.monotonic()
        if command.verb == "CONNECT" and self.until is not None:
            self.connects.append(now)
        if self.until is None and command.number == FIRST_COMMAND:
            self.until = now + self.seconds
        return self.how if self.until is not None and now < self.until else None

    @property
    def asked(self) -> list[float]:
        """When the client came in vain, and at last the one time that it was let in."""
        assert self.until is not None, "the work was done before"
        in_vain = [at for at in self.connects if at < self.until]
        return self.connects[: len(in_vain) + 1]

    @property
    def back_after(self) -> float | None:
        """How long after its end the client came back; None when it never did."""
        assert self.until is not None, "the work was done before"
        return next((at - self.until for at in self.connects if at >= self.until), None)


def most_within(moments: Sequence[float], seconds: float) -> int:
    """Return how many of *moments*, in their order, fall into one span of so many seconds at most."""
    return max((sum(first <= at < first + seconds for at in moments) for first in moments), default=0)


def silences(folder: Path, seconds: float, scale: float = 1.0) -> Tally:
    """Be silent in every way at once, each to a client of its own; *scale* shortens every time there is.

    The Tally has the times as they would be unscaled.
    """
    desks, certificates = Desks(folder), Certificates()
    expected, trouble = conversation(desks, ScriptedImap(folder, certificates), in_peace)
    assert not trouble, trouble
    patience = seconds * scale + PATIENT + RECONNECT_SECONDS[-1]

    def silenced(way: tuple[How, float]) -> tuple[Counter[What], str, Silence]:
        how, timeout_seconds = way
        silence = Silence(how, seconds * scale)
        place = folder / f"{how.name}-{timeout_seconds:g}"
        place.mkdir()
        server = ScriptedImap(place, certificates)
        timeout = max(timeout_seconds * scale, LEAST_TIMEOUT_SECONDS)
        return *conversation(desks, server, silence, timeout, patience), silence

    with (
        patch("daemon.watch.reconnect_seconds", lambda *how: reconnect_seconds(*how) * scale),
        patch("daemon.imaplogin.CONNECT_SECONDS", CONNECT_SECONDS * scale),
        ThreadPoolExecutor(len(WAYS)) as threads,
    ):
        outcomes = list(threads.map(silenced, WAYS))
    problems, recoveries = [], []
    for (how, timeout), (_state, trouble, silence) in zip(WAYS, outcomes, strict=True):
        where = f"{how.name}, time limit {timeout:g} s"
        problems += [f"{where}: {trouble}"] if trouble else []
        if (connects := most_within(silence.asked, MINUTE * scale)) > MAX_CONNECTS:
            problems.append(f"{where}: {connects} connects in a minute")
        if (back := silence.back_after) is None:
            problems.append(f"{where}: the client never came back")
        else:
            recoveries.append(back / scale)
    most = max(most_within(silence.asked, MINUTE * scale) for _state, _trouble, silence in outcomes)
    return Tally(
        faults=len(WAYS),
        mails=len(WAYS) * (len(mails_of_each_kind()) + 1),
        lost=sum((expected - state).total() for state, _trouble, _silence in outcomes),
        doubled=sum((state - expected).total() for state, _trouble, _silence in outcomes),
        extra_letters=0,
        recover_seconds=max(recoveries, default=None),
        problems=tuple(problems),
        note=f"{seconds:g} s; at most {most} connects in a minute",
    )


def _run(folder: Path, quick: bool) -> Tally:
    return silences(folder, MINUTE, QUICK_SCALE if quick else 1.0)


FAULTS = [
    Fault("F6 silence of the IMAP server", "SQLite", _run, recover_limit_seconds=RECONNECT_SECONDS[-1]),
]
