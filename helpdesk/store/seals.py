"""The seals over the audit trail, what they cover and what no seal covers yet."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from helpdesk.core.auditchain import Anchor, Checkpoint, Seal
from helpdesk.store.chunks import chunks
from helpdesk.store.failures import Conflict
from helpdesk.store.ids import new_id
from helpdesk.store.tables import audit_checkpoints, audit_logs, audit_seals, audit_unsealed

AT_ONCE = 500  # MariaDB makes a table of its own of a longer list
AuditRow = Mapping[str, Any]


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

    def rows(self, ids: Collection[int]) -> dict[int, AuditRow]:
        """Return rows of the trail by id; neither those that are gone nor those that cannot be read any more."""
        found: dict[int, AuditRow] = {}
        for some in chunks(ids, AT_ONCE):
            try:
                found |= self._read(some)
            except (ValueError, TypeError):  # somebody wrote what is no time, or no JSON
                for one in some:
                    found |= self._readable(one)
        return found

    def _readable(self, row_id: int) -> dict[int, AuditRow]:
        try:
            return self._read([row_id])
        except (ValueError, TypeError):
            return {}

    def _read(self, ids: Sequence[int]) -> dict[int, AuditRow]:
        query = select(audit_logs).where(audit_logs.c.id.in_(ids))
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
        """Return the seals behind *seq*, in their order."""
        query = select(audit_seals).where(audit_seals.c.seq > seq).order_by(audit_seals.c.seq).limit(limit)
        return [Seal(*row) for row in self._connection.execute(query)]

    def one(self, seq: int) -> Anchor | None:
        """Return number and code of a seal; None where there is none."""
        query = select(audit_seals.c.seq, audit_seals.c.mac).where(audit_seals.c.seq == seq)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Anchor(row.seq, row.mac)

    def last(self) -> Anchor | None:
        """Return number and code of the newest seal."""
        newest = self._connection.scalar(select(func.max(audit_seals.c.seq)))
        return None if newest is None else self.one(newest)

    def checkpoints(self) -> list[Checkpoint]:
        """Return the newest checkpoints, the newest first, whoever made them."""
        table = audit_checkpoints.c
        query = (
            select(table.last_seq, table.last_mac, table.cutoff, table.mac)
            .order_by(table.last_seq.desc(), table.cutoff.desc())
            .limit(AT_ONCE)
        )
        return [Checkpoint(*row) for row in self._connection.execute(query)]

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
