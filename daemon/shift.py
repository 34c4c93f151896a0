"""One life of the delivery loop, from its start to its stop: the letters in hand and the tasks that move them."""

import asyncio
import logging
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from daemon.links import Links
from daemon.smtplink import Link, Report
from helpdesk.actions.deliver import Ended, Outbox, Settled, Taken
from helpdesk.actions.leases import RENEW_PARTS
from helpdesk.core.smtpreplies import End, Outcome
from helpdesk.errors import StoreAway
from helpdesk.logs import event, failed, who

LOG = logging.getLogger("helpdesk.letters")
T = TypeVar("T")
WIRE_SECONDS = 1.4  # how long a stop waits for letters on the wire
LAST_WORDS_SECONDS = 0.4  # … then for the database
GOODBYE_SECONDS = 0.1  # … then for the relay's goodbye: under two seconds in all
STEP_SECONDS = 90.0  # no query takes longer; the beat stops then
BEAT_SECONDS = 5.0
STORE_PAUSE_SECONDS = 2.0
OVER = -math.inf  # when somebody else has a letter
GATHER_SECONDS = 0.02  # under load: a transaction costs as much as ten letters, a network round trip more
RELAY_FAULTS_IN_HAND = 3  # then another letter gets its turn: the fault may lie in this one after all


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """How many at once. A lease must outlast two renewals; when it ends, a dead daemon's letters are taken over."""

    connections: int = 4
    batch_letters: int = 100
    lease_seconds: float = 30.0
    renew_seconds: float = 10.0
    poll_seconds: float = 5.0


@dataclass(slots=True)
class _Hold:
    """A letter in hand. ``until``: on the loop's clock, when somebody else may send it."""

    taken: Taken
    until: float
    on_wire: bool = False
    ended: bool = False


