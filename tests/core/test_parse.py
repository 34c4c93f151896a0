"""From bytes to Mail: header fields, attachments, caps and the promise never to raise."""

import base64
import hashlib
import time
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

import helpdesk.core.parse as parsing
from helpdesk.core.classify import OwnMarks
from helpdesk.core.mail import Caps, Mail, MailClass, Unreadable
from helpdesk.core.parse import parse, read_mail
from helpdesk.core.searchwords import words_of

CORPUS = Path(__file__).parent.parent / "mails" / "mime"
OWN = OwnMarks("0123456789abcdef", "desk.example")


def corpus(name: str) -> Mail:
    return read_mail((CORPUS / f"{name}.eml").read_bytes(), Caps(), OWN)


def with_header(line: bytes) -> Mail:
    return read_mail(line + b"\r\n\r\nx\r\n", Caps(), OWN)


def with_parts(*parts: bytes) -> bytes:
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
    return b"Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + body + b"--b--\r\n"


def a_file(content: bytes, name: bytes = b"a.bin") -> bytes:
    return (
        b"Content-Type: application/octet-stream; name=" + name + b"\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content).replace(b"\n", b"\r\n")
    )


def test_the_header_fields_of_a_plain_mail() -> None:
    mail = corpus("french-utf-8-8bit")
    assert (mail.shown_from, mail.from_name) == ("lea.martin@example.org", "Lea Martin")
    assert (mail.to, mail.cc, mail.delivered_to) == (("desk@desk.example",), (), ())
    assert (mail.reply_to, mail.return_path, mail.kind) == ("", None, MailClass.NORMAL)
    assert mail.date == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert (mail.message_id, mail.in_reply_to, mail.references) == ("<1@example.org>", (), ())
    assert (mail.suppress_reply, mail.bounce, mail.problem) == ("", None, "")
    assert mail.size == (CORPUS / "french-utf-8-8bit.eml").stat().st_size


def test_the_words_by_which_a_mail_is_found_are_those_of_its_text() -> None:
    mail = corpus("french-utf-8-8bit")
    assert mail.words
    assert mail.words == words_of(mail.text)


def test_names_are_decoded_and_line_ends_in_them_are_not() -> None:
    assert corpus("arabic-utf-8-base64").from_name == "ليلى"
    assert corpus("subject-in-raw-utf-8").from_name == "Léa Martin"
    assert corpus("subject-with-line-ends-in-an-encoded-word").from_name == "Léa  To: x"


def test_an_address_in_an_encoded_word_stays_a_name() -> None:
    mail = corpus("address-hidden-in-an-encoded-word")
    assert (mail.shown_from, mail.from_name) == (
        "mallory@evil.example",
        "ceo@good.example <ceo@good.example>,",
    )


def test_of_two_from_headers_the_first_is_shown() -> None:
    assert corpus("two-from-headers").shown_from == "first@example.org"


def test_address_fields_that_break_other_parsers() -> None:
    mail = corpus("to-is-a-comment-and-a-colon")
    assert (mail.to, mail.cc, mail.reply_to) == (("desk@desk.example",), (), "r@example.org")
    grouped = corpus("addresses-in-a-group")
    assert grouped.cc == ("a@example.org", "b@example.org")
    assert (grouped.delivered_to, grouped.return_path) == (("desk@desk.example",), "")


def test_message_ids_that_break_other_parsers() -> None:
    mail = corpus("message-id-in-brackets")
    assert mail.message_id == "<[0123456789abcdef@microsoft.com]>"
    assert mail.in_reply_to == ("<[x@microsoft.com]>",)
    assert mail.references == ("<a@x>", "<[x@microsoft.com]>")
    bare = corpus("message-id-without-brackets")
    assert (bare.message_id, bare.in_reply_to) == ("20261123.abc@example.org", ("<a@x>",))
    folded = corpus("message-id-cut-by-a-fold")
    assert folded.message_id == "<abcdefghijklmnopqrstuvwxyz0123456789@example.org>"
    assert folded.references == ("<a@desk.example>",)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        pytest.param(b"X: y", None, id="none"),
        pytest.param(b"Return-Path: <>", "", id="empty"),
        pytest.param(b"Return-Path: <a@example.org>", "a@example.org", id="an address"),
        pytest.param(
            b"Return-Path: <a@example.org>\r\nReturn-Path: <>", "a@example.org", id="the topmost counts"
        ),
    ],
)
def test_the_return_path_tells_absent_from_empty(line: bytes, path: str | None) -> None:
    assert with_header(line).return_path == path


