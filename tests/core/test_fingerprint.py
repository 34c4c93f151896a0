"""What makes two deliveries the same mail, and what does not."""

import hashlib

import pytest

from helpdesk.core.classify import OwnMarks
from helpdesk.core.fingerprint import fingerprint_of
from helpdesk.core.mail import Caps, Unreadable
from helpdesk.core.parse import parse

HEAD = (
    b"From: a@example.org\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n"
    b"Subject: x\r\nMessage-ID: <1@example.org>\r\n"
)
MAIL = HEAD + b"\r\nBonjour\r\n"
OWN = OwnMarks("0123456789abcdef", "desk.example")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"Received: from a by b; now\r\n" + MAIL, id="another hop"),
        pytest.param(
            b"Delivered-To: desk@desk.example\r\nReturn-Path: <a@example.org>\r\n" + MAIL, id="delivery"
        ),
        pytest.param(MAIL.replace(b"Subject: x", b"subject:\r\n x"), id="folded in another way"),
        pytest.param(MAIL + b"\r\n", id="an empty line at the end"),
        pytest.param(HEAD.replace(b"From", b"X-Spam: no\r\nFrom") + b"\r\nBonjour\r\n", id="another field"),
    ],
)
def test_a_second_delivery_has_the_same_fingerprint(raw: bytes) -> None:
    assert fingerprint_of(raw) == fingerprint_of(MAIL)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(MAIL.replace(b"a@", b"b@"), id="from"),
        pytest.param(b"From: b@example.org\r\n" + MAIL, id="one more from"),
        pytest.param(MAIL.replace(b"From: a@example.org\r\n", b""), id="no from"),
        pytest.param(MAIL.replace(b"<1@", b"<2@"), id="message-id"),
        pytest.param(MAIL.replace(b"10:00", b"10:01"), id="date"),
        pytest.param(MAIL.replace(b"Subject: x", b"Subject: y"), id="subject"),
        pytest.param(MAIL.replace(b"Bonjour", b"bonjour"), id="body"),
        pytest.param(MAIL.replace(b"\r\n\r\nB", b"\r\n\r\n\r\nB"), id="an empty line at the beginning"),
    ],
)
def test_another_mail_has_another_fingerprint(raw: bytes) -> None:
    assert raw != MAIL
    assert fingerprint_of(raw) != fingerprint_of(MAIL)


def test_a_value_cannot_move_to_another_field() -> None:
    assert fingerprint_of(b"From: a\r\nSubject: b\r\n\r\n") != fingerprint_of(
        b"From: ab\r\nSubject: \r\n\r\n"
    )


def test_the_form_never_changes_since_ledgers_hold_it() -> None:
    fields = b"<1@example.org>\0a@example.org\0Mon, 23 Nov 2026 10:00:00 +0100\0x\0"
    assert fingerprint_of(MAIL) == hashlib.sha256(fields + hashlib.sha256(b"Bonjour").digest()).hexdigest()


def test_a_mail_over_a_cap_has_the_fingerprint_it_would_have_had() -> None:
    small = Caps(max_header_fields=2)
    unread, read = parse(MAIL, small, OWN), parse(MAIL, Caps(), OWN)
    assert isinstance(unread, Unreadable)
    assert unread.fingerprint == read.fingerprint == fingerprint_of(MAIL)


def test_a_header_block_beyond_every_cap_still_has_one() -> None:
    huge = b"Subject: " + b"x" * (2 * 1024 * 1024)
    assert len(fingerprint_of(huge)) == 64
    assert fingerprint_of(huge) != fingerprint_of(huge + b"y")
