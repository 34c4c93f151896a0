"""F7: a relay that refuses, cuts, hangs or talks nonsense at each stage, and one that puts letters off for days."""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from daemon.deliver import Delivery, DrainResult
from daemon.shift import DeliverySettings
from daemon.smtp import Relay, RelaySettings
from helpdesk.core.audit import Action
from helpdesk.core.backoff import LAST_ATTEMPT
from helpdesk.store.rows import Row
from tests.actions.outboxes import OutboxBench, bench
from tests.daemon.scripted_relay import CUT, GARBAGE, HANG, HUGE, RESET, Behaviour, ScriptedRelay
from tests.faults.fault import Fault, Tally

LETTERS = 5
STAGES = ("connect", "ehlo", "mail", "rcpt", "data", "content")
CODES: tuple[bytes, ...] = tuple(b"%d so\r\n" % code for code in (421, 450, 451, 550, 554))
BREAKS: tuple[Behaviour, ...] = (CUT, RESET, HANG, GARBAGE, HUGE)
PATIENCE_SECONDS = (
    0.3  # of the daemon with a relay that hangs; 60 s for a reply and 600 s after the dot otherwise
)
DAYS = timedelta(days=4)
SETTINGS = DeliverySettings(connections=2)


@dataclass(frozen=True, slots=True)
class Mood:
    """What the relay does to one letter at one stage, once."""

    stage: str
    behaviour: Behaviour
    pipelining: bool = True

    def __str__(self) -> str:
        told = self.behaviour if isinstance(self.behaviour, str) else self.behaviour[:9].decode("latin-1")
        return f"{told.strip()} at {self.stage}{'' if self.pipelining else ', no pipelining'}"

    @property
    def refuses_for_good(self) -> bool:
        """Whether the letter has to die of it."""
        return self.stage not in ("connect", "ehlo") and self.behaviour in (CODES[-1], CODES[-2])

    @property
    def puts_off(self) -> bool:
        """Whether the letter has to wait for its first step of the back-off."""
        return self.stage in ("mail", "rcpt", "data", "content") and self.behaviour in CODES[1:3]

    @property
    def keeps(self) -> bool:
        """Whether the relay has the letter and we cannot know it: it has to come a second time."""
        return self.stage == "content" and self.behaviour in BREAKS


def run(folder: Path, quick: bool) -> Tally:
    """Meet each mood with a few letters in the outbox, then the moods that last."""
    logging.getLogger("helpdesk.letters").addHandler(
        logging.NullHandler()
    )  # else each mood is told on stderr
    desk = bench(f"sqlite:///{folder}/outbox.sqlite3")
    moods = [
        Mood(stage, behaviour, pipelining)
        for pipelining in ((True,) if quick else (True, False))
        for stage in STAGES
        for behaviour in (*CODES, *BREAKS)
    ]
    tallies = [met(desk, mood) for mood in moods]
    problems = [problem for tally in tallies for problem in tally.problems]
    for lasting in (put_off_for_days, without_login_for_days):
        problems += [f"{lasting.__name__}: {problem}" for problem in lasting(desk)]
    desk.database.close()
    return Tally(
        len(moods) + 2,
        LETTERS * len(moods),
        sum(tally.lost for tally in tallies),
        0,
        sum(tally.extra_letters for tally in tallies),
        problems=tuple(problems),
        note="mails: letters",
    )


