"""A desk with an audit trail on a migrated database, by that database's clock; and how to get past its triggers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Executable, Table, func, insert, select, text

from helpdesk.actions.chainwalk import ChainWalk
from helpdesk.actions.desk import Desk
from helpdesk.actions.sealing import seal_next
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.auditchain import Anchor, Finding, Seal
from helpdesk.store.audit import Event
from helpdesk.store.engine import Database, open_database
from helpdesk.store.names import MYSQL
from helpdesk.store.rows import Row
from helpdesk.store.schema import migrate
from helpdesk.store.tables import audit_logs, audit_seals, audit_unsealed
from helpdesk.store.work import in_work
from tests.actions.intakes import bench

GUARDED = ("audit_logs", "audit_seals", "audit_checkpoints")


@dataclass(frozen=True)
class Trail:
    """A desk and its audit trail."""

    desk: Desk

    @property
    def database(self) -> Database:
        return self.desk.database

    def add(self, *times: datetime) -> None:
        """Put something on record at each of these times, in one transaction."""
        events = [
            Event(Action.LOGIN, Outcome.SUCCESS, at, detail={"n": number}, user_agent="ssh été")
            for number, at in enumerate(times)
        ]
        in_work(self.database, lambda work: work.audit.add(events))

    def seal_all(self) -> list[Seal]:
        """Seal until nothing waits; return the seals."""
        made: list[Seal] = []
        while (seal := seal_next(self.desk)) is not None:
            made.append(seal)
        return made

    def findings(self, *anchors: Anchor) -> list[Finding]:
        """Return what does not fit."""
        walk = ChainWalk(self.desk)
        walk.run(anchors)
        assert walk.more == 0
        return walk.findings

    def rows(self, table: Table = audit_logs) -> list[Row]:
        """Return the rows of a table in the order of their keys."""
        with self.database.engine.connect() as connection:
            order = next(iter(table.primary_key.columns))
            return [dict(row) for row in connection.execute(select(table).order_by(order)).mappings()]

    def seals(self) -> list[Seal]:
        """Return all seals."""
        return [Seal(**row) for row in self.rows(audit_seals)]

    def staged(self) -> int:
        """Return how many rows wait for a seal."""
        with self.database.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(audit_unsealed)) or 0

    def tamper(self, *statements: Executable) -> None:
        """Do to the tables what no program of ours does."""
        with self.database.engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)

    def put_back(self, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows as they were."""
        if rows:
            with self.database.engine.begin() as connection:
                connection.execute(insert(table), list(rows))


def now_of(database: Database) -> datetime:
    """Return the database's clock."""
    return in_work(database, lambda work: work.database_now()).astimezone(UTC)


def a_trail(url: str, folder: Path) -> Trail:
    """Return a desk on a database that is migrated when it is not yet."""
    database = open_database(url)
    migrate(database)
    database.close()
    return Trail(bench(url, folder, clock=lambda work: work.database_now()).desk)


def drop_guards(database: Database) -> None:
    """Take the triggers off the audit trail, as the tables' owner could."""
    with database.engine.begin() as connection:
        for statement in _dropping(database.kind, connection):
            connection.execute(text(statement))


def _dropping(kind: str, connection: Connection) -> list[str]:
    if kind == "postgresql":
        return [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in GUARDED]
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if kind in MYSQL:
        query = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
    return [f"DROP TRIGGER {name}" for name in connection.scalars(text(query)) if name.startswith("audit_")]
