"""A batch of mails is filed whole, once, and by itself where one of them is poison; on every database."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, update

from helpdesk.actions.arrival import Arrival, Filed
from helpdesk.actions.intake import (
    charge_attempts,
    file_batch,
    inbox_state,
    known_source,
    mark_settled,
    sweep,
)
from helpdesk.core.letters import LetterKind
from helpdesk.core.mail import Attachment, Fold
from helpdesk.core.people import AddressState, Language, Role
from helpdesk.core.replytokens import Mark, mark_token, reply_address
from helpdesk.core.tickets import Fate
from helpdesk.errors import StoreAway
from helpdesk.store.history import Change
from helpdesk.store.tables import (
    addresses,
    attachments,
    audit_logs,
    counters,
    letters,
    mails,
    memberships,
    participants,
    posts,
    teams,
    ticket_words,
    tickets,
)
from helpdesk.store.work import Work
from tests.actions.intakes import ADMIN, DESK, JEAN, NOW, ZOE, IntakeBench, a_mail, arrival, bench, with_mail
from tests.core.makers import DKIM_PASS, DMARC_NONE, DOMAIN

DAY = timedelta(days=1)


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(each_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def jean(desk: IntakeBench) -> IntakeBench:
    """A desk that knows Jean."""
    desk.person()
    return desk


def fates(filed: list[Filed]) -> list[str | None]:
    return [one.fate.value if one.fate else None for one in filed]


def nothing_in(desk: IntakeBench) -> bool:
    return not any(desk.rows(table) for table in (mails, tickets, posts, letters))


def numbered(count: int, first: int = 1, **given: Any) -> list[bytes]:
    return [
        a_mail(f"Question {number}", f"Question {number}?", message_id=f"<{number}@univ.example>", **given)
        for number in range(first, first + count)
    ]


def test_a_proven_mail_leaves_a_ticket_a_post_a_letter_and_a_ledger_row(jean: IntakeBench) -> None:
    (filed,) = jean.file(a_mail())
    (ticket,), (post,), (row,), (letter,) = map(jean.rows, (tickets, posts, mails, letters))
    known = jean.rows(addresses)[0]
    assert (filed.fate, filed.rule, filed.ticket_number, filed.error) == (
        Fate.OPENED,
        "new_ticket",
        1,
        None,
    )
    assert (ticket["number"], ticket["subject"], ticket["status"], ticket["urgency"]) == (
        1,
        "Mon chargeur ne marche plus",
        "waiting",
        "normal",
    )
    assert ticket["requester_id"] == post["author_id"] == row["person_id"] == known["person_id"]
    assert (post["text"].strip(), post["internal"], post["mail_id"]) == (
        "Il ne marche plus.",
        False,
        row["id"],
    )
    assert (row["fate"], row["verdict"], row["sender"], row["raw_sha256"]) == ("opened", "pass", JEAN, None)
    assert (row["ticket_id"], letter["ticket_id"], letter["mail_id"]) == (
        ticket["id"],
        ticket["id"],
        row["id"],
    )
    assert (letter["kind"], letter["recipient"], letter["state"]) == ("ticket_opened", JEAN, "queued")
    assert known["best_verdict"] == "pass"
    assert jean.column(audit_logs, "action", "status")[-1] == ("TICKET_OPENED", "SUCCESS")


def test_a_mail_delivered_twice_in_one_batch_opens_one_ticket(jean: IntakeBench) -> None:
    batch = jean.arrivals(a_mail(), a_mail())
    with jean.statements() as seen:
        first, second = file_batch(jean.desk, jean.source, batch)
    assert (first.fate, second.fate, second.ticket_number) == (Fate.OPENED, Fate.DUPLICATE, 1)
    assert len([one for one in seen if one.startswith("INSERT INTO mails")]) == 1, "foreseen, not run into"
    assert [len(jean.rows(table)) for table in (mails, tickets, posts, letters)] == [2, 1, 1, 1]


@pytest.mark.parametrize("uidvalidity", [7, 8], ids=["under a new UID", "under a new UIDVALIDITY"])
def test_a_mail_delivered_again_later_has_no_second_effect(jean: IntakeBench, uidvalidity: int) -> None:
    jean.file(a_mail())
    jean.source = replace(jean.source, uidvalidity=uidvalidity)
    (again,) = jean.file(a_mail())
    assert (again.fate, again.rule, again.ticket_number) == (Fate.DUPLICATE, "already_filed", 1)
    assert [len(jean.rows(table)) for table in (mails, tickets, posts, letters)] == [2, 1, 1, 1]


def test_the_same_uids_under_a_new_uidvalidity_are_other_mails(jean: IntakeBench) -> None:
    jean.file(*numbered(2))
    jean.last_uid = 100
    jean.source = replace(jean.source, uidvalidity=8)
    assert fates(jean.file(*numbered(2, first=3))) == ["opened", "opened"]


def test_two_copies_that_went_different_ways_are_the_same_mail(jean: IntakeBench) -> None:
    other_way = a_mail(extra=["Delivered-To: desk@help.example", "X-Spam-Score: 0"])
    assert fates(jean.file(a_mail(), other_way)) == ["opened", "duplicate"]


def test_the_same_words_from_somebody_else_are_another_mail(jean: IntakeBench) -> None:
    jean.person(ZOE)
    assert fates(jean.file(a_mail(), a_mail(sender=ZOE))) == ["opened", "opened"]


def test_a_held_mail_does_not_make_its_genuine_copy_a_duplicate(jean: IntakeBench) -> None:
    forged = a_mail(says=["dmarc=fail header.from=univ.example"])
    assert fates(jean.file(forged, a_mail())) == ["held", "opened"]


def answer(answered: str = "<1@univ.example>", subject: str = "Re: x", **given: Any) -> bytes:
    head = [f"In-Reply-To: {answered}"] if answered else []
    return a_mail(subject, "Voici.", message_id=f"<{abs(hash((answered, subject)))}@x>", extra=head, **given)


def test_an_answer_to_a_mail_of_the_same_batch_joins_its_ticket(jean: IntakeBench) -> None:
    first, second = jean.file(a_mail(), answer())
    assert (second.fate, second.ticket_number, second.ticket_id) == (Fate.APPENDED, 1, first.ticket_id)
    assert jean.column(posts, "ticket_id") == [first.ticket_id] * 2


def test_tickets_are_found_by_the_words_of_their_subjects_and_of_all_their_mails(jean: IntakeBench) -> None:
    jean.file(a_mail("Le projecteur", "Il clignote."), answer())
    assert sorted(jean.column(ticket_words, "word")) == [b"clignote", b"projecteur", b"voici"]


def test_an_answer_of_a_stranger_to_a_mail_of_the_same_batch_is_noted_by_number(jean: IntakeBench) -> None:
    jean.person(ZOE)
    first, second = jean.file(a_mail(), answer(sender=ZOE))
    assert (first.ticket_number, second.ticket_number) == (1, 2)
    (note,) = [row for row in jean.rows(posts) if row["internal"]]
    assert note["ticket_id"] == second.ticket_id
    assert note["text"] == "this mail names ticket 1, which its sender may not see"


def test_the_newest_ticket_is_one_of_the_same_batch(jean: IntakeBench) -> None:
    jean.file(a_mail())
    both = a_mail(message_id="<3@x>", text="?", extra=["References: <2@univ.example> <1@univ.example>"])
    _opened, joined = jean.file(*numbered(1, first=2), both)
    assert (joined.fate, joined.ticket_number) == (Fate.APPENDED, 2)


def test_who_repeats_a_message_id_in_the_same_batch_does_not_draw_its_answers(jean: IntakeBench) -> None:
    jean.person(ZOE)
    first, _copy, joined = jean.file(a_mail(), a_mail("Autre", sender=ZOE), answer())
    assert (joined.fate, joined.ticket_id) == (Fate.APPENDED, first.ticket_id)


def test_two_answers_in_a_batch_reopen_a_ticket_once(jean: IntakeBench) -> None:
    jean.file(a_mail())
    jean.resolve(1, NOW)
    jean.later(DAY)
    jean.file(answer(), answer(subject="Re: y"))
    (ticket,) = jean.rows(tickets)
    assert (ticket["status"], ticket["resolved_at"], ticket["updated_at"]) == ("waiting", None, NOW + DAY)
    assert jean.column(letters, "kind") == ["ticket_opened", "ticket_reopened"]
    actions = [action for action in jean.column(audit_logs, "action") if action != "PERSON_ADDED"]
    assert actions == ["TICKET_OPENED", "TICKET_REOPENED", "POST_ADDED"]


def test_an_answer_that_reopens_stands_in_the_history_of_the_ticket_and_in_the_audit_trail(
    jean: IntakeBench,
) -> None:
    jean.file(a_mail())
    jean.resolve(1, NOW)
    jean.later(DAY)
    jean.file(answer(), answer(subject="Re: y"))
    (ticket,) = jean.rows(tickets)
    with Work(jean.desk.database, read_only=True) as work:
        (change,) = work.history.of_ticket(ticket["id"])
    assert change == Change("status", "resolved", "waiting", NOW + DAY, "jean")
    details = dict(jean.column(audit_logs, "action", "detail"))
    assert details["TICKET_REOPENED"]["ticket"] == 1


def test_the_letter_of_a_reopening_names_the_request_and_not_the_answer(jean: IntakeBench) -> None:
    jean.file(a_mail("Mon chargeur"))
    jean.resolve(1, NOW)
    jean.file(answer(subject="Re: [#1] Demande résolue : Mon chargeur"))
    sent = message_from_bytes(jean.column(letters, "content")[-1], policy=default)
    assert sent["Subject"] == "[#1] Demande rouverte\N{NO-BREAK SPACE}: Mon chargeur"
    body = sent.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    assert "« Mon chargeur »" in " ".join(body.get_content().split())


def test_an_answer_moves_the_ticket_up_in_the_lists(jean: IntakeBench) -> None:
    jean.file(*numbered(2))
    jean.later(DAY)
    jean.file(answer("<2@univ.example>"))
    assert jean.column(tickets, "updated_at") == [NOW, NOW + DAY]
    assert jean.column(tickets, "opened_at") == [NOW, NOW]


def test_a_list_mail_reopens_without_a_letter(jean: IntakeBench) -> None:
    jean.file(a_mail())
    jean.resolve(1, NOW)
    to_list = a_mail(
        "Re: x", message_id="<2@x>", extra=["In-Reply-To: <1@univ.example>", "List-Id: <eleves.univ.example>"]
    )
    assert fates(jean.file(to_list)) == ["appended"]
    assert jean.column(tickets, "status") == ["waiting"]
    assert jean.letters() == [("ticket_opened", JEAN)]


def test_an_answer_after_the_time_to_reopen_opens_a_ticket_that_names_the_old_one(jean: IntakeBench) -> None:
    jean.file(a_mail())
    jean.resolve(1, NOW)
    jean.later(14 * DAY + timedelta(seconds=1))
    (filed,) = jean.file(answer(date=jean.now))
    assert (filed.fate, filed.ticket_number) == (Fate.OPENED, 2)
    assert [row["text"] for row in jean.rows(posts) if row["internal"]] == [
        "follows ticket 1, resolved over 14 days ago"
    ]


def test_an_absence_note_joins_a_resolved_ticket_and_leaves_it_resolved(jean: IntakeBench) -> None:
    jean.file(a_mail())
    jean.resolve(1, NOW)
    absent = a_mail(
        "Absent",
        message_id="<2@x>",
        extra=["In-Reply-To: <1@univ.example>", "Auto-Submitted: auto-replied"],
    )
    assert fates(jean.file(absent)) == ["appended"]
    assert jean.column(tickets, "status") == ["resolved"]
    assert len(jean.rows(letters)) == 1


def test_weaker_proof_behind_stronger_proof_in_one_batch_is_held(jean: IntakeBench) -> None:
    first, second = numbered(2)
    signed_only = second.replace(b"dmarc=pass (p=none dis=none)", b"dmarc=none").replace(
        b"spf=pass smtp.mailfrom=jean@univ.example", DKIM_PASS.encode()
    )
    assert DMARC_NONE.encode() in signed_only
    strong, weak = jean.file(first, signed_only)
    assert (strong.fate, weak.fate, weak.verdict) == (Fate.OPENED, Fate.HELD, "pass-dkim")


def test_stronger_proof_behind_weaker_proof_is_remembered(jean: IntakeBench) -> None:
    first, second = numbered(2)
    signed_only = first.replace(b"dmarc=pass (p=none dis=none)", b"dmarc=none").replace(
        b"spf=pass smtp.mailfrom=jean@univ.example", DKIM_PASS.encode()
    )
    assert fates(jean.file(signed_only, second)) == ["opened", "opened"]
    assert jean.column(addresses, "best_verdict") == ["pass"]


MARKED = Mark("t", 1)


@pytest.mark.parametrize(
    ("to", "subject", "by"),
    [
        pytest.param("letter", "Re: x", "message-id", id="the Message-ID of our letter"),
        pytest.param("reply address", "Re: x", "reply address", id="the signed reply address"),
        pytest.param("", "Re: [#1] x", "number", id="the number in the subject"),
    ],
)
def test_an_answer_finds_its_ticket(jean: IntakeBench, to: str, subject: str, by: str) -> None:
    jean.file(a_mail())
    assert fates(jean.file(quoting(jean, to, subject))) == ["appended"]
    assert jean.ledger()[-1]["reason"] == f"by {by}"


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        pytest.param("letter", "Re: x", id="the Message-ID of our letter"),
        pytest.param("reply address", "Re: x", id="the signed reply address"),
        pytest.param("", "Re: [#1] x", id="the number in the subject"),
    ],
)
def test_a_stranger_who_quotes_all_that_opens_a_new_ticket_with_a_note(
    jean: IntakeBench, to: str, subject: str
) -> None:
    jean.person(ZOE)
    jean.file(a_mail())
    (filed,) = jean.file(quoting(jean, to, subject, sender=ZOE))
    assert (filed.fate, filed.ticket_number) == (Fate.OPENED, 2)
    note = jean.rows(posts)[-1]
    assert (note["internal"], note["ticket_id"]) == (True, filed.ticket_id)
    assert note["text"] == "this mail names ticket 1, which its sender may not see"
    assert jean.letters()[-1] == ("ticket_opened", ZOE)


def quoting(desk: IntakeBench, what: str, subject: str, **given: Any) -> bytes:
    """Return an answer that quotes *what* of the letter about ticket 1."""
    letter = desk.rows(letters)[0]
    if what == "letter":
        return answer(letter["message_id"], subject, **given)
    if what == "reply address":
        token = mark_token(desk.desk.stationery.key, Mark("t", 1), letter["person_id"])
        to = reply_address(DESK, MARKED, token)
        return answer("", subject, to=to, **given)
    return answer("", subject, **given)


def test_a_forged_reply_address_counts_no_more_than_a_number(jean: IntakeBench) -> None:
    jean.file(a_mail())
    to = reply_address(DESK, MARKED, "a" * 26)
    assert fates(jean.file(answer("", "Re: x", to=to))) == ["appended"]
    assert jean.ledger()[-1]["reason"] == "by number"


@pytest.mark.parametrize(
    ("role", "tie", "fate"),
    [
        pytest.param(Role.USER, "participant", "appended", id="participant"),
        pytest.param(Role.AGENT, "team", "appended", id="agent of the team"),
        pytest.param(Role.USER, "team", "opened", id="user in the team"),
        pytest.param(Role.AGENT, "", "opened", id="agent of no team"),
        pytest.param(Role.AGENT, "assignee", "appended", id="assignee"),
        pytest.param(Role.ADMIN, "", "appended", id="admin"),
    ],
)
def test_participants_and_staff_join_by_what_the_tables_say(
    jean: IntakeBench, role: Role, tie: str, fate: str
) -> None:
    zoe = jean.person(ZOE, role=role).person.id
    jean.file(a_mail())
    (ticket,) = jean.rows(tickets)
    with jean.desk.database.engine.begin() as connection:
        if tie == "participant":
            connection.execute(insert(participants), {"ticket_id": ticket["id"], "person_id": zoe})
        if tie == "team":
            connection.execute(insert(teams), {"id": 5, "name": "Réseau"})
            connection.execute(insert(memberships), {"team_id": 5, "person_id": zoe})
            connection.execute(update(tickets).values(team_id=5))
        if tie == "assignee":
            connection.execute(update(tickets).values(assignee_id=zoe))
    assert fates(jean.file(answer(sender=ZOE))) == [fate]


def test_mail_of_a_closed_account_is_held_and_its_owner_is_not_asked(desk: IntakeBench) -> None:
    desk.person(active=False)
    assert fates(desk.file(a_mail())) == ["held"]
    assert fates(desk.file(a_mail(says=["spf=pass smtp.mailfrom=univ.example"]))) == ["held"]
    assert desk.ledger()[0]["reason"] == "pass: the address is suspended; its owner's account is closed"
    assert desk.rows(letters) == []


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param(f"<{'x' * 300}@y.example>", id="longer than the column"),
        pytest.param("<é@y.example>", id="not ASCII"),
        pytest.param("<a@y.example >", id="a space"),
        pytest.param("<'; DROP TABLE mails; --@y>", id="SQL"),
    ],
)
def test_odd_message_ids_are_found_again(jean: IntakeBench, reference: str) -> None:
    first = a_mail(message_id=reference)
    assert fates(jean.file(first, answer(reference))) == ["opened", "appended"]
    assert fates(jean.file(answer(reference, "Re: later"))) == ["appended"]


def test_a_from_that_mentions_an_endless_address_harms_no_other_mail(jean: IntakeBench) -> None:
    endless = a_mail(sender=f"{'a' * 64}@{'b' * 250}.example, x@y.example")
    filed = jean.file(endless, a_mail())
    assert (fates(filed), [one.error for one in filed]) == (["quarantined", "opened"], [None, None])


def test_ticket_numbers_have_no_gaps_whatever_became_of_other_mails(jean: IntakeBench) -> None:
    jean.file(*numbered(3))
    jean.file(a_mail(says=["dmarc=fail"]), *numbered(2))
    away = replace(jean, desk=replace(jean.desk, blobs=_blocked(jean)))
    with pytest.raises(StoreAway):
        away.file(*numbered(1, first=9), _with_attachment("x.txt", b"x"))
    jean.last_uid = away.last_uid
    jean.file(*numbered(2, first=4))
    assert jean.column(tickets, "number") == [1, 2, 3, 4, 5]
    assert jean.column(counters, "value") == [5]


def _blocked(desk: IntakeBench) -> Any:
    """Return blobs that cannot be written: a file stands where their folder should be."""
    folder = desk.desk.blobs.path("aa").parent.parent.parent / "blocked"
    folder.write_bytes(b"")
    return type(desk.desk.blobs)(folder)


def _with_attachment(name: str, content: bytes, message_id: str = "<a@x>") -> bytes:
    part = f'--b\r\nContent-Type: text/plain; name="{name}"\r\nContent-Disposition: attachment\r\n\r\n'
    body = f"--b\r\nContent-Type: text/plain\r\n\r\nVoici.\r\n{part}{content.decode()}\r\n--b--"
    return a_mail(text=body, message_id=message_id, extra=["Content-Type: multipart/mixed; boundary=b"])


def test_an_attachment_that_cannot_be_written_leaves_the_whole_batch_unfiled(jean: IntakeBench) -> None:
    blocked = replace(jean, desk=replace(jean.desk, blobs=_blocked(jean)))
    with pytest.raises(StoreAway, match="nothing was filed"):
        blocked.file(*numbered(4), _with_attachment("x.txt", b"x"))
    assert nothing_in(jean)
    assert jean.column(addresses, "best_verdict") == [""]


def test_an_error_in_the_last_write_leaves_no_trace_of_the_batch(jean: IntakeBench) -> None:
    batch = jean.arrivals(*numbered(3))
    with pytest.raises(StoreAway), _failing(jean, "INSERT INTO audit_logs", StoreAway("gone")):
        file_batch(jean.desk, jean.source, batch)
    assert nothing_in(jean)
    assert fates(file_batch(jean.desk, jean.source, batch)) == ["opened"] * 3


@contextmanager
def _failing(desk: IntakeBench, start: str, error: Exception) -> Iterator[None]:
    """Let each statement that begins so fail."""

    def fail(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(start):
            raise error

    event.listen(desk.desk.database.engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(desk.desk.database.engine, "before_cursor_execute", fail)


UNWRITABLE: Any = object()


def bad_attachment(one: Arrival) -> Arrival:
    return with_mail(one, attachments=(Attachment("x", "text/plain", 1, "f" * 65, b"x"),))


@pytest.mark.parametrize(
    "poison",
    [
        pytest.param(lambda one: with_mail(one, subject="a\0b"), id="NUL in the subject"),
        pytest.param(lambda one: with_mail(one, text="a\0b"), id="NUL in the text"),
        pytest.param(lambda one: with_mail(one, text="\ud800"), id="half a surrogate pair"),
        pytest.param(bad_attachment, id="a key longer than its column"),
        pytest.param(lambda one: with_mail(one, folds=(Fold(0, UNWRITABLE, "q"),)), id="not JSON"),
        pytest.param(lambda one: with_mail(one, subject=None), id="no subject at all"),
        pytest.param(lambda one: with_mail(one, date=datetime(2026, 11, 20)), id="a time without zone"),  # noqa: DTZ001
    ],
)
def test_one_poisonous_mail_harms_no_other(jean: IntakeBench, poison: Callable[[Arrival], Arrival]) -> None:
    batch = jean.arrivals(*numbered(10))
    batch[4] = poison(batch[4])
    filed = file_batch(jean.desk, jean.source, batch)
    assert fates(filed) == ["opened"] * 4 + ["quarantined"] + ["opened"] * 5
    assert [one.uid for one in filed] == [one.uid for one in batch]
    assert jean.column(tickets, "number") == list(range(1, 10))
    row = jean.ledger()[4]
    assert filed[4].error
    assert row["reason"].startswith("could not be filed: ")
    assert jean.desk.blobs.read(row["raw_sha256"]) == batch[4].raw
    assert jean.column(audit_logs, "action").count("MAIL_QUARANTINED") == 1


def test_a_poisonous_mail_alone_says_what_was_wrong_with_it_and_whose_it_seems(jean: IntakeBench) -> None:
    (one,) = jean.arrivals(a_mail())
    (filed,) = file_batch(jean.desk, jean.source, [with_mail(one, subject="a\0b")])
    assert filed.error == "could not be filed: a text has a NUL character; remove it first"
    (row,) = jean.ledger()
    assert (row["reason"], row["sender"], row["verdict"]) == (filed.error, JEAN, "bomb")
    assert jean.letters() == [("alert", ADMIN)], "somebody waits for an answer that does not come"


def test_a_letter_that_cannot_be_written_does_not_stop_the_desk(jean: IntakeBench) -> None:
    class Broken:
        def render(self, _values: object) -> str:
            raise RuntimeError(f"cannot write to {JEAN}")

    key = (Language.FR, LetterKind.TICKET_OPENED)
    paper = jean.desk.stationery
    broken = replace(paper.templates[key], subject=Broken())
    ill = replace(
        jean, desk=replace(jean.desk, stationery=replace(paper, templates={**paper.templates, key: broken}))
    )
    ill.person(ZOE, language=Language.EN)
    filed = ill.file(a_mail(), a_mail(sender=ZOE))
    assert fates(filed) == ["quarantined", "opened"]
    assert filed[0].error == "could not be filed: RuntimeError"
    assert JEAN not in str(filed[0].error), "the log shows no address"


def test_what_cannot_even_be_quarantined_stays_in_the_inbox(jean: IntakeBench) -> None:
    (one,) = jean.arrivals(a_mail())
    hopeless = with_mail(one, fingerprint="f" * 65)
    with pytest.raises(StoreAway, match="neither filed nor quarantined"):
        file_batch(jean.desk, jean.source, [hopeless])
    assert nothing_in(jean)


def test_numbers_that_are_taken_already_stop_intake_instead_of_filling_the_quarantine(
    jean: IntakeBench,
) -> None:
    jean.file(*numbered(2))
    with jean.desk.database.engine.begin() as connection:
        connection.execute(update(counters).values(value=0))
    with pytest.raises(StoreAway, match="already"):
        jean.file(*numbered(2, first=3))
    assert len(jean.rows(mails)) == 2


def test_a_mail_that_another_daemon_filed_meanwhile_is_left_as_it_is(jean: IntakeBench) -> None:
    batch = jean.arrivals(*numbered(3))
    (before,) = file_batch(jean.desk, jean.source, batch[1:2])
    filed = file_batch(jean.desk, jean.source, batch)
    assert fates(filed) == ["opened"] * 3
    assert filed[1].mail_id == before.mail_id
    assert filed[1].rule == "already_filed"
    assert [len(jean.rows(table)) for table in (mails, tickets, letters)] == [3, 3, 3]


@pytest.mark.parametrize("others", [1, 2], ids=["its mail alone", "in a batch"])
def test_a_mail_that_another_daemon_files_in_between_is_found_there(jean: IntakeBench, others: int) -> None:
    """The other daemon commits after we have read that nobody knows the mail and before we write."""
    if jean.desk.database.kind == "sqlite":
        pytest.skip("SQLite lets nobody write in between")
    batch = jean.arrivals(*numbered(others))
    engine = jean.desk.database.engine
    theirs: list[Filed] = []

    def rival(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("UPDATE counters") and not theirs:  # behind our reads, before our locks
            theirs.append(Filed(0, 0, None, "", ""))  # the rival's own statements come by here too
            theirs[:] = file_batch(jean.desk, known_source(jean.desk, "main", 7, 14), batch[-1:])

    event.listen(engine, "before_cursor_execute", rival)
    filed = file_batch(jean.desk, jean.source, batch)
    event.remove(engine, "before_cursor_execute", rival)
    assert fates(filed) == ["opened"] * others
    assert filed[-1].mail_id == theirs[0].mail_id
    assert [one.error for one in filed] == [None] * others
    assert len(jean.rows(tickets)) == len(jean.rows(mails)) == others


def test_each_attempt_is_counted_and_a_third_is_not_made(jean: IntakeBench) -> None:
    charge_attempts(jean.desk, jean.source, [101, 102])
    state = inbox_state(jean.desk, jean.source, [101, 102, 103])
    assert (state.new, state.poisonous) == ([101, 102, 103], [])
    charge_attempts(jean.desk, jean.source, [102, 103])
    state = inbox_state(jean.desk, jean.source, [101, 102, 103])
    assert (state.new, state.poisonous, state.unsettled) == ([101, 103], [102], [])
    assert [(row["uid"], row["attempts"], row["fate"]) for row in jean.ledger()] == [
        (101, 1, None),
        (102, 2, None),
        (103, 1, None),
    ]


def test_a_mail_that_was_charged_is_filed_in_its_row(jean: IntakeBench) -> None:
    charge_attempts(jean.desk, jean.source, [101])
    jean.later(timedelta(minutes=1))
    assert fates(jean.file(a_mail())) == ["opened"]
    (row,) = jean.ledger()
    assert (row["seen_at"], row["attempts"], row["fate"]) == (NOW, 0, "opened")
    charge_attempts(jean.desk, jean.source, [101])
    assert inbox_state(jean.desk, jean.source, [101]).poisonous == []


NO_RESULTS: list[str] = []


def test_a_deferred_mail_is_looked_at_when_it_is_due_and_then_accepted(jean: IntakeBench) -> None:
    unjudged = a_mail(above=NO_RESULTS)
    assert fates(jean.file(unjudged)) == [None]
    (row,) = jean.ledger()
    assert (row["fate"], row["verdict"], row["look_again_at"]) == (
        None,
        "no-verdict",
        NOW + timedelta(minutes=5),
    )
    jean.later(timedelta(minutes=5) - timedelta(microseconds=1))
    assert inbox_state(jean.desk, jean.source, [101]).new == []
    jean.later(timedelta(microseconds=1))
    assert inbox_state(jean.desk, jean.source, [101]).new == [101]
    (filed,) = file_batch(jean.desk, jean.source, [arrival(a_mail(), 101)])
    assert (filed.fate, filed.mail_id) == (Fate.OPENED, row["id"])
    (after,) = jean.ledger()
    assert (after["seen_at"], after["look_again_at"], after["fate"]) == (NOW, None, "opened")
    assert (after["attempts"], after["effect"]) == (0, after["fingerprint"])


def test_a_deferred_mail_whose_copy_was_filed_meanwhile_is_a_duplicate(jean: IntakeBench) -> None:
    jean.file(a_mail(above=NO_RESULTS))
    jean.file(a_mail())
    (filed,) = file_batch(jean.desk, jean.source, [arrival(a_mail(), 101)])
    assert (filed.fate, filed.ticket_number) == (Fate.DUPLICATE, 1)
    assert [row["fate"] for row in jean.ledger()] == ["duplicate", "opened"]


def test_a_deferred_mail_is_held_after_48_hours_with_its_bytes(jean: IntakeBench) -> None:
    unjudged = a_mail(above=NO_RESULTS)
    jean.file(unjudged)
    jean.later(timedelta(hours=48))
    (filed,) = file_batch(jean.desk, jean.source, [arrival(unjudged, 101)])
    assert filed.fate is Fate.HELD
    (row,) = jean.ledger()
    assert "no better after 48 hours" in row["reason"]
    assert jean.desk.blobs.read(row["raw_sha256"]) == unjudged


def test_held_mail_is_kept_byte_for_byte(jean: IntakeBench) -> None:
    forged = (
        a_mail(says=["dmarc=fail header.from=univ.example"], text="a\r\nb\tc \r\n.\r\n") + b"\xff\x00\r\r\n"
    )
    jean.file(forged)
    (row,) = jean.ledger()
    assert row["raw_sha256"] == hashlib.sha256(forged).hexdigest()
    assert jean.desk.blobs.read(row["raw_sha256"]) == forged


def test_a_blob_is_on_the_disk_before_the_row_that_names_it(jean: IntakeBench) -> None:
    content = b"une piece jointe"
    path = jean.desk.blobs.path(hashlib.sha256(content).hexdigest())
    there: list[bool] = []

    def look(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(("INSERT INTO mails", "INSERT INTO attachments")):
            there.append(path.read_bytes() == content)

    event.listen(jean.desk.database.engine, "before_cursor_execute", look)
    jean.file(_with_attachment("photo.txt", content))
    assert there == [True, True]
    assert jean.column(attachments, "name", "size", "sha256") == [("photo.txt", len(content), path.name)]


def test_settled_mails_are_marked_and_the_sweep_finds_what_a_crash_left(jean: IntakeBench) -> None:
    filed = jean.file(*numbered(3))
    jean.file(a_mail(above=NO_RESULTS, message_id="<9@x>"))
    mark_settled(jean.desk, [filed[0].mail_id])
    assert [row["settled_at"] for row in jean.ledger()] == [NOW, None, None, None]
    state = inbox_state(jean.desk, jean.source, [101, 102, 103, 104])
    assert [(one.uid, one.fate) for one in state.unsettled] == [(uid, Fate.OPENED) for uid in (101, 102, 103)]
    jean.later(DAY)
    sweep(jean.desk, jean.source, [103, 104])
    assert [row["settled_at"] for row in jean.ledger()] == [NOW, NOW + DAY, None, None]
    sweep(jean.desk, replace(jean.source, uidvalidity=8), [103, 104])
    assert [row["settled_at"] for row in jean.ledger()] == [NOW, NOW + DAY, NOW + DAY, None]


def test_an_empty_batch_is_no_work(jean: IntakeBench) -> None:
    with jean.statements() as seen:
        assert file_batch(jean.desk, jean.source, []) == []
    assert seen == []


def sender(number: int) -> str:
    return f"learner{number}@{DOMAIN}"


def new_questions(count: int, first: int) -> list[bytes]:
    return [
        a_mail(
            f"Question {number} [#{number % 3}]",
            f"{number}",
            sender=sender(number % 50),
            message_id=f"<{number}@x>",
            extra=[f"References: <{number - 50}@x> <{number - 100}@x>"],
        )
        for number in range(first, first + count)
    ]


def held(count: int, first: int, *says: str) -> list[bytes]:
    return [
        a_mail(str(number), sender=sender(number % 50), message_id=f"<h{number}@x>", says=says)
        for number in range(first, first + count)
    ]


KINDS: dict[str, Callable[[int, int], list[bytes]]] = {
    "answers and new questions": new_questions,
    "forged": lambda count, first: held(count, first, "dmarc=fail header.from=univ.example"),
    "weakly proven": lambda count, first: held(count, first, "spf=pass smtp.mailfrom=univ.example"),
    "unproven": lambda count, first: held(count, first, "dmarc=none"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_takes_the_same_number_of_queries_however_long(desk: IntakeBench, kind: str) -> None:
    for number in range(50):
        desk.person(sender(number))
    make = KINDS[kind]
    desk.file(*make(50, 1000))
    counts = []
    for count, first in ((5, 2000), (50, 3000)):
        desk.later(timedelta(hours=1))
        batch = desk.arrivals(*make(count, first))
        with desk.statements() as seen:
            file_batch(desk.desk, desk.source, batch)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 30, seen


def test_the_ledger_lists_mails_of_several_boxes_apart(jean: IntakeBench) -> None:
    jean.file(a_mail())
    second = replace(jean, source=known_source(jean.desk, "second", 7, 14), last_uid=100)
    assert fates(second.file(a_mail())) == ["opened"]
    assert known_source(jean.desk, "second", 9, 14).mailbox_id == second.source.mailbox_id
    assert len(set(jean.column(mails, "mailbox_id"))) == 2


def test_a_pending_address_gets_no_ticket_and_no_letter(desk: IntakeBench) -> None:
    desk.person(state=AddressState.PENDING)
    assert fates(desk.file(a_mail())) == ["held"]
    assert (desk.rows(tickets), desk.rows(letters)) == ([], [])
