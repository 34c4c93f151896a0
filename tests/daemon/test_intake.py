"""From the inbox to settled, with a mailbox in memory: what is fetched, filed, moved, and what a crash leaves."""

import errno
import logging
import os
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from daemon import meters
from daemon.examine import Examined, Setup, examiner
from daemon.imap import OVERSIZE_HEADER_BYTES
from daemon.intake import POISON, Intake, Limits
from daemon.leaving import Folders
from daemon.parsers import ParsePool
from helpdesk.actions.arrival import Arrival, Filed, Source
from helpdesk.actions.desk import Desk
from helpdesk.actions.intake import file_batch, known_source
from helpdesk.actions.leases import Lease
from helpdesk.core.classify import OwnMarks
from helpdesk.core.mail import Caps
from helpdesk.core.tickets import Fate
from helpdesk.errors import MailboxAway, StoreAway
from helpdesk.store.tables import mails, tickets
from helpdesk.store.work import in_work
from tests.actions.intakes import ADMIN, DESK, JEAN, TRUST, IntakeBench, a_mail, bench
from tests.core.makers import DMARC_NONE, SPF_PASS
from tests.daemon.inboxes import FakeInbox

WEAK = (DMARC_NONE, SPF_PASS)
FORGED = ("dmarc=fail header.from=univ.example",)


class Killed(BaseException):
    """Stands for the end of the process."""


class InlinePool:
    """Examines in this process. ``deadly``: a mail that holds these bytes takes the process down."""

    def __init__(self, bench: IntakeBench) -> None:
        self._bench = bench
        self._examine = examiner(Setup(Caps(), OwnMarks("hd-7f3a", "help.example", frozenset({DESK})), TRUST))
        self.deadly = b"\0 nothing"

    def examine(self, raws: Sequence[bytes], now_epoch: int | None = None) -> list[Examined]:
        if any(self.deadly in raw for raw in raws):
            raise Killed
        return [self._examine(raw, now_epoch or int(self._bench.now.timestamp())) for raw in raws]


class Rig:
    """An intake with everything around it."""

    def __init__(self, desk: IntakeBench) -> None:
        self.desk = desk
        self.inbox = FakeInbox()
        self.pool = InlinePool(desk)
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1

    def intake(self, limits: Limits | None = None, careful_mails: int = 0) -> Intake:
        """Return the intake of a process that has just started."""
        pool = cast("ParsePool", self.pool)
        return Intake(
            self.desk.desk, "main", 14, Folders(), limits or Limits(), pool, self.wake, careful_mails
        )

    def drain(self, intake: Intake | None = None, going: Callable[[], bool] = lambda: True) -> int:
        return (intake or self.intake()).drain(self.inbox, going)

    def fates(self) -> list[str | None]:
        return [row["fate"] for row in self.desk.ledger()]

    def settled(self) -> list[bool]:
        return [row["settled_at"] is not None for row in self.desk.ledger()]


@pytest.fixture
def rig(sqlite_url: str, tmp_path: Path) -> Iterator[Rig]:
    desk = bench(sqlite_url, tmp_path)
    desk.person()
    yield Rig(desk)
    desk.close()


def mail(number: int = 1, text: str = "?", says: Sequence[str] | None = None) -> bytes:
    subject, message_id = f"Question {number}", f"<{number}@univ.example>"
    if says is None:
        return a_mail(subject, text, message_id=message_id)
    return a_mail(subject, text, message_id=message_id, says=says)


def test_each_mail_goes_to_the_folder_of_its_fate(rig: Rig) -> None:
    forged, malformed = mail(2, says=FORGED), a_mail(sender="a@b.example, c@d.example")
    again = mail(1)
    rig.inbox.deliver(mail(1), forged, malformed, again)
    assert rig.drain() == 4
    assert rig.inbox.inbox == {}
    assert rig.inbox.folders == {"Done": [mail(1), again], "Held": [forged], "Quarantine": [malformed]}
    assert rig.fates() == ["opened", "held", "quarantined", "duplicate"]
    assert rig.settled() == [True] * 4
    assert rig.drain() == 0


