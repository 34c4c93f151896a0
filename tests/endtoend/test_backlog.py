"""Mail in an inbox that nobody files is a trouble that ``status`` tells of, whatever keeps it there."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from helpdesk.store.engine import open_database
from tests.endtoend.world import World, from_learner

# The servers differ in what they store, which is tested with the store; two of three are enough here.
pytestmark = pytest.mark.parametrize("migrated", ["mariadb"], indirect=True)
UNFILED = "waits in the inbox and is not filed"


def deliver(world: World, raw: bytes, minutes_ago: int) -> None:
    with world.dovecot.client("desk") as client:
        client.append("INBOX", raw, msg_time=datetime.now(UTC) - timedelta(minutes=minutes_ago))


def troubles(world: World) -> list[str]:
    shown = json.loads(world.run("status", "--json").stdout)
    return [one for one in shown["troubles"] if UNFILED in one]


def test_a_mail_that_waits_for_over_five_minutes_is_told_of_until_it_is_filed(world: World) -> None:
    deliver(world, from_learner(), 4)
    assert troubles(world) == []
    deliver(world, from_learner(message_id="<2@ecole.example>"), 6)
    assert len(troubles(world)) == 1, "also of a mailbox that no daemon has ever looked into"
    world.once()
    assert troubles(world) == []
    deliver(world, from_learner(message_id="<3@ecole.example>"), 6)
    assert len(troubles(world)) == 1
    assert "not filed since" in world.run("status").stdout


def test_a_mail_that_was_begun_and_never_ended_is_told_of_and_a_deferred_one_is_not(world: World) -> None:
    unjudged = from_learner().partition(b"\r\n")[2]
    deliver(world, unjudged, 60)
    world.once()
    assert world.rows("SELECT fate FROM mails") == [(None,)]
    assert troubles(world) == []
    database = open_database(world.url)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE mails SET look_again_at = NULL, attempts = 1"))
    database.close()
    assert len(troubles(world)) == 1
