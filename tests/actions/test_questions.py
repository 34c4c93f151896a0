"""« Was this mail yours? »: only who reads the registered mailbox can say yes, and only to what was asked."""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from helpdesk.actions.arrival import Filed
from helpdesk.actions.intake import file_batch, released_mails
from helpdesk.core.people import AddressState
from helpdesk.core.tickets import Fate
from helpdesk.store.tables import addresses, audit_logs, letters, tickets
from helpdesk.store.work import Work
from tests.actions.intakes import ADMIN, JEAN, ZOE, IntakeBench, a_mail, arrival, bench, with_mail
from tests.core.makers import DMARC_NONE, SPF_PASS

WEAK = (DMARC_NONE, SPF_PASS)
FORGED = ("dmarc=fail header.from=univ.example",)
IN_QUESTION = a_mail(says=WEAK)


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(sqlite_url, tmp_path)
    made.person()
    made.file(IN_QUESTION)
    yield made
    made.close()


def question(desk: IntakeBench) -> str:
    """Return the Message-ID of the first question."""
    first = next(row for row in desk.rows(letters) if row["kind"] == "confirm_sender")
    return str(message_from_bytes(first["content"])["Message-ID"])


def answer(desk: IntakeBench, says: Sequence[str] = WEAK, extra: Sequence[str] = (), **given: Any) -> bytes:
    headers = [f"In-Reply-To: {question(desk)}", *extra]
    return a_mail("Re: ?", "Oui.", message_id="<yes@x>", says=says, extra=headers, **given)


def file_released(desk: IntakeBench) -> list[Filed]:
    """File what was released, as the daemon does."""
    filed = []
    for released in released_mails(desk.desk, desk.source):
        assert released.raw is not None
        source = replace(desk.source, uidvalidity=released.mail.uidvalidity)
        one = replace(arrival(released.raw, released.mail.uid), confirmed=True)
        filed += file_batch(desk.desk, source, [one])
    return filed


@pytest.mark.parametrize("says", [WEAK, ("dmarc=pass header.from=univ.example",)], ids=["weak", "proven"])
def test_the_owners_answer_files_the_mail_in_question(desk: IntakeBench, says: Sequence[str]) -> None:
    assert released_mails(desk.desk, desk.source) == []
    (said,) = desk.file(answer(desk, says))
    assert (said.fate, said.rule, said.ticket_id) == (Fate.COMMAND, "answers_our_question", None)
    (filed,) = file_released(desk)
    assert (filed.fate, filed.ticket_number) == (Fate.OPENED, 1)
    assert released_mails(desk.desk, desk.source) == []
    assert desk.column(tickets, "subject") == ["Mon chargeur ne marche plus"]
    assert desk.letters()[-1] == ("ticket_opened", JEAN)
    assert ("HELD_MAIL_CONFIRMED", "SUCCESS") in desk.column(audit_logs, "action", "status")


def test_what_was_confirmed_by_a_letter_counts_as_no_proof_later(desk: IntakeBench) -> None:
    desk.file(a_mail("Autre", message_id="<2@x>"))
    desk.file(answer(desk))
    file_released(desk)
    assert desk.column(addresses, "best_verdict") == ["pass"]


@pytest.mark.parametrize(
    ("given", "fate"),
    [
        pytest.param({"says": FORGED}, "held", id="forged"),
        pytest.param({"says": (DMARC_NONE,)}, "held", id="unproven"),
        pytest.param({"extra": ["Auto-Submitted: auto-replied"]}, "held", id="an absence note"),
        pytest.param({"extra": ["Return-Path: <>"]}, "held", id="with the null sender"),
        pytest.param({"sender": ZOE}, "held", id="from another registered address"),
        pytest.param({"sender": "eve@univ.example"}, "held", id="from a stranger"),
    ],
)
def test_nothing_else_releases_it(desk: IntakeBench, given: dict[str, Any], fate: str) -> None:
    desk.person(ZOE)
    (filed,) = desk.file(answer(desk, **given))
    assert (filed.fate and filed.fate.value) == fate
    assert released_mails(desk.desk, desk.source) == []


def test_a_changed_mark_releases_nothing(desk: IntakeBench) -> None:
    head, _, domain = question(desk).partition("@")
    changed = f"{head[:-1]}{'a' if head[-1] != 'a' else 'b'}@{domain}"
    (filed,) = desk.file(
        a_mail("?", "Oui.", says=WEAK, message_id="<2@x>", extra=[f"In-Reply-To: {changed}"])
    )
    assert filed.fate is Fate.HELD
    assert released_mails(desk.desk, desk.source) == []


