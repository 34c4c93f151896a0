"""A desk with its people, on every database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actions.intakes import bench
from tests.actions.staff import Staffed
from tests.conftest import ENGINES
from tests.servers.mariadb import MariaDb
from tests.servers.postgres import Postgres
from tests.servers.sqlite import Sqlite


@pytest.fixture(scope="module", params=ENGINES)
def each_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """One database on each engine in turn for all tests of a module: making the tables takes longer than they do."""
    engine: Sqlite | MariaDb | Postgres = request.getfixturevalue(request.param)
    made = engine.fresh_database()
    yield made
    engine.drop_database(made)


@pytest.fixture
def staffed(each_url: str, tmp_path: Path) -> Iterator[Staffed]:
    """A desk with its people and no ticket, on each engine in turn."""
    made = bench(each_url, tmp_path)
    yield Staffed(made)
    made.close()
