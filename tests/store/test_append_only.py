"""The audit trail only grows: no row changes, none goes before its 90 days, not even for the tables' owner."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from helpdesk.store.engine import Database
from helpdesk.store.names import MYSQL
from helpdesk.store.tables import audit_logs

KEPT = timedelta(days=90)
MINUTE = timedelta(minutes=1)
WHAT: dict[str, object] = {"user_id": None, "action": "LOGIN", "status": "FAIL", "detail": {}}
WHENCE: dict[str, object] = {"ip_address": "", "user_agent": ""}


def add(database: Database, row_id: int, age: timedelta = timedelta(0)) -> None:
    with database.engine.begin() as connection:
        row = {**WHAT, **WHENCE, "id": row_id, "created_at": datetime.now(UTC) - age}
        connection.execute(insert(audit_logs), row)


def ids(database: Database) -> list[int]:
    with database.engine.connect() as connection:
        return list(connection.scalars(select(audit_logs.c.id).order_by(audit_logs.c.id)))


def test_no_row_changes_however_old(database: Database) -> None:
    add(database, 1)
    add(database, 2, 2 * KEPT)
    for row_id in (1, 2):
        with pytest.raises(DBAPIError, match="never changed"), database.engine.begin() as connection:
            connection.execute(update(audit_logs).where(audit_logs.c.id == row_id).values(action="LOGOUT"))
    with database.engine.connect() as connection:
        assert set(connection.scalars(select(audit_logs.c.action))) == {"LOGIN"}


def test_a_row_goes_after_90_days_and_not_before(database: Database) -> None:
    add(database, 1, KEPT - MINUTE)
    add(database, 2, KEPT + MINUTE)
    with pytest.raises(DBAPIError, match="kept for 90 days"), database.engine.begin() as connection:
        connection.execute(delete(audit_logs))
    assert ids(database) == [1, 2]
    with database.engine.begin() as connection:
        before = datetime.now(UTC) - KEPT
        connection.execute(delete(audit_logs).where(audit_logs.c.created_at < before))
    assert ids(database) == [1]


AROUND = {
    "sqlite": (
        "INSERT OR REPLACE INTO audit_logs SELECT id, user_id, 'LOGOUT', status, ip_address, user_agent,"
        " created_at, detail FROM audit_logs",
        "UPDATE OR REPLACE audit_logs SET action = 'LOGOUT'",
        "INSERT INTO audit_logs SELECT * FROM audit_logs WHERE true"
        " ON CONFLICT (id) DO UPDATE SET action = 'LOGOUT'",
    ),
    "mariadb": (
        "REPLACE INTO audit_logs SELECT id, user_id, 'LOGOUT', status, ip_address, user_agent, created_at,"
        " detail FROM audit_logs",
        "INSERT INTO audit_logs SELECT * FROM audit_logs ON DUPLICATE KEY UPDATE action = 'LOGOUT'",
        "SET STATEMENT timestamp = 2000000000 FOR DELETE FROM audit_logs",
    ),
    "postgresql": (
        "INSERT INTO audit_logs SELECT * FROM audit_logs ON CONFLICT (id) DO UPDATE SET action = 'LOGOUT'",
        "TRUNCATE audit_logs",
        "TRUNCATE people CASCADE",
    ),
}


def test_there_is_no_way_around(database: Database) -> None:
    add(database, 1)
    for statement in AROUND["mariadb" if database.kind in MYSQL else database.kind]:
        with (
            pytest.raises(DBAPIError, match=r"never changed|kept for"),
            database.engine.begin() as connection,
        ):
            connection.execute(text(statement))
    with database.engine.connect() as connection:
        assert list(connection.scalars(select(audit_logs.c.action))) == ["LOGIN"]