@pytest.mark.parametrize("fate", Fate)
def test_every_fate_has_a_folder(fate: Fate) -> None:
    expected = {Fate.HELD: "Held", Fate.QUARANTINED: "Quarantine"}.get(fate, "Done")
    assert Folders().of(fate) == expected


def test_mails_are_fetched_oldest_first_in_bounded_batches(rig: Rig) -> None:
    first, *_others, last = rig.inbox.deliver(*(mail(number) for number in range(7)))
    assert rig.drain(rig.intake(Limits(batch_mails=3))) == 7
    fetched = rig.inbox.calls("fetch")
    assert [len(uids) for uids in fetched] == [3, 3, 1]
    assert [uid for uids in fetched for uid in uids] == list(range(first, last + 1))
    assert rig.desk.column(tickets, "number", "subject") == [
        (number + 1, f"Question {number}") for number in range(7)
    ]
    assert [len(uids) for uids in rig.inbox.calls("move")] == [3, 3, 1], "one command for a folder and batch"


def test_the_batch_before_is_moved_and_the_next_one_fetched_while_one_is_filed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    filing = threading.Event()
    waited: list[bool] = []

    class Slow(FakeInbox):
        def move(self, uids: Sequence[int], folder: str) -> None:
            waited.append(not self.folders and filing.wait(10))  # of the first batch
            super().move(uids, folder)

    def file_batch_of_two(desk: Desk, source: Source, batch: Sequence[Arrival]) -> list[Filed]:
        if rig.desk.rows(mails):  # the second one
            filing.set()
        return file_batch(desk, source, batch)

    monkeypatch.setattr("daemon.intake.file_batch", file_batch_of_two)
    rig.inbox = Slow()
    rig.inbox.deliver(*(mail(number) for number in range(6)))
    assert rig.drain(rig.intake(Limits(batch_mails=2))) == 6
    assert waited == [True, False, False]
    verbs = [verb for verb, _uids in rig.inbox.asked if verb in ("fetch", "move")]
    assert verbs == ["fetch", "fetch", "move", "fetch", "move", "move"]


