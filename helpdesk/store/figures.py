"""Tickets as figures and as rows for a file: those opened within a span of time, found by an index."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, or_, select, true

from helpdesk.core.figures import TicketTimes
from helpdesk.core.permissions import Reach
from helpdesk.core.tickets import Status
from helpdesk.store.chunks import chunks
from helpdesk.store.hints import OnlyFilters
from helpdesk.store.tables import participants, people, tags, teams, tickets

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Span:
    """From ``since``, itself included, until ``until``, itself not."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class ExportedTicket:
    """One ticket as a row of a file. Nothing in it is fit for a terminal or a spreadsheet yet."""

    number: int
    subject: str
    status: str
    urgency: str
    requester: str
    team: str
    assignee: str
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None
    first_answered_at: datetime | None
    resolved_at: datetime | None
    tags: tuple[str, ...]


class Figures:
    """Queries that go through many tickets, inside one transaction. Deleted tickets are left out."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def times(
        self, span: Span, person_id: int, team_ids: frozenset[int], far: Reach
    ) -> Iterator[TicketTimes]:
        """Yield the tickets within reach that were opened in *span*, in no order; what was merged counts once."""
        wanted = (tickets.c.opened_at, tickets.c.status, teams.c.name, tickets.c.first_answered_at,
                  tickets.c.resolved_at)  # fmt: skip
        query = (
            select(*wanted)
            .outerjoin(teams, teams.c.id == tickets.c.team_id)
            .where(
                *_opened_in(span),
                OnlyFilters(tickets.c.merged_into_id).is_(None),
                _within(person_id, team_ids, far),
            )
            .execution_options(yield_per=PAGE)
        )
        for opened_at, status, team, answered_at, resolved_at in self._connection.execute(query):
            yield TicketTimes(opened_at, status, team or "", answered_at, resolved_at)

    def pages(self, span: Span, status: str = "") -> Iterator[Sequence[ExportedTicket]]:
        """Yield all tickets that were opened in *span*, oldest first, a thousand at a time.

        The status is asked for as "not the others", so that no database reads by it and sorts for each page.
        """
        query = select(tickets).where(*_opened_in(span))
        query = query.order_by(tickets.c.opened_at, tickets.c.id).limit(PAGE)
        if status:
            query = query.where(tickets.c.status.not_in([one.value for one in Status if one != status]))
        team_names = {row.id: row.name for row in self._connection.execute(select(teams))}
        rows = self._connection.execute(query).all()
        while rows:
            yield self._exported(rows, team_names)
            rows = self._connection.execute(query.where(_behind(rows[-1].opened_at, rows[-1].id))).all()

    def _exported(self, rows: Sequence[Any], team_names: Mapping[int, str]) -> list[ExportedTicket]:
        tagged = self._tags([row.id for row in rows])
        names = self._names({row.requester_id for row in rows} | {row.assignee_id for row in rows} - {None})
        return [
            ExportedTicket(
                row.number,
                row.subject,
                row.status,
                row.urgency,
                names.get(row.requester_id, ""),
                team_names.get(row.team_id, ""),
                names.get(row.assignee_id, ""),
                row.opened_at,
                row.updated_at,
                row.due_at,
                row.first_answered_at,
                row.resolved_at,
                tuple(tagged.get(row.id, ())),
            )
            for row in rows
        ]

    def _names(self, ids: Collection[int]) -> dict[int, str]:
        query = select(people.c.id, people.c.name)
        return {
            row.id: row.name
            for some in chunks(ids)
            for row in self._connection.execute(query.where(people.c.id.in_(some)))
        }

    def _tags(self, ids: Sequence[int]) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        query = select(tags).where(tags.c.ticket_id.in_(ids)).order_by(tags.c.tag)
        for row in self._connection.execute(query):
            found.setdefault(row.ticket_id, []).append(row.tag)
        return found


def _opened_in(span: Span) -> tuple[ColumnElement[bool], ...]:
    opened_at = tickets.c.opened_at
    return (opened_at >= span.since, opened_at < span.until, tickets.c.deleted_at.is_(None))


def _behind(opened_at: datetime, ticket_id: int) -> ColumnElement[bool]:
    at = tickets.c.opened_at
    return and_(at >= opened_at, or_(at > opened_at, tickets.c.id > ticket_id))


def _within(person_id: int, team_ids: frozenset[int], far: Reach) -> ColumnElement[bool]:
    """Return what ``may_with_ticket`` says, as a condition.

    The columns are asked for as sums, so that no database reads all that somebody ever saw by their indexes
    instead of the span.
    """
    taking_part = select(participants.c.ticket_id).where(participants.c.person_id == person_id)
    own = or_(tickets.c.requester_id + 0 == person_id, tickets.c.id.in_(taking_part))
    of_teams = (tickets.c.team_id + 0).in_(team_ids)
    match far:
        case Reach.ALL:
            return true()
        case Reach.OWN:
            return own
        case Reach.TEAM:
            return of_teams
        case Reach.SEEN:
            return or_(own, of_teams, tickets.c.assignee_id + 0 == person_id)
        case _:
            return false()
