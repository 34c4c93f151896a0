"""A delivery report marks the letter it proves, and never opens, answers or silences for good; on every database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpdesk.actions.breakers import open_breakers
from helpdesk.core.letters import Addressee, Notice, alert, dedupe_key
from helpdesk.core.people import Language
from helpdesk.core.returned import MAX_BOUNCES
from helpdesk.store.budgets import Breaker
from helpdesk.store.ids import new_id
from helpdesk.store.tables import addresses, audit_logs, breakers, letters, mails, posts, tickets
from helpdesk.store.work import in_work
from tests.actions.intakes import ADMIN, DESK, JEAN, NOW, ZOE, IntakeBench, a_mail, bench
from tests.actions.reports import a_report
from tests.core.makers import DMARC_NONE, SPF_PASS
from tests.letters.golden import stationery

DAY = timedelta(days=1)
WEAK = (DMARC_NONE, SPF_PASS)
SOON = timedelta(minutes=1)


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    """A desk that knows Jean, with reply and bounce addresses of its own."""
    made = bench(each_url, tmp_path)
    made.person()
    yield made
    made.close()


def opened(desk: IntakeBench, number: int = 1) -> dict[str, Any]:
    """File a mail of Jean's and return the letter that confirms it."""
    desk.file(a_mail(f"Question {number}", message_id=f"<{number}@univ.example>", date=desk.now))
    return desk.rows(letters)[-1]


def returned(desk: IntakeBench, letter: dict[str, Any], number: int = 1, **given: Any) -> None:
    desk.file(a_report(letter["message_id"], letter["recipient"], number=number, **given))


def count(desk: IntakeBench) -> int:
    return int(desk.column(addresses, "bounces")[0])


def test_a_report_marks_its_letter_its_address_and_tells_staff_and_nobody_else(desk: IntakeBench) -> None:
    letter = opened(desk)
    desk.later(SOON)
    returned(desk, letter)
    [after] = desk.rows(letters)
    assert (after["bounced_at"], after["last_error"]) == (desk.now, "came back (5.1.1)")
    assert desk.column(addresses, "bounces", "bounced_at") == [(1, desk.now)]
    row = desk.ledger()[-1]
    assert (row["rule"], row["fate"], row["ticket_id"]) == ("bounce", "bounce", letter["ticket_id"])
    assert row["reason"] == "our letter came back (5.1.1)"
    assert desk.column(posts, "internal", "text")[-1] == (True, f"a letter to {JEAN} came back (5.1.1)")
    came_back = desk.rows(audit_logs)[-1]
    assert (came_back["action"], came_back["detail"]["letter"]) == ("LETTER_CAME_BACK", letter["id"])
    assert len(desk.rows(tickets)) == len(desk.rows(letters)) == 1, "neither a ticket nor a letter of it"


def test_the_signed_bounce_address_is_enough_whatever_the_report_says(desk: IntakeBench) -> None:
    letter = opened(desk)
    desk.file(
        a_report("<unknown@elsewhere.example>", "forwarded@elsewhere.example", to=letter["envelope_from"])
    )
    assert desk.column(letters, "bounced_at") == [NOW]
    assert count(desk) == 1


FORGERIES = [
    pytest.param(lambda letter: a_report(letter["message_id"], ZOE), id="another recipient"),
    pytest.param(lambda letter: a_report("<c.1@help.example>", JEAN), id="an id that is none of ours"),
    pytest.param(
        lambda letter: a_report(f"{letter['message_id'][:-20]}aaaaaaaa@help.example>", JEAN),
        id="an id with a guessed mark",
    ),
    pytest.param(
        lambda letter: a_report(letter["message_id"].replace("@help", "@evil"), JEAN), id="another desk's id"
    ),
    pytest.param(
        lambda letter: a_report(
            "<x@y.example>", JEAN, to=f"desk+b{letter['dedupe'][:12]}-{'a' * 26}@help.example"
        ),
        id="a bounce address with a guessed signature",
    ),
    pytest.param(lambda _letter: a_report("<x@y.example>", JEAN), id="the address alone"),
]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_a_stranger_can_write_marks_nothing(desk: IntakeBench, forgery: Any) -> None:
    letter = opened(desk)
    desk.file(forgery(letter))
    assert desk.column(letters, "bounced_at") == [None]
    assert count(desk) == 0
    row = desk.ledger()[-1]
    assert (row["fate"], row["ticket_id"]) == ("bounce", None)
    assert len(desk.rows(tickets)) == len(desk.rows(letters)) == 1


