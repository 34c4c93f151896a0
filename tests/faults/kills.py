"""Kills daemons of a desk again and again, each at a place that was drawn for it, and feeds the mailbox meanwhile."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from helpdesk.killpoints import Point
from tests.faults.desk import Daemon, FaultDesk

OUTSIDE = "outside"  # a SIGKILL at any time
HIGHEST = {  # up to which time at a place the daemon lives
    Point.LEASE_TAKEN: 1,
    Point.ATTEMPT_COUNTED: 7,
    Point.FETCHED: 10,
    Point.EXAMINED: 10,
    Point.BLOBS_WRITTEN: 10,
    Point.ROWS_WRITTEN: 10,
    Point.COMMITTED: 10,
    Point.COPIED: 8,
    Point.FLAGGED: 8,
    Point.MOVED: 8,
    Point.SETTLED: 2,
    Point.NOTED: 2,
    Point.LETTERS_CLAIMED: 3,
    Point.LETTER_BEGUN: 12,
    Point.DOT_SENT: 12,
    Point.ACCEPTED: 12,
    Point.SENT_WRITTEN: 4,
    Point.SENT_COMMITTED: 4,
}
WITHOUT_MOVE = (Point.COPIED, Point.FLAGGED)
READING = tuple(Point)[tuple(Point).index(Point.ATTEMPT_COUNTED) : tuple(Point).index(Point.COMMITTED)]
SAFE = (
    *READING,
    Point.COMMITTED,
    Point.SETTLED,
    Point.NOTED,
)  # a mail is filed before: n is two, or it is later
OUTSIDE_CARDS = 3
GIVEN_UP_SECONDS = 20.0  # a place that is not reached by then
LONGEST_LIFE_SECONDS = 4.0  # of a daemon that is killed from outside
REST_EVERY = 15  # of two daemons one stays dead for a while after so many kills
REST_SECONDS = 45.0
LOOK_SECONDS = 0.1
FEED_SECONDS = 0.5
WAVE = (5, 25)
MOST_ATTEMPTS = 2  # the third attempt is poison by design
BEFORE_SECONDS, AFTER_SECONDS = 2.0, 5.0


@dataclass(frozen=True, slots=True)
class Kill:
    """A kill, its place or OUTSIDE, and when it was noticed, by ``time.monotonic()``."""

    place: str
    at: float


@dataclass(slots=True)
class _Armed:
    """A daemon and what is to become of it: dead by ``until``, at its place or from outside."""

    daemon: Daemon
    place: str = OUTSIDE
    until: float = 0.0
    resting: bool = False


def places(move: bool) -> list[Point]:
    """Return the places that a daemon comes by, on an IMAP server with or without MOVE."""
    return [point for point in Point if not (move and point in WITHOUT_MOVE)]


class Killing:
    """A number of kills on one desk, by one daemon or by two that take turns on its mailbox."""

    def __init__(self, desk: FaultDesk, *, daemons: int = 1, move: bool = True) -> None:
        self.kills: list[Kill] = []
        self.problems: list[str] = []
        self._desk = desk
        self._armed = [_Armed(desk.new_daemon()) for _ in range(daemons)]
        self._places = places(move)
        self._deck: list[str] = []
        self._fed_at = 0.0

    def run(self, count: int) -> None:
        """Kill so often, then let a daemon work in peace until all is done. Raises TimeoutError when it is not."""
        for one in self._armed:
            self._arm(one)
        while len(self.kills) < count:
            self._feed()
            for one in self._armed:
                self._look_after(one)
            time.sleep(LOOK_SECONDS)
        for one in self._armed:
            one.daemon.kill()
        self._desk.end_leases()
        last = self._armed[0].daemon
        last.start()
        self._desk.wait_until_quiet()
        if status := last.stop():
            self.problems.append(f"the last daemon ended with status {status}")

    def _look_after(self, one: _Armed) -> None:
        now = time.monotonic()
        if one.resting:
            if now > one.until:
                one.resting = False
                self._arm(one)
        elif not one.daemon.alive:
            self._note(one)
        elif now > one.until and self._desk.most_attempts() < MOST_ATTEMPTS:
            one.daemon.kill()
            one.place = OUTSIDE
            self._note(one)

    def _note(self, one: _Armed) -> None:
        status = one.daemon.wait(0)
        if status != -9:
            self.problems.append(f"a daemon to be killed at {one.place} ended with status {status}")
        self.kills.append(Kill(one.place, time.monotonic()))
        others = [other for other in self._armed if other is not one]
        if others and len(self.kills) % REST_EVERY == 0 and not any(other.resting for other in others):
            one.resting = True  # until the lease has run out and another has taken over
            one.until = time.monotonic() + REST_SECONDS
        else:
            self._arm(one)

    def _arm(self, one: _Armed) -> None:
        """Start a daemon. It must file a mail first that was in the hands of a dead one: twice is bad luck enough."""
        chance = self._desk.chance
        one.place = self._drawn(safe=self._desk.most_attempts() > 0)
        if one.place == OUTSIDE:
            one.daemon.start()
            one.until = time.monotonic() + chance.uniform(0.3, LONGEST_LIFE_SECONDS)
            return
        count = chance.randint(2 if one.place in READING else 1, HIGHEST[Point(one.place)])
        one.daemon.start(f"{one.place}:{count}")
        one.until = time.monotonic() + GIVEN_UP_SECONDS

    def _drawn(self, safe: bool) -> str:
        """Return a place from a deck in which each stands equally often."""
        while not (fit := [card for card in self._deck if card in SAFE or not safe]):
            self._deck += [*self._places, *[OUTSIDE] * OUTSIDE_CARDS]
            self._desk.chance.shuffle(self._deck)
        self._deck.remove(fit[0])
        return fit[0]

    def _feed(self) -> None:
        if time.monotonic() > self._fed_at + FEED_SECONDS:
            if self._desk.in_inbox() < WAVE[0]:
                self._desk.deliver(self._desk.chance.randint(*WAVE))
            self._fed_at = time.monotonic()


def blame(received: Sequence[tuple[str, float]], kills: Iterable[Kill]) -> tuple[Counter[str], int]:
    """Return for letters received again at which kills it was, and how many cannot be told by any.

    *received*: Message-ID and time of each copy, in order. The kill has to follow the copy before at once: the
    outbox had not yet heard of it then.
    """
    blamed: Counter[str] = Counter()
    unexplained = 0
    before: dict[str, float] = {}
    for message_id, at in received:
        if (first := before.get(message_id)) is not None:
            near = [
                kill for kill in kills if first - BEFORE_SECONDS <= kill.at <= min(at, first + AFTER_SECONDS)
            ]
            if near:
                blamed[min(near, key=lambda kill: abs(kill.at - first)).place] += 1
            else:
                unexplained += 1
        before[message_id] = at
    return blamed, unexplained
