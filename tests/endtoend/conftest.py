"""Worlds for the end-to-end tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.endtoend.world import World
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink


@pytest.fixture
def world(tmp_path: Path, database_url: str, dovecot: Dovecot, smtp_sink: SmtpSink) -> Iterator[World]:
    """A desk on each database in turn, with a real Dovecot and a relay that demands STARTTLS."""
    desk = World(tmp_path, database_url, dovecot, smtp_sink).prepare()
    yield desk
    desk.end()
