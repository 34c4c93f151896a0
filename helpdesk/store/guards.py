"""The triggers that keep the audit trail as it is: whether they are there, for their tables and in force."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from helpdesk.store.names import MYSQL

_MARIADB = "CALL audit_guards()"  # a routine of the tables' owner: no other may see triggers
_SQLITE = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
_POSTGRESQL = """
SELECT pg_trigger.tgname, pg_class.relname, pg_proc.prosrc FROM pg_trigger
JOIN pg_class ON pg_class.oid = pg_trigger.tgrelid
JOIN pg_proc ON pg_proc.oid = pg_trigger.tgfoid
JOIN pg_namespace ON pg_namespace.oid = pg_class.relnamespace
WHERE NOT pg_trigger.tgisinternal AND pg_trigger.tgenabled IN ('O', 'A')
AND pg_namespace.nspname = current_schema()
"""
_KEPT = (  # tables, what they hold, and which trigger speaks of 90 days
    ("audit_logs", "audit rows", "stay"),
    ("audit_seals", "audit seals", "stay"),
    ("audit_checkpoints", "audit checkpoints", ""),
)


@dataclass(frozen=True, slots=True)
class Guard:
    """A trigger, its table, and what it does; of one that must be there, the words that it refuses with."""

    name: str
    table: str
    does: str


def _guards(*around: str) -> dict[str, Guard]:
    """Return the triggers of the migrations by name; *around*: the one for an engine's own way around the others."""
    made = [
        Guard(f"{table}_{name}", table, f"{rows} are {'kept for' if name == kept else 'never changed'}")
        for table, rows, kept in _KEPT
        for name in ("never_change", "stay", *around)
    ]
    return {one.name: one for one in made}


GUARDS = {
    "sqlite": _guards("never_replaced"),
    "mariadb": _guards(),
    "postgresql": _guards("never_truncated"),
}


def guards_of(kind: str) -> dict[str, Guard]:
    """Return the triggers that a database of that kind must have, by name."""
    return GUARDS["mariadb" if kind in MYSQL else kind]


class Guards:
    """Looks at the triggers, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def there(self) -> list[Guard]:
        """Return the triggers that are in force."""
        kind = self._connection.dialect.name
        query = _MARIADB if kind in MYSQL else {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[kind]
        return [Guard(*row) for row in self._connection.execute(text(query))]

    def missing(self) -> list[str]:
        """Return the names of those that are not there, not for their table or do not refuse any more."""
        there = {one.name: one for one in self.there()}
        return sorted(
            name
            for name, wanted in guards_of(self._connection.dialect.name).items()
            if name not in there
            or there[name].table != wanted.table
            or wanted.does not in str(there[name].does)
        )
