"""What a notification says about a letter of ours; the corpus has a file for each mail system's form."""

import email
import re
import time
from email.message import Message
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core import bouncetexts
from helpdesk.core.bounces import MAX_RECIPIENTS, bounce_of
from helpdesk.core.classify import OwnMarks, classify
from helpdesk.core.mail import Bounce, MailClass

CORPUS = Path(__file__).parents[1] / "mails" / "bounces"
OURS = "<c.00112233445566778899aabbccddeeff@ecole.example>"
LEA = "lea@eleve.example"
TOM = "tom@eleve.example"


def read(raw: bytes) -> tuple["Message[str, str]", str]:
    message = email.message_from_bytes(raw)
    for part in message.walk():
        content = part.get_payload(decode=True)
        if part.get_content_type() == "text/plain" and isinstance(content, bytes):
            return message, content.decode("utf-8", "replace").replace("\r\n", "\n")
    return message, ""


@pytest.mark.parametrize(
    ("name", "bounce"),
    [
        pytest.param("courier", Bounce((LEA,), "", "", True), id="courier"),
        pytest.param("domino", Bounce((LEA,), "", "", True), id="domino"),
        pytest.param(
            "empty-status-part", Bounce((LEA,), OURS, "5.1.1", True), id="gmail words in an empty report"
        ),
        pytest.param("exchange-2003-french", Bounce((LEA,), "", "5.1.1", True), id="exchange 2003 in french"),
        pytest.param(
            "exchange-2010-french-behind-a-name", Bounce((LEA,), OURS, "", True), id="exchange 2010 in french"
        ),
        pytest.param("exchange-5", Bounce((LEA,), "", "", True), id="exchange 5"),
        pytest.param(
            "exchange-online-french", Bounce((LEA,), OURS, "5.1.10", True), id="exchange online in french"
        ),
        pytest.param("exim", Bounce((LEA, TOM), OURS, "5.1.1", True), id="exim"),
        pytest.param("exim-delayed", Bounce((LEA,), "", "", False), id="exim still trying"),
        pytest.param("exim-without-header", Bounce((LEA, TOM), OURS, "", True), id="exim by its words"),
        pytest.param("german", Bounce((LEA,), "", "", True), id="german words"),
        pytest.param("gmail-french-without-copy", Bounce((LEA,), OURS, "5.1.1", True), id="gmail in french"),
        pytest.param("gmail-old-delay", Bounce((LEA,), OURS, "", False), id="gmail still trying"),
        pytest.param("iis-smtp", Bounce((LEA, TOM), "", "", True), id="iis"),
        pytest.param("imail", Bounce((LEA,), OURS, "", True), id="imail"),
        pytest.param(
            "international-addresses",
            Bounce(("léa@élève.example", "andré@eleve.example"), OURS, "5.6.7", True),
            id="addresses beyond ascii",
        ),
        pytest.param("mail-ru", Bounce((LEA,), "", "5.1.1", True), id="mail.ru"),
        pytest.param("one-and-one", Bounce((LEA,), OURS, "", True), id="1and1"),
        pytest.param("postfix-delayed", Bounce((LEA,), OURS, "4.4.1", False), id="postfix still trying"),
        pytest.param(
            "postfix-forwarded-address",
            Bounce(("lea@fai.example", LEA), OURS, "5.2.2", True),
            id="an address and where it was forwarded to",
        ),
        pytest.param("postfix-user-unknown", Bounce((LEA,), OURS, "5.1.1", True), id="postfix"),
        pytest.param("qmail", Bounce((LEA, TOM), OURS, "5.1.1", True), id="qmail"),
        pytest.param("sendmail-old", Bounce((LEA,), "", "5.1.1", True), id="sendmail without report"),
        pytest.param(
            "several-recipients-one-delivered",
            Bounce((LEA, "eva@eleve.example"), OURS, "5.1.1", True),
            id="only those that failed",
        ),
        pytest.param(
            "status-only-in-the-diagnostic",
            Bounce((LEA,), OURS, "5.2.2", True),
            id="status in the diagnostic",
        ),
        pytest.param(
            "status-part-in-base64", Bounce((LEA,), OURS, "5.1.1", True), id="status part in base64"
        ),
        pytest.param("success-report", Bounce((), OURS, "2.0.0", False), id="a success misses nobody"),
        pytest.param("without-action", Bounce((LEA,), OURS, "5.0.0", True), id="no action, the status tells"),
        pytest.param("yahoo", Bounce((LEA,), OURS, "5.1.1", True), id="yahoo"),
    ],
)
def test_a_notification_tells_whom_it_missed(name: str, bounce: Bounce) -> None:
    message, text = read((CORPUS / f"{name}.eml").read_bytes())

    assert bounce_of(message, text) == bounce


