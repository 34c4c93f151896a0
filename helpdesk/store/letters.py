"""The outbox: letters wait here until the relay took them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, insert, select, update

from helpdesk.store.columns import fits_key
from helpdesk.store.rows import ClaimedLetter, Row
from helpdesk.store.tables import letters

QUEUED, SENDING, SENT, DEAD = "queued", "sending", "sent", "dead"
MAX_KEY = 255


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

    def tickets_by_message_ids(self, message_ids: Collection[str]) -> dict[str, int]:
        """Return the tickets that our letters with these Message-IDs are about."""
        ours = [message_id for message_id in message_ids if fits_key(message_id, MAX_KEY)]
        if not ours:
            return {}
        query = select(letters.c.message_id, letters.c.ticket_id).where(
            letters.c.message_id.in_(ours), letters.c.ticket_id.is_not(None)
        )
        return {row.message_id: row.ticket_id for row in self._connection.execute(query)}

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

    def renew(self, ids: Collection[int], claim: str, until: datetime) -> None:
        """Keep a claim on letters that are still being sent."""
        self._mark(ids, claim, next_at=until)

    def mark_sent(self, ids: Collection[int], claim: str, at: datetime) -> int:
        """Note that the relay took these letters; return how many were still ours."""
        return self._mark(ids, claim, state=SENT, sent_at=at, last_error="")

    def put_back(self, letter_id: int, claim: str, next_at: datetime, error: str) -> int:
        """Let a letter wait for its next attempt."""
        return self._mark([letter_id], claim, state=QUEUED, next_at=next_at, last_error=error[:500])

    def kill(self, letter_id: int, claim: str, error: str) -> int:
        """Give a letter up: it stays in the table as dead, with the reason."""
        return self._mark([letter_id], claim, state=DEAD, last_error=error[:500])

    def _mark(self, ids: Collection[int], claim: str, **values: object) -> int:
        if not ids:
            return 0
        ours = and_(letters.c.id.in_(ids), letters.c.claim == claim, letters.c.state == SENDING)
        return self._connection.execute(update(letters).where(ours).values(**values)).rowcount

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

    def oldest_unsent(self) -> datetime | None:
        """Return when the letter that waits longest was queued, or None when none waits."""
        query = select(func.min(letters.c.queued_at)).where(letters.c.state.in_((QUEUED, SENDING)))
        oldest: datetime | None = self._connection.scalar(query)
        return oldest
