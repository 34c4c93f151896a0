"""A folder that takes no mail is no fault of the mails: none is blamed, each round tries again, people are told."""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.attempt import SURE_REFUSALS, Attempt
from daemon.refusing import INBOX, Refusing
from daemon.suspects import LEFT_AFTER_FAILURES, Suspects
from helpdesk.actions.arrival import Filed
from helpdesk.core.health import LATE
from helpdesk.core.people import Language
from helpdesk.core.tickets import Fate
from helpdesk.errors import FolderRefused, MailRefused, MailStays
from helpdesk.store.tables import alerts, letters
from tests.actions.intakes import ADMIN, bench
from tests.daemon.inboxes import FakeInbox
from tests.daemon.test_intake import FORGED, Rig, mail, rig

__all__ = ["rig"]
SOME = 9
ROUNDS = LEFT_AFTER_FAILURES + 1


class ClosedInbox(FakeInbox):
    """``closed``: folders that take nothing, by how they refuse; "": the inbox lets nothing go."""

    def __init__(self, *, can_move: bool) -> None:
        super().__init__()
        self.can_move = can_move
        self.closed: dict[str, type[MailRefused]] = {}

    def move(self, uids: Sequence[int], folder: str) -> None:
        if folder in self.closed:
            self._ask("refused", uids)
            raise self.closed[folder](f"moving to {folder}: no")
        if self.can_move:
            super().move(uids, folder)
            return
        self.folders.setdefault(folder, []).extend(self.inbox[uid] for uid in uids if uid in self.inbox)
        try:
            self.remove(uids)
        except MailRefused as refused:
            raise MailStays(str(refused)) from refused

    def remove(self, uids: Sequence[int]) -> None:
        if "" in self.closed:
            self._ask("refused", uids)
            raise self.closed[""]("removing: no")
        super().remove(uids)


def blamed(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.message == "left"]


@pytest.mark.parametrize("refusal", [FolderRefused, MailRefused])
@pytest.mark.parametrize(
    ("can_move", "where"),
    [
        pytest.param(True, "Done", id="to move"),
        pytest.param(False, "Done", id="to copy"),
        pytest.param(False, "", id="to remove"),
    ],
)
def test_what_a_folder_refuses_waits_and_goes_when_it_can(
    rig: Rig, caplog: pytest.LogCaptureFixture, can_move: bool, where: str, refusal: type[MailRefused]
) -> None:
    caplog.set_level(logging.INFO, "helpdesk.intake")
    rig.inbox = inbox = ClosedInbox(can_move=can_move)
    inbox.closed = {where: refusal}
    raws = [mail(number) for number in range(SOME)]
    inbox.deliver(*raws, mail(99, says=FORGED))
    intake = rig.intake()
    for _round in range(ROUNDS):
        rig.drain(intake)
    assert blamed(caplog) == []
    assert [record.message for record in caplog.records].count("folder_refuses") == 1, "once"
    assert len(inbox.calls("refused")) <= (2 + SURE_REFUSALS) * 2 * ROUNDS
    late = mail(100)
    inbox.deliver(late)
    rig.drain(intake)
    assert rig.fates().count("opened") == SOME + 1, "filing goes on"
    inbox.closed = {}
    for _round in range(2):
        rig.drain(intake)
    assert inbox.inbox == {}
    assert {name: Counter(folder) for name, folder in inbox.folders.items()} == {
        "Done": Counter([*raws, late]),
        "Held": Counter([mail(99, says=FORGED)]),
    }
    assert all(rig.settled())
    assert [record.message for record in caplog.records].count("folder_takes") == 1


def test_other_folders_go_on(rig: Rig) -> None:
    rig.inbox = inbox = ClosedInbox(can_move=True)
    inbox.closed = {"Done": FolderRefused}
    inbox.deliver(mail(1), mail(2, says=FORGED))
    rig.drain()
    assert (list(inbox.inbox.values()), inbox.folders) == ([mail(1)], {"Held": [mail(2, says=FORGED)]})


def test_a_folder_that_cannot_be_opened_stops_no_filing(rig: Rig) -> None:
    class Unreadable(ClosedInbox):
        def opened(self, folder: str):  # type: ignore[no-untyped-def]
            raise FolderRefused(f"opening {folder}: no")

    rig.inbox = inbox = Unreadable(can_move=False)
    inbox.closed = {"Done": FolderRefused}
    inbox.deliver(mail(1))
    rig.drain()
    inbox.deliver(mail(2))
    assert rig.drain() == 1
    assert rig.fates() == ["opened"] * 2


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def refused(*uids: int) -> Attempt:
    def no(_ones: Sequence[Filed]) -> None:
        raise MailRefused("moving to Done: \x1b[2J no")

    return Attempt(no).at([Filed(uid, uid, Fate.OPENED, "", "") for uid in uids])


def went(*uids: int) -> Attempt:
    return Attempt(lambda _ones: None).at([Filed(uid, uid, Fate.OPENED, "", "") for uid in uids])


@pytest.mark.parametrize("others", [SURE_REFUSALS - 2, SURE_REFUSALS - 1])
def test_mails_that_come_one_by_one_tell_together_that_it_is_the_folder(rig: Rig, others: int) -> None:
    refusing = Refusing(rig.desk.desk, "main", Suspects("main"))
    for uid in range(others + 1):
        refusing.conclude("Done", refused(uid), 1)
    assert refusing.closed("Done") is (others + 1 >= SURE_REFUSALS)
    refusing.conclude("Done", went(50), 1)
    refusing.conclude("Done", refused(1), 1)
    assert not refusing.closed("Done"), "what was before a success counts no more"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("folder", ["Done", INBOX])
def test_contacts_hear_of_a_folder_that_has_taken_nothing_for_minutes(
    sqlite_url: str, tmp_path: Path, language: Language, folder: str
) -> None:
    desk = bench(sqlite_url, tmp_path, language=language)
    clock = Clock()
    refusing = Refusing(desk.desk, "main", Suspects("main"), clock)
    refusing.conclude(folder, refused(1, 2, 3), 3)
    clock.now += LATE.total_seconds()
    refusing.conclude(folder, refused(1, 2, 3, 4), 4)
    refusing.tell()
    assert desk.rows(alerts) == []
    clock.now += 1
    for _round in range(2):
        refusing.tell()
    assert desk.column(alerts, "kind", "count") == [("folder_refuses:main", 4)]
    assert desk.letters() == [("alert", ADMIN)]
    (content,) = desk.column(letters, "content")
    assert b"\x1b" not in content
    desk.later(timedelta(hours=1))
    refusing.tell()
    assert len(desk.rows(alerts)) == 2
    clock.now += LATE.total_seconds()  # what is left of the mails was taken away by hand
    desk.later(timedelta(hours=1))
    refusing.tell()
    assert len(desk.rows(alerts)) == 2
    refusing.conclude(folder, refused(5, 6, 7), 3)
    refusing.tell()
    assert len(desk.rows(alerts)) == 3
    refusing.conclude(folder, went(1), 1)
    desk.later(timedelta(hours=1))
    refusing.tell()
    assert len(desk.rows(alerts)) == 3
    desk.close()


def test_a_lone_mail_is_blamed(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "helpdesk.intake")
    refusing = Refusing(rig.desk.desk, "main", Suspects("main"))
    for _round in range(LEFT_AFTER_FAILURES):
        refusing.conclude("Done", refused(1), 1)
    assert blamed(caplog) == ["left"]
