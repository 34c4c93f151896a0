"""The mails that the fault harness delivers: each bears a mark of its own, by which it is found again."""

import base64
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.endtoend.world import from_learner

REPLY_SHARE = 0.25
ATTACHMENT_SHARE = 0.2
TWICE_SHARE = 0.1
ATTACHMENT_BYTES = 3_000
BOUNDARY = "limite-de-partie"


@dataclass(frozen=True, slots=True)
class Delivered:
    """A mail that was put into the mailbox, and what has to become of it.

    ``mark``: stands once in its text and nowhere else. ``copies``: how often it was delivered. ``answers``: the
    Message-ID of an earlier mail, whose ticket it joins; empty where it opens one. ``attachment``: the SHA-256
    of its attachment, empty where it has none.
    """

    message_id: str
    mark: str
    copies: int = 1
    answers: str = ""
    attachment: str = ""


def some_mails(
    first: int, count: int, openers: Sequence[str], chance: random.Random, attached_bytes: int = 0
) -> tuple[list[Delivered], list[bytes]]:
    """Return *count* mails numbered from *first*, and the raw deliveries, more because some come twice.

    *openers*: the Message-IDs of earlier mails that opened tickets; a reply may also answer one made here.
    *attached_bytes*: each has an attachment of that size; some have a small one otherwise.
    """
    known = list(openers)
    mails: list[Delivered] = []
    raws: list[bytes] = []
    for number in range(first, first + count):
        answers = chance.choice(known) if known and chance.random() < REPLY_SHARE else ""
        small = ATTACHMENT_BYTES if chance.random() < ATTACHMENT_SHARE else 0
        content = chance.randbytes(attached_bytes or small)
        copies = 2 if chance.random() < TWICE_SHARE else 1
        mail = Delivered(
            f"<{number}.{chance.getrandbits(64):x}@ecole.example>",
            f"[mark {number:06} {chance.getrandbits(32):08x}]",
            copies,
            answers,
            hashlib.sha256(content).hexdigest() if content else "",
        )
        raw = _raw(number, mail, content)
        raws += [raw, raw.replace(b"[192.0.2.7]", b"[192.0.2.8]")][:copies]  # another way, another trace
        mails.append(mail)
        if not answers:
            known.append(mail.message_id)
    return mails, raws


def _raw(number: int, mail: Delivered, content: bytes) -> bytes:
    extra = f"In-Reply-To: {mail.answers}\r\n" if mail.answers else ""
    body = f"Bonjour, il ne marche plus.\r\n{mail.mark}"
    if content:
        extra += f'Content-Type: multipart/mixed; boundary="{BOUNDARY}"\r\n'
        coded = base64.encodebytes(content).decode().replace("\n", "\r\n")
        body = (
            f"--{BOUNDARY}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
            f'--{BOUNDARY}\r\nContent-Type: image/png; name="photo.png"\r\n'
            f'Content-Disposition: attachment; filename="photo.png"\r\n'
            f"Content-Transfer-Encoding: base64\r\n\r\n{coded}--{BOUNDARY}--"
        )
    return from_learner(f"Panne {number}", body, message_id=mail.message_id, extra=extra)
