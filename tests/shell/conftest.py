"""Desks for the shell, each on a copy of one migrated SQLite file: migrating takes longer than most tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.core.people import Role
from helpdesk.store.engine import open_database
from helpdesk.store.schema import migrate
from tests.shell.desks import PASSWORD, ShellDesk
from tests.shell.terminals import Terminal, logged_in


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


@pytest.fixture
def ticket_desk(shell_desk: ShellDesk) -> ShellDesk:
    """A desk with an admin who has a ticket."""
    boss = shell_desk.person("Boss", Role.ADMIN, password=PASSWORD)
    shell_desk.ticket(7, boss)
    return shell_desk


@pytest.fixture
def terminal(ticket_desk: ShellDesk) -> Iterator[Terminal]:
    """A terminal in which the admin has logged in."""
    with logged_in(ticket_desk) as terminal:
        yield terminal