def test_a_subject_is_cut_at_its_cap_between_two_characters() -> None:
    at_the_cap = with_header(b"Subject: " + "é".encode() * 1024)
    one_over = with_header(b"Subject: x" + "é".encode() * 1024)
    assert at_the_cap.subject == "é" * 1024
    assert one_over.subject == "x" + "é" * 1023


def test_a_subject_of_twenty_thousand_words_is_refused_and_one_of_four_thousand_read_at_once() -> None:
    words = b"\r\n ".join([b"=?utf-8?Q?=C3=A9?="] * 20_000)
    started = time.perf_counter()
    assert isinstance(parse(b"Subject: " + words + b"\r\n\r\n", Caps(), OWN), Unreadable)
    read = parse(b"Subject: " + words[: 64_000 // 20 * 20 - 2] + b"\r\n\r\n", Caps(), OWN)
    assert isinstance(read, Mail)
    assert read.subject.startswith("é" * 100)
    assert time.perf_counter() - started < 1


def test_fifty_attachments_are_kept_byte_for_byte_and_one_more_refuses_the_mail() -> None:
    contents = [bytes([number]) * (number + 1) for number in range(51)]
    files = [a_file(content, b"f%d.bin" % number) for number, content in enumerate(contents)]
    mail = parse(with_parts(b"\r\nVoir", *files[:50]), Caps(), OWN)
    assert isinstance(mail, Mail)
    assert [one.content for one in mail.attachments] == contents[:50]
    assert mail.attachments[49].name == "f49.bin"
    refused = parse(with_parts(b"\r\nVoir", *files), Caps(), OWN)
    assert isinstance(refused, Unreadable)
    assert refused.reason == "51 attachments; the limit is 50"


def test_an_attachment_of_24_mebibytes_comes_back_byte_for_byte() -> None:
    content = hashlib.shake_256(b"seed").digest(1024 * 1024) * 24
    mail = parse(with_parts(b"\r\nVoir", a_file(content)), Caps(), OWN)
    assert isinstance(mail, Mail)
    (kept,) = mail.attachments
    assert kept.content == content
    assert (kept.size, kept.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert mail.text == "Voir"


@pytest.mark.parametrize(
    ("head", "content_id", "inline"),
    [
        pytest.param(b"", "", False, id="nothing said"),
        pytest.param(b"Content-ID: <a@b>\r\n", "a@b", True, id="a picture of the HTML"),
        pytest.param(b"Content-Disposition: inline\r\n", "", True, id="said to be inline"),
        pytest.param(
            b"Content-Disposition: attachment\r\nContent-ID: <a@b>\r\n", "a@b", False, id="said not to be"
        ),
    ],
)
def test_inline_is_what_says_so_or_what_html_can_refer_to(head: bytes, content_id: str, inline: bool) -> None:
    (kept,) = read_mail(with_parts(b"\r\nx", head + a_file(b"x")), Caps(), OWN).attachments
    assert (kept.content_id, kept.inline) == (content_id, inline)


def test_a_text_over_the_cap_is_cut_told_and_kept_whole_beside() -> None:
    caps = replace(Caps(), max_text_bytes=8)
    at_the_cap = read_mail(b"Content-Type: text/plain\r\n\r\n" + "éééé".encode(), caps, OWN)
    one_over = read_mail(b"Content-Type: text/plain\r\n\r\n" + "xéééé".encode(), caps, OWN)
    assert (at_the_cap.text, at_the_cap.attachments, at_the_cap.problem) == ("éééé", (), "")
    assert one_over.text == "xééé"
    assert one_over.problem == "the text is longer than 8 bytes and was cut"
    assert [(one.name, one.content) for one in one_over.attachments] == [
        ("attachment-1.txt", "xéééé".encode())
    ]


def test_a_text_part_is_read_up_to_four_times_the_cap() -> None:
    caps = replace(Caps(), max_text_bytes=8)
    cut = "the text is longer than 8 bytes and was cut"
    assert read_mail(b"A: b\r\n\r\n" + b"x" * 32, caps, OWN).problem == cut
    beyond = read_mail(b"A: b\r\n\r\n" + b"x" * 33, caps, OWN)
    assert beyond.problem == "a text part is longer than 32 bytes and was cut; " + cut
    assert [one.size for one in beyond.attachments] == [33]


def test_a_text_part_that_says_it_is_an_attachment_is_one() -> None:
    said = b"Content-Disposition: attachment\r\n\r\njournal"
    mail = read_mail(with_parts(b"\r\nVoir", said), Caps(), OWN)
    assert (mail.text, [one.content for one in mail.attachments]) == ("Voir", [b"journal"])
    alone = read_mail(with_parts(said), Caps(), OWN)
    assert (alone.text, [one.content for one in alone.attachments]) == ("", [b"journal"])


@pytest.mark.parametrize(
    ("kind", "text"),
    [("text/markdown", "Mon **chargeur**"), ("text/enriched", "Mon **chargeur**"), ("text/rtf", "")],
)
def test_a_text_that_is_nearly_plain_is_read_where_there_is_no_other(kind: str, text: str) -> None:
    mail = read_mail(f"Content-Type: {kind}\r\n\r\nMon **chargeur**".encode(), Caps(), OWN)
    assert mail.text == text
    assert len(mail.attachments) == (not text)


def test_a_text_of_24_megabytes_of_one_byte_lines_is_cut_without_reading_it_all() -> None:
    raw = b"Subject: x\r\n\r\n" + b"\0\n" * (12 * 1024 * 1024)
    mail = parse(raw, Caps(), OWN)
    assert isinstance(mail, Mail)
    assert len(mail.text.encode()) <= 1024 * 1024
    assert mail.attachments[0].content == raw[14:]


def test_a_forwarded_mail_is_never_opened_however_deep() -> None:
    deep = b"Content-Type: message/rfc822\r\n\r\n" * 1000 + b"x"
    mail = parse(deep, Caps(), OWN)
    assert isinstance(mail, Mail)
    assert mail.attachments[0].content == deep[32:]


def test_a_report_nested_a_thousand_deep_gives_a_result() -> None:
    head = b"From: mailer-daemon@x.example\r\nReturn-Path: <>\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"
    bomb = head + b"--b\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 5000
    mail = read_mail(bomb, Caps(), OWN)
    assert (mail.kind, mail.bounce) == (MailClass.BOUNCE, None)
    assert mail.problem == "the report could not be read: RecursionError"


def test_a_bounce_says_whom_it_missed() -> None:
    raw = (
        b"From: MAILER-DAEMON@mx.example\r\nReturn-Path: <>\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        b"--b\r\n\r\nSorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; lea@example.org\r\n"
        b"Action: failed\r\nStatus: 5.1.1\r\n--b--\r\n"
    )
    mail = read_mail(raw, Caps(), OWN)
    assert mail.kind is MailClass.BOUNCE
    assert mail.bounce is not None
    assert (mail.bounce.recipients, mail.bounce.failed) == (("lea@example.org",), True)
    assert [one.content_type for one in mail.attachments] == ["message/delivery-status"]


def test_of_a_bounce_only_the_beginning_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []

    def noting(raw: bytes) -> Message:
        lengths.append(len(raw))
        return message_from_bytes(raw)

    monkeypatch.setattr(parsing, "message_from_bytes", noting)
    head = b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    read_mail(head + b"--b\r\n\r\n" + b"x" * 1024 * 1024, Caps(), OWN)
    assert lengths == [len(head) + 256 * 1024]


def test_a_problem_that_quotes_the_mail_holds_no_control() -> None:
    raw = b'Content-Type: text/plain; charset="a\x1b[2Jb"\r\n\r\n\xe9t\xe9'
    assert read_mail(raw, Caps(), OWN).problem == "charset a [2jb is not read here"


def test_our_own_letter_is_a_loop() -> None:
    assert with_header(b"X-Helpdesk-Loop: 0123456789abcdef").kind is MailClass.LOOP


def test_quotes_are_folded_and_stay_in_the_text() -> None:
    text = "Toujours en panne.\n\nLe lun. 23 nov. 2026, Desk <d@desk.example> a écrit :\n> Redémarrez\n> tout"
    mail = read_mail(b"In-Reply-To: <a@x>\r\n\r\n" + text.replace("\n", "\r\n").encode(), Caps(), OWN)
    assert mail.text == text
    assert [mail.text[fold.start : fold.end].strip()[:7] for fold in mail.folds] == ["Le lun."]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(MemoryError(), "reading it takes too much: MemoryError", id="memory"),
        pytest.param(RecursionError(), "reading it takes too much: RecursionError", id="recursion"),
        pytest.param(ValueError("secret"), "reading it failed: ValueError", id="a fault of ours"),
    ],
)
def test_whatever_goes_wrong_inside_the_mail_is_unreadable(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    raw = b"Subject: x\r\n\r\ny"
    whole = read_mail(raw, Caps(), OWN)
    monkeypatch.setattr(parsing, "read_body", fail)
    assert parse(raw, Caps(), OWN) == Unreadable(len(raw), whole.fingerprint, reason)


def test_a_charset_that_is_no_name_in_the_subject_does_not_keep_a_mail_from_being_read() -> None:
    raw = b"From: a@b.example\r\nSubject: =?utf\xe9-8?Q?=C3=89cran?=\r\n\r\nBonjour"
    mail = parse(raw, Caps(), OWN)
    assert isinstance(mail, Mail)
    assert (mail.subject, mail.text) == ("Écran", "Bonjour")
