"""Migrated databases on every engine, for the tests of the store."""

from collections.abc import Iterator

import pytest

from helpdesk.store.engine import Database, open_database
from helpdesk.store.schema import migrate
from tests.conftest import ENGINES
from tests.servers.mariadb import MariaDb
from tests.servers.postgres import Postgres
from tests.servers.sqlite import Sqlite
from tests.store.cleaning import empty_tables


@pytest.fixture(scope="session", params=ENGINES)
def migrated(request: pytest.FixtureRequest) -> Iterator[Database]:
    """One migrated database on each engine in turn: making the tables takes longer than most tests."""
    engine: Sqlite | MariaDb | Postgres = request.getfixturevalue(request.param)
    url = engine.fresh_database()
    opened = open_database(url)
    migrate(opened)
    yield opened
    opened.close()
    engine.drop_database(url)


@pytest.fixture
def database(migrated: Database) -> Database:
    """A database with the newest schema and no rows, on each engine in turn."""
    empty_tables(migrated)
    return migrated
