"""A mail that takes the whole daemon down does so three times, and never again; its neighbours lose nothing."""

import subprocess
import time

import pytest

from daemon.intake import POISON
from tests.endtoend import fragile_daemon
from tests.endtoend.world import ROOT, World, from_learner

pytestmark = pytest.mark.parametrize("migrated", ["mariadb"], indirect=True)

WAIT_SECONDS = 60.0
DEADLY = from_learner(message_id="<deadly@x>").replace(
    b"Subject: Mon chargeur ne marche plus\r\n", fragile_daemon.DEADLY
)


def _started(world: World) -> "subprocess.Popen[str]":
    interpreter, _program, *arguments = world.command("run")
    command = [interpreter, "-m", fragile_daemon.__name__, *arguments]
    with world.log.open("a") as log:
        daemon = subprocess.Popen(command, cwd=ROOT, env=world.variables, stderr=log, text=True)
    world.started.append(daemon)
    return daemon


def _attempts(world: World) -> int:
    return int(world.rows("SELECT MAX(attempts) FROM mails")[0][0] or 0)


def test_a_deadly_mail_is_quarantined_in_place_of_a_third_counted_attempt(world: World) -> None:
    first, last = (from_learner(f"Panne {number}", message_id=f"<{number}@x>") for number in (1, 2))
    world.dovecot.append_many("desk", [first, DEADLY, last])
    for counted in (0, 1, 2):
        assert _started(world).wait(WAIT_SECONDS) == -9, world.log.read_text()
        assert _attempts(world) == counted
    assert world.rows("SELECT COUNT(*) FROM tickets") == [(1,)], "the one before it"
    daemon = _started(world)
    end = time.monotonic() + WAIT_SECONDS
    while world.dovecot.folder_counts("desk")["INBOX"] or world.rows(
        "SELECT COUNT(*) FROM letters WHERE state <> 'sent'"
    ) != [(0,)]:
        assert time.monotonic() < end, world.log.read_text()
        time.sleep(0.1)
    daemon.terminate()
    assert daemon.wait(WAIT_SECONDS) == 0
    assert world.rows("SELECT fate, rule, reason, size FROM mails WHERE fate <> 'opened'") == [
        ("quarantined", "poison", POISON, len(DEADLY))
    ]
    assert world.rows("SELECT COUNT(*) FROM mails WHERE fate = 'opened'") == [(2,)]
    assert world.dovecot.mails("desk", "Quarantine") == [DEADLY]
    assert sorted(world.rows("SELECT kind, recipient FROM letters")) == [
        ("alert", "admin@ecole.example"),
        ("ticket_opened", "marie@ecole.example"),
        ("ticket_opened", "marie@ecole.example"),
    ]
