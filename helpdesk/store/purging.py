"""Remove old rows and seals of the audit trail, a few at a time, as far as the database itself allows it."""

from datetime import datetime

from sqlalchemy import Connection, Integer, bindparam, delete, select, text

from helpdesk.core.auditchain import Anchor
from helpdesk.store.columns import UtcDateTime
from helpdesk.store.names import MYSQL
from helpdesk.store.tables import audit_logs, audit_seals, audit_unsealed

_ROUTINE = "purge_audit_logs(:from_at, :before_at, :most)"
_SPAN = (
    bindparam("from_at", type_=UtcDateTime),
    bindparam("before_at", type_=UtcDateTime),
    bindparam("most", type_=Integer),
)


class Purging:
    """Removes from the audit trail, inside one transaction. Nothing younger than 90 days can be removed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def oldest(self, since: datetime | None, before: datetime) -> datetime | None:
        """Return the time of the oldest row before a time. *since*: none is older; it spares what was removed."""
        at = audit_logs.c.created_at
        query = select(at).where(at < before).order_by(at).limit(1)
        return self._connection.scalar(query if since is None else query.where(at >= since))

    def remove_rows(self, since: datetime, before: datetime, most: int) -> int:
        """Remove the oldest rows of a span, at most so many, but those that no seal covers; return how many went.

        Raises Refusal or StoreAway where *before* is not 90 days ago.
        """
        kind = self._connection.dialect.name
        if kind == "sqlite":
            return self._remove_plainly(since, before, most)
        call = text(f"{'CALL' if kind in MYSQL else 'SELECT'} {_ROUTINE}").bindparams(*_SPAN)
        span = {"from_at": since, "before_at": before, "most": most}
        return int(self._connection.execute(call, span).scalar_one())

    def _remove_plainly(self, since: datetime, before: datetime, most: int) -> int:
        at = audit_logs.c.created_at
        staged = select(audit_unsealed.c.row_id).where(audit_unsealed.c.row_id == audit_logs.c.id)
        oldest = select(audit_logs.c.id).where(at >= since, at < before, ~staged.exists())
        gone = delete(audit_logs).where(audit_logs.c.id.in_(oldest.order_by(at).limit(most)))
        return self._connection.execute(gone).rowcount

    def remove_seals(self, before: datetime, up_to: int, most: int) -> Anchor | None:
        """Remove the first seals of the chain that hold nothing younger, at most so many; return the last of them."""
        table = audit_seals.c
        query = select(table.seq, table.mac, table.last_at).where(table.seq <= up_to).order_by(table.seq)
        last = None
        for row in self._connection.execute(query.limit(most)).all():
            if row.last_at >= before:
                break
            last = Anchor(row.seq, row.mac)
        if last is not None:
            self._connection.execute(delete(audit_seals).where(table.seq <= last.seq))
        return last
