"""A held or quarantined mail is filed again by today's rules: once, and no other mail's fate ever changes."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from helpdesk.actions.arrival import Arrival
from helpdesk.actions.intake import file_batch
from helpdesk.actions.replay import Replayed, kept_bytes, kept_mail, replay
from helpdesk.core.asked import Asked
from helpdesk.core.tickets import Fate
from helpdesk.errors import HelpdeskError, Refused
from helpdesk.store.ledger import LedgerMail
from helpdesk.store.tables import audit_logs, letters, mails, posts, tickets
from tests.actions.intakes import DESK, JEAN, NOW, IntakeBench, a_mail, arrival, bench, examined

FORGED = ("dmarc=fail header.from=univ.example",)
ONE_ID = Asked(message_id="<1@univ.example>")


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(each_url, tmp_path)
    yield made
    made.close()


def the_mail(desk: IntakeBench, question: Asked = ONE_ID) -> LedgerMail:
    return kept_mail(desk.desk.database, question)


def again(desk: IntakeBench, mail: LedgerMail, raw: bytes | None = None) -> Arrival:
    """Return what was kept of a mail as it is read today."""
    raw = raw or kept_bytes(desk.desk, mail)
    assert raw is not None
    found = examined(raw)
    return Arrival(mail.uid, raw, found.mail, found.judged.judgement, found.judged.signed_at, again=True)


def replayed(desk: IntakeBench, mail: LedgerMail, *, dry_run: bool = False) -> Replayed:
    return replay(desk.desk, desk.source, mail, again(desk, mail), dry_run)


def test_a_mail_of_a_stranger_is_filed_once_they_are_registered(desk: IntakeBench) -> None:
    desk.file(a_mail())
    held = the_mail(desk)
    desk.person()
    told = replayed(desk, held)
    assert told.filed is not None
    assert (told.fate, told.filed.ticket_number, told.filed.mail_id) == (Fate.OPENED, 1, held.id)
    (row,) = desk.ledger()
    assert (row["id"], row["fate"], row["rule"], row["seen_at"]) == (held.id, "opened", "new_ticket", NOW)
    assert row["settled_at"] is not None
    assert row["look_again_at"] is None
    assert desk.column(posts, "mail_id") == [held.id]
    assert ("ticket_opened", JEAN) in desk.letters()
    assert desk.column(audit_logs, "action", "detail")[-1] == (
        "MAIL_REPLAYED",
        {"mail": held.id, "was": "held", "fate": "opened", "rule": "new_ticket"},
    )


def test_a_quarantined_mail_is_filed_by_what_is_read_in_it_today(desk: IntakeBench) -> None:
    desk.person()
    desk.file(a_mail(sender="a@b.example, c@d.example"))
    mail = the_mail(desk)
    assert mail.fate == "quarantined"
    told = replay(desk.desk, desk.source, mail, again(desk, mail, raw=a_mail()), dry_run=False)
    assert told.fate is Fate.OPENED
    assert [row["fate"] for row in desk.ledger()] == ["opened"]


def test_a_dry_run_says_the_same_and_changes_nothing(desk: IntakeBench) -> None:
    desk.file(a_mail())
    held = the_mail(desk)
    desk.person()
    before = {table: desk.rows(table) for table in (mails, tickets, posts, letters, audit_logs)}
    told = replayed(desk, held, dry_run=True)
    assert (told.fate, told.filed, told.ruling.rule) == (Fate.OPENED, None, "new_ticket")
    assert {table: desk.rows(table) for table in before} == before
    assert replayed(desk, held).fate is Fate.OPENED


def test_what_todays_rules_hold_too_stays_as_it_is(desk: IntakeBench) -> None:
    desk.person()
    desk.file(a_mail(says=FORGED))
    before = (desk.ledger(), desk.rows(letters), desk.rows(audit_logs))
    told = replayed(desk, the_mail(desk))
    assert (told.fate, told.filed) == (Fate.HELD, None)
    assert (desk.ledger(), desk.rows(letters), desk.rows(audit_logs)) == before


def test_what_would_have_to_wait_stays_as_it_is(desk: IntakeBench) -> None:
    desk.person()
    desk.file(a_mail(says=FORGED))
    mail = the_mail(desk)
    told = replay(desk.desk, desk.source, mail, again(desk, mail, raw=a_mail(above=[])), dry_run=False)
    assert (told.fate, told.filed) == (None, None)
    assert desk.ledger()[0]["fate"] == "held"


def test_a_mail_counts_as_old_as_it_was_when_it_came(desk: IntakeBench) -> None:
    desk.file(a_mail(date=NOW - timedelta(days=13)))
    desk.person()
    desk.later(timedelta(days=60))
    assert replayed(desk, the_mail(desk)).fate is Fate.OPENED


def test_a_copy_that_was_filed_meanwhile_makes_it_a_duplicate(desk: IntakeBench) -> None:
    desk.file(a_mail())
    held = the_mail(desk)
    desk.person()
    desk.file(a_mail())
    told = replayed(desk, held)
    assert told.fate is Fate.DUPLICATE
    assert len(desk.rows(tickets)) == 1


def test_a_filed_mail_is_refused(desk: IntakeBench) -> None:
    desk.person()
    (filed,) = desk.file(a_mail())
    for question in (ONE_ID, Asked(mail_id=filed.mail_id)):
        with pytest.raises(Refused, match=f"mail {filed.mail_id} is filed already \\(opened\\)"):
            the_mail(desk, question)


def test_a_deferred_mail_is_refused(desk: IntakeBench) -> None:
    desk.person()
    desk.file(a_mail(above=[]))
    with pytest.raises(Refused, match="has no fate yet"):
        the_mail(desk)


def test_a_mail_that_there_is_not_is_refused(desk: IntakeBench) -> None:
    for question in (ONE_ID, Asked(mail_id=5), Asked()):
        with pytest.raises(Refused, match="no such mail"):
            the_mail(desk, question)


def test_of_several_with_one_message_id_one_must_be_named(desk: IntakeBench) -> None:
    first, second = desk.file(a_mail(says=FORGED), a_mail("Autre", says=FORGED))
    with pytest.raises(Refused, match=f"by its id: {second.mail_id}, {first.mail_id}"):
        the_mail(desk)
    assert the_mail(desk, Asked(mail_id=first.mail_id)).id == first.mail_id


def test_no_fate_but_held_or_quarantined_is_ever_written_over(desk: IntakeBench) -> None:
    """Whatever was read before: another daemon, or the owner's answer, may have been quicker."""
    desk.file(a_mail())
    held = the_mail(desk)
    desk.person()
    arrived = again(desk, held)
    for fate in Fate:
        if fate not in (Fate.HELD, Fate.QUARANTINED):
            with desk.desk.database.engine.begin() as connection:
                connection.execute(update(mails).values(fate=fate.value))
            with pytest.raises(Refused, match="another fate meanwhile"):
                replay(desk.desk, desk.source, held, arrived, dry_run=False)
            assert desk.ledger()[0]["fate"] == fate.value
    assert desk.rows(tickets) == []