def test_what_was_filed_is_moved_after_a_failure_to_fetch_the_next(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.inbox.deliver(*(mail(number) for number in range(4)))
    fetch = rig.inbox.fetch

    def refuse_the_last(uids: Sequence[int]) -> dict[int, bytes]:
        if min(uids) > 102:
            rig.inbox.failing = ["fetch"]
        return fetch(uids)

    with monkeypatch.context() as patch:
        patch.setattr(rig.inbox, "fetch", refuse_the_last)
        with pytest.raises(MailboxAway):
            rig.drain(rig.intake(Limits(batch_mails=2)))
    assert (len(rig.desk.rows(tickets)), len(rig.inbox.inbox)) == (2, 4)
    assert rig.drain() == 2
    assert (rig.settled(), rig.inbox.inbox) == ([True] * 4, {})


def test_a_batch_is_bounded_in_bytes_too(rig: Rig) -> None:
    rig.inbox.deliver(*(mail(number, "x" * 1000) for number in range(4)))
    rig.drain(rig.intake(Limits(batch_bytes=4000)))
    assert [len(uids) for uids in rig.inbox.calls("fetch")] == [2, 2]


def test_letters_are_told_of_when_mail_was_filed(rig: Rig) -> None:
    rig.drain()
    quiet = rig.woken
    rig.inbox.deliver(mail())
    rig.drain()
    assert rig.woken > quiet


def test_an_oversize_mail_is_never_fetched_whole(rig: Rig) -> None:
    big = mail(1, "x" * 5000)
    uid, small = rig.inbox.deliver(big, mail(2))
    assert rig.drain(rig.intake(Limits(max_bytes=len(big) - 1))) == 2
    assert rig.inbox.calls("fetch") == [(small,)]
    assert rig.inbox.calls("fetch_head") == [(uid,)]
    row = rig.desk.ledger()[0]
    assert (row["fate"], row["rule"], row["size"]) == ("quarantined", "over_a_cap", len(big))
    assert row["reason"] == f"{len(big)} bytes; the limit is {len(big) - 1}"
    assert rig.desk.desk.blobs.read(row["raw_sha256"]) == big.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert rig.inbox.folders["Quarantine"] == [big], "whole, where an admin finds it"


def test_a_mail_at_the_limit_is_fetched(rig: Rig) -> None:
    big = mail(1, "x" * 5000)
    rig.inbox.deliver(big)
    rig.drain(rig.intake(Limits(max_bytes=len(big))))
    assert rig.fates() == ["opened"]


def test_of_an_oversize_mail_no_more_than_the_header_limit_is_kept(rig: Rig) -> None:
    noise = random.Random(1).randbytes(300_000).hex().encode()
    rig.inbox.deliver(b"X: " + noise + b"\r\n\r\nBody\r\n")
    rig.drain(rig.intake(Limits(max_bytes=1000)))
    (row,) = rig.desk.ledger()
    assert len(rig.desk.desk.blobs.read(row["raw_sha256"])) == OVERSIZE_HEADER_BYTES


def test_after_a_crash_between_commit_and_move_the_mail_is_only_moved(rig: Rig) -> None:
    rig.inbox.deliver(mail(1), mail(2, says=FORGED))
    rig.inbox.failing = ["move"]
    with pytest.raises(MailboxAway):
        rig.drain()
    assert (len(rig.inbox.inbox), rig.fates(), rig.settled()) == (2, ["opened", "held"], [False, False])
    fetched = len(rig.inbox.calls("fetch"))
    assert rig.drain() == 0
    assert len(rig.inbox.calls("fetch")) == fetched
    assert (rig.inbox.folders["Done"], rig.inbox.inbox) == ([mail(1)], {})
    assert rig.settled() == [True, True]
    assert len(rig.desk.rows(tickets)) == 1


def test_after_a_crash_between_two_moves_the_rest_is_moved(rig: Rig) -> None:
    rig.inbox.deliver(mail(1), mail(2, says=FORGED))
    real_move = rig.inbox.move

    def die_at_held(uids: Sequence[int], folder: str) -> None:
        if folder == "Held":
            raise Killed
        real_move(uids, folder)

    rig.inbox.move = die_at_held  # type: ignore[method-assign]
    with pytest.raises(Killed):
        rig.drain()
    rig.inbox.move = real_move  # type: ignore[method-assign]
    rig.drain()
    assert (len(rig.inbox.folders["Done"]), len(rig.inbox.folders["Held"])) == (1, 1)
    assert rig.settled() == [True, True]


def test_after_a_crash_between_move_and_note_the_sweep_notes_it(rig: Rig) -> None:
    (uid,) = rig.inbox.deliver(mail())
    rig.inbox.failing = ["move"]
    with pytest.raises(MailboxAway):
        rig.drain()
    rig.inbox.inbox.pop(uid)  # moved after all
    assert rig.drain() == 0
    assert rig.settled() == [True]


def test_the_sweep_runs_once_for_each_connection(rig: Rig) -> None:
    intake = rig.intake()
    rig.drain(intake)
    with rig.desk.statements() as first:
        rig.drain(intake)
    rig.inbox = FakeInbox()
    with rig.desk.statements() as anew:
        rig.drain(intake)
    assert len(anew) > len(first)


def test_what_another_daemon_left_unnoted_is_noted_when_the_lease_comes_back(rig: Rig) -> None:
    """Its mails have left the inbox, its note of that was never written, and our connection is the old one."""
    database, pool = rig.desk.desk.database, cast("ParsePool", rig.pool)
    mine, other = (Lease(database, "mailbox:main", owner, 60.0) for owner in ("me", "other"))
    mine.keep()
    intake = Intake(rig.desk.desk, "main", 14, Folders(), Limits(), pool, rig.wake, 0, mine)
    rig.drain(intake)
    mine.release()
    other.keep()
    (uid,) = rig.inbox.deliver(mail())
    rig.inbox.failing = ["move"]
    with pytest.raises(MailboxAway):
        rig.drain()
    rig.inbox.inbox.pop(uid)  # moved after all
    other.release()
    mine.keep()
    rig.drain(intake)
    assert rig.settled() == [True]


def test_mail_shown_again_under_a_new_uidvalidity_has_no_second_effect(rig: Rig) -> None:
    rig.inbox.deliver(*(mail(number) for number in range(3)))
    rig.drain()
    rig.inbox = FakeInbox(uidvalidity=8)
    rig.inbox.deliver(*(mail(number) for number in range(3)))
    rig.drain()
    assert rig.fates() == ["opened", "duplicate"] * 3
    assert len(rig.inbox.folders["Done"]) == len(rig.desk.rows(tickets)) == 3


def test_a_mail_that_goes_away_before_it_is_fetched_leaves_nothing(rig: Rig) -> None:
    uids = rig.inbox.deliver(mail(1), mail(2))
    whole = dict(rig.inbox.inbox)

    class Vanishing(FakeInbox):
        def fetch(self, uids: Sequence[int]) -> dict[int, bytes]:
            self.inbox.pop(min(uids), None)
            return super().fetch(uids)

    rig.inbox = Vanishing()
    rig.inbox.inbox = whole
    assert rig.drain() == 1
    assert [row["uid"] for row in rig.desk.ledger()] == uids[1:]


def test_a_database_that_is_away_leaves_every_mail_in_the_inbox(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.inbox.deliver(mail(1), mail(2))

    def away(*_: object) -> None:
        raise StoreAway("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr("daemon.intake.file_batch", away)
        with pytest.raises(StoreAway):
            rig.drain()
    assert (len(rig.inbox.inbox), rig.inbox.folders, rig.desk.rows(mails)) == (2, {}, [])
    assert rig.drain() == 2


def test_told_to_stop_it_ends_after_the_batch_in_hand_and_loses_nothing(rig: Rig) -> None:
    rig.inbox.deliver(*(mail(number) for number in range(10)))
    asked = iter([True, True, True, False])
    rig.drain(rig.intake(Limits(batch_mails=2)), lambda: next(asked, False))
    filed = len(rig.desk.rows(tickets))
    assert 0 < filed < 10
    assert len(rig.inbox.inbox) == 10 - filed
    assert all(rig.settled())
    rig.drain()
    assert (len(rig.desk.rows(tickets)), rig.inbox.inbox) == (10, {})


def test_a_deferred_mail_stays_until_it_is_due(rig: Rig) -> None:
    unjudged = a_mail(above=[])
    (uid,) = rig.inbox.deliver(unjudged)
    intake = rig.intake()
    assert rig.drain(intake) == 1
    assert (list(rig.inbox.inbox), rig.drain(intake)) == ([uid], 0)
    rig.desk.later(timedelta(minutes=5))
    assert rig.drain(intake) == 1
    rig.desk.later(timedelta(hours=48))
    assert rig.drain(intake) == 1
    assert (rig.fates(), rig.inbox.folders) == (["held"], {"Held": [unjudged]})


def test_the_inbox_and_what_became_of_its_mails_are_counted(rig: Rig) -> None:
    opened, held = (meters.MAILS.labels("main", fate) for fate in ("opened", "held"))
    forged = meters.VERDICTS.labels("main", "spoof")
    before = [one._value.get() for one in (opened, held, forged)]
    rig.inbox.deliver(mail(1), mail(2), mail(3, says=FORGED), a_mail(above=[]))
    rig.drain()
    assert [one._value.get() for one in (opened, held, forged)] == [
        before[0] + 2,
        before[1] + 1,
        before[2] + 1,
    ]
    assert meters.INBOX_MAILS.labels("main")._value.get() == len(rig.inbox.inbox) == 1


def test_after_an_unclean_stop_the_oldest_mails_go_one_by_one(rig: Rig) -> None:
    first, second, *rest = rig.inbox.deliver(*(mail(number) for number in range(5)))
    rig.drain(rig.intake(careful_mails=2))
    assert rig.inbox.calls("fetch") == [(first,), (second,), tuple(rest)]
    assert rig.fates() == ["opened"] * 5


def test_a_mail_that_takes_the_process_down_is_quarantined_unread_in_place_of_a_third_attempt(
    rig: Rig,
) -> None:
    deadly = mail(3, "deadly")
    rig.inbox.deliver(mail(1), mail(2), deadly, mail(4))
    rig.pool.deadly = b"deadly"
    with pytest.raises(Killed):
        rig.drain()
    for attempt in (1, 2):
        with pytest.raises(Killed):
            rig.drain(rig.intake(careful_mails=100))
        assert rig.desk.ledger()[-1]["attempts"] == attempt
    fetched = len(rig.inbox.calls("fetch"))
    rig.drain(rig.intake(careful_mails=100))
    assert rig.fates() == ["opened", "opened", "quarantined", "opened"]
    assert len(rig.inbox.calls("fetch")) == fetched + 1, "only the mail behind it"
    row = rig.desk.ledger()[2]
    assert (row["size"], row["rule"], row["reason"]) == (len(deadly), "poison", POISON)
    assert rig.inbox.folders["Quarantine"] == [deadly]
    assert [letter for letter in rig.desk.letters() if letter[0] == "alert"] == [("alert", ADMIN)]


def test_more_mails_than_one_look_ahead_are_all_filed(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.intake.LOOK_AHEAD_UIDS", 3)
    rig.inbox.deliver(*(mail(number) for number in range(8)))
    assert rig.drain() == 8
    assert rig.inbox.inbox == {}


def test_a_confirmed_mail_on_a_disk_that_fails_is_filed_once_it_can_be_read(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rig.inbox.deliver(mail(says=WEAK))
    intake = rig.intake()
    rig.drain(intake)
    (held,) = rig.desk.column(mails, "id")
    in_work(rig.desk.desk.database, lambda work: work.mails.release([held], rig.desk.now))
    monkeypatch.setattr("daemon.intake.BYTES_SECONDS", 0.0)
    with monkeypatch.context() as broken:
        broken.setattr(Path, "read_bytes", refused)
        rig.drain(rig.intake())
        intake = rig.intake()
        rig.drain(intake)
        rig.drain(intake)
    assert rig.fates() == ["held"]
    told = [record for record in caplog.records if record.message == "bytes_away"]
    assert len(told) == 2, "once for each process"
    rig.drain(intake)
    assert rig.fates() == ["opened"]
    assert rig.inbox.folders["Done"] == [mail(says=WEAK)]


def refused(path: Path) -> bytes:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def test_each_mail_is_one_log_line_without_an_address(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "helpdesk.intake")
    rig.inbox.deliver(mail(1), mail(2, says=FORGED), a_mail(above=[], message_id="<3@x>"))
    rig.drain()
    lines = [(record.getMessage(), getattr(record, "fields")) for record in caplog.records]  # noqa: B009
    assert [(name, fields["fate"], fields["ticket"]) for name, fields in lines] == [
        ("filed", Fate.OPENED, 1),
        ("filed", Fate.HELD, None),
        ("deferred", None, None),
    ]
    assert not any(JEAN in str(value) for _name, fields in lines for value in fields.values())


def test_each_mailbox_has_a_ledger_of_its_own(rig: Rig) -> None:
    rig.inbox.deliver(mail())
    rig.drain()
    second = known_source(rig.desk.desk, "second", 7, 14)
    assert second.mailbox_id != rig.desk.source.mailbox_id
    assert rig.desk.column(mails, "mailbox_id") == [rig.desk.source.mailbox_id]
