"""Mailbox and ledger are compared: what lies outside the inbox without a fate comes back and is filed once."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from helpdesk.store.engine import open_database
from tests.endtoend.world import World, from_learner

# The servers differ in what they store, which is tested with the store; two of three are enough here.
pytestmark = pytest.mark.parametrize("migrated", ["mariadb"], indirect=True)

FORGED = "dmarc=fail header.from=ecole.example"
BROKEN = b"From: a@b.example\r\n" + b"X-Long: " + b"x" * 70_000 + b"\r\n\r\nUnreadable\r\n"


def mail(number: int, proof: str = "") -> bytes:
    given = {"proof": proof} if proof else {}
    return from_learner(f"Question {number}", message_id=f"<{number}@ecole.example>", **given)


def reconciled(world: World, *options: str) -> dict[str, object]:
    """Run the command; return its findings, and ``status``, its exit status."""
    done = world.run("reconcile", "--json", *options)
    assert done.stdout, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    assert found.pop("mailbox") == "main"
    return {name: value for name, value in found.items() if value} | {"status": done.returncode}


def forget(world: World, message_id: str = "") -> None:
    """Lose what was written for one mail, or for all, as a cluster can lose what was committed last."""
    which = f" IN (SELECT id FROM mails WHERE message_id = '{message_id}')" if message_id else " IS NOT NULL"
    of_mail = f" WHERE message_id = '{message_id}'" if message_id else ""
    database = open_database(world.url)
    with database.engine.begin() as connection:
        for statement in (
            f"DELETE FROM letters WHERE mail_id{which}",
            f"DELETE FROM posts WHERE mail_id{which}",
            f"DELETE FROM mails{of_mail}",
            "DELETE FROM tickets WHERE id NOT IN (SELECT ticket_id FROM posts)",
        ):
            connection.execute(text(statement))
    database.close()


def folders(world: World) -> dict[str, int]:
    return {name: count for name, count in world.dovecot.folder_counts("desk").items() if count}


def alerts(world: World) -> list[str]:
    return [row[0] for row in world.rows("SELECT recipient FROM letters WHERE kind = 'alert'")]


def test_a_mailbox_that_agrees_is_left_alone(world: World) -> None:
    world.dovecot.append_many(
        "desk", [mail(1), mail(1), mail(2, FORGED), BROKEN, from_learner(message_id="")]
    )
    world.once()
    before = folders(world)
    assert reconciled(world) == {"compared": 5, "status": 0}
    assert folders(world) == before


def test_a_mail_whose_write_was_lost_comes_back_and_is_filed_once(world: World) -> None:
    world.dovecot.append_many("desk", [mail(1), mail(2), mail(3)])
    world.once()
    sent = len(world.sink.messages)
    forget(world, "<2@ecole.example>")
    found = reconciled(world)
    assert found == {"compared": 3, "returned": 1, "status": 1}
    assert folders(world) == {"Done": 2, "INBOX": 1}
    assert alerts(world) == ["admin@ecole.example"]
    world.once()
    assert world.rows("SELECT COUNT(*) FROM tickets") == [(3,)]
    assert world.rows("SELECT fate, COUNT(*) FROM mails GROUP BY fate") == [("opened", 3)]
    assert len(world.sink.messages) == sent + 2, "its confirmation and the alert"
    assert reconciled(world) == {"compared": 3, "status": 0}


@pytest.mark.parametrize("folder", ["Done", "Held", "Quarantine"])
def test_a_mail_that_was_moved_by_hand_comes_back_and_is_filed_once(world: World, folder: str) -> None:
    world.once()
    with world.dovecot.client("desk") as client:
        if not client.folder_exists(folder):
            client.create_folder(folder)
    world.dovecot.append_many("desk", [mail(1)], folder)
    assert reconciled(world) == {"compared": 1, "returned": 1, "status": 1}
    world.once()
    world.once()
    assert world.rows("SELECT COUNT(*) FROM tickets") == [(1,)]
    assert folders(world) == {"Done": 1}


def test_mails_that_were_never_read_are_known_by_their_bytes(world: World) -> None:
    other = BROKEN.replace(b"Unreadable", b"unreadable")
    world.dovecot.append_many("desk", [BROKEN])
    world.once()
    assert world.rows("SELECT fate, message_id FROM mails") == [("quarantined", "")]
    world.dovecot.append_many("desk", [other], "Quarantine")
    assert reconciled(world) == {"compared": 2, "returned": 1, "status": 1}
    assert world.dovecot.mails("desk") == [other]


def test_a_mail_in_another_folder_than_that_of_its_fate_goes_there(world: World) -> None:
    world.dovecot.append_many("desk", [mail(1), mail(2, FORGED), BROKEN])
    world.once()
    right = folders(world)
    with world.dovecot.client("desk") as client:
        for folder in ("Held", "Quarantine"):
            client.select_folder(folder)
            client.move(client.search(), "Done")
    assert reconciled(world) == {"compared": 3, "put_right": 2, "status": 0}
    assert folders(world) == right
    assert reconciled(world) == {"compared": 3, "status": 0}
    assert world.rows("SELECT kind FROM alerts WHERE kind LIKE 'reconcile:%'") == []


def test_where_most_of_a_folder_lies_wrong_nothing_is_moved_unless_somebody_says_so(world: World) -> None:
    world.dovecot.append_many("desk", [mail(number) for number in range(11)])
    world.once()
    with world.dovecot.client("desk") as client:
        client.select_folder("Done")
        client.move(client.search(), "Held")
    assert reconciled(world) == {"compared": 11, "misplaced": 11, "status": 1}
    assert folders(world) == {"Held": 11}
    assert alerts(world) == ["admin@ecole.example"]
    assert reconciled(world, "--force") == {"compared": 11, "put_right": 11, "status": 0}
    assert folders(world) == {"Done": 11}


def test_with_another_ledger_nothing_is_moved_unless_somebody_says_so(world: World) -> None:
    world.dovecot.append_many("desk", [mail(number) for number in range(11)])
    world.once()
    forget(world)
    assert reconciled(world) == {"compared": 11, "withheld": 11, "status": 1}
    assert folders(world) == {"Done": 11}
    assert alerts(world) == ["admin@ecole.example"]
    assert reconciled(world, "--force") == {"compared": 11, "returned": 11, "status": 1}
    assert folders(world) == {"INBOX": 11}


def test_mail_that_nobody_looks_at_is_an_alarm_and_deferred_mail_is_none(world: World) -> None:
    unjudged = mail(1).partition(b"\r\n")[2]
    world.dovecot.append_many("desk", [unjudged])
    world.once()
    assert world.rows("SELECT fate FROM mails") == [(None,)]
    now = datetime.now(UTC)
    with world.dovecot.client("desk") as client:
        client.append("INBOX", mail(2), msg_time=now - timedelta(minutes=14))
        assert reconciled(world) == {"status": 0}
        client.append("INBOX", mail(3), msg_time=now - timedelta(minutes=16))
        assert reconciled(world) == {"without_fate": 1, "status": 1}
    assert alerts(world) == ["admin@ecole.example"]


def test_older_mail_than_was_asked_for_is_left_alone(world: World) -> None:
    world.once()
    with world.dovecot.client("desk") as client:
        client.append("Done", mail(1), msg_time=datetime.now(UTC) - timedelta(days=40))
    assert reconciled(world) == {"status": 0}
    assert reconciled(world, "--days", "50") == {"compared": 1, "returned": 1, "status": 1}


def test_people_read_lines_and_learn_which_mailboxes_there_are(world: World) -> None:
    shown = world.run("reconcile")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("mailbox main: 0 mails compared")
    unknown = world.run("reconcile", "--mailbox", "other")
    assert (unknown.returncode, "there is main" in unknown.stderr) == (1, True)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)


def test_a_running_daemon_files_what_comes_back(world: World) -> None:
    world.dovecot.append_many("desk", [mail(1), mail(2)])
    world.once()
    forget(world, "<1@ecole.example>")
    daemon = world.daemon()
    assert reconciled(world) == {"compared": 2, "returned": 1, "status": 1}
    until(lambda: world.rows("SELECT COUNT(*) FROM mails WHERE settled_at IS NOT NULL") == [(2,)])
    daemon.terminate()
    assert daemon.wait(60) == 0
    assert world.rows("SELECT COUNT(*) FROM tickets") == [(2,)]
    assert folders(world) == {"Done": 2}
