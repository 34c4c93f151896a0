"""A running daemon tells of what happened at a keyboard, by letter and in its file."""

import json
import signal
from datetime import UTC, datetime

import pytest

from helpdesk.core.audit import Action, Outcome
from helpdesk.store.audit import Event
from helpdesk.store.engine import open_database
from helpdesk.store.work import in_work
from tests.endtoend.world import World

pytestmark = pytest.mark.parametrize("migrated", ["sqlite", "mariadb"], indirect=True)

SECONDS = 60.0


def test_a_refused_change_of_roles_reaches_contacts_and_file(world: World) -> None:
    row = Event(Action.UNAUTHORIZED_ROLE_CHANGE, Outcome.DENIED, datetime.now(UTC))
    database = open_database(world.url)
    in_work(database, lambda work: work.audit.add([row]))
    database.close()
    daemon = world.daemon()
    (letter,) = world.sink.wait_for(1, SECONDS)
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(SECONDS) == 0
    assert letter.recipients == ("admin@ecole.example",)
    assert world.once().returncode == 0  # what the daemon had no time for any more
    (line,) = (world.folder / "state" / "alerts.log").read_text().splitlines()
    assert json.loads(line)["kind"] == "UNAUTHORIZED_ROLE_CHANGE"