def test_every_notification_of_the_corpus_is_classified_as_a_bounce() -> None:
    for path in sorted(CORPUS.glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes())
        headers = [(name.lower(), " ".join(str(value).split())) for name, value in message.items()]
        kind, reason = classify(
            headers, message.get("Content-Type", "text/plain"), OwnMarks("id", "ecole.example")
        )
        assert (kind, bool(reason)) == (MailClass.BOUNCE, True), path.name


def a_report(*blocks: str, sender: str = "MAILER-DAEMON@mx.example", top: str = "multipart/report") -> bytes:
    status = "\n\n".join(("Reporting-MTA: dns; mx.example", *blocks))
    return (
        f"From: {sender}\nContent-Type: {top}; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nwords\n"
        f"--b\nContent-Type: message/delivery-status\n\n{status}\n\n--b--\n"
    ).encode()


def failed(address: str, action: str = "failed") -> str:
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: 5.1.1"


@pytest.mark.parametrize(
    ("raw", "is_bounce"),
    [
        pytest.param(a_report(failed(LEA), sender=LEA), True, id="a report from any sender"),
        pytest.param(a_report(failed(LEA), top="multipart/mixed"), True, id="wrapped, from a mail system"),
        pytest.param(
            a_report(failed(LEA), sender=LEA, top="multipart/mixed"), False, id="forwarded by a person"
        ),
        pytest.param(b"From: tom@eleve.example\n\n<lea@eleve.example>: no\n", False, id="words of a person"),
        pytest.param(
            b"From: postmaster@eleve.example\n\n<lea@eleve.example>: no\n", True, id="words of a mail system"
        ),
        pytest.param(
            b"Return-Path: <>\nFrom: t@e.example\n\nhi\n", True, id="words with an empty return path"
        ),
    ],
)
def test_a_person_who_quotes_a_bounce_has_sent_none(raw: bytes, is_bounce: bool) -> None:
    assert (bounce_of(*read(raw)) is not None) is is_bounce


@pytest.mark.parametrize(
    ("blocks", "recipients", "has_failed"),
    [
        pytest.param((failed(LEA),), (LEA,), True, id="failed"),
        pytest.param((failed(LEA, "FAILED; really"),), (LEA,), True, id="failed in capitals"),
        pytest.param((failed(LEA, "delayed"),), (LEA,), False, id="delayed"),
        pytest.param((failed(LEA, "delayed"), failed(TOM)), (TOM,), True, id="one failed, one waits"),
        pytest.param((failed(LEA, "expanded"),), (), False, id="expanded to a list"),
        pytest.param((failed("Lea@Eleve.example"), failed(LEA)), (LEA,), True, id="the same twice"),
        pytest.param((failed("not an address"),), (), True, id="no address at all"),
        pytest.param(
            ("Original-Recipient: rfc822;a@b.example\nAction: failed",), ("a@b.example",), True, id="original"
        ),
        pytest.param(
            ("Final-Recipient: x@y.example\nAction: failed",), ("x@y.example",), True, id="no address type"
        ),
        pytest.param((), (), True, id="nobody named"),
    ],
)
def test_the_action_decides_whether_a_recipient_was_missed(
    blocks: tuple[str, ...], recipients: tuple[str, ...], has_failed: bool
) -> None:
    bounce = bounce_of(*read(a_report(*blocks)))

    assert bounce is not None
    assert (bounce.recipients, bounce.failed) == (recipients, has_failed)


