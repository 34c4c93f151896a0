"""Bring a database to the newest schema, and refuse to work on any other.

MariaDB commits each change of a table by itself, so a migration that dies leaves its first half behind. What is
begun is therefore noted before, committed, and noted as done after; what is begun and not done is seen by all.
"""

from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, Table, column, insert, inspect, select, table, update
from sqlalchemy.exc import DBAPIError

from helpdesk.errors import HelpdeskError, StoreAway
from helpdesk.store.columns import UtcDateTime, exact
from helpdesk.store.engine import READ_ONLY, Database
from helpdesk.store.failures import AlreadyThere, Conflict, meaning
from helpdesk.store.names import MYSQL
from helpdesk.store.tables import OPTIONS, metadata

FOLDER = Path(__file__).parents[2] / "sql"
_VERSION = table("alembic_version", column("version_num"))

changes = Table(  # not part of the schema: it tells how the schema came about
    "schema_changes",
    MetaData(),
    Column("revision", exact(32), primary_key=True),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    **OPTIONS,
)


class SchemaState(Enum):
    """How a database's schema compares with the newest one."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    NEWER = "newer than this program"
    HALF_DONE = "half done: a migration stopped in the middle, or one is running now"


class WrongSchema(HelpdeskError):
    """The database's schema is not the one this program works on."""


def schema_state(database: Database) -> SchemaState:
    """Compare the database with the migrations. Raises StoreAway."""
    try:
        with database.engine.connect() as connection:
            connection.execution_options(**{READ_ONLY: True})
            return _state(connection)
    except DBAPIError as error:
        raise meaning(error, database.shown) from error


def _state(connection: Connection) -> SchemaState:
    """Compare by the names of the migrations' files: alembic takes longer to load than all else at a start."""
    there = set(inspect(connection).get_table_names())
    current = connection.scalar(select(_VERSION)) if _VERSION.name in there else None
    ours = there & set(metadata.tables)
    if changes.name in there and connection.scalar(select(changes).where(changes.c.done_at.is_(None))):
        return SchemaState.HALF_DONE
    if current is None:
        return SchemaState.HALF_DONE if ours else SchemaState.EMPTY
    known = revisions()
    if current == known[-1]:
        return SchemaState.CURRENT if ours == set(metadata.tables) else SchemaState.HALF_DONE
    return SchemaState.BEHIND if current in known else SchemaState.NEWER


def revisions() -> list[str]:
    """Return every revision there is, oldest first: each is the beginning of its file's name."""
    return sorted(file.name.partition("_")[0] for file in (FOLDER / "versions").glob("[0-9]*.py"))


def migrate(database: Database) -> list[str]:
    """Apply what is missing; return the revisions applied, oldest first, none when the schema was current.

    Raises WrongSchema for a schema it must not touch, StoreAway, and HelpdeskError when a migration failed.
    """
    state = schema_state(database)
    if state not in (SchemaState.EMPTY, SchemaState.BEHIND, SchemaState.CURRENT):
        raise WrongSchema(_advice(database, state))
    applied = []
    try:
        with database.engine.connect() as connection:
            for revision in _missing(connection):
                _apply(connection, revision)
                applied.append(revision)
    except DBAPIError as error:
        raise _failed(database, error) from error
    return applied


def _missing(connection: Connection) -> list[str]:
    """Return the revisions that the database lacks, oldest first, and make ready to note them."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    current = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory(str(FOLDER))
    missing = [revision.revision for revision in script.iterate_revisions("head", current or "base")]
    if missing:
        _make_ready(connection)
    connection.commit()
    return missing[::-1]


def _make_ready(connection: Connection) -> None:
    """Make the table of notes, if another process does not at the same moment."""
    try:
        changes.create(connection, checkfirst=True)
    except DBAPIError:
        connection.rollback()
        if not inspect(connection).has_table(changes.name):
            raise


def _apply(connection: Connection, revision: str) -> None:
    """Run one migration, in one transaction with its notes where the database can."""
    try:
        connection.execute(insert(changes), {"revision": revision, "begun_at": datetime.now(UTC)})
        if connection.dialect.name in MYSQL:
            connection.commit()
    except DBAPIError as error:
        if isinstance(
            meaning(error, ""), AlreadyThere | Conflict
        ):  # Galera tells of the other's row at COMMIT
            raise WrongSchema(
                f"migration {revision} is another process's; run this again when it ended"
            ) from error
        raise
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    connection.execute(
        update(changes).where(changes.c.revision == revision).values(done_at=datetime.now(UTC))
    )
    connection.commit()


def _failed(database: Database, error: DBAPIError) -> Exception:
    meant = meaning(error, database.shown)
    if isinstance(meant, StoreAway):
        return meant
    return HelpdeskError(f"database {database.shown}: a migration failed: {meant}")


def require_current(database: Database) -> None:
    """Raise WrongSchema unless the database has exactly the newest schema."""
    state = schema_state(database)
    if state is not SchemaState.CURRENT:
        raise WrongSchema(_advice(database, state))


def _advice(database: Database, state: SchemaState) -> str:
    todo = {
        SchemaState.EMPTY: "run: helpdeskd.py migrate",
        SchemaState.BEHIND: "run: helpdeskd.py migrate",
        SchemaState.NEWER: "install the release that made it, or restore a backup",
        SchemaState.HALF_DONE: "wait if one is running; else restore the backup, or drop its tables where it"
        " is new, then migrate again",
    }[state]
    return f"database {database.shown}: its schema is {state.value}; {todo}"
