"""What ``why`` prints: everything that is known of a mail, and nothing that could harm a terminal."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from daemon.why import lines_of, why
from helpdesk.actions.why import Story
from helpdesk.core.asked import Asked, asked
from helpdesk.core.tickets import Status, Ticket
from helpdesk.store.engine import Database, open_database
from helpdesk.store.ledger import LedgerLetter, LedgerMail, LedgerPost
from helpdesk.store.schema import migrate
from helpdesk.store.work import Work, in_work
from tests.store.makers import NOW, a_letter, a_mail, a_mailbox, a_person, a_post, a_ticket

SEEN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
OPENED = LedgerMail(
    id=77,
    mailbox_id=1,
    mailbox="main",
    uidvalidity=7,
    uid=12,
    fingerprint="f" * 64,
    message_id="<1@univ.example>",
    size=1000,
    subject="Mon chargeur",
    sender="jean@univ.example",
    dated_at=SEEN - timedelta(minutes=5),
    seen_at=SEEN,
    fate="opened",
    rule="new_ticket",
    reason="",
    verdict="pass",
    verdict_reason="dmarc=pass",
    person_id=5,
    ticket_id=3,
    raw_sha256=None,
    attempts=0,
    look_again_at=None,
    settled_at=SEEN + timedelta(seconds=1),
)
LETTER = LedgerLetter(
    id=88,
    kind="ticket_opened",
    message_id="<c.1@help.example>",
    recipient="jean@univ.example",
    state="sent",
    attempts=2,
    next_at=SEEN,
    last_error="",
    queued_at=SEEN,
    sent_at=SEEN + timedelta(seconds=2),
    bounced_at=None,
    mail_id=77,
    ticket_id=3,
)


def changed(mail: LedgerMail, **given: object) -> Story:
    return Story("UID 12", replace(mail, **given))  # type: ignore[arg-type]


def letter(**given: object) -> Story:
    return Story("its Message-ID", None, letters=(replace(LETTER, **given),))  # type: ignore[arg-type]


def test_a_filed_mail_is_told_from_first_sight_to_its_letter() -> None:
    ticket = Ticket(3, 42, "Mon chargeur", Status.WAITING, 5)
    story = Story("UID 12, ticket 42", OPENED, "Jean Dupont", ticket, LedgerPost(99, 77, 3, SEEN), (LETTER,))
    assert lines_of(story) == [
        "mail 77, found by UID 12, ticket 42",
        "  seen        2026-11-20 09:00:00 UTC in main, UID 12 of 7",
        "  sender      jean@univ.example (Jean Dupont)",
        "  subject     Mon chargeur",
        "  Message-ID  <1@univ.example>",
        "  size        1000 bytes, dated 2026-11-20 08:55:00 UTC",
        "  fate        opened, by the rule new_ticket",
        "  verdict     pass: dmarc=pass",
        "  ticket      42, waiting",
        "  post        99, written 2026-11-20 09:00:00 UTC",
        "  settled     left the inbox, noted 2026-11-20 09:00:01 UTC",
        "  letter      ticket_opened to jean@univ.example: sent 2026-11-20 09:00:02 UTC, 2 attempts",
        "              queued 2026-11-20 09:00:00 UTC, <c.1@help.example>",
        "",
    ]


@pytest.mark.parametrize(
    ("story", "line"),
    [
        pytest.param(
            changed(OPENED, fate=None, rule="", attempts=2),
            "  attempts    2 begun and not ended",
            id="being tried",
        ),
        pytest.param(
            changed(OPENED, fate=None, rule=""), "  fate        none yet: it is being read", id="read"
        ),
        pytest.param(
            changed(OPENED, fate=None, rule="sender_not_admitted"),
            "  fate        none yet, deferred by the rule sender_not_admitted",
            id="deferred",
        ),
        pytest.param(
            changed(OPENED, look_again_at=SEEN),
            "  again       looked at again at 2026-11-20 09:00:00 UTC",
            id="waits",
        ),
        pytest.param(
            changed(OPENED, settled_at=None),
            "  settled     not yet: perhaps it is still in the inbox",
            id="filed and not known to be moved",
        ),
        pytest.param(changed(OPENED, sender=""), "  sender      (cannot be read)", id="no sender"),
        pytest.param(changed(OPENED, raw_sha256="ab"), "  kept        as blob ab", id="kept"),
        pytest.param(
            letter(sent_at=None, state="queued"),
            "  letter      ticket_opened to jean@univ.example: waits until 2026-11-20 09:00:00 UTC, 2 attempts",
            id="a letter that waits",
        ),
        pytest.param(
            letter(sent_at=None, state="sending", attempts=1),
            "  letter      ticket_opened to jean@univ.example: being sent, ours until 2026-11-20 09:00:00 UTC,"
            " 1 attempt",
            id="a letter on its way",
        ),
        pytest.param(
            letter(sent_at=None, state="dead"),
            "  letter      ticket_opened to jean@univ.example: dead, 2 attempts",
            id="a dead letter",
        ),
        pytest.param(letter(last_error="550 no"), "              550 no", id="the relay's last word"),
        pytest.param(
            letter(bounced_at=SEEN),
            "              came back 2026-11-20 09:00:00 UTC: its recipient did not get it",
            id="a bounce",
        ),
    ],
)
def test_every_state_has_its_words(story: Story, line: str) -> None:
    assert line in lines_of(story)


def test_nothing_of_a_mail_reaches_the_terminal_as_it_is() -> None:
    hostile = "\x1b]0;x\x07\r\n\u202ekram"
    story = changed(
        OPENED, subject=hostile, sender=hostile, reason=hostile, verdict_reason=hostile, message_id=hostile
    )
    shown = "\n".join(lines_of(story))
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert len(shown.splitlines()) == len(lines_of(story)) - 1


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    migrate(database)
    yield database
    database.close()


def told(database: Database, words: str, last: int = 10) -> list[dict[str, object]]:
    out = io.StringIO()
    why(database, asked(words), last, True, out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def fill(database: Database) -> None:
    """One mail that opened ticket 12 under UID 3, one ignored under UID 12, an alert, and a letter for staff."""
    person, mailbox = a_person(database), a_mailbox(database, "main")
    ticket = a_ticket(person, 12)
    opened = a_mail(mailbox, 3, ticket_id=ticket["id"], person_id=person.id, fate="opened", effect="e" * 64)
    ignored = a_mail(mailbox, 12, sender="news@shop.example", seen_at=NOW - timedelta(days=1))
    older = a_mail(mailbox, 12, uidvalidity=6, sender="news@shop.example", seen_at=NOW - timedelta(days=2))
    post = a_post(ticket["id"], mail_id=opened["id"])
    letters = [
        a_letter("opened", mail_id=opened["id"], ticket_id=ticket["id"]),
        a_letter("alert", recipient="admin@help.example"),
        a_letter("resolved", ticket_id=ticket["id"]),
    ]

    def add(work: Work) -> None:
        work.tickets.add([ticket])
        work.mails.add([opened, older, ignored])
        work.posts.add([post], [])
        work.letters.add(letters)

    in_work(database, add)


def test_each_question_finds_its_mails_and_letters(database: Database) -> None:
    fill(database)

    def found(words: str, last: int = 10) -> list[tuple[object, ...]]:
        return [(one["found_by"], one["uidvalidity"], one["uid"]) for one in told(database, words, last)]

    opened = (7, 3)
    by_number = [("ticket 12", *opened), ("UID 12", 6, 12), ("UID 12", 7, 12), ("ticket 12", None, None)]
    assert sorted(found("12"), key=str) == sorted(by_number, key=str)
    assert found("uid:12") == found("main:12") == [("UID 12", 6, 12), ("UID 12", 7, 12)]
    assert found("other:12") == []
    assert found("#12") == [("ticket 12", *opened), ("ticket 12", None, None)]
    assert found("<3@univ.example>") == found("3@univ.example") == [("its Message-ID", *opened)]
    assert found("<opened@help.example>") == [("the Message-ID of a letter", *opened)]
    assert found("<alert@help.example>") == [("its Message-ID", None, None)]
    assert found("News@Shop.Example") == [("its sender", 6, 12), ("its sender", 7, 12)]
    assert found("news@shop.example", 1) == [("its sender", 7, 12)], "the newest"
    assert found("nobody@shop.example") == found("<x>") == found("mail:5") == []


def test_a_mail_is_told_once_with_all_that_hangs_on_it(database: Database) -> None:
    fill(database)
    (story,) = told(database, "uid:3")
    assert isinstance(story["letters"], list)
    assert (story["ticket"], story["ticket_status"], story["person"]) == (12, "waiting", "Jean Dupont")
    assert story["post"] is not None
    assert [letter["message_id"] for letter in story["letters"]] == ["<opened@help.example>"]
    assert all(
        set(one) == set(story) for words in ("12", "<alert@help.example>") for one in told(database, words)
    )


def test_nothing_found_is_said_and_ends_with_status_one(database: Database) -> None:
    out = io.StringIO()
    assert why(database, Asked(uid=1), 10, False, out) == 1
    assert "Nothing is known" in out.getvalue()
    assert why(database, Asked(uid=1), 10, True, io.StringIO()) == 1


def test_an_address_that_only_has_letters_is_known(database: Database) -> None:
    fill(database)
    (story,) = told(database, "Admin@help.example")
    assert isinstance(story["letters"], list)
    assert (story["found_by"], story["mail"]) == ("its recipient", None)
    assert [letter["kind"] for letter in story["letters"]] == ["ticket_opened"]


def test_a_letter_that_a_shown_mail_caused_is_told_once(database: Database) -> None:
    fill(database)
    letters = [letter for story in told(database, "jean@univ.example") for letter in story["letters"]]  # type: ignore[attr-defined]
    names = [letter["message_id"] for letter in letters]
    assert sorted(names) == ["<opened@help.example>", "<resolved@help.example>"]


@pytest.mark.parametrize(
    ("words", "last", "others"),
    [
        ("news@shop.example", 1, True),
        ("news@shop.example", 2, False),
        ("jean@univ.example", 1, True),
        ("jean@univ.example", 2, False),
    ],
)
def test_that_there_are_more_is_said(database: Database, words: str, last: int, others: bool) -> None:
    fill(database)
    out = io.StringIO()
    why(database, asked(words), last, False, out)
    assert ("ask for more with --last" in out.getvalue()) is others
