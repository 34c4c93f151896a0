"""Desks for the shell, each on a copy of one migrated SQLite file: migrating takes longer than most tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.store.engine import open_database
from helpdesk.store.schema import migrate
from tests.shell.desks import ShellDesk


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema and no rows."""
    file = tmp_path_factory.mktemp("migrated") / "desk.sqlite3"
    database = open_database(f"sqlite:///{file}")
    migrate(database)
    database.close()
    return file


@pytest.fixture
def shell_desk(migrated_file: Path, tmp_path: Path) -> Iterator[ShellDesk]:
    """A desk on an empty SQLite database."""
    desk = ShellDesk(tmp_path, f"sqlite:///{shutil.copy(migrated_file, tmp_path)}")
    yield desk
    desk.close()
