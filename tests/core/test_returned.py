"""A report is about a letter only where it brings back what a stranger cannot know."""

import pytest

from helpdesk.core.mail import Bounce, MailClass
from helpdesk.core.replytokens import Mark, bounce_address, mark_token, message_id
from helpdesk.core.returned import Pointers, SentLetter, in_words, letter_of, pointers_in
from tests.core.test_rules import a_mail as mail_of_kind

KEY, OLD_KEY = b"k" * 32, b"o" * 32
DESK = "desk@help.example"
DEDUPE = "0123456789ab" + "c" * 52
MARKED = message_id(DEDUPE, "help.example", Mark("t", 7), mark_token(KEY, Mark("t", 7), 1))
LETTER = SentLetter(1, DEDUPE, MARKED, "jean@univ.example", 70)
OTHER = SentLetter(2, "f" * 64, "<c.other@help.example>", "zoe@univ.example", None)
SIGNED = bounce_address(KEY, DESK, DEDUPE) or ""


def a_report(original: str, to: str = DESK, kind: MailClass = MailClass.BOUNCE) -> Pointers:
    report = Bounce(("jean@univ.example",), original, "5.1.1", True)
    return pointers_in(mail_of_kind(kind, bounce=report, to=(to,)), [KEY], DESK)


@pytest.mark.parametrize(
    ("pointers", "expected"),
    [
        pytest.param(a_report(MARKED), Pointers((), MARKED), id="a Message-ID with a mark"),
        pytest.param(a_report(MARKED.upper()), Pointers((), MARKED), id="in capitals"),
        pytest.param(
            a_report(message_id(DEDUPE, "help.example")), Pointers(), id="a Message-ID without a mark"
        ),
        pytest.param(a_report("<1@univ.example>"), Pointers(), id="somebody's Message-ID"),
        pytest.param(a_report("", SIGNED), Pointers((DEDUPE[:12],)), id="a bounce address that we signed"),
        pytest.param(
            a_report("", bounce_address(OLD_KEY, DESK, DEDUPE) or ""),
            Pointers(),
            id="a bounce address that another key signed",
        ),
        pytest.param(a_report(MARKED, SIGNED, MailClass.NORMAL), Pointers(), id="no report at all"),
        pytest.param(a_report(MARKED, SIGNED, MailClass.LOOP), Pointers(), id="our own letter"),
    ],
)
def test_only_what_we_signed_points_at_a_letter(pointers: Pointers, expected: Pointers) -> None:
    assert pointers == expected


def missed(*recipients: str) -> Bounce:
    return Bounce(recipients, MARKED, "5.1.1", True)


@pytest.mark.parametrize(
    ("pointers", "bounce", "expected"),
    [
        pytest.param(Pointers((), MARKED), missed("jean@univ.example"), LETTER, id="id and recipient"),
        pytest.param(Pointers((), MARKED), missed("zoe@univ.example"), None, id="id, another recipient"),
        pytest.param(Pointers((), MARKED), missed(), None, id="id alone"),
        pytest.param(Pointers((), MARKED), None, None, id="id in a report without content"),
        pytest.param(Pointers((DEDUPE[:12],)), missed(), LETTER, id="bounce address"),
        pytest.param(Pointers((DEDUPE[:12],)), None, LETTER, id="bounce address, report without content"),
        pytest.param(Pointers(("0123456789aa",)), missed("jean@univ.example"), None, id="another letter's"),
        pytest.param(Pointers(), missed("jean@univ.example"), None, id="the recipient alone"),
    ],
)
def test_a_message_id_counts_only_together_with_the_recipient(
    pointers: Pointers, bounce: Bounce | None, expected: SentLetter | None
) -> None:
    assert letter_of(pointers, bounce, [OTHER, LETTER]) is expected


@pytest.mark.parametrize(
    ("bounce", "words"),
    [
        pytest.param(Bounce((), "", "5.1.1", True), "came back (5.1.1)", id="failed"),
        pytest.param(Bounce((), "", "", True), "came back", id="failed, nobody says why"),
        pytest.param(Bounce((), "", "4.4.1", False), "is delayed (4.4.1)", id="delayed"),
        pytest.param(Bounce((), "", "2.0.0", False), "arrived (2.0.0)", id="arrived"),
        pytest.param(None, "a report that says nothing about it", id="nothing"),
    ],
)
def test_a_report_in_words(bounce: Bounce | None, words: str) -> None:
    assert in_words(bounce) == words
