"""Leases: who does which work, until when, by the database's clock alone."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, insert, or_, select, update

from helpdesk.store.tables import leases

FAR = 2  # so many times its length ahead no lease ends, unless the clock was set back


class Leases:
    """Queries on leases, inside one transaction. A lease only saves work; unique keys are the last word."""

    def __init__(self, connection: Connection, database_now: Callable[[], datetime]) -> None:
        self._connection = connection
        self._database_now = database_now

    def take(self, name: str, owner: str, seconds: float) -> int | None:
        """Take or keep a lease; return its fencing number, or None while it is another's.

        The number grows with every change of owner, so that one who slept past its end can be told apart. Another's
        that ends further ahead than any can, since the clock was set back, is cut to its usual length: its owner
        renews it if it lives.
        """
        now = self._database_now()
        until = now + timedelta(seconds=seconds)
        free = or_(leases.c.owner == owner, leases.c.expires_at < now)
        taken = self._connection.execute(
            update(leases)
            .where(leases.c.name == name, free)
            .ordered_values(  # MariaDB assigns from left to right: the fence must still see the old owner
                (leases.c.fence, case((leases.c.owner == owner, leases.c.fence), else_=leases.c.fence + 1)),
                (leases.c.owner, owner),
                (leases.c.expires_at, until),
            )
        )
        row = self._connection.execute(select(leases).where(leases.c.name == name)).one_or_none()
        if row is None:
            new = {"name": name, "owner": owner, "fence": 1, "expires_at": until}
            self._connection.execute(insert(leases), new)
            return 1
        if taken.rowcount or row.owner == owner:
            return int(row.fence)
        if row.expires_at > now + FAR * timedelta(seconds=seconds):
            same = and_(
                leases.c.name == name, leases.c.fence == row.fence, leases.c.expires_at == row.expires_at
            )
            self._connection.execute(update(leases).where(same).values(expires_at=until))
        return None

    def hold(self, name: str, owner: str, fence: int, seconds: float) -> bool:
        """Lengthen a lease, and say whether it was still ours by its number.

        In the transaction that it protects: who slept past its end and lost it commits nothing then. The row is
        changed, not merely read, so that a Galera cluster certifies it against its new holder's.
        """
        ours = and_(leases.c.name == name, leases.c.owner == owner, leases.c.fence == fence)
        until = self._database_now() + timedelta(seconds=seconds)
        return self._connection.execute(update(leases).where(ours).values(expires_at=until)).rowcount > 0

    def release(self, name: str, owner: str) -> None:
        """Give a lease back before it runs out."""
        self._connection.execute(
            update(leases)
            .where(leases.c.name == name, leases.c.owner == owner)
            .values(expires_at=self._database_now() - timedelta(seconds=1))
        )

    def everyone(self) -> list[tuple[str, str, datetime]]:
        """Return all leases by name: name, owner, and when each ends or ended."""
        query = select(leases.c.name, leases.c.owner, leases.c.expires_at).order_by(leases.c.name)
        return [(row.name, row.owner, row.expires_at) for row in self._connection.execute(query)]
