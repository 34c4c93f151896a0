"""Book confirmations against the caps: now, later, or, where one would only feed a loop, not at all."""

from collections import Counter
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.actions.breakers import trip
from helpdesk.core.breakerscopes import why_later, why_waiting
from helpdesk.core.lettercaps import (
    HORIZON,
    SAME_SUBJECT_ANSWERS,
    SAME_SUBJECT_MINUTES,
    Cap,
    LetterLimits,
    Window,
    caps_on,
    first_free,
    starts_ahead,
    subject_minutes,
    subject_scope,
)
from helpdesk.store.budgets import Breaker
from helpdesk.store.work import Work

SAME_SUBJECT = (
    f"more than {SAME_SUBJECT_ANSWERS} mails with the same subject within {SAME_SUBJECT_MINUTES} minutes: "
    "not answered"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A confirmation that a mail would get. ``subject``: the mail's, unchanged.

    ``open_ticket``: the id of the ticket where the mail joined one, None where it opened one.
    """

    recipient: str
    subject: str
    open_ticket: int | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """When a letter may go out; never where ``at`` is None. ``reason`` says why not at once."""

    at: datetime | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """The slots in the order of what was wanted, and the breakers that were closed before."""

    slots: tuple[Slot, ...]
    opened: tuple[Breaker, ...] = ()


def book_letters(work: Work, limits: LetterLimits, wanted: Sequence[Wanted], now: datetime) -> Booking:
    """Take room for letters in the order given, and open a breaker for each cap that makes one wait.

    Three queries for a batch of any length, three more and two for each breaker when a cap trips. Whoever books
    at the same time waits for our end, so that together we never pass a cap.
    """
    if not wanted:
        return Booking(())
    book = _Book(work, limits, wanted, now)
    slots = tuple(book.slot(one) for one in wanted)
    work.budgets.spend(book.owed)
    return Booking(slots, trip(work, book.breakers.values(), now))


class _Book:
    """What is spent, here and in the database, while a batch is booked.

    It begins by taking room for all letters now, as nearly all get it, and reads then what others had taken
    before. ``owed`` is what that was too much or too little in the end.
    """

    def __init__(self, work: Work, limits: LetterLimits, wanted: Sequence[Wanted], now: datetime) -> None:
        self.added: Counter[Window] = Counter()
        self.breakers: dict[str, Breaker] = {}
        self._work = work
        self._now = now
        self._minutes = subject_minutes(now)
        self._subjects = {one: subject_scope(one.recipient, one.subject) for one in wanted}
        self._caps = {one: caps_on(one.recipient, one.open_ticket, limits) for one in wanted}
        self._windows_now = {cap: cap.window(now) for caps in self._caps.values() for cap in caps}
        self._taken = Counter[Window]()
        for one in wanted:
            self._taken.update(self._windows_now[cap] for cap in self._caps[one])
            self._taken[self._subjects[one], self._minutes[0]] += 1
        work.budgets.spend(self._taken)
        subjects = set(self._subjects.values())
        self._spent = self._used_in(subjects, self._minutes) | self._used_in(
            {scope for scope, _start in self._windows_now.values()},
            {start for _scope, start in self._windows_now.values()},
        )
        for window, count in self._taken.items():
            self._spent[window] -= count
        self._repeated = Counter[str]()
        for (scope, _start), count in self._spent.items():
            if scope in subjects:
                self._repeated[scope] += count
        self._knows_the_future = False

    @property
    def owed(self) -> dict[Window, int]:
        """What is to be spent beside what was taken at once, and given back where it is negative."""
        windows = self.added.keys() | self._taken.keys()
        owed = {window: self.added[window] - self._taken[window] for window in windows}
        return {window: count for window, count in owed.items() if count}

    def slot(self, wanted: Wanted) -> Slot:
        """Return when *wanted* may go out, and take its room."""
        subject = self._subjects[wanted]
        self._repeated[subject] += 1
        self.added[subject, self._minutes[0]] += 1
        if self._repeated[subject] > SAME_SUBJECT_ANSWERS:
            until = self._now + timedelta(minutes=SAME_SUBJECT_MINUTES)
            self._trip(subject, f"{SAME_SUBJECT} ({wanted.recipient})", until)
            return Slot(None, SAME_SUBJECT)
        caps = self._caps[wanted]
        windows = [self._windows_now[cap] for cap in caps]
        if all(self._used(window) < cap.limit for window, cap in zip(windows, caps, strict=True)):
            self.added.update(windows)
            return Slot(self._now)
        return self._later(caps)

    def _later(self, caps: Sequence[Cap]) -> Slot:
        if not self._knows_the_future:
            scopes = {cap.scope for cap in self._windows_now}
            self._spent = self._used_in(scopes, starts_ahead(self._now, HORIZON)) | self._spent
            self._knows_the_future = True
        at, tripped = first_free(caps, self._now, self._used)
        self.added.update(cap.window(at) for cap in caps)
        for cap in tripped:
            self._trip(cap.scope, why_later(cap), at)
        return Slot(at, why_waiting([str(cap) for cap in tripped]))

    def _used_in(self, scopes: Set[str], starts: Collection[datetime]) -> dict[Window, int]:
        """Ask for every scope in every window; the store makes that product by itself, in one query."""
        one_scope, one_start = min(scopes), min(starts)
        edges = {(scope, one_start) for scope in scopes} | {(one_scope, start) for start in starts}
        return self._work.budgets.used(edges)

    def _used(self, window: Window) -> int:
        return self._spent.get(window, 0) + self.added[window]

    def _trip(self, scope: str, reason: str, closes_at: datetime) -> None:
        """A breaker is open until the last letter that waits for it has gone out."""
        before = self.breakers.get(scope)
        last = closes_at if before is None else max(before.closes_at, closes_at)
        self.breakers[scope] = Breaker(scope, reason, self._now, last)
