"""The commands by which a sysadmin sees and mends what does not go out, on real servers and every database."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from tests.endtoend.world import LEARNER, World, from_learner
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink

on_two_databases = pytest.mark.parametrize("migrated", ["sqlite", "mariadb"], indirect=True)

WAIT_SECONDS = 60.0


def command(world: World, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        world.command(*words),
        env=world.variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        encoding="utf-8",
    )


def told(world: World, *words: str) -> list[dict[str, Any]]:
    """Return what a command shows as JSON, one object for each line."""
    return [json.loads(line) for line in command(world, *words, "--json").stdout.splitlines()]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@on_two_databases
def test_a_dead_letter_is_listed_and_sent_again(world: World) -> None:
    assert "No letter is dead." in command(world, "letter", "list").stdout
    world.sink.reply_for = lambda stage, _argument: "550 5.1.1 no such person" if stage == "RCPT" else None
    world.dovecot.append_many("desk", [from_learner()])
    world.once()
    listed = command(world, "letter", "list")
    assert listed.returncode == 0, listed.stderr
    assert f"ticket_opened to {LEARNER} about ticket 1" in listed.stdout
    assert "RCPT: 550 5.1.1 no such person" in listed.stdout
    [letter] = told(world, "letter", "list")
    world.sink.reply_for = None
    again = command(world, "letter", "again", str(letter["id"]))
    assert again.returncode == 0, again.stderr
    world.once()
    [received] = world.sink.messages
    assert message_from_bytes(received.content)["Message-ID"] == letter["message_id"]
    assert command(world, "letter", "again", str(letter["id"])).returncode == 1, "it is sent now"
    assert command(world, "letter", "again", "all-dead").stdout == "0 letters are queued again.\n"
    assert world.rows("SELECT COUNT(*) FROM audit_logs WHERE action = 'LETTER_SENT_AGAIN'") == [(1,)]


@on_two_databases
def test_a_breaker_is_listed_and_reset_and_the_waiting_letters_go(world: World) -> None:
    settings = world.settings.read_text()
    world.settings.write_text(settings.replace("per_address_hour = 100000", "per_address_hour = 1"))
    world.dovecot.append_many(
        "desk", [from_learner(f"Question {number}", message_id=f"<{number}@x>") for number in range(3)]
    )
    world.once()
    assert len(world.sink.messages) == 1
    scope = f"hour:address:{LEARNER}"
    shown = command(world, "breaker", "list")
    assert shown.returncode == 0, shown.stderr
    assert f"letters to {LEARNER}, counted by the hour" in shown.stdout
    assert "2 letters wait because of it" in shown.stdout
    assert [(one["scope"], one["letters"]) for one in told(world, "breaker", "list")] == [(scope, 2)]
    reset = command(world, "breaker", "reset", scope)
    assert (reset.returncode, reset.stdout) == (0, f"{scope} is closed; 2 letters go out now.\n")
    world.once()
    assert len(world.sink.messages) == 3
    assert command(world, "breaker", "list").stdout == "No breaker is open.\n"
    refused = command(world, "breaker", "reset", scope)
    assert refused.returncode == 1
    assert "no breaker" in refused.stderr
    assert world.rows("SELECT COUNT(*) FROM audit_logs WHERE action = 'BREAKER_RESET'") == [(1,)]


@on_two_databases
def test_status_tells_whether_a_daemon_is_alive(world: World) -> None:
    before = command(world, "status")
    assert before.returncode == 1, before.stderr
    assert "no daemon is running" in before.stdout
    daemon = world.daemon()
    world.dovecot.append_many("desk", [from_learner()])
    world.sink.wait_for(1, WAIT_SECONDS)
    until(lambda: command(world, "status").returncode == 0)
    [shown] = told(world, "status")
    assert shown["well"] is True
    assert [one["alive"] for one in shown["daemons"]] == [True]
    [mailbox] = shown["mailboxes"]
    assert (mailbox["name"], mailbox["inbox"], mailbox["away"]) == ("main", 0, "")
    assert "mailbox:main" in command(world, "status").stdout
    assert "all is well" in command(world, "status").stdout
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(WAIT_SECONDS)
    until(lambda: "silent since" in command(world, "status").stdout)
    after = command(world, "status")
    assert after.returncode == 1
    assert "no daemon is running" in after.stdout


@on_two_databases
def test_status_tells_why_a_mailbox_is_away_and_what_waits(world: World) -> None:
    world.sink.kill()
    world.dovecot.append_many("desk", [from_learner()])
    assert world.once().returncode == 1
    world.settings.write_text(
        world.settings.read_text().replace(f"port = {world.dovecot.imaps_port}", "port = 9")
    )
    [shown] = told(world, "status")
    world.sink.start()
    [mailbox] = shown["mailboxes"]
    assert mailbox["inbox"] is None
    assert "IMAP localhost:9" in mailbox["away"]
    assert shown["letters"] == {"queued": 1, "sending": 0, "dead": 0}
    assert shown["oldest_unsent"] is not None
    assert any("mailbox main is away" in one for one in shown["troubles"])


def test_status_on_an_empty_database_says_what_to_do(
    tmp_path: Path, database_url: str, dovecot: Dovecot, smtp_sink: SmtpSink
) -> None:
    world = World(tmp_path, database_url, dovecot, smtp_sink)
    world.write_settings()
    shown = command(world, "status")
    assert shown.returncode == 1
    assert "helpdeskd: database" in shown.stderr
    assert "helpdeskd.py migrate" in shown.stderr
    assert "Traceback" not in shown.stderr
