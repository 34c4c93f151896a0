"""A UID that another mail had before: the mail that has it now is filed, and the same mail is only moved."""

from collections.abc import Sequence

import pytest

from daemon.intake import Limits
from helpdesk.errors import MailboxAway
from helpdesk.store.tables import alerts
from tests.actions.intakes import a_mail
from tests.daemon.inboxes import FakeInbox
from tests.daemon.test_intake import FORGED, Rig, mail, rig

__all__ = ["rig"]


def give_again(rig: Rig, uid: int, raw: bytes) -> None:
    """Restart daemon and mail server; the server, which was restored, has this mail under that UID."""
    folders, rig.inbox = rig.inbox.folders, FakeInbox()
    rig.inbox.folders = folders
    rig.inbox.inbox[uid] = raw


def told(rig: Rig) -> list[tuple[str, int]]:
    return rig.desk.column(alerts, "kind", "count")


def test_another_mail_under_the_uid_of_a_settled_one_is_filed_and_told_of(rig: Rig) -> None:
    first, second = rig.inbox.deliver(mail(1), mail(2, says=FORGED))
    rig.drain()
    give_again(rig, first, mail(3))
    rig.inbox.inbox[second] = mail(4)
    assert rig.drain() == 2
    rows = rig.desk.ledger()
    assert {(row["subject"], row["fate"], row["uid"]) for row in rows} == {
        ("Question 1", "opened", first),
        ("Question 2", "held", second),
        ("Question 3", "opened", first),
        ("Question 4", "opened", second),
    }
    assert all(rig.settled())
    assert rig.inbox.folders == {"Done": [mail(1), mail(3), mail(4)], "Held": [mail(2, says=FORGED)]}
    assert ("uid_reused:main", 2) in told(rig)


def test_another_mail_under_the_uid_of_one_that_was_not_moved_yet_is_filed(rig: Rig) -> None:
    (uid,) = rig.inbox.deliver(mail(1))
    rig.inbox.failing = ["move"]
    with pytest.raises(MailboxAway):
        rig.drain()
    give_again(rig, uid, mail(2))
    assert rig.drain() == 1
    assert (rig.fates(), rig.settled()) == (["opened"] * 2, [True] * 2)
    assert rig.inbox.folders == {"Done": [mail(2)]}


def test_a_uid_may_be_given_again_and_again(rig: Rig) -> None:
    (uid,) = rig.inbox.deliver(mail(1))
    rig.drain()
    for number in (2, 3, 4):
        give_again(rig, uid, mail(number))
        assert rig.drain() == 1
    assert rig.fates() == ["opened"] * 4
    assert told(rig) == [("uid_reused:main", 3)], "one alarm an hour"


BIG = mail(5, "x" * 9000)
ANONYMOUS = a_mail(message_id="")
UNREAD = b"X-Long: " + b"x" * 70_000 + b"\r\n\r\nUnread\r\n"


@pytest.mark.parametrize(
    ("raw", "now"),
    [
        pytest.param(mail(1), mail(1), id="byte for byte"),
        pytest.param(mail(1), b"X-Rendered: anew\r\n" + mail(1, "more"), id="by its Message-ID"),
        pytest.param(ANONYMOUS, ANONYMOUS, id="without Message-ID"),
        pytest.param(ANONYMOUS, b"Received: again\r\n" + ANONYMOUS, id="with another trace"),
        pytest.param(UNREAD, UNREAD, id="never read"),
        pytest.param(BIG, BIG, id="too big"),
    ],
)
def test_the_same_mail_under_its_uid_is_only_moved(rig: Rig, raw: bytes, now: bytes) -> None:
    limits = Limits(max_bytes=len(BIG) - 1 if raw is BIG else len(UNREAD))
    (uid,) = rig.inbox.deliver(raw)
    rig.drain(rig.intake(limits))
    ((folder, _mails),) = rig.inbox.folders.items()
    give_again(rig, uid, now)
    assert rig.drain(rig.intake(limits)) == 0
    assert (rig.inbox.inbox, rig.inbox.folders) == ({}, {folder: [raw, now]})
    assert len(rig.desk.ledger()) == 1
    assert not [kind for kind, _count in told(rig) if kind.startswith("uid_reused")]


@pytest.mark.parametrize(
    ("raw", "now"),
    [
        pytest.param(ANONYMOUS, ANONYMOUS.replace(b"marche", b"charge"), id="as long, without Message-ID"),
        pytest.param(UNREAD, UNREAD.replace(b"Unread", b"unread"), id="as long, never read"),
        pytest.param(BIG, mail(6, "x" * 9000), id="as long, too big"),
    ],
)
def test_another_mail_is_known_by_its_bytes(rig: Rig, raw: bytes, now: bytes) -> None:
    limits = Limits(max_bytes=len(BIG) - 1 if raw is BIG else len(UNREAD))
    (uid,) = rig.inbox.deliver(raw)
    rig.drain(rig.intake(limits))
    assert len(raw) == len(now)
    give_again(rig, uid, now)
    assert rig.drain(rig.intake(limits)) == 1
    assert len(rig.desk.ledger()) == 2


class Full(FakeInbox):
    """Its folders take nothing more."""

    def move(self, uids: Sequence[int], folder: str) -> None:
        self._ask("move", uids)


def test_mails_that_cannot_be_moved_are_compared_once_in_the_life_of_a_connection(rig: Rig) -> None:
    rig.inbox = Full()
    uids = rig.inbox.deliver(mail(1), ANONYMOUS)
    intake = rig.intake()
    for _round in range(3):
        rig.drain(intake)
    assert rig.inbox.calls("glances") == [tuple(uids)]
    assert rig.inbox.calls("fetch") == [tuple(uids), (uids[1],)]
    assert len(rig.desk.ledger()) == 2
