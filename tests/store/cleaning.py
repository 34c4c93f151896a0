"""Make and empty the tables of a database: the audit trail's triggers forbid it, so a superuser goes around them."""

from dataclasses import replace

from sqlalchemy import Connection, Table, exists, select, text

from helpdesk.store.engine import Database, open_database
from helpdesk.store.names import MYSQL
from helpdesk.store.tables import audit_checkpoints, audit_logs, audit_seals, metadata, tickets

GUARDED = (audit_logs, audit_seals, audit_checkpoints)
_open: dict[str, tuple[str, Database]] = {}  # the last of each kind: its URL, and the database


def with_tables(url: str) -> Database:
    """Return a database with its tables, made if they are missing, but without triggers.

    A test after another gets the same connections and compiled statements: to make these takes longer than most
    tests. What listens to its engine ends with the test.
    """
    known, opened = _open.get(url.partition(":")[0], ("", None))
    if opened is None or known != url:
        if opened:
            opened.close()
        opened = open_database(url)
        metadata.create_all(opened.engine)
        _open[url.partition(":")[0]] = url, opened
    return replace(opened, engine=opened.engine.execution_options())


def empty_tables(database: Database) -> None:
    """Remove every row; the triggers are there before and afterwards."""
    with database.engine.begin() as connection:
        guarded = [table for table in filled(connection) if table in GUARDED]
        if database.kind in MYSQL:
            for table in guarded:
                connection.execute(text(f"TRUNCATE TABLE {table.name}"))
    with database.engine.begin() as connection:
        taken: list[str] = []
        if database.kind == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        elif database.kind == "sqlite" and guarded:
            found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
            for name, statement in found.all():
                connection.execute(text(f"DROP TRIGGER {name}"))
                taken.append(statement)
        delete_rows(connection)
        for statement in taken:
            connection.exec_driver_sql(statement)


def delete_rows(connection: Connection) -> None:
    """Remove every row of tables without triggers, in one question and a statement for each table with rows."""
    tables = filled(connection)
    if tickets in tables:
        connection.execute(tickets.update().values(merged_into_id=None))  # MariaDB looks row by row
    for table in tables:
        connection.execute(table.delete())


def filled(connection: Connection) -> list[Table]:
    """Return the tables that have rows, those that refer to others first."""
    tables = list(reversed(metadata.sorted_tables))
    found = connection.execute(select(*(exists().select_from(table).label(table.name) for table in tables)))
    return [table for table, has_rows in zip(tables, found.one(), strict=True) if has_rows]
