"""A mail store that was restored from a snapshot gives UIDs to other mails than the ledger knows them by."""

import pytest

from tests.endtoend.world import World, from_learner

# The servers differ in what they store, which is tested with the store; two of three are enough here.
pytestmark = pytest.mark.parametrize("migrated", ["mariadb"], indirect=True)


def mail(number: int) -> bytes:
    return from_learner(f"Question {number}", f"Body {number}", message_id=f"<{number}@ecole.example>")


def test_mails_under_uids_that_others_had_before_are_filed_and_told_of(world: World) -> None:
    dovecot = world.dovecot
    dovecot.append_many("desk", [mail(1)])
    world.once()
    before = dovecot.snapshot("desk")
    known = dovecot.append_many("desk", [mail(2), mail(3)])
    world.once()
    dovecot.go_back("desk", before)
    assert dovecot.append_many("desk", [mail(4), mail(5), mail(6)])[:2] == known
    world.once()
    world.once()
    assert world.rows("SELECT subject, fate FROM mails ORDER BY subject") == [
        (f"Question {number}", "opened") for number in range(1, 7)
    ]
    assert world.rows("SELECT COUNT(*) FROM tickets") == [(6,)]
    assert world.rows("SELECT COUNT(*) FROM mails WHERE settled_at IS NULL") == [(0,)]
    assert world.rows("SELECT kind FROM alerts") == [("uid_reused:main",)]
    assert dovecot.folder_counts("desk")["Done"] == 4, "the copies of two are lost with the mail store"
    found = world.run("why", "<2@ecole.example>")
    assert "the UID is another mail's since" in found.stdout, found.stderr


def test_the_same_mails_under_the_uids_that_they_had_are_only_moved(world: World) -> None:
    dovecot = world.dovecot
    dovecot.append_many("desk", [mail(1)])
    world.once()
    dovecot.append_many("desk", [mail(2), mail(3)])
    before = dovecot.snapshot("desk")
    world.once()
    dovecot.go_back("desk", before)
    world.once()
    assert world.rows("SELECT subject, fate FROM mails ORDER BY subject") == [
        (f"Question {number}", "opened") for number in range(1, 4)
    ]
    assert world.rows("SELECT kind FROM alerts") == []
    assert {name: count for name, count in dovecot.folder_counts("desk").items() if count} == {"Done": 3}
