"""Lists of tickets that stay quick at a million, for whoever looks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, union

from helpdesk.core.paging import Mark, Order
from helpdesk.core.permissions import Reach
from helpdesk.core.tickets import Status, Urgency
from helpdesk.store.ids import first_id_at
from helpdesk.store.people import People
from helpdesk.store.streams import Eyes as Eyes
from helpdesk.store.streams import TicketFilter as TicketFilter
from helpdesk.store.streams import conditions, streams, visible
from helpdesk.store.tables import people, posts, tags, teams, tickets

FEW_TAGGED = 2_000
LAST_TAGGED = 1_000


@dataclass(frozen=True, slots=True)
class ListedTicket:
    """One line of a list; ``mark``: where the next page begins. Nothing in it is fit for a terminal yet."""

    number: int
    subject: str
    status: Status
    urgency: Urgency
    requester: str
    assignee: str
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None
    team: str
    mark: Mark
    requester_id: int
    assignee_id: int | None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A post that came, or was written. ``opens``: with it the ticket began. Not fit for a terminal yet."""

    post_id: int
    at: datetime
    number: int
    subject: str
    author: str
    internal: bool
    opens: bool


class Listing:
    """Queries that list tickets, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def tickets(self, wanted: TicketFilter, eyes: Eyes, now: datetime) -> list[ListedTicket]:
        """Return the tickets that these eyes see and that *wanted* asks for, in its order."""
        found = self._found(wanted, eyes, now)
        return self.by_numbers([number for number, _key in found], dict(found))

    def few_numbers(self, wanted: TicketFilter, eyes: Eyes, now: datetime, most: int) -> list[int] | None:
        """Return the numbers of all these tickets, the newest first, or None where they are more than *most*."""
        found: set[int] = set()
        for part in streams(wanted, eyes, now, self._tagged(wanted)):
            found.update(row.number for row in self._connection.execute(part))
            if len(found) > most:
                return None
        return sorted(found, reverse=True)

    def _found(self, wanted: TicketFilter, eyes: Eyes, now: datetime) -> list[tuple[int, datetime | int]]:
        tagged = self._tagged(wanted)
        parts = streams(wanted, eyes, now, tagged)
        if not parts:
            return []
        if wanted.tag and tagged is None and wanted.order is Order.NUMBER:
            numbers = self._newest_tagged(wanted, eyes, now) if eyes.far is Reach.SEEN else []
            return [(number, number) for number in numbers or self._newest(parts, wanted.limit)]
        every = union(*(select(part.subquery()) for part in parts)).subquery()
        last = every.c.key, every.c.number
        first = last if wanted.order is Order.DUE else tuple(column.desc() for column in last)
        query = select(every.c.number, every.c.key).order_by(*first).limit(wanted.limit)
        return [(row.number, row.key) for row in self._connection.execute(query)]

    def _newest_tagged(self, wanted: TicketFilter, eyes: Eyes, now: datetime) -> list[int]:
        """Return a whole page of a list by number; nothing where the last tickets with its tag do not fill it."""
        of_tag = select(tags.c.ticket_id).where(tags.c.tag == wanted.tag)
        asked = conditions(replace(wanted, tag=""), eyes, now)
        before = [tickets.c.number < wanted.after.number] if wanted.after else []
        last = of_tag.order_by(tags.c.ticket_id.desc()).limit(LAST_TAGGED)
        if wanted.after:
            mark = select(tickets.c.id).where(tickets.c.number == wanted.after.number).scalar_subquery()
            last = last.where(tags.c.ticket_id < mark)
        near = self._page_among(last, asked, wanted.limit)
        if len(near) < wanted.limit:
            return []
        # Ids come nearly in the order of numbers, not wholly.
        reach = select(func.min(tickets.c.id), func.max(tickets.c.id))
        first_id, last_id = self._connection.execute(reach.where(tickets.c.number >= near[-1], *before)).one()
        of_reach = of_tag.where(tags.c.ticket_id.between(first_id, last_id))
        return self._page_among(of_reach, asked, wanted.limit)

    def _page_among(self, ids: Select[int], asked: Sequence[ColumnElement[bool]], limit: int) -> list[int]:
        some = ids.subquery()
        page = select(tickets.c.number).join(some, some.c.ticket_id == tickets.c.id).where(*asked)
        return list(self._connection.scalars(page.order_by(tickets.c.number.desc()).limit(limit)))

    def _newest(self, parts: Sequence[Select[int, int, Any]], limit: int) -> list[int]:
        """Read a list part after part, each down to where the page is full: what is asked for is rare in all.

        From the last: most tickets are resolved, and of a team, and what fills the page leaves little to read.
        """
        numbers: list[int] = []
        for part in reversed(parts):
            floor = numbers[-1] if len(numbers) == limit else 0
            found = self._connection.execute(part.where(tickets.c.number > floor))
            numbers = sorted({*numbers, *(row.number for row in found)}, reverse=True)[:limit]
        return numbers

    def _tagged(self, wanted: TicketFilter) -> Sequence[int] | None:
        """Return the ids of all tickets with the tag that is asked for, or None where they are many."""
        if not wanted.tag:
            return None
        query = select(tags.c.ticket_id).where(tags.c.tag == wanted.tag).limit(FEW_TAGGED + 1)
        counted = select(func.count()).select_from(query.subquery())
        if (self._connection.scalar(counted) or 0) > FEW_TAGGED:
            return None
        return self._connection.scalars(query).all()

    def by_numbers(
        self, numbers: Sequence[int], keys: dict[int, datetime | int] | None = None
    ) -> list[ListedTicket]:
        """Return these tickets, found before, in this order; *keys*: by what they are ordered, if not by number."""
        if not numbers:
            return []
        query = select(tickets, teams.c.name.label("team")).outerjoin(teams, teams.c.id == tickets.c.team_id)
        rows = self._connection.execute(query.where(tickets.c.number.in_(numbers))).all()
        found = {row.number: row for row in rows}
        people = People(self._connection).by_ids(
            {row.requester_id for row in rows} | {row.assignee_id for row in rows if row.assignee_id}
        )
        return [
            ListedTicket(
                row.number,
                row.subject,
                Status(row.status),
                Urgency(row.urgency),
                people[row.requester_id].name,
                people[row.assignee_id].name if row.assignee_id else "",
                row.opened_at,
                row.updated_at,
                row.due_at,
                row.team or "",
                Mark(row.number, (keys or {}).get(row.number, row.number)),
                row.requester_id,
                row.assignee_id,
            )
            for row in (found[number] for number in numbers if number in found)
        ]

    def arrived(self, since: datetime, eyes: Eyes, notes: bool, limit: int) -> list[Arrived]:
        """Return what was written since then to the tickets that these eyes see, newest first."""
        query = (
            select(posts, tickets.c.number, tickets.c.subject, tickets.c.opened_at, people.c.name)
            .join(tickets, tickets.c.id == posts.c.ticket_id)
            .outerjoin(people, people.c.id == posts.c.author_id)
            .where(posts.c.id >= first_id_at(since), tickets.c.deleted_at.is_(None))
            .order_by(posts.c.id.desc())
            .limit(limit)
        )
        if not notes:
            query = query.where(posts.c.internal.is_(False))
        query = query.where(visible(eyes))
        return [
            Arrived(
                row.id,
                row.created_at,
                row.number,
                row.subject,
                row.name or "",
                row.internal,
                row.created_at == row.opened_at and not row.internal,
            )
            for row in self._connection.execute(query)
        ]
