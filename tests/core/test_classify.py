"""What kind of sender wrote a mail is told by its headers; the corpus has a file for each form."""

import email
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.classify import MAX_HOPS, OwnMarks, classify
from helpdesk.core.mail import MailClass

CORPUS = Path(__file__).parents[1] / "mails" / "auto"
OWN = OwnMarks("desk-install-1", "ecole.example", frozenset({"desk@ecole.example"}))
NORMAL = (MailClass.NORMAL, "")
LEA = ("from", "Léa <lea@eleve.example>")


def corpus(folder: str) -> list[object]:
    return [pytest.param(path, id=path.stem) for path in sorted((CORPUS / folder).glob("*.eml"))]


def read(path: Path) -> tuple[MailClass, str]:
    message = email.message_from_bytes(path.read_bytes())
    headers = [(name.lower(), "".join(str(value).splitlines())) for name, value in message.items()]
    return classify(headers, message.get("Content-Type", "text/plain"), OWN)


@pytest.mark.parametrize("path", corpus("auto_reply"))
def test_an_automatic_answer_is_known_and_not_answered(path: Path) -> None:
    kind, reason = read(path)

    assert kind is MailClass.AUTO_REPLY
    assert reason


@pytest.mark.parametrize("path", corpus("bulk"))
def test_mail_to_many_is_known_and_not_answered(path: Path) -> None:
    kind, reason = read(path)

    assert kind is MailClass.BULK
    assert reason


@pytest.mark.parametrize("path", corpus("feedback"))
def test_a_feedback_report_is_known_and_not_answered(path: Path) -> None:
    assert read(path) == (MailClass.FEEDBACK, "a feedback report")


@pytest.mark.parametrize("path", corpus("loop"))
def test_our_own_mail_is_known_when_it_comes_back(path: Path) -> None:
    kind, reason = read(path)

    assert kind is MailClass.LOOP
    assert reason


@pytest.mark.parametrize("path", corpus("silent"))
def test_a_persons_mail_may_forbid_an_automatic_answer(path: Path) -> None:
    kind, reason = read(path)

    assert kind is MailClass.NORMAL
    assert reason


@pytest.mark.parametrize("path", corpus("normal"))
def test_a_persons_mail_is_answered(path: Path) -> None:
    assert read(path) == NORMAL


@pytest.mark.parametrize(
    ("headers", "content_type", "kind"),
    [
        pytest.param([LEA], "text/plain", MailClass.NORMAL, id="no sign at all"),
        pytest.param(
            [LEA, ("auto-submitted", "no\n")], "text/plain", MailClass.NORMAL, id="no and a newline"
        ),
        pytest.param(
            [LEA, ("auto-submitted", "")], "text/plain", MailClass.NORMAL, id="empty auto-submitted"
        ),
        pytest.param(
            [LEA, ("auto-submitted", "nope")], "text/plain", MailClass.AUTO_REPLY, id="not quite no"
        ),
        pytest.param([], "text/plain", MailClass.NORMAL, id="no headers"),
        pytest.param([LEA], "multipart/report", MailClass.AUTO_REPLY, id="a report without its type"),
        pytest.param(
            [("from", "MAILER-DAEMON@mx.example (Mail Delivery System)")],
            "multipart/report; boundary=x",
            MailClass.BOUNCE,
            id="a daemon's report without its type",
        ),
        pytest.param(
            [LEA],
            "Multipart/Report; REPORT-TYPE=Delivery-Status",
            MailClass.BOUNCE,
            id="case does not matter",
        ),
        pytest.param(
            [LEA, ("content-type", 'multipart/report; report-type="delivery-status"')],
            "multipart/report",
            MailClass.BOUNCE,
            id="the bare type as argument",
        ),
        pytest.param(
            [("from", "mailer-daemon@b.example"), ("return-path", "<>"), ("subject", "Hello")],
            "text/plain",
            MailClass.BOUNCE,
            id="a daemon with an empty return path",
        ),
        pytest.param(
            [("from", "mailer-daemon@b.example"), ("subject", "Hello")],
            "text/plain",
            MailClass.NORMAL,
            id="a daemon alone",
        ),
        pytest.param(
            [LEA, ("x-failed-recipients", "a@b.example")],
            "text/plain",
            MailClass.NORMAL,
            id="failed recipients told by a person",
        ),
        pytest.param(
            [("from", "Mailer-Daemon <x@b.example>"), ("subject", "Failure notice")],
            "text/plain",
            MailClass.NORMAL,
            id="a daemon by its display name only",
        ),
        pytest.param(
            [("from", "postmaster@b.example"), ("subject", "=?utf-8?q?=C3=89chec_de_la_remise?=")],
            "text/plain",
            MailClass.BOUNCE,
            id="an encoded subject is read",
        ),
        pytest.param(
            [("from", "postmaster@b.example"), ("subject", "Échec de la remise".encode().decode("latin-1"))],
            "text/plain",
            MailClass.BOUNCE,
            id="a subject in bare utf-8 is read",
        ),
        pytest.param(
            [("from", "postmaster@b.example"), ("subject", "=?nope?q?=C3=89chec_de_la_remise?=")],
            "text/plain",
            MailClass.BOUNCE,
            id="a subject in a charset that nobody knows is read as it is shown",
        ),
        pytest.param(
            [("from", "postmaster@b.example"), ("subject", "=?utf-8?x?=C3=89chec_de_la_remise?=")],
            "text/plain",
            MailClass.NORMAL,
            id="an encoded subject that cannot be read",
        ),
    ],
)
def test_one_sign_more_or_less_decides(
    headers: list[tuple[str, str]], content_type: str, kind: MailClass
) -> None:
    assert classify(headers, content_type, OWN)[0] is kind


