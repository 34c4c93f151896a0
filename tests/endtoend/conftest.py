"""Worlds for the end-to-end tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.store.engine import Database
from tests.endtoend.world import World
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink


@pytest.fixture
def world(tmp_path: Path, database: Database, dovecot: Dovecot, smtp_sink: SmtpSink) -> Iterator[World]:
    """A desk on each database in turn, with a real Dovecot and a relay that demands STARTTLS."""
    url = database.engine.url.render_as_string(hide_password=False)
    desk = World(tmp_path, url, dovecot, smtp_sink).furnish()
    yield desk
    desk.end()


@pytest.fixture
def own_world(tmp_path: Path, database_url: str, dovecot: Dovecot, smtp_sink: SmtpSink) -> Iterator[World]:
    """The same on a database of its own, for a test that changes more of it than rows."""
    desk = World(tmp_path, database_url, dovecot, smtp_sink).prepare()
    yield desk
    desk.end()
