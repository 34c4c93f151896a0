"""What somebody asks the ledger about, read from the words of a command line."""

from dataclasses import dataclass

from helpdesk.core.address import normal_address

MAX_UID = 2**32 - 1  # RFC 9051 §2.3.1.1
MAX_TICKET = 2**31 - 1
MAX_MAIL_ID = 2**63 - 1
FORMS = (
    "a Message-ID in angle brackets, an address, a ticket's number (12, #12 or ticket:12), "
    "a UID (12, uid:12 or, in one mailbox, NAME:12), or a mail's id as it is shown (mail:12)"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What words can mean: several things at once where they do not say which, None or empty what they cannot.

    ``mailbox``: the one that the UID is of; empty for any.
    """

    mail_id: int | None = None
    ticket: int | None = None
    uid: int | None = None
    mailbox: str = ""
    message_id: str = ""
    address: str = ""


def asked(words: str) -> Asked:
    """Read *words*. Plain digits are a UID and a ticket's number, or, over 32 bits, a mail's id.

    Something with "@" and without brackets is an address and a Message-ID. Raises ValueError for anything else.
    """
    text = " ".join(words.split())
    if text.startswith("<") and text.endswith(">"):
        return Asked(message_id=text)
    if "@" in text and " " not in text:
        return Asked(address=_address(text), message_id=f"<{text}>")
    label, separator, digits = text.replace(" ", ":").strip("[]").replace("#", "ticket:").rpartition(":")
    if found := _numbered(label if separator else "", _number(digits)):
        return found
    raise ValueError(f"{words!r} is nothing that can be looked up; ask for {FORMS}")


def _numbered(label: str, number: int | None) -> Asked | None:
    if number is None:
        return None
    match label:
        case "":
            if number > MAX_UID:
                return Asked(mail_id=number)
            return Asked(uid=number, ticket=number if number <= MAX_TICKET else None)
        case "mail":
            return Asked(mail_id=number)
        case "ticket":
            return Asked(ticket=number) if number <= MAX_TICKET else None
        case "uid":
            return Asked(uid=number) if number <= MAX_UID else None
        case _:
            return Asked(uid=number, mailbox=label) if number <= MAX_UID else None


def _number(digits: str) -> int | None:
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(MAX_MAIL_ID))):
        return None
    number = int(digits)
    return number if 0 < number <= MAX_MAIL_ID else None


def _address(text: str) -> str:
    try:
        return normal_address(text)
    except ValueError:
        return ""
