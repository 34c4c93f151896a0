"""A mail in the wrong folder goes to that of its fate where the ledger leaves no doubt; none is lost on the way."""

import logging
from collections.abc import Sequence

import pytest

from daemon.leaving import Folders
from daemon.misplaced import Misplaced
from helpdesk.actions.reconcile import Key, message_key_in
from helpdesk.errors import MailRefused
from tests.daemon.inboxes import FakeInbox
from tests.daemon.test_intake import FORGED, Rig, mail, rig
from tests.daemon.test_leaving import CopyingInbox

__all__ = ["rig"]
LIMIT = 100_000


def put_right(rig: Rig, folder: str, inbox: FakeInbox | None = None) -> int:
    """Compare a folder, all of whose mails lie wrong, and move them."""
    inbox = inbox or rig.inbox
    misplaced = Misplaced(rig.desk.desk, inbox, rig.desk.source, Folders(), LIMIT)
    raws = dict(enumerate(inbox.folders.get(folder, []), 1))
    keys = {uid: Key(message_key_in(raw), len(raw)) for uid, raw in raws.items()}
    return misplaced.put_right(folder, misplaced.strays(keys, raws))


def copying(rig: Rig) -> CopyingInbox:
    """Let the server offer no MOVE from now on."""
    inbox = CopyingInbox()
    inbox.folders = rig.inbox.folders
    rig.inbox = inbox
    return inbox


@pytest.mark.parametrize("can_move", [True, False])
def test_a_mail_goes_where_its_fate_wants_it(rig: Rig, can_move: bool) -> None:
    rig.inbox.deliver(mail(1), mail(2, says=FORGED))
    rig.drain()
    if not can_move:
        copying(rig)
    rig.inbox.folders = {"Held": [mail(1)], "Done": [mail(2, says=FORGED)]}
    assert (put_right(rig, "Held"), put_right(rig, "Quarantine")) == (1, 0)
    assert rig.inbox.folders == {"Held": [], "Done": [mail(2, says=FORGED), mail(1)]}


def test_a_copy_that_a_kill_left_behind_goes_when_the_other_is_there(rig: Rig) -> None:
    rig.inbox.deliver(mail(1))
    rig.drain()
    inbox = copying(rig)
    inbox.folders = {"Held": [mail(1)], "Done": [mail(1)]}
    assert put_right(rig, "Held") == 1
    assert inbox.folders == {"Held": [], "Done": [mail(1)]}


def test_of_two_equal_mails_each_keeps_its_copy(rig: Rig) -> None:
    rig.inbox.deliver(mail(1), mail(1))
    rig.drain()
    inbox = copying(rig)
    inbox.folders = {"Held": [mail(1)], "Done": [mail(1)]}
    assert put_right(rig, "Held") == 1
    assert inbox.folders == {"Held": [], "Done": [mail(1)] * 2}


def test_a_mail_that_never_left_the_inbox_by_the_ledger_keeps_its_only_copy(rig: Rig) -> None:
    rig.inbox.deliver(mail(1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("daemon.leaving.mark_settled", lambda *_: None)
        rig.drain()
    assert rig.settled() == [False]
    inbox = copying(rig)
    inbox.folders = {"Held": [mail(1)], "Done": []}
    assert put_right(rig, "Held") == 1
    assert inbox.folders == {"Held": [], "Done": [mail(1)]}


def test_where_the_ledger_says_two_things_or_nothing_the_mail_is_left(rig: Rig) -> None:
    rig.inbox.deliver(mail(1, says=FORGED), mail(1))
    rig.drain()
    assert rig.fates() == ["held", "opened"]
    lying = [mail(1), mail(1, "Another text")]
    rig.inbox.folders = {"Quarantine": list(lying)}
    assert put_right(rig, "Quarantine") == 0
    assert rig.inbox.folders["Quarantine"] == lying


def test_what_the_server_refuses_is_told_of_and_the_others_go(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    class Refusing(FakeInbox):
        def move(self, uids: Sequence[int], folder: str) -> None:
            if self.inbox.get(uids[0]) == mail(1):
                raise MailRefused("MOVE: no")
            super().move(uids, folder)

    caplog.set_level(logging.ERROR, "helpdesk.reconcile")
    rig.inbox.deliver(mail(1), mail(2))
    rig.drain()
    rig.inbox = Refusing()
    rig.inbox.folders = {"Held": [mail(1), mail(2)]}
    assert put_right(rig, "Held") == 1
    assert rig.inbox.folders == {"Held": [mail(1)], "Done": [mail(2)]}
    assert [record.message for record in caplog.records] == ["misplaced"]
