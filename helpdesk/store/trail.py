"""Read the audit trail: newest first for people, oldest first for files; quick at millions of rows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, cast, func, or_, select
from sqlalchemy.types import Text

from helpdesk.core.audit import Action, Outcome
from helpdesk.core.suspicion import SUSPICIOUS, SUSPICIOUS_WHEN_REFUSED
from helpdesk.store.chunks import chunks
from helpdesk.store.columns import LongText
from helpdesk.store.tables import audit_logs, people

PAGE = 2000
AT_ONCE = 500  # MariaDB makes a table of its own of a longer list
_BY_THEMSELVES = [action.value for action in SUSPICIOUS if action not in SUSPICIOUS_WHEN_REFUSED]
_KEPT = (Action.MAIL_HELD.value, Action.MAIL_QUARANTINED.value, Action.SENDER_FORGED.value)


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which rows, newest first. Everything given must hold; ``before``: a row's id, for the next page.

    ``text`` stands in the detail, the address or the client, in any case; it is looked for row by row.
    """

    user_id: int | None = None
    action: str = ""
    status: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class TrailRow:
    """One row. ``person`` is empty where nobody was logged in. Nothing in it is fit for a terminal yet."""

    id: int
    at: datetime
    user_id: int | None
    person: str
    action: str
    status: str
    ip_address: str
    user_agent: str
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Refusals:
    """What was refused or failed, counted: ``kind`` is an action or a verdict, ``who`` a person or an address."""

    kind: str
    who: str
    origin: str
    count: int
    first_at: datetime
    last_at: datetime


class Trail:
    """Queries on the audit trail, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def listed(self, wanted: TrailFilter) -> list[TrailRow]:
        """Return the rows that *wanted* asks for, newest first."""
        query = _KEYS.where(*_asked(wanted)).order_by(audit_logs.c.created_at.desc(), audit_logs.c.id.desc())
        if wanted.before is not None:
            found = select(audit_logs.c.created_at).where(audit_logs.c.id == wanted.before)
            mark = self._connection.scalar(found)
            if mark is None:
                return []
            query = query.where(_behind(mark, wanted.before, older=True))
        return self._rows(query.limit(wanted.limit))

    def pages(self, wanted: TrailFilter) -> Iterator[Sequence[TrailRow]]:
        """Yield all rows that *wanted* asks for, oldest first, some thousand at a time; its limit is not asked."""
        query = _KEYS.where(*_asked(wanted)).order_by(audit_logs.c.created_at, audit_logs.c.id).limit(PAGE)
        page = self._rows(query)
        while page:
            yield page
            page = self._rows(query.where(_behind(page[-1].at, page[-1].id, older=False)))

    def refusals(self, since: datetime, limit: int) -> list[Refusals]:
        """Return what was refused or is suspicious by itself, by action, person and origin, the most frequent first.

        Refused mail is left out: the ledger knows more about it.
        """
        refused = audit_logs.c.status.in_((Outcome.FAIL.value, Outcome.DENIED.value))
        succeeded = audit_logs.c.status == Outcome.SUCCESS.value
        rows = self._grouped(since, limit, refused, audit_logs.c.action.not_in(_KEPT))
        rows += self._grouped(since, limit, audit_logs.c.action.in_(_BY_THEMSELVES), succeeded)
        rows = sorted(rows, key=lambda row: -row.many)[:limit]
        names = self._names({row.user_id for row in rows if row.user_id})
        return [Refusals(row[0], names.get(row[1], ""), row[2], row[3], row[4], row[5]) for row in rows]

    def _grouped(self, since: datetime, limit: int, *which: ColumnElement[bool]) -> list[Any]:
        many = func.count().label("many")
        who = (audit_logs.c.action, audit_logs.c.user_id, audit_logs.c.ip_address)
        query = (
            select(*who, many, func.min(audit_logs.c.created_at), func.max(audit_logs.c.created_at))
            .where(audit_logs.c.created_at >= since, *which)
            .group_by(*who)
            .order_by(many.desc())
            .limit(limit)
        )
        return list(self._connection.execute(query))

    def _names(self, ids: "set[int]") -> dict[int, str]:
        query = select(people.c.id, people.c.name)
        return {
            row.id: row.name
            for some in chunks(ids)
            for row in self._connection.execute(query.where(people.c.id.in_(some)))
        }

    def _rows(self, keys: Select[Any]) -> list[TrailRow]:
        """Return the rows whose keys are asked for, in that order.

        First the keys alone: an index holds them in order, while whole rows, joined to names, MariaDB would
        rather read all of and sort.
        """
        wanted = [row.id for row in self._connection.execute(keys)]
        found: dict[int, Any] = {}
        for some in chunks(wanted, AT_ONCE):
            whole = select(audit_logs).where(audit_logs.c.id.in_(some))
            found |= {row.id: row for row in self._connection.execute(whole)}
        names = self._names({row.user_id for row in found.values() if row.user_id})
        return [_row(found[key], names) for key in wanted if key in found]


_KEYS = select(audit_logs.c.id, audit_logs.c.created_at)


def _row(row: Any, names: Mapping[int, str]) -> TrailRow:
    return TrailRow(
        row.id,
        row.created_at,
        row.user_id,
        names.get(row.user_id, ""),
        row.action,
        row.status,
        row.ip_address,
        row.user_agent,
        row.detail,
    )


def _asked(wanted: TrailFilter) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.user_id is not None:
        asked.append(audit_logs.c.user_id == wanted.user_id)
    if wanted.action:
        asked.append(audit_logs.c.action == wanted.action)
    if wanted.status:
        asked.append(audit_logs.c.status == wanted.status)
    if wanted.since is not None:
        asked.append(audit_logs.c.created_at >= wanted.since)
    if wanted.until is not None:
        asked.append(audit_logs.c.created_at < wanted.until)
    if wanted.text:
        text = wanted.text.lower()
        in_json = json.dumps(text)[1:-1]  # as the column holds it
        detail = func.lower(cast(audit_logs.c.detail, Text))
        where = (audit_logs.c.ip_address, audit_logs.c.user_agent)
        asked.append(
            or_(
                detail.contains(in_json, autoescape=True),
                *(func.lower(one, type_=LongText()).contains(text, autoescape=True) for one in where),
            )
        )
    return asked


def _behind(mark: datetime, row_id: int, *, older: bool) -> ColumnElement[bool]:
    at, key = audit_logs.c.created_at, audit_logs.c.id
    if older:
        return and_(at <= mark, or_(at < mark, key < row_id))
    return and_(at >= mark, or_(at > mark, key > row_id))
