"""Bring a database to the newest schema, and refuse to work on any other."""

from enum import Enum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from helpdesk.errors import HelpdeskError, StoreAway
from helpdesk.store.engine import Database
from helpdesk.store.tables import metadata

FOLDER = Path(__file__).parents[2] / "sql"


class SchemaState(Enum):
    """How a database's schema compares with the newest one."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    NEWER = "newer than this program"
    HALF_DONE = "half done: a migration stopped in the middle"


class WrongSchema(HelpdeskError):
    """The database's schema is not the one this program works on."""


def schema_state(database: Database) -> SchemaState:
    """Compare the database with the migrations. Raises StoreAway."""
    try:
        with database.engine.connect() as connection:
            return _state(connection)
    except DBAPIError as error:
        raise StoreAway(f"database {database.shown}: {error.orig}") from error


def _state(connection: Connection) -> SchemaState:
    script = ScriptDirectory(str(FOLDER))
    current = MigrationContext.configure(connection).get_current_revision()
    present = set(inspect(connection).get_table_names()) & set(metadata.tables)
    if current is None:
        return SchemaState.HALF_DONE if present else SchemaState.EMPTY
    if current == script.get_current_head():
        return SchemaState.CURRENT if present == set(metadata.tables) else SchemaState.HALF_DONE
    known = {revision.revision for revision in script.walk_revisions()}
    return SchemaState.BEHIND if current in known else SchemaState.NEWER


def migrate(database: Database) -> bool:
    """Apply what is missing; return whether anything was. Raises WrongSchema for what it must not touch."""
    state = schema_state(database)
    if state is SchemaState.CURRENT:
        return False
    if state not in (SchemaState.EMPTY, SchemaState.BEHIND):
        raise WrongSchema(_advice(database, state))
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    try:
        with database.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except DBAPIError as error:
        raise HelpdeskError(f"database {database.shown}: migration failed: {error.orig}") from error
    return True


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
        SchemaState.HALF_DONE: "restore the backup, or drop its tables where it is new, then migrate again",
    }[state]
    return f"database {database.shown}: its schema is {state.value}; {todo}"