@pytest.mark.parametrize(
    ("listed", "kept"),
    [
        pytest.param(MAX_RECIPIENTS, MAX_RECIPIENTS, id="as many as allowed"),
        pytest.param(MAX_RECIPIENTS + 50, MAX_RECIPIENTS, id="more than allowed"),
    ],
)
def test_the_list_of_recipients_is_bounded(listed: int, kept: int) -> None:
    addresses = [f"user{n}@eleve.example" for n in range(listed)]
    by_report = bounce_of(*read(a_report(*map(failed, addresses))))
    in_words = bounce_of(
        *read(b"Return-Path: <>\n\n" + "".join(f"<{address}>:\nno\n\n" for address in addresses).encode())
    )

    assert by_report is not None
    assert in_words is not None
    assert len(by_report.recipients) == len(in_words.recipients) == kept


def test_deep_nesting_does_not_break_the_search_for_the_letter() -> None:
    raw = (
        b"Return-Path: <>\n"
        + b"Content-Type: message/rfc822\n\n" * 90
        + b"Message-ID: <deep@x.example>\n\nx\n"
    )

    bounce = bounce_of(*read(raw))

    assert bounce is not None
    assert bounce.original_message_id == "<deep@x.example>"


@pytest.mark.parametrize(
    "charset",
    [
        pytest.param(b'charset="a\0b"', id="a NUL in its name"),
        pytest.param(b"charset*=x''y", id="a language before its name"),
        pytest.param(b"charset=idna", id="no charset of texts"),
        pytest.param(b"charset=nonesuch", id="unknown"),
    ],
)
def test_a_charset_that_cannot_be_does_not_break_the_search_for_the_letter(charset: bytes) -> None:
    raw = (
        b"Return-Path: <>\nIn-Reply-To: <a@b>\nContent-Type: text/plain; "
        + charset
        + b"\n\n\xe9 "
        + b"x" * 70
    )

    assert bounce_of(email.message_from_bytes(raw), "") == Bounce((), "<a@b>", "", True)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from(
                [
                    b"Content-Type: multipart/report; boundary=b\n",
                    b"Content-Type: message/delivery-status\n",
                    b"Content-Type: message/global-delivery-status\n",
                    b"Content-Type: text/plain; charset=a\0b\n",
                    b"Content-Transfer-Encoding: base64\n",
                    b"Content-Transfer-Encoding: uuencode\n",
                    b"\n--b\n",
                    b"\n\n",
                    b"Final-Recipient: utf-8; \\x{110000}@\\x{D800}\xff\n",
                    b"Action: failed\n",
                    b"Message-ID: \xff<a\xe9@b>\n",
                ]
            ),
        ),
        max_size=12,
    ),
    st.text(max_size=60),
)
def test_any_bytes_give_an_answer(pieces: list[bytes], text: str) -> None:
    message = email.message_from_bytes(b"Return-Path: <>\n" + b"".join(pieces))

    bounce = bounce_of(message, text)

    assert bounce is None or all("@" in address for address in bounce.recipients)


@pytest.mark.parametrize(
    "piece",
    [
        *("<", "<a@b", "a@b.example\n", "  ", "\n", "-", "(", "5.1.", "a.", "\n ", "'\"<("),
        *(
            "your message to ",
            "following address ",
            "Message-ID: ",
            "échec de la remise à ",
            "delayed ",
            "remise ",
        ),
        "<a@b> (expanded from ",
    ],
)
def test_hostile_words_take_linear_time(piece: str) -> None:
    text = piece * (1024 * 1024 // len(piece))
    message = email.message_from_bytes(b"Return-Path: <>\n\nx\n")
    start = time.process_time()
    bounce_of(message, text)
    bounce_of(message, f"following address failed\n{text}")
    for pattern in vars(bouncetexts).values():
        if isinstance(pattern, re.Pattern):
            pattern.search(text[: 64 * 1024])
    assert time.process_time() - start < 2
