"""What an error of the database means: try the transaction again, the database is away, or it is ours."""

from enum import Enum

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

MYSQL_CONFLICT = frozenset({1213, 1205, 1020})  # deadlock, lock wait, row changed since read
MYSQL_AWAY = frozenset(
    {
        1040,
        1047,
        1053,
        1077,
        1079,
        1152,
        1158,
        1159,
        1160,
        1161,
        1203,
        1226,
        1927,
        2002,
        2003,
        2006,
        2013,
        2055,
        4031,
    }
)
# 1047: a Galera node without its cluster refuses every statement
POSTGRESQL_CONFLICT = ("40001", "40P01")
POSTGRESQL_AWAY = ("08", "57P", "53")  # connection, shutdown, out of resources


class Failure(Enum):
    """What to do about an error."""

    CONFLICT = "run the whole transaction again"
    AWAY = "wait for the database"
    REFUSED = "a key says that this exists already, or a value does not fit"


def failure_of(error: DBAPIError | PoolTimeout) -> Failure:
    """Classify an error by the codes of its driver, never by its text, SQLite's excepted (it has no other)."""
    if isinstance(error, PoolTimeout):
        return Failure.AWAY
    original = error.orig
    state = getattr(original, "sqlstate", None)
    if isinstance(state, str):
        if state in POSTGRESQL_CONFLICT:
            return Failure.CONFLICT
        return Failure.AWAY if state.startswith(POSTGRESQL_AWAY) else Failure.REFUSED
    code = original.args[0] if original is not None and original.args else None
    if code in MYSQL_CONFLICT:
        return Failure.CONFLICT
    if code in MYSQL_AWAY or error.connection_invalidated:
        return Failure.AWAY
    if isinstance(error, IntegrityError):
        return Failure.REFUSED
    text = str(original)
    if "database is locked" in text or "database table is locked" in text:
        return Failure.CONFLICT
    if isinstance(error, OperationalError | InterfaceError):
        return Failure.AWAY
    return Failure.REFUSED
