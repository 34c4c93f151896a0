"""The audit trail only grows: no row changes, none goes before its 90 days, not even for the tables' owner."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from helpdesk.core.auditchain import BEFORE_ALL, sealed
from helpdesk.store.engine import Database
from helpdesk.store.names import MYSQL
from helpdesk.store.tables import audit_checkpoints, audit_logs, audit_seals
from helpdesk.store.work import in_work

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


def add_seal(database: Database, seq: int, age: timedelta = timedelta(0)) -> None:
    at = datetime.now(UTC) - age
    with database.engine.begin() as connection:
        seal = sealed(b"key", seq, "2026-11-26", BEFORE_ALL, [], at)
        connection.execute(insert(audit_seals), asdict(seal))


def seqs(database: Database) -> list[int]:
    with database.engine.connect() as connection:
        return list(connection.scalars(select(audit_seals.c.seq).order_by(audit_seals.c.seq)))


def test_no_seal_changes_and_none_goes_before_its_90_days(database: Database) -> None:
    add_seal(database, 1, KEPT - MINUTE)
    add_seal(database, 2, KEPT + MINUTE)
    for seq in (1, 2):
        with pytest.raises(DBAPIError, match="never changed"), database.engine.begin() as connection:
            connection.execute(update(audit_seals).where(audit_seals.c.seq == seq).values(day="2001-01-01"))
    with pytest.raises(DBAPIError, match="kept for 90 days"), database.engine.begin() as connection:
        connection.execute(delete(audit_seals).where(audit_seals.c.seq == 1))
    with database.engine.begin() as connection:
        connection.execute(delete(audit_seals).where(audit_seals.c.seq == 2))
    assert seqs(database) == [1]


def test_a_checkpoint_stays_as_it_is(database: Database) -> None:
    with database.engine.begin() as connection:
        row = {"id": 1, "last_seq": 1, "last_mac": bytes(32), "cutoff": datetime.now(UTC), "mac": bytes(32)}
        connection.execute(insert(audit_checkpoints), row)
    for statement in (update(audit_checkpoints).values(last_seq=2), delete(audit_checkpoints)):
        with pytest.raises(DBAPIError, match="never changed"), database.engine.begin() as connection:
            connection.execute(statement)
    with database.engine.connect() as connection:
        assert connection.scalar(select(audit_checkpoints.c.last_seq)) == 1


AROUND_SEALS = {
    "sqlite": (
        "INSERT OR REPLACE INTO audit_seals SELECT * FROM audit_seals",
        "INSERT OR REPLACE INTO audit_checkpoints SELECT * FROM audit_checkpoints",
    ),
    "mariadb": (
        "REPLACE INTO audit_seals SELECT * FROM audit_seals",
        "REPLACE INTO audit_checkpoints SELECT * FROM audit_checkpoints",
    ),
    "postgresql": ("TRUNCATE audit_seals", "TRUNCATE audit_checkpoints"),
}


def test_there_is_no_way_around_for_seals(database: Database) -> None:
    add_seal(database, 1)
    with database.engine.begin() as connection:
        row = {"id": 1, "last_seq": 1, "last_mac": bytes(32), "cutoff": datetime.now(UTC), "mac": bytes(32)}
        connection.execute(insert(audit_checkpoints), row)
    for statement in AROUND_SEALS["mariadb" if database.kind in MYSQL else database.kind]:
        with (
            pytest.raises(DBAPIError, match=r"never changed|kept for"),
            database.engine.begin() as connection,
        ):
            connection.execute(text(statement))


def test_old_rows_go_a_few_at_a_time_and_no_young_one_whoever_asks(database: Database) -> None:
    for row_id, age in ((1, KEPT + 2 * MINUTE), (2, KEPT + MINUTE), (3, KEPT + MINUTE), (4, KEPT - MINUTE)):
        add(database, row_id, age)
    now = datetime.now(UTC)
    since, before = now - 2 * KEPT, now - KEPT

    def remove(before: datetime, most: int) -> int:
        return in_work(database, lambda work: work.purging.remove_rows(since, before, most))

    assert (remove(before, 1), ids(database)) == (1, [2, 3, 4])
    with pytest.raises(Exception, match="90 days"):
        remove(now, 9)
    assert (remove(before, 9), remove(before, 9), ids(database)) == (2, 0, [4])