def met(desk: OutboxBench, mood: Mood) -> Tally:
    """Send some letters to a relay in that mood; once the first try is over, it is in a good one."""
    wanted = desk.queue(LETTERS)
    relay = ScriptedRelay(
        {mood.stage: mood.behaviour},
        once={mood.stage},
        pipelining=mood.pipelining,
        keeps_all=mood.keeps,
    )
    problems: list[str] = []
    with relay.serving():
        first = drained(desk, relay)
        waiting = [row for row in _rows(desk, wanted) if row["state"] == "queued"]
        if mood.puts_off and [_wait_seconds(desk, row) for row in waiting] != [60.0]:
            problems.append(f"{mood}: {len(waiting)} letters wait, and one for a minute was awaited")
        if mood.keeps and first.sent < LETTERS - 1:
            problems.append(f"{mood}: only {first.sent} others went out meanwhile")
        for _ in range(3):
            desk.now += timedelta(hours=1)
            drained(desk, relay)
    rows = _rows(desk, wanted)
    dead = {row["message_id"] for row in rows if row["state"] == "dead"}
    if len(dead) != mood.refuses_for_good or not dead <= _audited(desk):
        problems.append(f"{mood}: {len(dead)} letters are dead, {len(dead & _audited(desk))} of them audited")
    came = Counter(_message_id(one.content) for one in relay.letters)
    extra = came.total() - len(came)
    if extra != mood.keeps:
        problems.append(f"{mood}: {extra} letters came again")
    lost = sum(came[one] == 0 and one not in dead for one in wanted)
    return Tally(1, 0, lost, 0, extra, problems=tuple(problems))


def put_off_for_days(desk: OutboxBench) -> list[str]:
    """Let the relay say "later" for days: the letter has to die after 48 hours, no sooner, and on the record."""
    wanted = desk.queue()
    tries, hours = _tries(desk, wanted[0], ScriptedRelay({"rcpt": b"451 later\r\n"}))
    (row,) = _rows(desk, wanted)
    expected = ("dead", LAST_ATTEMPT, True, True)
    found = (row["state"], tries, 47 < hours < 49, wanted[0] in _audited(desk))
    return [] if found == expected else [f"{found} after {hours:.1f} h; awaited was {expected}"]


def without_login_for_days(desk: OutboxBench) -> list[str]:
    """Let the relay want a login that we lack, for days: no letter may die of that."""
    wanted = desk.queue()
    relay = ScriptedRelay({"mail": b"530 authentication required\r\n"})
    _tries(desk, wanted[0], relay, timedelta(hours=1))
    relay.script.clear()
    with relay.serving():
        desk.now += timedelta(hours=2)
        drained(desk, relay)
    (row,) = _rows(desk, wanted)
    return [] if row["state"] == "sent" else [f"{row['state']}: {row['last_error']}"]


def drained(desk: OutboxBench, relay: ScriptedRelay) -> DrainResult:
    """Deliver what is due at the desk's time."""
    settings = RelaySettings(
        "127.0.0.1",
        relay.port,
        "plain",
        hello_name="desk.example",
        timeout_seconds=PATIENCE_SECONDS,
        final_reply_seconds=PATIENCE_SECONDS,
    )
    return asyncio.run(Delivery(desk.outbox, Relay(settings), SETTINGS).drain())


def _tries(
    desk: OutboxBench, message_id: str, relay: ScriptedRelay, least: timedelta = timedelta()
) -> tuple[int, float]:
    """Deliver whenever the letter is due, for days or until it is dead; return how often and over how many hours.

    *least*: how much later each try is, where the letter itself does not wait.
    """
    begun, tries = desk.now, 0
    with relay.serving():
        while desk.now < begun + DAYS:
            (row,) = _rows(desk, [message_id])
            if row["state"] == "dead":
                break
            desk.now = max(desk.now + least, row["next_at"])
            drained(desk, relay)
            tries += 1
    return tries, (desk.now - begun).total_seconds() / 3600


def _rows(desk: OutboxBench, message_ids: list[str]) -> list[Row]:
    return [row for row in desk.rows() if row["message_id"] in message_ids]


def _wait_seconds(desk: OutboxBench, row: Row) -> float:
    seconds: float = (row["next_at"] - desk.now).total_seconds()
    return seconds


def _audited(desk: OutboxBench) -> set[object]:
    return {row["detail"]["message_id"] for row in desk.audited() if row["action"] == Action.LETTER_DEAD}


def _message_id(content: bytes) -> str:
    return content.partition(b"\r\n")[0].decode().removeprefix("Message-ID: ")


# Letters come twice only where the relay took one and its answer was lost; anything else is told as a problem.
FAULTS = [Fault("F7 relay: codes, cuts, hangs, nonsense", "SQLite", run, extra_allowed=True)]
