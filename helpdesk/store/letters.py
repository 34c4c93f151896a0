"""The outbox: letters wait here until the relay took them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, literal, or_, select, update

from helpdesk.core.breakerscopes import WAITS
from helpdesk.core.returned import Pointers, SentLetter
from helpdesk.store.chunks import chunks
from helpdesk.store.columns import fits_key
from helpdesk.store.rows import ClaimedLetter, ListedLetter, Row
from helpdesk.store.tables import letters, tickets

QUEUED, SENDING, SENT, DEAD = "queued", "sending", "sent", "dead"
MAX_KEY = 255
SKEW = timedelta(minutes=2)  # by which the clocks of two database nodes may differ at worst
AFTER_HEX = "g"  # sorts behind every hexadecimal digit


class Letters:
    """Queries on letters, inside one transaction. A mark counts only for the claim that is still in force."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, rows: Sequence[Row]) -> None:
        """Queue letters. Refused as a whole when one of them is queued already."""
        if rows:
            self._connection.execute(insert(letters), rows)

    def known(self, dedupes: Collection[str]) -> set[str]:
        """Return those of these keys under which a letter exists."""
        if not dedupes:
            return set()
        query = select(letters.c.dedupe).where(letters.c.dedupe.in_(dedupes))
        return set(self._connection.scalars(query))

    def message_id_of(self, dedupe: str) -> str | None:
        """Return the Message-ID of the letter that exists under a key."""
        found: str | None = self._connection.scalar(
            select(letters.c.message_id).where(letters.c.dedupe == dedupe)
        )
        return found

    def tickets_by_message_ids(self, message_ids: Collection[str]) -> dict[str, int]:
        """Return the tickets that our letters with these Message-IDs are about."""
        ours = [message_id for message_id in message_ids if fits_key(message_id, MAX_KEY)]
        if not ours:
            return {}
        query = select(letters.c.message_id, letters.c.ticket_id).where(
            letters.c.message_id.in_(ours), letters.c.ticket_id.is_not(None)
        )
        return {row.message_id: row.ticket_id for row in self._connection.execute(query)}

    def pointed_at(self, pointers: Collection[Pointers]) -> list[SentLetter]:
        """Return the letters that these pointers name; asks nothing where there are none, else twice at most."""
        ids = {one.message_id for one in pointers if fits_key(one.message_id, MAX_KEY)} - {""}
        shorts = sorted({short for one in pointers for short in one.shorts})
        begins = [letters.c.dedupe.between(short, f"{short}{AFTER_HEX}") for short in shorts]
        named: list[ColumnElement[bool]] = [letters.c.message_id.in_(ids)] if ids else []
        named += [or_(*begins)] if begins else []
        wanted = ("id", "dedupe", "message_id", "recipient", "ticket_id")  # in the order of SentLetter
        query = select(*(letters.c[name] for name in wanted))
        return [SentLetter(*row) for one in named for row in self._connection.execute(query.where(one))]

    def mark_returned(self, letter_id: int, at: datetime, error: str) -> bool:
        """Note that a letter came back; False where that was known already."""
        once = update(letters).where(letters.c.id == letter_id, letters.c.bounced_at.is_(None))
        return self._connection.execute(once.values(bounced_at=at, last_error=error[:500])).rowcount > 0

    def note_report(self, letter_id: int, words: str) -> None:
        """Note what a report says about a letter that was sent and has not come back."""
        sent = and_(letters.c.id == letter_id, letters.c.state == SENT, letters.c.bounced_at.is_(None))
        self._connection.execute(update(letters).where(sent).values(last_error=words[:500]))

    def claim(self, now: datetime, limit: int, lease_seconds: float, claim_token: str) -> list[ClaimedLetter]:
        """Take up to *limit* letters that are due, oldest first, for *lease_seconds*.

        *claim_token* is new for each call. Send only after the commit. Those whose claim ran out come first.
        Compare-and-set, since row locks hold on one Galera node only: a row belongs to the claim that the
        committed UPDATE wrote.
        """
        candidates = self._due(SENDING, now, limit)
        if len(candidates) < limit:
            candidates += self._due(QUEUED, now, limit - len(candidates))
        if not candidates:
            return []
        self._connection.execute(
            update(letters)
            .where(
                letters.c.id.in_(candidates),
                letters.c.state.not_in((SENT, DEAD)),  # "in" would make SQLite walk all that are due
                letters.c.next_at <= now,
            )
            .values(
                state=SENDING,
                claim=claim_token,
                attempts=letters.c.attempts + 1,
                next_at=now + timedelta(seconds=lease_seconds),
            )
        )
        ours = (
            select(letters)
            .where(letters.c.claim == claim_token, letters.c.id.in_(candidates))
            .order_by(letters.c.id)
        )
        return [
            ClaimedLetter(
                row.id,
                row.kind,
                row.recipient,
                row.envelope_from,
                row.message_id,
                row.attempts,
                row.queued_at,
                row.content,
            )
            for row in self._connection.execute(ours)
        ]

    def _due(self, state: str, now: datetime, limit: int) -> list[int]:
        """Return letters of one state that are due, from the index, however long the outbox is."""
        query = (
            select(letters.c.id)
            .where(letters.c.state == state, letters.c.next_at <= now)
            .order_by(letters.c.next_at)
            .limit(limit)
        )
        return list(self._connection.scalars(query))

    def renew(self, ids: Collection[int], claim: str, until: datetime) -> set[int]:
        """Keep a claim on letters that are still being sent; return those that nobody has taken since."""
        if self._mark(ids, claim, next_at=until) == len(ids):
            return set(ids)
        ours = and_(letters.c.id.in_(ids), letters.c.claim == claim, letters.c.state == SENDING)
        return set(self._connection.scalars(select(letters.c.id).where(ours)))

    def mark_sent(self, ids: Collection[int], claim: str, at: datetime) -> int:
        """Note that the relay took these letters; return how many were still ours."""
        return self._mark(ids, claim, state=SENT, sent_at=at, last_error="")

    def put_back(self, letter_id: int, claim: str, next_at: datetime, error: str) -> int:
        """Let a letter wait for its next attempt."""
        return self._mark([letter_id], claim, state=QUEUED, next_at=next_at, last_error=error[:500])

    def kill(self, letter_id: int, claim: str, at: datetime, error: str) -> int:
        """Give a letter up: it stays in the table as dead, with when and why."""
        return self._mark([letter_id], claim, state=DEAD, next_at=at, last_error=error[:500])

    def revive(self, letter_id: int, at: datetime) -> bool:
        """Queue a dead letter again; False where it is not dead. Why it died stays until it is tried."""
        dead = and_(letters.c.id == letter_id, letters.c.state == DEAD)
        again = {"state": QUEUED, "attempts": 0, "next_at": at, "claim": ""}
        return self._connection.execute(update(letters).where(dead).values(again)).rowcount > 0

    def take_back(self, dedupes: Collection[str], now: datetime) -> bool:
        """Remove letters that may not go out yet; False, and the work must not be committed, unless all could be."""
        these = letters.c.dedupe.in_(dedupes)
        every = self._connection.execute(select(func.count()).where(these)).scalar_one()
        waiting = and_(these, letters.c.state == QUEUED, letters.c.next_at > now)
        return every > 0 and self._connection.execute(delete(letters).where(waiting)).rowcount == every

    def could_take_back(self, dedupes: Mapping[int, Collection[str]], now: datetime) -> set[int]:
        """Return those of *dedupes* whose letters ``take_back`` would remove."""
        answer_of = {key: answer for answer, keys in dedupes.items() for key in keys}
        query = select(letters.c.dedupe, letters.c.state, letters.c.next_at)
        waits: dict[int, bool] = {}
        for row in self._connection.execute(query.where(letters.c.dedupe.in_(answer_of))):
            answer = answer_of[row.dedupe]
            waits[answer] = waits.get(answer, True) and row.state == QUEUED and row.next_at > now
        return {answer for answer, still in waits.items() if still}

    def state_of(self, letter_id: int) -> str | None:
        """Return the state of a letter, None where there is no such letter."""
        state: str | None = self._connection.scalar(select(letters.c.state).where(letters.c.id == letter_id))
        return state

    def all_in(self, state: str) -> list[tuple[int, str, datetime]]:
        """Return id, kind and time of queueing of all letters in a state, those first that are due or died first."""
        query = select(letters.c.id, letters.c.kind, letters.c.queued_at).where(letters.c.state == state)
        return [
            (row.id, row.kind, row.queued_at)
            for row in self._connection.execute(query.order_by(letters.c.next_at))
        ]

    def listed(self, state: str, limit: int, before: int | None = None) -> list[ListedLetter]:
        """Return letters in a state, those last due, sent or dead first, at most *limit*.

        *before*: only those behind this one, which must be in this state.
        """
        named = ("id", "state", "kind", "recipient", "message_id")  # in the order of ListedLetter
        timed = ("attempts", "queued_at", "next_at", "last_error")
        query = (
            select(*(letters.c[one] for one in named), tickets.c.number, *(letters.c[one] for one in timed))
            .outerjoin(tickets, tickets.c.id == letters.c.ticket_id)
            .where(letters.c.state == state)
            .order_by(letters.c.next_at.desc(), letters.c.id.desc())
            .limit(limit)
        )
        if before is not None:
            mark = select(letters.c.next_at).where(letters.c.id == before)
            last = literal(self._connection.scalar(mark), letters.c.next_at.type)
            query = query.where(
                letters.c.next_at <= last, or_(letters.c.next_at < last, letters.c.id < before)
            )
        return [ListedLetter(*tuple(row)) for row in self._connection.execute(query)]

    def content_of(self, letter_id: int) -> tuple[str, bytes] | None:
        """Return the kind of a letter and its bytes; None where there is no such letter."""
        query = select(letters.c.kind, letters.c.content).where(letters.c.id == letter_id)
        row = self._connection.execute(query).one_or_none()
        return (row.kind, row.content) if row else None

    def _mark(self, ids: Collection[int], claim: str, **values: object) -> int:
        if not ids:
            return 0
        ours = and_(letters.c.id.in_(ids), letters.c.claim == claim, letters.c.state == SENDING)
        return self._connection.execute(update(letters).where(ours).values(**values)).rowcount

    def booked(
        self,
        now: datetime,
        *,
        recipient: str | None = None,
        domain: str | None = None,
        ticket_id: int | None = None,
    ) -> list[tuple[int, str]]:
        """Return the letters that a breaker makes wait, with what is noted about it.

        Those of one recipient, domain or ticket, or all.
        """
        query = select(letters.c.id, letters.c.last_error).where(
            letters.c.state == QUEUED, letters.c.next_at > now, letters.c.last_error.startswith(WAITS)
        )
        if recipient is not None:
            query = query.where(letters.c.recipient == recipient)
        if domain is not None:
            query = query.where(letters.c.recipient.endswith(f"@{domain}", autoescape=True))
        if ticket_id is not None:
            query = query.where(letters.c.ticket_id == ticket_id)
        return [(row.id, row.last_error) for row in self._connection.execute(query)]

    def hurry(self, ids: Collection[int], now: datetime) -> None:
        """Let letters go that waited."""
        for some in chunks(ids):
            waiting = and_(letters.c.id.in_(some), letters.c.state == QUEUED, letters.c.next_at > now)
            self._connection.execute(update(letters).where(waiting).values(next_at=now, last_error=""))

    def postpone(self, recipient: str, until: datetime, why: str) -> None:
        """Let the letters to one recipient wait that are queued for earlier than *until*."""
        queued = and_(letters.c.state == QUEUED, letters.c.recipient == recipient, letters.c.next_at < until)
        ids = self._connection.scalars(select(letters.c.id).where(queued)).all()
        for some in chunks(ids):  # by their ids: a lock on every queued letter would stop all delivery
            still = and_(letters.c.id.in_(some), letters.c.state == QUEUED)
            self._connection.execute(update(letters).where(still).values(next_at=until, last_error=why[:500]))

    def misdated(self, now: datetime, longest_claim: timedelta, longest_delay: timedelta) -> list[int]:
        """Return the letters that a clock set back since lets wait: claimed or put off for longer than any can be.

        Those that wait for a breaker do not count: their wait may be longer.
        """
        by_chance = now + SKEW
        waiting = and_(
            letters.c.state == QUEUED, letters.c.next_at > now, letters.c.last_error.not_like(f"{WAITS}%")
        )
        too_long = or_(letters.c.next_at > now + longest_delay, letters.c.queued_at > by_chance)
        claimed = and_(letters.c.state == SENDING, letters.c.next_at > now + longest_claim)
        found = (select(letters.c.id).where(one) for one in (and_(waiting, too_long), claimed))
        return [letter_id for query in found for letter_id in self._connection.scalars(query)]

    def redate(self, ids: Collection[int], now: datetime, claim_ends_at: datetime) -> None:
        """Let queued letters be due now, and cut claims: whoever still sends such a letter renews his."""
        for state, next_at in ((QUEUED, now), (SENDING, claim_ends_at)):
            for some in chunks(ids):
                ahead = and_(letters.c.id.in_(some), letters.c.state == state, letters.c.next_at > next_at)
                self._connection.execute(update(letters).where(ahead).values(next_at=next_at))

    def next_due_at(self) -> datetime | None:
        """Return when the next letter is due, or None when nothing waits."""
        times = [
            self._connection.scalar(
                select(letters.c.next_at).where(letters.c.state == state).order_by(letters.c.next_at).limit(1)
            )
            for state in (QUEUED, SENDING)
        ]
        return min((time for time in times if time is not None), default=None)

    def counts(self) -> dict[str, int]:
        """Return how many letters wait, are being sent and are dead; states without any are left out.

        Those sent are not counted: there are too many.
        """
        query = (
            select(letters.c.state, func.count())
            .where(letters.c.state.in_((QUEUED, SENDING, DEAD)))
            .group_by(letters.c.state)
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def dead_since(self, moment: datetime) -> int:
        """Return how many letters were given up since then."""
        dead = select(func.count()).where(letters.c.state == DEAD, letters.c.next_at >= moment)
        return self._connection.execute(dead).scalar_one()

    def oldest_unsent(self) -> datetime | None:
        """Return when the letter that waits longest was queued, or None when none waits."""
        query = select(func.min(letters.c.queued_at)).where(letters.c.state.in_((QUEUED, SENDING)))
        oldest: datetime | None = self._connection.scalar(query)
        return oldest
