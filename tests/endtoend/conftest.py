"""Worlds for the end-to-end tests."""

from pathlib import Path

import pytest

from tests.endtoend.world import World
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink


@pytest.fixture
def world(tmp_path: Path, database_url: str, dovecot: Dovecot, smtp_sink: SmtpSink) -> World:
    """A desk on each database in turn, with a real Dovecot and a relay that demands STARTTLS."""
    return World(tmp_path, database_url, dovecot, smtp_sink).prepare()