def test_nobody_is_believed_about_an_alert_whose_id_could_be_worked_out(desk: IntakeBench) -> None:
    """Who knows the settings knows verdict, hour and contact, and the id is a hash of those."""
    notice = Notice("spoof", NOW, 1, "why")
    made = alert(stationery(), Addressee(ADMIN, Language.FR), notice, dedupe_key("alert", ADMIN), NOW)
    row = {
        "id": new_id(),
        "kind": made.kind.value,
        "dedupe": made.dedupe,
        "message_id": made.message_id,
        "recipient": made.recipient,
        "envelope_from": made.envelope_from,
        "content": made.content,
        "state": "sent",
        "attempts": 1,
        "next_at": NOW,
        "claim": "",
        "last_error": "",
        "queued_at": NOW,
    }
    in_work(desk.desk.database, lambda work: work.letters.add([row]))
    returned(desk, row)
    assert desk.column(letters, "bounced_at") == [None]
    assert desk.ledger()[-1]["reason"] == "a delivery report that proves no letter of ours"


@pytest.mark.parametrize(
    ("action", "status", "noted"),
    [
        pytest.param("delayed", "4.4.1", "is delayed (4.4.1)", id="delayed"),
        pytest.param("delivered", "2.0.0", "arrived (2.0.0)", id="delivered"),
    ],
)
def test_what_is_no_failure_is_noted_and_not_counted(
    desk: IntakeBench, action: str, status: str, noted: str
) -> None:
    letter = opened(desk)
    with desk.desk.database.engine.begin() as connection:
        connection.execute(letters.update().values(state="sent"))
    returned(desk, letter, action=action, status=status, to=letter["envelope_from"])
    assert desk.column(letters, "bounced_at", "last_error") == [(None, noted)]
    assert count(desk) == 0
    assert desk.ledger()[-1]["ticket_id"] == letter["ticket_id"]


def test_one_letter_counts_once_however_often_it_is_reported(desk: IntakeBench) -> None:
    letter = opened(desk)
    storm = [a_report(letter["message_id"], JEAN, number=number) for number in range(1, 51)]
    desk.file(*storm)
    returned(desk, letter, 99)
    assert count(desk) == 1
    assert desk.column(mails, "fate").count("bounce") == 51
    assert desk.column(posts, "internal").count(True) == 1
    assert len(desk.rows(letters)) == 1


def stop(desk: IntakeBench) -> None:
    """Let so many letters in a row come back that the next ones wait."""
    sent = [opened(desk, number) for number in range(1, MAX_BOUNCES + 1)]
    for number, letter in enumerate(sent, 1):
        returned(desk, letter, number)


def test_after_three_in_a_row_letters_to_the_address_wait_for_a_day_and_none_is_dropped(
    desk: IntakeBench,
) -> None:
    desk.person(ZOE)
    sent = [opened(desk, number) for number in (1, 2, 3, 4)]
    desk.file(a_mail("Autre", sender=ZOE, message_id="<z@univ.example>"))
    for number, letter in enumerate(sent[:2], 1):
        returned(desk, letter, number)
    assert desk.rows(breakers) == []
    returned(desk, sent[2], 3)
    assert desk.rows(breakers) == [
        {
            "scope": f"bounce:address:{JEAN}",
            "reason": "3 letters in a row came back: later ones wait",
            "opened_at": NOW,
            "closes_at": NOW + DAY,
        }
    ]
    waiting = [
        (row["recipient"], row["next_at"])
        for row in desk.rows(letters)
        if row["last_error"].startswith("waits: ")
    ]
    assert set(waiting) == {(JEAN, NOW + DAY)}
    assert [row["next_at"] for row in desk.rows(letters) if row["recipient"] == ZOE] == [NOW]
    assert {row["state"] for row in desk.rows(letters)} == {"queued"}