@pytest.mark.parametrize(
    ("own", "kind"),
    [
        pytest.param(OwnMarks("desk-install-1", ""), MailClass.LOOP, id="our id"),
        pytest.param(OwnMarks("desk-install-10", ""), MailClass.AUTO_REPLY, id="nearly our id"),
        pytest.param(OwnMarks("", ""), MailClass.LOOP, id="we have none"),
    ],
)
def test_a_letter_of_a_desk_is_a_loop_where_it_may_be_our_own(own: OwnMarks, kind: MailClass) -> None:
    assert classify([LEA, ("x-helpdesk-loop", "Desk-Install-1")], "text/plain", own)[0] is kind


@pytest.mark.parametrize(
    ("own", "kind"),
    [
        pytest.param(OwnMarks("", ""), MailClass.NORMAL, id="a desk without marks knows nothing"),
        pytest.param(OwnMarks("desk-install-1", "other.example"), MailClass.NORMAL, id="another domain"),
        pytest.param(OwnMarks("desk-install-1", "ECOLE.example"), MailClass.LOOP, id="our domain"),
    ],
)
def test_a_message_id_is_ours_only_in_our_domain(own: OwnMarks, kind: MailClass) -> None:
    message_id = ("message-id", f"<c.{'0' * 32}@ecole.example>")

    assert classify([LEA, message_id], "text/plain", own)[0] is kind


def test_a_bounce_that_says_auto_submitted_is_a_bounce() -> None:
    headers = [("auto-submitted", "auto-replied"), ("precedence", "bulk")]

    assert classify(headers, "multipart/report; report-type=delivery-status", OWN)[0] is MailClass.BOUNCE


def test_the_reason_names_the_count_and_the_limit_of_hops() -> None:
    headers = [("received", "from a by b")] * (MAX_HOPS + 1)

    assert classify(headers, "text/plain", OWN) == (MailClass.LOOP, "51 Received lines; the limit is 50")


NAMES = [
    "from",
    "subject",
    "auto-submitted",
    "precedence",
    "return-path",
    "x-loop",
    "content-type",
    "message-id",
]
VALUES = st.one_of(st.text(max_size=40), st.text('=?utf8BQ(;)<>@,-" \udc80é', max_size=40))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=6), VALUES)
def test_any_headers_give_an_answer(headers: list[tuple[str, str]], content_type: str) -> None:
    kind, reason = classify(headers, content_type, OWN)

    assert kind is MailClass.NORMAL or reason


@pytest.mark.parametrize("name", [*NAMES, "x-auto-response-suppress", "x-helpdesk-loop"])
@pytest.mark.parametrize(
    "piece", ["(", "()", "<", "no-", "a,", "=?utf-8?q?a?= ", "bounce-", "warning: message "]
)
def test_a_hostile_header_takes_no_time(name: str, piece: str) -> None:
    start = time.process_time()
    classify([(name, piece * (65536 // len(piece)))] * 5, "multipart/report; report-type " + " " * 9999, OWN)
    assert time.process_time() - start < 0.2


TOKEN = "a" * 26


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        pytest.param([("to", f"desk+b0123456789ab-{TOKEN}@ecole.example")], MailClass.AUTO_REPLY, id="to it"),
        pytest.param(
            [("to", "desk@ecole.example"), ("delivered-to", f"<DESK+b0123456789ab-{TOKEN}@ecole.example>")],
            MailClass.AUTO_REPLY,
            id="delivered to it",
        ),
        pytest.param([("to", "desk@ecole.example")], MailClass.NORMAL, id="to the desk"),
        pytest.param([("to", f"desk+t12-{TOKEN}@ecole.example")], MailClass.NORMAL, id="to a reply address"),
        pytest.param(
            [("to", f"desk+b0123456789ab-{TOKEN}@other.example")], MailClass.NORMAL, id="of another desk"
        ),
    ],
)
def test_nobody_but_a_machine_writes_to_a_bounce_address(
    headers: list[tuple[str, str]], kind: MailClass
) -> None:
    assert classify([LEA, *headers], "text/plain", OWN)[0] is kind