class Shift:
    """Feeds letters to the workers, the workers' results to the database. Made and used in one event loop."""

    def __init__(
        self, outbox: Outbox, links: Links, settings: DeliverySettings, beat: Callable[[], None]
    ) -> None:
        self.links = links
        self.awake = asyncio.Event()
        self.ends = {End.SENT: 0, End.DEAD: 0, End.TRY_LATER: 0, End.AMBIGUOUS: 0}
        self._outbox = outbox
        self._settings = settings
        self._beat = beat
        self._queue: asyncio.Queue[Taken] = asyncio.Queue()
        self._in_hand: dict[int, _Hold] = {}
        self._ended: list[Ended] = []
        self._news = asyncio.Event()
        self._more = False
        self._closing = False  # nothing new is begun
        self._closed = False  # nothing more will end
        self._store_trouble = ""
        self._step_until = math.inf
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="letters")
        self._marker: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, until_empty: bool) -> list[asyncio.Task[None]]:
        """Start all tasks and return those that end only by a defect, and the feeder, when nothing is due."""
        workers = [self._work() for _ in range(self._settings.connections)]
        loops = [self._feed(until_empty), self._renew(), self._tick(), *workers]
        self._tasks = [asyncio.create_task(one) for one in loops]
        self._marker = asyncio.create_task(self._mark())
        return [*self._tasks, self._marker]

    async def end(self) -> None:
        """Let what is on the wire arrive, give back the rest, write the last results: within two seconds."""
        self._closing = True
        self._tasks[0].cancel()
        deadline = _now() + WIRE_SECONDS
        while any(hold.on_wire for hold in self._in_hand.values()) and _now() < deadline:
            await asyncio.sleep(0.01)
        pending = set(self._tasks)
        while pending:  # wait_for of Python 3.11, which aiosmtplib uses, can swallow a cancellation
            for task in pending:
                task.cancel()
            _done, pending = await asyncio.wait(pending, timeout=0.05)
        assert self._marker is not None
        self._closed = True
        self._news.set()
        await asyncio.wait([self._marker], timeout=LAST_WORDS_SECONDS)
        self._marker.cancel()
        await self.links.close(GOODBYE_SECONDS)
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _feed(self, until_empty: bool) -> None:
        """Keep the queue filled. With *until_empty* end when nothing is due or in hand, or with StoreAway."""
        while True:
            self.awake.clear()
            try:
                found, wait_seconds = await self._take()
            except StoreAway as trouble:
                self._store_is(str(trouble))
                if until_empty:
                    raise
                await asyncio.sleep(STORE_PAUSE_SECONDS)
                continue
            if until_empty and not found and not self._in_hand:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_seconds):
                    await self.awake.wait()

    async def _take(self) -> tuple[int, float]:
        """Claim as many letters as there is room for, but none while the relay is away.

        Return how many, and how long to wait before the next look unless something wakes us.
        """
        poll_seconds = self._settings.poll_seconds
        room = self._settings.batch_letters - self._queue.qsize()
        if room < self._settings.batch_letters // 2 or (self.links.away and self._in_hand):
            return 0, poll_seconds
        if not self._in_hand:
            next_seconds = await self._in_store(self._outbox.seconds_to_next)
            if next_seconds is None or next_seconds > 0:
                return 0, min(poll_seconds, next_seconds or poll_seconds)
            if not self.links.open:
                self.links.give(await self.links.take())  # first make sure that somebody will take them
        lease_seconds = self._settings.lease_seconds
        asked_at = _now()
        taken = await self._in_store(self._outbox.take, room, lease_seconds)
        self._store_is("")  # it took a write; being read proves too little, a full disk can be read
        self._more = len(taken) == room
        if taken and _now() - asked_at > lease_seconds / RENEW_PARTS:  # a slow database: half run out
            asked_at = _now()
            taken = await self._in_store(self._outbox.keep, taken, lease_seconds)
        until = asked_at + lease_seconds
        for one in taken:
            if hold := self._in_hand.get(one.letter.id):  # our lease had run out unrenewed: ours again
                hold.taken, hold.until = one, until
            else:
                self._in_hand[one.letter.id] = _Hold(one, until)
                self._queue.put_nowait(one)
        return len(taken), poll_seconds

    async def _work(self) -> None:
        while True:
            taken = await self._queue.get()
            if self._more and self._queue.qsize() < self._settings.batch_letters // 2:
                self.awake.set()
            hold = self._in_hand[taken.letter.id]
            try:
                ended = await self._attempt(hold)
            except Exception as defect:  # noqa: BLE001 - a letter that breaks us must not stop the others
                failed(LOG, "letter-defect", defect, letter=taken.letter.id)
                hold.on_wire = False
                ended = Ended(taken, Outcome(End.TRY_LATER), f"defect: {type(defect).__name__}")
            if ended is not None:
                hold.ended = True
                self._ended.append(ended)
                self._news.set()
            elif not self._closing:  # at the stop it is given back
                self._drop(taken.letter.id)

    async def _attempt(self, hold: _Hold) -> Ended | None:
        """Send one letter; wait where the relay is away; None where it is not ours to send any more."""
        faults = 0
        while True:
            link = await self.links.take()
            if self._closing or _now() >= hold.until:
                self.links.give(link)
                return None
            fresh = not link.used
            report = await self._send(link, hold)
            if report.untouched and not fresh:
                continue  # the relay had given the link up before; nothing was sent on it
            if not (report.untouched or report.outcome.relay_fault):
                self.links.works()
            else:
                self.links.fault(report.reason)
                faults += 1
                if faults < RELAY_FAULTS_IN_HAND:
                    continue
            return Ended(hold.taken, report.outcome, report.reason)

    async def _send(self, link: Link, hold: _Hold) -> Report:
        letter = hold.taken.letter
        hold.on_wire = True
        try:
            report = await link.send(letter.envelope_from, letter.recipient, letter.content)
            hold.on_wire = False
        except BaseException:  # cancelled, it stays on the wire: perhaps it arrives, and its lease runs out
            link.abort()
            raise
        if report.outcome.relay_fault:
            link.abort()
        self.links.give(link)
        return report

    async def _mark(self) -> None:
        """Write results as soon as there are any; at the stop, whatever is left."""
        while not self._closed:
            await self._news.wait()
            if self._queue.qsize() and not self._closing:
                await asyncio.sleep(GATHER_SECONDS)
            self._news.clear()
            await self._write_ends()
        await self._write_ends()
        untried = [hold.taken for hold in self._in_hand.values() if not (hold.on_wire or hold.ended)]
        if untried:
            with suppress(StoreAway):  # then their leases run out
                await self._in_store(self._outbox.release, untried, "the daemon stopped")

    async def _write_ends(self) -> None:
        ends, self._ended = self._ended, []
        if not ends:
            return
        try:
            settled = await self._in_store(self._outbox.settle, ends)
        except StoreAway as trouble:
            self._ended = ends + self._ended
            self._store_is(str(trouble))
            if not self._closed:
                await asyncio.sleep(STORE_PAUSE_SECONDS)
                self._news.set()
            return
        self._store_is("")
        for one in settled:
            self.ends[one.end] += 1
            self._drop(one.ended.taken.letter.id)
            _log(one)

    def _drop(self, letter_id: int) -> None:
        del self._in_hand[letter_id]
        if not self._in_hand:
            self.awake.set()

    async def _renew(self) -> None:
        """Keep the letters in hand ours, in one update for each claim, however long the relay takes."""
        lease_seconds = self._settings.lease_seconds
        while True:
            await asyncio.sleep(self._settings.renew_seconds)
            holds = list(self._in_hand.values())
            until = _now() + lease_seconds
            if not holds:
                continue
            try:
                kept = await self._in_store(self._outbox.keep, [hold.taken for hold in holds], lease_seconds)
            except StoreAway as trouble:
                self._store_is(str(trouble))
                continue
            ours = {one.letter.id for one in kept}
            for hold in holds:
                hold.until = until if hold.taken.letter.id in ours else OVER

    async def _tick(self) -> None:
        """Beat while no query is stuck; waiting for the relay has its own limits and is no reason to die."""
        while True:
            if _now() < self._step_until:
                self._beat()
            await asyncio.sleep(BEAT_SECONDS)

    async def _in_store(self, job: Callable[..., T], *values: object) -> T:
        """Run a query in the one thread for that, so that the loop goes on meanwhile."""
        self._step_until = _now() + STEP_SECONDS
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, job, *values)
        finally:
            self._step_until = math.inf

    def _store_is(self, trouble: str) -> None:
        if trouble and not self._store_trouble:
            event(LOG, "store-away", logging.ERROR, reason=trouble)
        elif self._store_trouble and not trouble:
            event(LOG, "store-back")
        self._store_trouble = trouble


def _log(settled: Settled) -> None:
    letter = settled.ended.taken.letter
    level = logging.ERROR if settled.end is End.DEAD else logging.INFO
    event(
        LOG,
        f"letter-{settled.end.value}",
        level,
        letter=letter.id,
        kind=letter.kind,
        to=who(letter.recipient),
        attempt=letter.attempts,
        again_at=settled.again_at,
        relay=settled.ended.reason,
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
