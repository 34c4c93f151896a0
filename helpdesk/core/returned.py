"""Which of our letters a delivery report is about: by marks that a stranger cannot make up.

A report comes from anywhere and proves nothing about its sender, so it must bring back what only the recipient of
the letter, and the servers on its way, have seen: the signed bounce address, or a Message-ID with a signed mark.
Letters without mark (alerts) have Message-IDs that could be worked out; no report is believed about them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from helpdesk.core.mail import Bounce, Mail, MailClass
from helpdesk.core.replytokens import bounced_letter, claims_in_ids

MAX_BOUNCES = 3  # letters in a row that come back before the next ones wait
BOUNCES_FORGOTTEN = timedelta(days=7)  # after so long without another one the row begins anew
BOUNCES_WAIT = timedelta(hours=24)
MAX_ADDRESSES = 20  # looked at in one report
_DELIVERED = "2"  # the class of the status (RFC 3463 §2)


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A letter of ours, as far as a report about it is concerned."""

    id: int
    dedupe: str
    message_id: str
    recipient: str
    ticket_id: int | None


@dataclass(frozen=True, slots=True)
class Pointers:
    """What in a report could point at a letter.

    ``shorts``: the beginnings of dedupe keys, from bounce addresses that we signed. ``message_id``: one of ours
    with a mark, in lower case as we write them, or empty.
    """

    shorts: tuple[str, ...] = ()
    message_id: str = ""


def pointers_in(mail: Mail, keys: Sequence[bytes], desk_address: str) -> Pointers:
    """Return what in *mail* could point at a letter; nothing where it is no delivery report."""
    if mail.kind is not MailClass.BOUNCE:
        return Pointers()
    addresses = dict.fromkeys((*mail.delivered_to, *mail.to))
    shorts = (bounced_letter(keys, address, desk_address) for address in list(addresses)[:MAX_ADDRESSES])
    original = mail.bounce.original_message_id.lower() if mail.bounce else ""
    marked = claims_in_ids([original], desk_address.rpartition("@")[2])
    return Pointers(tuple(dict.fromkeys(filter(None, shorts))), original if marked else "")


def letter_of(pointers: Pointers, bounce: Bounce | None, letters: Iterable[SentLetter]) -> SentLetter | None:
    """Return the one of *letters* that a report is about, or None.

    A Message-ID travels further than a bounce address, into every answer's References: it counts only where the
    report also names the recipient.
    """
    for letter in letters:
        if any(letter.dedupe.startswith(short) for short in pointers.shorts):
            return letter
        missed = bounce.recipients if bounce else ()
        if letter.message_id.lower() == pointers.message_id and letter.recipient.lower() in missed:
            return letter
    return None


def in_words(bounce: Bounce | None) -> str:
    """Return what a report says about its letter, for the ledger and for staff."""
    if bounce is None:
        return "a report that says nothing about it"
    status = f" ({bounce.status})" if bounce.status else ""
    if bounce.failed:
        return f"came back{status}"
    return f"{'arrived' if bounce.status.startswith(_DELIVERED) else 'is delayed'}{status}"