def test_a_question_to_an_address_whose_letters_come_back_waits_too(desk: IntakeBench) -> None:
    for hour in range(MAX_BOUNCES + 1):
        desk.file(a_mail(f"Faible {hour}", message_id=f"<{hour}@univ.example>", says=WEAK))
        if hour < MAX_BOUNCES:
            returned(desk, desk.rows(letters)[-1], hour)
            desk.later(timedelta(hours=1))
    question = desk.rows(letters)[-1]
    assert question["kind"] == "confirm_sender"
    assert question["next_at"] == desk.rows(breakers)[0]["closes_at"] > desk.now
    assert question["last_error"] == "waits: letters in a row came back"


def test_a_new_proven_mail_clears_the_mark_and_lets_the_letters_go(desk: IntakeBench) -> None:
    stop(desk)
    assert count(desk) == MAX_BOUNCES
    assert all(row["next_at"] > desk.now for row in desk.rows(letters))
    desk.later(SOON)
    opened(desk, 9)
    assert count(desk) == 0
    assert desk.rows(breakers) == []
    assert all(row["next_at"] <= desk.now and row["last_error"][:6] != "waits:" for row in desk.rows(letters))


def test_a_forged_mail_clears_nothing(desk: IntakeBench) -> None:
    stop(desk)
    desk.file(a_mail("Faux", message_id="<f@univ.example>", says=("dmarc=fail header.from=univ.example",)))
    assert count(desk) == MAX_BOUNCES
    assert len(desk.rows(breakers)) == 1


def test_letters_that_came_back_long_ago_are_forgotten(desk: IntakeBench) -> None:
    sent = [opened(desk, number) for number in (1, 2, 3)]
    returned(desk, sent[0], 1)
    returned(desk, sent[1], 2)
    desk.later(timedelta(days=7, seconds=1))
    returned(desk, sent[2], 3)
    assert count(desk) == 1
    assert desk.rows(breakers) == []


def test_a_letter_that_came_back_later_lengthens_the_wait_and_keeps_its_beginning(desk: IntakeBench) -> None:
    sent = [opened(desk, number) for number in (1, 2, 3, 4)]
    for number, letter in enumerate(sent[:3], 1):
        returned(desk, letter, number)
    desk.later(timedelta(hours=1))
    returned(desk, sent[3], 4)
    [breaker] = desk.rows(breakers)
    assert (breaker["opened_at"], breaker["closes_at"]) == (NOW, NOW + DAY + timedelta(hours=1))


def test_without_plus_addresses_the_message_id_is_enough(each_url: str, tmp_path: Path) -> None:
    desk = bench(each_url, tmp_path, stationery=replace(stationery(plus_addressing=False)))
    desk.person()
    letter = opened(desk)
    assert letter["envelope_from"] == "bounces@help.example"
    returned(desk, letter, to="bounces@help.example")
    assert count(desk) == 1
    desk.close()


def test_a_responder_that_answers_the_bounce_address_opens_no_ticket(desk: IntakeBench) -> None:
    letter = opened(desk)
    away = a_mail("Absent", "Je suis absent.", to=letter["envelope_from"], message_id="<away@univ.example>")
    desk.file(away)
    assert desk.ledger()[-1]["fate"] == "ignored"
    assert len(desk.rows(tickets)) == len(desk.rows(letters)) == 1


def test_the_breaker_is_listed_with_the_letters_that_wait(desk: IntakeBench) -> None:
    until = NOW + timedelta(days=3650)
    breaker = Breaker(f"bounce:address:{JEAN}", "3 letters in a row came back: later ones wait", NOW, until)
    opened(desk)

    def job(work: Any) -> None:
        work.budgets.open_breaker(breaker)
        work.letters.postpone(JEAN, until, "waits: letters in a row came back")

    in_work(desk.desk.database, job)
    [shown] = open_breakers(desk.desk.database)
    assert (shown.scope, shown.closes_at, shown.letters) == (breaker.scope, until, 1)
    assert shown.words == f"letters to {JEAN}, which came back"


def test_the_desk_itself_is_no_address_that_could_be_marked(desk: IntakeBench) -> None:
    desk.file(a_report("<x@y.example>", DESK))
    assert desk.rows(breakers) == []
