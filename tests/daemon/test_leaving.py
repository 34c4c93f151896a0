"""Where the server knows no MOVE: a mail is copied once, whatever refuses, ends or comes twice."""

from collections import Counter
from collections.abc import Sequence
from unittest.mock import patch

from helpdesk.errors import MailRefused, MailStays
from tests.daemon.inboxes import FakeInbox
from tests.daemon.test_intake import Killed, Rig, mail, rig

__all__ = ["rig"]


class CopyingInbox(FakeInbox):
    """Moves by copies. ``refusing``: it will not mark these UIDs as deleted; ``deadly``: who copies them dies."""

    def __init__(self) -> None:
        super().__init__()
        self.can_move = False
        self.refusing: set[int] = set()
        self.deadly: set[int] = set()

    def move(self, uids: Sequence[int], folder: str) -> None:
        into = self.folders.setdefault(folder, [])
        for uid in uids:
            into += [self.inbox[uid]] if uid in self.inbox else []
            if uid in self.deadly:
                self.deadly.clear()
                raise Killed
        try:
            self.remove(uids)
        except MailRefused as refused:
            raise MailStays(str(refused)) from refused

    def remove(self, uids: Sequence[int]) -> None:
        if self.refusing.intersection(uids):
            raise MailRefused("STORE: no")
        super().remove(uids)


def copies(inbox: FakeInbox, folder: str = "Done") -> Counter[bytes]:
    return Counter(inbox.folders.get(folder, []))


def test_mail_that_is_copied_and_not_let_go_is_copied_once_through_rounds_and_restarts(rig: Rig) -> None:
    rig.inbox = inbox = CopyingInbox()
    raws = [mail(number) for number in range(4)]
    uids = inbox.deliver(*raws, raws[1])
    inbox.refusing = {uids[1], uids[4]}
    for _restart in range(3):
        intake = rig.intake()
        for _round in range(4):
            rig.drain(intake)
        assert copies(inbox) == Counter([*raws, raws[1]])
        assert sorted(inbox.inbox) == [uids[1], uids[4]]
        assert rig.settled() == [True, False, True, True, False]
    inbox.refusing.clear()
    rig.drain()
    assert copies(inbox) == Counter([*raws, raws[1]])
    assert not inbox.inbox
    assert all(rig.settled())


def test_of_two_equal_mails_only_the_one_that_was_copied_before_a_crash_is_not_copied_again(rig: Rig) -> None:
    rig.inbox = inbox = CopyingInbox()
    raws = [mail(1), mail(1), mail(2)]
    uids = inbox.deliver(*raws)
    inbox.deadly = {uids[0]}
    try:
        rig.drain()
    except Killed:
        assert copies(inbox) == Counter(raws[:1])
    rig.drain()
    assert copies(inbox) == Counter(raws)
    assert not inbox.inbox


def test_a_copy_that_belongs_to_a_mail_which_has_left_is_no_copy_of_another(rig: Rig) -> None:
    rig.inbox = inbox = CopyingInbox()
    inbox.deliver(mail(1))
    rig.drain()
    (again,) = inbox.deliver(mail(1))
    with patch.object(inbox, "move", side_effect=MailRefused("COPY: no")):
        rig.drain()
    assert list(inbox.inbox) == [again]
    rig.drain()
    assert copies(inbox) == Counter([mail(1)] * 2)
    assert not inbox.inbox