def test_an_answer_from_another_address_of_the_same_person_releases_nothing(desk: IntakeBench) -> None:
    """The question was asked at the address that the mail claims; nobody else answers for that one."""
    owner = desk.rows(addresses)[0]["person_id"]
    with Work(desk.desk.database) as work:
        person = work.people.by_ids([owner])[owner]
        work.people.add_address(person, "jean@home.example", AddressState.VERIFIED, desk.now)
        work.commit()
    says = ("dmarc=pass header.from=home.example", "spf=pass smtp.mailfrom=home.example")
    (filed,) = desk.file(answer(desk, says, sender="jean@home.example"))
    assert filed.fate is Fate.OPENED
    assert released_mails(desk.desk, desk.source) == []


def test_an_answer_about_one_mail_releases_no_other(desk: IntakeBench) -> None:
    desk.later(timedelta(hours=1))
    desk.file(a_mail("Encore", message_id="<2@x>", says=WEAK))
    desk.file(answer(desk))
    assert [released.mail.uid for released in released_mails(desk.desk, desk.source)] == [101]


def test_the_owners_no_leaves_it_held_and_tells_the_contacts(desk: IntakeBench) -> None:
    no = a_mail("Re: ?", "Non", message_id="<no@x>", says=WEAK, extra=[f"In-Reply-To: {question(desk)}"])
    assert desk.file(no)[0].fate is Fate.HELD
    assert released_mails(desk.desk, desk.source) == []
    assert desk.letters()[-1] == ("alert", ADMIN)


def test_a_second_answer_opens_no_second_ticket(desk: IntakeBench) -> None:
    desk.file(answer(desk))
    file_released(desk)
    again = a_mail("Re: ?", "Oui !", message_id="<3@x>", says=WEAK, extra=[f"In-Reply-To: {question(desk)}"])
    assert desk.file(again)[0].fate is Fate.HELD
    assert file_released(desk) == []
    assert len(desk.rows(tickets)) == 1


def test_a_mail_that_came_proven_meanwhile_is_not_filed_twice(desk: IntakeBench) -> None:
    desk.file(a_mail())
    desk.file(answer(desk))
    (filed,) = file_released(desk)
    assert (filed.fate, filed.ticket_number) == (Fate.DUPLICATE, 1)


@pytest.mark.parametrize("state", ["suspended", "blocked", "pending"])
def test_whose_address_was_stopped_meanwhile_opens_nothing(desk: IntakeBench, state: str) -> None:
    desk.file(answer(desk))
    with desk.desk.database.engine.begin() as connection:
        connection.execute(update(addresses).values(state=state))
    (filed,) = file_released(desk)
    assert filed.fate is Fate.HELD
    assert released_mails(desk.desk, desk.source) == [], "it is looked at once"


def blob(desk: IntakeBench) -> Path:
    """Return where the bytes of the mail in question lie."""
    (held,) = [row for row in desk.ledger() if row["fate"] == "held"]
    return desk.desk.blobs.path(held["raw_sha256"])


def test_a_released_mail_whose_bytes_cannot_be_read_now_is_filed_when_they_can(
    desk: IntakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.file(answer(desk))
    with monkeypatch.context() as broken:
        broken.setattr(Path, "read_bytes", fail_with(errno.EIO))
        for _look in range(2):
            (released,) = released_mails(desk.desk, desk.source)
            assert (released.raw, released.given_up) == (None, False)
            assert "Input/output error" in released.trouble
            desk.later(timedelta(days=30))
    (filed,) = file_released(desk)
    assert filed.fate is Fate.OPENED


def test_a_released_mail_whose_disk_is_not_mounted_is_filed_when_it_is(desk: IntakeBench) -> None:
    desk.file(answer(desk))
    folder = blob(desk).parent
    folder.rename(folder.with_name("elsewhere"))
    desk.later(timedelta(hours=48))
    (released,) = released_mails(desk.desk, desk.source)
    assert (released.raw, released.given_up) == (None, False)
    folder.with_name("elsewhere").rename(folder)
    (filed,) = file_released(desk)
    assert filed.fate is Fate.OPENED


def test_a_released_mail_whose_bytes_stay_gone_for_two_days_is_held_again(desk: IntakeBench) -> None:
    desk.file(answer(desk))
    blob(desk).unlink()
    desk.later(timedelta(hours=48, seconds=1))
    (released,) = released_mails(desk.desk, desk.source)
    assert (released.raw, released.given_up) == (None, True)
    assert released_mails(desk.desk, desk.source) == [], "it is told once"


def fail_with(number: int) -> Callable[[Path], bytes]:
    def read_bytes(path: Path) -> bytes:
        raise OSError(number, os.strerror(number), str(path))

    return read_bytes


def test_a_released_mail_that_cannot_be_filed_is_quarantined(desk: IntakeBench) -> None:
    desk.file(answer(desk))
    ill = replace(with_mail(arrival(IN_QUESTION, 101), subject="\0"), confirmed=True)
    (filed,) = file_batch(desk.desk, desk.source, [ill])
    assert filed.fate is Fate.QUARANTINED
    assert desk.desk.blobs.read(desk.ledger()[0]["raw_sha256"]) == IN_QUESTION
    assert released_mails(desk.desk, desk.source) == []
