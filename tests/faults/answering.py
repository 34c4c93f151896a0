"""Machines that answer letters: another desk behind a gateway, responders of all manners, lists, mail systems."""

from collections.abc import Callable
from email import message_from_bytes
from email.utils import formatdate

from tests.endtoend.world import BORDER, LEARNER
from tests.servers.smtp_sink import Received

Answer = Callable[[Received, int], list[bytes]]  # a letter and its number: what comes back for it
MARKS = ("auto-submitted", "x-auto-response-suppress", "x-helpdesk-loop")
THREAD = ("in-reply-to", "references")
DSN_COPIES = 5


def at_the_border(letter: bytes, domain: str) -> bytes:
    """Return a letter as another domain's border delivers it: received, and proven for *domain*."""
    proof = f"spf=pass smtp.mailfrom={domain}; dmarc=pass header.from={domain}"
    return (
        f"Authentication-Results: {BORDER}; {proof}\r\nReceived: from out.{domain} (out.{domain} [192.0.2.7])"
        f" by {BORDER} with ESMTPS; {formatdate()}\r\n"
    ).encode() + letter


def without(letter: bytes, names: tuple[str, ...]) -> bytes:
    """Return a letter as a gateway leaves it that drops these header fields."""
    message = message_from_bytes(letter)
    for name in names:
        del message[name]
    return message.as_bytes()


def _reply(
    letter: Received, number: int, *headers: str, to: str = "", subject: str = "", thread: bool = True
) -> bytes:
    told = message_from_bytes(letter.content)
    lines = [
        f"From: Marie Durand <{LEARNER}>",
        f"To: {to or told['Reply-To'] or told['From']}",
        f"Subject: {subject or 'Absence du bureau'}",
        f"Date: {formatdate()}",
        f"Message-ID: <away-{number}@ecole.example>",
        *([f"In-Reply-To: {told['Message-ID']}"] if thread else []),
        *headers,
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "Je suis absente.",
        "",
    ]
    return at_the_border("\r\n".join(lines).encode(), LEARNER.rpartition("@")[2])


def by_the_book(letter: Received, number: int) -> list[bytes]:
    """RFC 3834: marked, to the envelope sender, with an empty return path."""
    headers = ("Auto-Submitted: auto-replied", "Return-Path: <>")
    return [_reply(letter, number, *headers, to=letter.sender, subject="Auto: absence")]


def of_exchange(letter: Received, number: int) -> list[bytes]:
    """Marked in its own way, and without a thread."""
    suppress = "X-Auto-Response-Suppress: All"
    return [_reply(letter, number, suppress, subject="Réponse automatique : absence", thread=False)]


def silent(letter: Received, number: int) -> list[bytes]:
    """Nothing says that a machine wrote, but it keeps the thread."""
    return [_reply(letter, number)]


def to_the_envelope(letter: Received, number: int) -> list[bytes]:
    """Nothing says that a machine wrote, but it writes to the envelope sender."""
    return [_reply(letter, number, to=letter.sender, thread=False)]


def rude(letter: Received, number: int) -> list[bytes]:
    """Nothing says that a machine wrote, and nothing what it answers."""
    sender = message_from_bytes(letter.content)["From"]
    return [_reply(letter, number, to=sender, thread=False)]


def counting(letter: Received, number: int) -> list[bytes]:
    """Nothing says that a machine wrote, nothing what it answers, and no two of its subjects are equal."""
    sender = message_from_bytes(letter.content)["From"]
    return [_reply(letter, number, to=sender, subject=f"Dossier {number}/2026", thread=False)]


def of_a_list(letter: Received, number: int) -> list[bytes]:
    """A list that sends every letter on to all its members, the desk among them, in its owner's name."""
    headers = ("List-Id: <tous.ecole.example>", "List-Post: <mailto:tous@ecole.example>", "Precedence: list")
    return [_reply(letter, number, *headers, subject=f"[tous] {number}", thread=False)]


def dsn_storm(letter: Received, number: int) -> list[bytes]:
    """Several reports of failure for each letter, to the envelope sender."""
    own_id = message_from_bytes(letter.content)["Message-ID"]
    return [
        (
            "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.ecole.example\r\n"
            f"To: {letter.sender}\r\nSubject: Undelivered Mail Returned to Sender\r\nDate: {formatdate()}\r\n"
            f"Message-ID: <dsn-{number}-{copy}@mx.ecole.example>\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: text/plain\r\n\r\nFailed.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.ecole.example\r\n\r\n"
            f"Final-Recipient: rfc822; {letter.recipients[0]}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
            f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {own_id}\r\n\r\n--b--\r\n"
        ).encode()
        for copy in range(DSN_COPIES)
    ]
