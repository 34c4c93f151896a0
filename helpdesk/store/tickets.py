"""Tickets, their numbers and who takes part in them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, insert, select, update

from helpdesk.core.tickets import Status, Ticket, Urgency
from helpdesk.store.rows import Row
from helpdesk.store.tables import counters, participants, tickets
from helpdesk.store.wordindex import WordIndex

COUNTER = "ticket"
# Asked for as "not these": for "= resolved" SQLite would walk every resolved ticket.
UNRESOLVED = tuple(status.value for status in Status if status is not Status.RESOLVED)
MAX_NUMBER = 2**31 - 1


class Tickets:
    """Queries on tickets, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next_numbers(self, count: int) -> range:
        """Take *count* ticket numbers; the counter's row stays locked until the transaction ends."""
        taken = self._connection.execute(
            update(counters).where(counters.c.name == COUNTER).values(value=counters.c.value + count)
        )
        if taken.rowcount == 0:
            self._connection.execute(insert(counters), {"name": COUNTER, "value": count})
        last = self._connection.scalar(select(counters.c.value).where(counters.c.name == COUNTER)) or count
        return range(last - count + 1, last + 1)

    def add(self, rows: Sequence[Row]) -> None:
        """Insert tickets, to be found by the words of their subjects."""
        if rows:
            self._connection.execute(insert(tickets), rows)
            WordIndex(self._connection).add_tickets(rows)

    def by_ids(self, ids: Collection[int]) -> dict[int, Ticket]:
        """Return these tickets by id, participants included."""
        return self._read(select(tickets).where(tickets.c.id.in_(ids))) if ids else {}

    def by_numbers(self, numbers: Collection[int]) -> dict[int, Ticket]:
        """Return these tickets by id, participants included; numbers that are nobody's are left out."""
        possible = [number for number in numbers if 0 < number <= MAX_NUMBER]
        return self._read(select(tickets).where(tickets.c.number.in_(possible))) if possible else {}

    def newest_number(self) -> int:
        """Return the number of the newest ticket, 0 where there is none."""
        return self._connection.scalar(select(func.max(tickets.c.number))) or 0

    def newest(self, limit: int) -> list[Ticket]:
        """Return the newest tickets, newest first, deleted ones left out."""
        query = select(tickets).where(tickets.c.deleted_at.is_(None)).order_by(tickets.c.number.desc())
        return list(self._read(query.limit(limit)).values())

    def change(self, ticket_id: int, seen: Mapping[str, object], **values: object) -> bool:
        """Write *values* where the columns *seen* still hold what was seen; False where somebody was quicker."""
        still = and_(tickets.c.id == ticket_id, *(tickets.c[name] == value for name, value in seen.items()))
        return self._connection.execute(update(tickets).where(still).values(**values)).rowcount > 0

    def restore(self, ticket_id: int, at: datetime) -> bool:
        """Bring a deleted ticket back; False where it is not deleted."""
        deleted = and_(tickets.c.id == ticket_id, tickets.c.deleted_at.is_not(None))
        again = update(tickets).where(deleted).values(deleted_at=None, updated_at=at)
        return self._connection.execute(again).rowcount > 0

    def repoint(self, old: int, new: int) -> None:
        """Let *new* have what was merged into *old*: so every merged ticket is one step from where it is now."""
        merged = update(tickets).where(tickets.c.merged_into_id == old)
        self._connection.execute(merged.values(merged_into_id=new))

    def merged_into(self, ticket_id: int) -> dict[int, int]:
        """Return the numbers of the tickets that this one took over, by id."""
        query = select(tickets.c.id, tickets.c.number).where(tickets.c.merged_into_id == ticket_id)
        return {row.id: row.number for row in self._connection.execute(query.order_by(tickets.c.number))}

    def join(self, ticket_id: int, person_ids: Collection[int]) -> None:
        """Let people take part in a ticket. Refused as a whole where one of them does already."""
        if person_ids:
            rows = [{"ticket_id": ticket_id, "person_id": person_id} for person_id in sorted(person_ids)]
            self._connection.execute(insert(participants), rows)

    def reopen(self, ids: Collection[int], at: datetime) -> None:
        """Put those of these tickets that are resolved back to work."""
        if ids:
            self._connection.execute(
                update(tickets)
                .where(tickets.c.id.in_(ids), tickets.c.status.not_in(UNRESOLVED))
                .values(status=Status.WAITING.value, resolved_at=None, closed_at=None, updated_at=at)
            )

    def touch(self, ids: Collection[int], at: datetime) -> None:
        """Note that something happened to these tickets."""
        if ids:
            self._connection.execute(update(tickets).where(tickets.c.id.in_(ids)).values(updated_at=at))

    def _read(self, query: Select[Any]) -> dict[int, Ticket]:
        rows = self._connection.execute(query).all()
        taking_part = self._participants_of([row.id for row in rows])
        return {
            row.id: Ticket(
                row.id,
                row.number,
                row.subject,
                Status(row.status),
                row.requester_id,
                row.team_id,
                row.assignee_id,
                row.resolved_at,
                row.deleted_at is not None,
                frozenset(taking_part.get(row.id, ())),
                Urgency(row.urgency),
                row.opened_at,
                row.updated_at,
                row.due_at,
                row.first_answered_at,
                row.merged_into_id,
                row.closed_at,
            )
            for row in rows
        }

    def _participants_of(self, ids: Collection[int]) -> dict[int, set[int]]:
        if not ids:
            return {}
        query = select(participants).where(participants.c.ticket_id.in_(ids))
        found: dict[int, set[int]] = {}
        for row in self._connection.execute(query):
            found.setdefault(row.ticket_id, set()).add(row.person_id)
        return found
