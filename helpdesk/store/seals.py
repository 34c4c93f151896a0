"""The seals over the audit trail, what they cover and what no seal covers yet."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, or_, select
from sqlalchemy.exc import OperationalError

from helpdesk.core.auditchain import Anchor, Checkpoint, Seal
from helpdesk.store.chunks import chunks
from helpdesk.store.failures import Conflict
from helpdesk.store.ids import first_id_at, new_id
from helpdesk.store.tables import audit_checkpoints, audit_logs, audit_seals, audit_unsealed

AT_ONCE = 500  # MariaDB makes a table of its own of a longer list
AuditRow = Mapping[str, Any]
# What reading raises where somebody wrote what is no time, no bytes or no JSON; SQLite takes it.
UNREADABLE = (ValueError, TypeError, OverflowError, MemoryError, RecursionError)

_CHECKPOINTS = select(
    audit_checkpoints.c.last_seq,
    audit_checkpoints.c.last_mac,
    audit_checkpoints.c.cutoff,
    audit_checkpoints.c.mac,
)


class _Unreadable(ValueError):
    """A value is not of its column's type."""


@contextmanager
def _reading() -> Iterator[None]:
    """Let text that is none, which SQLite's driver calls a failure of the database, be unreadable too."""
    try:
        yield
    except OperationalError as trouble:
        if "Could not decode" not in str(trouble.orig):
            raise
        raise _Unreadable("text that is none") from trouble


def _require_bytes(*values: object) -> None:
    if not all(isinstance(value, bytes) for value in values):
        raise _Unreadable("what should be bytes is none")


