"""A mail that somebody flagged as deleted reached the inbox all the same: it is filed, and left there."""

from collections.abc import Sequence

import pytest

from daemon import meters
from helpdesk.actions.arrival import Source
from helpdesk.actions.desk import Desk
from helpdesk.actions.intake import with_fate
from helpdesk.errors import MailboxAway
from tests.actions.intakes import a_mail
from tests.daemon.inboxes import FakeInbox
from tests.daemon.test_intake import FORGED, Rig, mail, rig

__all__ = ["rig"]


def test_flagged_mails_are_filed_in_their_order_and_stay_where_they_are(rig: Rig) -> None:
    first, second, third = rig.inbox.deliver(mail(1), mail(2, says=FORGED), mail(3))
    rig.inbox.deleted = {first, second}
    intake = rig.intake()
    assert rig.drain(intake) == 3
    assert [row["subject"] for row in rig.desk.ledger()] == ["Question 1", "Question 2", "Question 3"]
    assert (rig.fates(), rig.settled()) == (["opened", "held", "opened"], [True] * 3)
    assert sorted(rig.inbox.inbox) == [first, second]
    assert rig.inbox.folders == {"Done": [mail(3)]}
    assert meters.INBOX_MAILS.labels("main")._value.get() == 0
    asked = len(rig.inbox.asked)
    assert rig.drain(intake) == 0
    assert {verb for verb, _uids in rig.inbox.asked[asked:]} == {"uids", "flagged"}
    assert rig.drain() == 0, "nor after a restart"
    assert third not in rig.inbox.inbox


def test_a_mail_whose_flag_is_taken_away_later_leaves_the_inbox(rig: Rig) -> None:
    (uid,) = rig.inbox.deliver(mail(1))
    rig.inbox.deleted = {uid}
    intake = rig.intake()
    rig.drain(intake)
    rig.inbox.deleted = set()
    assert rig.drain(intake) == 0
    assert (rig.inbox.inbox, rig.inbox.folders, rig.fates()) == ({}, {"Done": [mail(1)]}, ["opened"])


def test_a_flagged_mail_may_have_to_wait_for_its_verdict(rig: Rig) -> None:
    (uid,) = rig.inbox.deliver(a_mail(above=[]))
    rig.inbox.deleted = {uid}
    intake = rig.intake()
    assert (rig.drain(intake), rig.drain(intake)) == (1, 0)
    assert rig.fates() == [None]
    rig.desk.later(rig.desk.ledger()[0]["look_again_at"] - rig.desk.now)
    assert rig.drain(intake) == 1


def test_a_mail_that_is_flagged_between_its_filing_and_its_move_counts_as_gone(rig: Rig) -> None:
    (uid,) = rig.inbox.deliver(mail(1))
    rig.inbox.failing = ["move"]
    with pytest.raises(MailboxAway):
        rig.drain()
    rig.inbox.deleted = {uid}
    assert rig.drain() == 0
    assert (rig.fates(), rig.settled()) == (["opened"], [True])


def test_flagged_mails_that_have_their_fate_are_asked_for_once_in_the_life_of_a_connection(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def counting(desk: Desk, source: Source, uids: Sequence[int]) -> set[int]:
        asked.append(len(uids))
        return with_fate(desk, source, uids)

    monkeypatch.setattr("daemon.flagged.with_fate", counting)
    uids = rig.inbox.deliver(*(mail(number) for number in range(5)))
    rig.inbox.deleted = set(uids)
    intake = rig.intake()
    for _round in range(4):
        rig.drain(intake)
    assert asked == [5, 5]
    anew, rig.inbox = rig.inbox, FakeInbox()
    rig.inbox.inbox, rig.inbox.deleted = anew.inbox, anew.deleted
    rig.drain(intake)
    assert asked == [5, 5, 5]
