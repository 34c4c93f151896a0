"""What seals, verifies and purges the audit trail finds its rows by an index, whatever the trail has grown to."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from helpdesk.core.auditchain import BEFORE_ALL, sealed
from helpdesk.store.engine import Database, open_database
from helpdesk.store.ids import first_id_at
from helpdesk.store.names import MYSQL
from helpdesk.store.rows import Row
from helpdesk.store.schema import FOLDER, migrate
from helpdesk.store.tables import audit_logs, audit_seals, audit_unsealed
from helpdesk.store.work import Work
from tests.conftest import ENGINES
from tests.servers.mariadb import MariaDb
from tests.servers.postgres import Postgres
from tests.servers.sqlite import Sqlite
from tests.store.plans import Step, plans_of

ROWS = 20_000
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LATE = BEGIN + (ROWS - 10) * MINUTE
FIRST, MIDDLE = first_id_at(BEGIN), first_id_at(BEGIN + ROWS // 2 * MINUTE)
SOME = [MIDDLE + number for number in range(5)]
TRAIL, SEALS = Step("audit_logs", ("id",)), Step("audit_seals", ("seq",))
WAITING, BY_TIME = Step("audit_unsealed", ("row_id",)), Step("audit_logs", ("created_at",))


@pytest.fixture(scope="module", params=ENGINES)
def grown(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database on each engine in turn with a trail of which nearly all is old, and the planner knows it."""
    engine: Sqlite | MariaDb | Postgres = request.getfixturevalue(request.param)
    url = engine.fresh_database()
    database = open_database(url)
    migrate(database)
    rows = [a_row(number) for number in range(ROWS)]
    seals = [a_seal(seq) for seq in range(1, 501)]
    with database.engine.begin() as connection:
        connection.execute(insert(audit_logs), rows)
        connection.execute(insert(audit_unsealed), [{"row_id": row["id"]} for row in rows[ROWS // 2 :]])
        connection.execute(insert(audit_seals), seals)
    if database.kind != "sqlite":
        analyze = "ANALYZE TABLE" if database.kind in MYSQL else "ANALYZE"
        with database.engine.connect() as connection:
            for table in ("audit_logs", "audit_unsealed", "audit_seals"):
                connection.exec_driver_sql(f"{analyze} {table}").close()
            connection.commit()
    yield database
    database.close()
    engine.drop_database(url)


def a_row(number: int) -> Row:
    at = BEGIN + number * MINUTE
    return {
        "id": first_id_at(at),
        "user_id": None,
        "action": "LOGIN",
        "status": "SUCCESS",
        "ip_address": "",
        "user_agent": "",
        "created_at": at,
        "detail": {"n": number},
    }


def a_seal(seq: int) -> Row:
    seal = sealed(b"key", seq, "2025-01-01", BEFORE_ALL, [], BEGIN)
    return {column.name: getattr(seal, column.name) for column in audit_seals.columns}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(lambda work: work.seals.staged_among(SOME), WAITING, id="which of some wait"),
        pytest.param(lambda work: work.seals.rows(SOME), TRAIL, id="rows of a seal"),
        pytest.param(lambda work: work.seals.there(SOME), TRAIL, id="which of some are there"),
        pytest.param(lambda work: work.seals.ids_after(MIDDLE, 10), TRAIL, id="ids from one on"),
        pytest.param(lambda work: work.seals.ids_after(MIDDLE, 10, SOME[-1]), TRAIL, id="ids of a span"),
        pytest.param(lambda work: work.seals.after(250, 10), SEALS, id="seals behind one"),
        pytest.param(lambda work: work.seals.one(250), SEALS, id="a seal"),
        pytest.param(lambda work: work.purging.oldest(None, LATE), BY_TIME, id="the oldest row"),
        pytest.param(lambda work: work.purging.oldest(BEGIN, LATE), BY_TIME, id="the oldest row since"),
    ],
)
def test_an_index_finds_it_in_order(
    grown: Database, question: Callable[[Work], object], expected: Step
) -> None:
    (plan,) = plans_of(grown, question)
    assert expected in plan.steps
    assert all(step.columns for step in plan.steps)
    assert not plan.sorts


def test_a_piece_of_a_purge_reads_the_oldest_rows_only(grown: Database) -> None:
    def remove(work: Work) -> None:
        if grown.kind == "sqlite":
            work.purging.remove_rows(BEGIN, LATE, 10)
            return
        (migration,) = (FOLDER / "versions").glob("0044_*.py")
        where = "MARIADB = " if grown.kind in MYSQL else "POSTGRESQL = "
        (statement,) = re.findall(
            r"(DELETE FROM audit_logs .*?);", migration.read_text().split(where)[1], re.DOTALL
        )[:1]
        for name, value in (
            ("from_at", f"'{BEGIN:%F %T}'"),
            ("before_at", f"'{LATE:%F %T}'"),
            ("most", "10"),
        ):
            statement = re.sub(rf"\b{name}\b", value, statement)
        work._connection.exec_driver_sql(statement)

    (plan,) = plans_of(grown, remove)
    assert BY_TIME in plan.steps
    assert all(step.columns for step in plan.steps)
    assert not plan.sorts