class Seals:
    """Queries on seals and on what they cover, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def staged(self, limit: int) -> list[int]:
        """Return the ids of the oldest rows that no seal covers."""
        query = select(audit_unsealed.c.row_id).order_by(audit_unsealed.c.row_id).limit(limit)
        return list(self._connection.scalars(query))

    def staged_count(self) -> int:
        """Return how many rows no seal covers."""
        return self._connection.scalar(select(func.count()).select_from(audit_unsealed)) or 0

    def staged_among(self, ids: Collection[int]) -> set[int]:
        """Return which of these rows wait for a seal."""
        query = select(audit_unsealed.c.row_id)
        return {
            key
            for some in chunks(ids, AT_ONCE)
            for key in self._connection.scalars(query.where(audit_unsealed.c.row_id.in_(some)))
        }

    def waiting_since(self, before: datetime, limit: int) -> tuple[list[int], int]:
        """Return the ids of rows from before a time that no seal covers, at most so many, and how many there are."""
        old = or_(audit_unsealed.c.row_id < first_id_at(before), audit_logs.c.created_at < before)
        both = audit_unsealed.outerjoin(audit_logs, audit_logs.c.id == audit_unsealed.c.row_id)
        query = select(audit_unsealed.c.row_id).select_from(both).where(old)
        count = select(func.count()).select_from(both).where(old)
        ids = list(self._connection.scalars(query.order_by(audit_unsealed.c.row_id).limit(limit)))
        return ids, self._connection.scalar(count) or 0

    def rows(self, ids: Collection[int]) -> dict[int, AuditRow]:
        """Return rows of the trail by id; neither those that are gone nor those that cannot be read any more."""
        found: dict[int, AuditRow] = {}
        for some in chunks(ids, AT_ONCE):
            try:
                found |= self._read(some)
            except UNREADABLE:
                for one in some:
                    found |= self._readable(one)
        return found

    def _readable(self, row_id: int) -> dict[int, AuditRow]:
        try:
            return self._read([row_id])
        except UNREADABLE:
            return {}

    def _read(self, ids: Sequence[int]) -> dict[int, AuditRow]:
        query = select(audit_logs).where(audit_logs.c.id.in_(ids))
        with _reading():
            return {row["id"]: dict(row) for row in self._connection.execute(query).mappings()}

    def there(self, ids: Collection[int]) -> set[int]:
        """Return which of these rows are in the trail, readable or not."""
        query = select(audit_logs.c.id)
        return {
            key
            for some in chunks(ids, AT_ONCE)
            for key in self._connection.scalars(query.where(audit_logs.c.id.in_(some)))
        }

    def ids_after(self, row_id: int | None, limit: int, below: int | None = None) -> list[int]:
        """Return ids of the trail in their order, from the one behind *row_id*, or the first, to *below*."""
        query = select(audit_logs.c.id).order_by(audit_logs.c.id).limit(limit)
        if row_id is not None:
            query = query.where(audit_logs.c.id > row_id)
        if below is not None:
            query = query.where(audit_logs.c.id < below)
        return list(self._connection.scalars(query))

    def add(self, seal: Seal, covered: Collection[int]) -> None:
        """Add a seal; what it covers waits no more.

        AlreadyThere where another was first under its number, Conflict where another has sealed some of it meanwhile.
        """
        row = {column.name: getattr(seal, column.name) for column in audit_seals.columns}
        self._connection.execute(insert(audit_seals), row)
        waited = 0
        for some in chunks(covered, AT_ONCE):
            gone = delete(audit_unsealed).where(audit_unsealed.c.row_id.in_(some))
            waited += self._connection.execute(gone).rowcount
        if waited != len(covered):
            raise Conflict("rows of the audit trail were sealed meanwhile")

    def after(self, seq: int, limit: int) -> list[Seal]:
        """Return the seals behind *seq*, in their order, readable or not."""
        behind, order = audit_seals.c.seq > seq, audit_seals.c.seq
        try:
            return self._read_seals(select(audit_seals).where(behind).order_by(order).limit(limit))
        except UNREADABLE:
            numbers = select(order).where(behind).order_by(order).limit(limit)
            return [self._seal(number) for number in self._connection.scalars(numbers).all()]

    def _read_seals(self, query: Select[Any]) -> list[Seal]:
        with _reading():
            found = [Seal(*row) for row in self._connection.execute(query)]
        for seal in found:
            _require_bytes(seal.entries, seal.prev, seal.mac)
        return found

    def _seal(self, seq: int) -> Seal:
        try:
            return self._read_seals(select(audit_seals).where(audit_seals.c.seq == seq))[0]
        except UNREADABLE:
            return Seal.unreadable(seq)

    def these(self, seqs: Collection[int]) -> dict[int, Seal]:
        """Return those of these seals that are there, by number, readable or not."""
        wanted = audit_seals.c.seq.in_(seqs)
        try:
            found = self._read_seals(select(audit_seals).where(wanted))
        except UNREADABLE:
            numbers = select(audit_seals.c.seq).where(wanted)
            found = [self._seal(number) for number in self._connection.scalars(numbers).all()]
        return {one.seq: one for one in found}

    def one(self, seq: int) -> Anchor | None:
        """Return number and code of a seal, the code empty where it cannot be read; None where there is none."""
        return self.some([seq]).get(seq)

    def some(self, seqs: Collection[int]) -> dict[int, Anchor]:
        """Return numbers and codes of those of these seals that are there; a code that cannot be read is empty."""
        return {
            row.seq: Anchor(row.seq, row.mac if isinstance(row.mac, bytes) else b"")
            for few in chunks(seqs, AT_ONCE)
            for row in self._codes(few)
        }

    def _codes(self, seqs: Sequence[int]) -> Sequence[Any]:
        query = select(audit_seals.c.seq, audit_seals.c.mac).where(audit_seals.c.seq.in_(seqs))
        try:
            with _reading():
                return self._connection.execute(query).all()
        except UNREADABLE:
            numbers = select(audit_seals.c.seq).where(audit_seals.c.seq.in_(seqs))
            return [self._seal(number) for number in self._connection.scalars(numbers).all()]

    def last(self) -> Anchor | None:
        """Return number and code of the newest seal."""
        newest = self._connection.scalar(select(func.max(audit_seals.c.seq)))
        return None if newest is None else self.one(newest)

    def checkpoints(self) -> list[Checkpoint]:
        """Return the newest checkpoints, the newest first, whoever made them, readable or not."""
        table = audit_checkpoints.c
        newest = (table.last_seq.desc(), table.cutoff.desc())
        try:
            return self._read_checkpoints(_CHECKPOINTS.order_by(*newest).limit(AT_ONCE))
        except UNREADABLE:
            ids = select(table.id).order_by(*newest).limit(AT_ONCE)
            return [self._checkpoint(one) for one in self._connection.scalars(ids).all()]

    def _checkpoint(self, checkpoint_id: int) -> Checkpoint:
        try:
            return self._read_checkpoints(_CHECKPOINTS.where(audit_checkpoints.c.id == checkpoint_id))[0]
        except UNREADABLE:
            return Checkpoint.unreadable()

    def _read_checkpoints(self, query: Select[Any]) -> list[Checkpoint]:
        with _reading():
            found = [Checkpoint(*row) for row in self._connection.execute(query)]
        for one in found:
            _require_bytes(one.last_mac, one.mac)
            if not isinstance(one.last_seq, int):
                raise _Unreadable("what should be a number is none")
        return found

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Add a checkpoint."""
        row = {
            "id": new_id(),
            "last_seq": checkpoint.last_seq,
            "last_mac": checkpoint.last_mac,
            "cutoff": checkpoint.cutoff,
            "mac": checkpoint.mac,
        }
        self._connection.execute(insert(audit_checkpoints), row)