def test_of_two_at_once_one_files_it(desk: IntakeBench) -> None:
    desk.file(a_mail())
    held = the_mail(desk)
    desk.person()
    arrived = again(desk, held)
    start = threading.Barrier(4)
    ends: list[str] = []

    def run() -> None:
        start.wait(30)
        try:
            told = replay(desk.desk, desk.source, held, arrived, dry_run=False)
            ends.append(str(told.fate))
        except HelpdeskError as refused:
            ends.append("refused" if "another fate" in str(refused) else str(refused))

    racers = [threading.Thread(target=run) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(60)
    assert sorted(ends) == ["opened", "refused", "refused", "refused"]
    assert len(desk.rows(tickets)) == len(desk.rows(posts)) == 1
    assert [kind for kind, _to in desk.letters()].count("ticket_opened") == 1
    assert desk.column(audit_logs, "action").count("MAIL_REPLAYED") == 1


def test_a_mail_that_arrives_the_ordinary_way_is_never_taken_for_a_replay(desk: IntakeBench) -> None:
    (filed,) = desk.file(a_mail())
    desk.person()
    (seen_again,) = file_batch(desk.desk, desk.source, [arrival(a_mail(to=DESK), filed.uid)])
    assert seen_again.fate is Fate.HELD
    assert desk.rows(tickets) == []
