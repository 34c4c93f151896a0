"""Where the tickets of a list come from: streams that an index gives in their order, each read for a page only.

What a person may see is several sets (asked by them, assigned to them, their teams'). One condition over all would
read every ticket until a page is full, and for somebody with few tickets that is the whole table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, literal, or_, select, true

from helpdesk.core.paging import OPEN, RANKS, Mark, Order
from helpdesk.core.permissions import Reach
from helpdesk.core.tickets import Status, Urgency
from helpdesk.store.hints import OnlyFilters
from helpdesk.store.names import MYSQL
from helpdesk.store.tables import participants, tags, tickets

Condition = ColumnElement[bool]
T = tickets.c
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # SQLite looks up no IS NOT NULL in an index
_BY_NUMBER = {
    "requester_id": "ix_tickets_requester_id_status_number",
    "assignee_id": "ix_tickets_assignee_id_status_number_urgency",
    "team_id": "ix_tickets_team_id_status_number_urgency_assignee_id",
}
_BY_TIME = _BY_NUMBER | {
    "assignee_id": "ix_tickets_assignee_id_status_updated_at_number",
    "team_id": "ix_tickets_team_id_status_updated_at_number",
}


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Which tickets, in which order. Everything given must hold. ``after``: the last one of the page before."""

    statuses: tuple[Status, ...] = ()
    urgencies: tuple[Urgency, ...] = ()
    requester_id: int | None = None
    assignee_id: int | None = None
    team_id: int | None = None
    tag: str = ""
    unassigned: bool = False
    overdue: bool = False
    deleted: bool = False  # only those; else none of those
    order: Order = Order.NUMBER
    after: Mark | None = None
    numbers: tuple[int, int] | None = None  # the first and the last number that may be in it
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Eyes:
    """Whose eyes a list is for, and how far they see."""

    person_id: int
    team_ids: frozenset[int]
    far: Reach


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a list. ``index``: where it is read; ``sorts``: not in the order of the list, but there is little.

    ``rank``: the place of its urgency, where all in it have one.
    """

    holds: tuple[Condition, ...]
    index: str = ""
    sorts: bool = False
    taking_part: bool = False
    rank: int | None = None

    def key(self, order: Order) -> ColumnElement[Any]:
        """Return what it is ordered by."""
        if self.rank is not None:
            return literal(self.rank)
        return OnlyFilters(_key(order)) if self.sorts else _key(order)


def streams(
    wanted: TicketFilter, eyes: Eyes, now: datetime, tagged: Sequence[int] | None = None
) -> list[Select[int, int, Any]]:
    """Return queries for (id, number, key), each with the first page of a part of the list; none: it is empty.

    *tagged*: the ids of all tickets with the tag, where they are few.
    """
    if eyes.far not in ((Reach.ALL, Reach.TEAM) if wanted.deleted else (Reach.ALL, Reach.OWN, Reach.SEEN)):
        return []
    parts = list(_parts(wanted, eyes, now))
    of_status = OnlyFilters(T.status).in_([status.value for status in _statuses(wanted)])
    if tagged is not None:
        parts = [_Part((T.id.in_(tagged), of_status, visible(eyes)), "PRIMARY", sorts=True)]
    elif wanted.deleted:  # few: all of them are read
        holds = (T.deleted_at > _LONG_AGO, of_status, visible(eyes))
        parts = [_Part(holds, "ix_tickets_deleted_at_number", sorts=True)]
    asked = [_there(wanted), *_asked(wanted, now, tagged is None)]
    found = []
    for part in parts:
        if part.rank is not None and wanted.after is not None and part.rank > wanted.after.key:  # type: ignore[operator]
            continue
        query = select(T.id, T.number, part.key(wanted.order).label("key"))
        if part.taking_part:
            query = query.select_from(participants).join(tickets, T.id == participants.c.ticket_id)
            query = query.where(participants.c.person_id == eyes.person_id)
        query = query.where(*part.holds, *asked, *_behind(wanted, part)).order_by(*_in_order(wanted, part))
        found.append(_told(query, part).limit(wanted.limit))
    return found


def _told(query: Select[int, int, Any], part: _Part) -> Select[int, int, Any]:
    """Tell MariaDB the way: left to itself it walks all tickets where it hopes to meet enough of these soon."""
    for kind in MYSQL:
        if part.taking_part:
            query = query.prefix_with("STRAIGHT_JOIN", dialect=kind)
        if part.index:
            query = query.with_hint(tickets, f"FORCE INDEX ({part.index})", kind)
    return query


def visible(eyes: Eyes) -> Condition:
    """Return the condition that a ticket, found otherwise, is for these eyes."""
    if eyes.far is Reach.ALL:
        return true()
    mine = or_(
        OnlyFilters(T.requester_id) == eyes.person_id,
        T.id.in_(select(participants.c.ticket_id).where(participants.c.person_id == eyes.person_id)),
    )
    if eyes.far is Reach.OWN:
        return mine
    if eyes.far is Reach.TEAM:
        return OnlyFilters(T.team_id).in_(sorted(eyes.team_ids))
    if eyes.far is not Reach.SEEN:
        return false()
    of_team = OnlyFilters(T.team_id).in_(sorted(eyes.team_ids))
    return or_(mine, OnlyFilters(T.assignee_id) == eyes.person_id, of_team)


def _there(wanted: TicketFilter) -> Condition:
    return T.deleted_at.is_not(None) if wanted.deleted else T.deleted_at.is_(None)


def conditions(wanted: TicketFilter, eyes: Eyes, now: datetime) -> list[Condition]:
    """Return all that must hold for a ticket, found otherwise, to be in a list."""
    asked = [_there(wanted), visible(eyes), *_asked(wanted, now), *_behind(wanted, _Part(()))]
    if wanted.statuses:
        asked.append(OnlyFilters(T.status).in_([status.value for status in wanted.statuses]))
    return asked


def _parts(wanted: TicketFilter, eyes: Eyes, now: datetime) -> Iterator[_Part]:
    statuses = _statuses(wanted)
    for scope in _scopes(wanted, eyes):
        index = _BY_TIME[scope.of] if wanted.order is Order.UPDATED else _BY_NUMBER[scope.of]
        sorts = wanted.order.is_of_work or (wanted.order is Order.UPDATED and scope.of == "requester_id")
        yield from (_Part((scope.holds, T.status == status.value), index, sorts) for status in statuses)
    if eyes.far is Reach.ALL and _narrow(wanted) is None:
        yield from _everything(wanted, now)
    if eyes.far in (Reach.OWN, Reach.SEEN) and not _sure(wanted, eyes):
        of_status = OnlyFilters(T.status).in_([status.value for status in statuses])
        yield _Part((of_status,), sorts=True, taking_part=True)


@dataclass(frozen=True, slots=True)
class _Scope:
    """A set of tickets that an index begins with; ``of``: its first column."""

    of: str
    holds: Condition


def _scopes(wanted: TicketFilter, eyes: Eyes) -> list[_Scope]:
    """Return the sets that a list is gathered from."""
    narrow = _narrow(wanted)
    if narrow is not None and (eyes.far is Reach.ALL or _sure(wanted, eyes)):
        return [narrow]
    if wanted.requester_id is not None and eyes.far is Reach.SEEN:  # one person's tickets are few
        return [_Scope("requester_id", and_(T.requester_id == wanted.requester_id, visible(eyes)))]
    if eyes.far not in (Reach.OWN, Reach.SEEN):
        return []
    scopes = [_Scope("requester_id", T.requester_id == eyes.person_id)]
    if eyes.far is Reach.SEEN:
        scopes.append(_Scope("assignee_id", T.assignee_id == eyes.person_id))
        scopes += [_Scope("team_id", T.team_id == team_id) for team_id in sorted(eyes.team_ids)]
    return scopes


def _narrow(wanted: TicketFilter) -> _Scope | None:
    if wanted.requester_id is not None:
        return _Scope("requester_id", T.requester_id == wanted.requester_id)
    if wanted.assignee_id is not None:
        return _Scope("assignee_id", T.assignee_id == wanted.assignee_id)
    if wanted.team_id is not None:
        return _Scope("team_id", T.team_id == wanted.team_id)
    return _Scope("assignee_id", T.assignee_id.is_(None)) if wanted.unassigned else None


def _sure(wanted: TicketFilter, eyes: Eyes) -> bool:
    """Say whether whatever has the first of the narrowing conditions is within sight."""
    if wanted.requester_id is not None:
        return wanted.requester_id == eyes.person_id
    if eyes.far is not Reach.SEEN:
        return False
    if wanted.assignee_id is not None:
        return wanted.assignee_id == eyes.person_id
    return wanted.team_id is not None and wanted.team_id in eyes.team_ids


def _everything(wanted: TicketFilter, now: datetime) -> Iterator[_Part]:
    if wanted.order is Order.NUMBER and not wanted.statuses and not wanted.urgencies and not wanted.overdue:
        yield _Part((T.number > 0,), "uq_tickets_number")  # as a range: nothing takes it for the whole table
        return
    for status in _statuses(wanted):
        holds = T.status == status.value
        if wanted.order is Order.UPDATED:
            yield _Part((holds,), "ix_tickets_status_updated_at_number")
        elif wanted.order is Order.DUE or (wanted.overdue and wanted.order is Order.NUMBER):
            late = T.due_at < now if wanted.overdue else T.due_at.is_not(None)
            yield _Part((holds, late), "ix_tickets_status_due_at_number")
        else:
            for urgency in wanted.urgencies or tuple(Urgency):
                rank = RANKS[urgency] if wanted.order is Order.URGENCY else None
                parts = (holds, T.urgency == urgency.value)
                yield _Part(parts, "ix_tickets_status_urgency_number", rank=rank)


def _statuses(wanted: TicketFilter) -> Sequence[Status]:
    given = wanted.statuses or tuple(Status)
    only_open = wanted.overdue or wanted.order.is_of_work
    return [status for status in given if status in OPEN or not only_open]


def _asked(wanted: TicketFilter, now: datetime, by_tag: bool = True) -> list[Condition]:
    asked: list[Condition] = []
    if wanted.urgencies:
        asked.append(OnlyFilters(T.urgency).in_([urgency.value for urgency in wanted.urgencies]))
    for column, value in (
        (T.requester_id, wanted.requester_id),
        (T.assignee_id, wanted.assignee_id),
        (T.team_id, wanted.team_id),
    ):
        if value is not None:
            asked.append(OnlyFilters(column) == value)
    if wanted.tag and by_tag:  # a value, and no set, so that no database begins with the tag's whole list
        mine = select(tags.c.tag).where(tags.c.tag == wanted.tag, tags.c.ticket_id == T.id)
        asked.append(mine.scalar_subquery().is_not(None))
    if wanted.unassigned:
        asked.append(OnlyFilters(T.assignee_id).is_(None))
    if wanted.overdue:
        asked.append(OnlyFilters(T.due_at) < now)
    if wanted.numbers is not None:
        asked.append(T.number.between(*wanted.numbers))
    return asked


def _key(order: Order) -> ColumnElement[Any]:
    match order:
        case Order.NUMBER:
            return T.number
        case Order.UPDATED:
            return T.updated_at
        case Order.DUE:
            return T.due_at
        case Order.URGENCY:
            return case({urgency.value: rank for urgency, rank in RANKS.items()}, value=T.urgency)


def _in_order(wanted: TicketFilter, part: _Part) -> list[ColumnElement[Any]]:
    key = part.key(wanted.order)
    if wanted.order is Order.DUE:
        return [key.asc(), T.number.asc()]
    if wanted.order is Order.NUMBER:
        return [key.desc()]
    return [T.number.desc()] if part.rank is not None else [key.desc(), T.number.desc()]


def _behind(wanted: TicketFilter, part: _Part) -> list[Condition]:
    """Return the conditions for what comes behind the last page; each bounds the index that is read."""
    key = part.key(wanted.order)
    behind: list[Condition] = [key.is_not(None)] if wanted.order is Order.DUE else []
    mark = wanted.after
    if mark is None or (part.rank is not None and part.rank != mark.key):
        return behind
    if wanted.order is Order.NUMBER or part.rank is not None:
        return [T.number < mark.number]
    last = literal(mark.key, None if isinstance(mark.key, int) else T.due_at.type)
    if wanted.order is Order.DUE:
        return [*behind, key >= last, or_(key > last, T.number > mark.number)]
    return [key <= last, or_(key < last, T.number < mark.number)]
