"""A ticket's history: who changed what, and its tags."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from helpdesk.store.ids import new_id
from helpdesk.store.tables import people, tags, ticket_events

MAX_WORDS = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a ticket's history. ``person`` is empty where the desk itself changed it."""

    kind: str
    before: str
    after: str
    at: datetime
    person: str = ""


class History:
    """Queries on history and tags, inside one transaction. History is only ever added to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self, ticket_id: int, person_id: int | None, kind: str, before: str, after: str, at: datetime
    ) -> None:
        """Note one change of a ticket."""
        row = {"id": new_id(), "ticket_id": ticket_id, "person_id": person_id, "kind": kind, "at": at}
        words = {"before": before[:MAX_WORDS], "after": after[:MAX_WORDS]}
        self._connection.execute(insert(ticket_events), row | words)

    def of_ticket(self, ticket_id: int) -> list[Change]:
        """Return the history of a ticket, oldest first."""
        query = (
            select(ticket_events, people.c.name)
            .outerjoin(people, people.c.id == ticket_events.c.person_id)
            .where(ticket_events.c.ticket_id == ticket_id)
            .order_by(ticket_events.c.id)
        )
        return [
            Change(row.kind, row.before, row.after, row.at, row.name or "")
            for row in self._connection.execute(query)
        ]

    def tags_of(self, ticket_ids: Collection[int]) -> dict[int, list[str]]:
        """Return the tags of tickets, in their order."""
        if not ticket_ids:
            return {}
        query = select(tags).where(tags.c.ticket_id.in_(ticket_ids)).order_by(tags.c.tag)
        found: dict[int, list[str]] = {}
        for row in self._connection.execute(query):
            found.setdefault(row.ticket_id, []).append(row.tag)
        return found

    def tag(self, ticket_id: int, names: Sequence[str]) -> None:
        """Add tags to a ticket. Refused as a whole where it has one of them."""
        if names:
            self._connection.execute(insert(tags), [{"ticket_id": ticket_id, "tag": name} for name in names])

    def untag(self, ticket_id: int, names: Sequence[str]) -> None:
        """Take tags off a ticket."""
        self._connection.execute(delete(tags).where(tags.c.ticket_id == ticket_id, tags.c.tag.in_(names)))
