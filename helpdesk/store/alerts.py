"""What people were alerted to: counted here whether or not a letter could go, so that nothing goes untold."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from helpdesk.store.ids import new_id
from helpdesk.store.tables import alerts


@dataclass(frozen=True, slots=True)
class Alerted:
    """One cause within one hour. ``letters`` were queued about it, ``to_owner`` of them to whom it is about."""

    id: int
    kind: str
    person_id: int | None
    at: datetime
    count: int
    letters: int
    to_owner: int


@dataclass(frozen=True, slots=True)
class NewAlert:
    """The same before it has a row. ``dedupe`` (64 hex) is of its cause and hour."""

    dedupe: str
    kind: str
    person_id: int | None
    count: int
    letters: int
    to_owner: int


_COLUMNS = tuple(alerts.c[name] for name in ("id", "kind", "person_id", "at", "count", "letters", "to_owner"))


class Alerts:
    """Queries on alerts, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known(self, dedupes: Collection[str]) -> set[str]:
        """Return those of these causes that people were alerted to already."""
        if not dedupes:
            return set()
        return set(self._connection.scalars(select(alerts.c.dedupe).where(alerts.c.dedupe.in_(dedupes))))

    def repeat(self, counts: Mapping[str, int]) -> None:
        """Count further times of causes that are known."""
        if counts:
            again = update(alerts).where(alerts.c.dedupe == bindparam("cause"))
            rows = [{"cause": dedupe, "more": count} for dedupe, count in sorted(counts.items())]
            self._connection.execute(again.values(count=alerts.c.count + bindparam("more")), rows)

    def add(self, new: Sequence[NewAlert], at: datetime) -> None:
        """Insert alerts. Refused as a whole when one of them is there already."""
        rows = [
            {"id": new_id(), "dedupe": one.dedupe, "kind": one.kind, "person_id": one.person_id, "at": at,
             "count": one.count, "letters": one.letters, "to_owner": one.to_owner, "told_at": None}
            for one in new
        ]  # fmt: skip
        if rows:
            self._connection.execute(insert(alerts), rows)

    def untold(self, limit: int) -> list[Alerted]:
        """Return what stands in no journal yet, oldest first."""
        query = select(*_COLUMNS).where(alerts.c.told_at.is_(None)).order_by(alerts.c.id).limit(limit)
        return [Alerted(*row) for row in self._connection.execute(query)]

    def mark_told(self, ids: Collection[int], at: datetime) -> None:
        """Note that these stand in the journal."""
        if ids:
            self._connection.execute(update(alerts).where(alerts.c.id.in_(ids)).values(told_at=at))

    def counts_since(self, since: datetime) -> dict[str, int]:
        """Return how often people had to be alerted from *since* on, by kind, whether or not a letter could go."""
        query = select(alerts.c.kind, func.sum(alerts.c.count)).where(alerts.c.at >= since)
        found = self._connection.execute(query.group_by(alerts.c.kind).order_by(alerts.c.kind))
        return {row[0]: int(row[1]) for row in found}

    def of_owners(self, since: datetime, until: datetime, kinds: Collection[str]) -> list[Alerted]:
        """Return what came oftener than its owners were told, from *since* on and before *until*."""
        here = (
            alerts.c.at >= since,
            alerts.c.at < until,
            alerts.c.person_id.is_not(None),
            alerts.c.kind.in_(kinds),
        )
        query = select(*_COLUMNS).where(*here, alerts.c.count > alerts.c.to_owner).order_by(alerts.c.id)
        return [Alerted(*row) for row in self._connection.execute(query)]

    def forget_before(self, moment: datetime) -> None:
        """Drop alerts that nobody looks at any more."""
        self._connection.execute(delete(alerts).where(alerts.c.at < moment, alerts.c.told_at.is_not(None)))
