"""Letters: what the desk writes by itself, complete to the last header when queued.

Nothing that a mail said goes into a letter except a short quote of its subject, and that only to the proven
owner of the address: a letter must not carry a stranger's words.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from email.utils import format_datetime
from enum import StrEnum
from typing import Protocol

from helpdesk.core.datewords import shown_time
from helpdesk.core.letterbytes import alternative, header, ids_header, mailbox_header, reference_chain
from helpdesk.core.people import Language
from helpdesk.core.replytokens import Mark, bounce_address, mark_token, message_id, reply_address
from helpdesk.core.subjects import tagged
from helpdesk.core.terminal import cut_at_blank, term_safe

QUOTE_CHARS = 80
NAME_CHARS = 60
WHAT_CHARS = 100  # our own words, none of which is longer
HOSTILE_CHARS = 500
LOOP_HEADER = "X-Helpdesk-Loop"
_NO_SUBJECT = {Language.FR: "(sans objet)", Language.EN: "(no subject)"}
_LINK = re.compile(r"://|\bwww\.", re.IGNORECASE)
_DOT_INSIDE = re.compile(r"(?<=\S)\.(?=\S)")


class LetterKind(StrEnum):
    """The letters there are; each has a folder of templates in each language."""

    TICKET_OPENED = "ticket_opened"
    TICKET_REOPENED = "ticket_reopened"
    CONFIRM_SENDER = "confirm_sender"
    ALERT = "alert"
    LOGIN_CODE = "login_code"
    TICKET_ANSWERED = "ticket_answered"
    TICKET_RESOLVED = "ticket_resolved"
    SUSPICIOUS_LOGIN = "suspicious_login"
    SENDER_FORGED = "sender_forged"
    ADDRESS_FROZEN = "address_frozen"
    WEEKLY_REPORT = "weekly_report"
    TICKETS_OVERDUE = "tickets_overdue"
    HELD_MAIL_ENDING = "held_mail_ending"
    LOGIN_ENDING = "login_ending"
    CANARY = "canary"


GENERATED = (  # by the clock or by an attack, in answer to nothing (RFC 3834 §5)
    LetterKind.ALERT,
    LetterKind.SUSPICIOUS_LOGIN,
    LetterKind.SENDER_FORGED,
    LetterKind.WEEKLY_REPORT,
    LetterKind.TICKETS_OVERDUE,
    LetterKind.HELD_MAIL_ENDING,
    LetterKind.LOGIN_ENDING,
    LetterKind.CANARY,
)


class Template(Protocol):
    """A compiled template; a value that it names and that is not given is an error."""

    def render(self, values: Mapping[str, object], /) -> str:
        """Return the text with *values* in it."""
        ...


@dataclass(frozen=True, slots=True)
class LetterTemplates:
    """One letter in one language. Only ``html`` escapes what it is given."""

    subject: Template
    text: Template
    html: Template


@dataclass(frozen=True, slots=True)
class Stationery:
    """What all letters of a desk share. ``key`` signs; ``zone`` is the one in which times are shown.

    ``plus_addressing``: mail to ``desk+anything@…`` reaches the desk, so that reply and bounce addresses can
    carry signatures; otherwise bounces go to ``bounce_address``.
    """

    desk_name: str
    desk_address: str
    bounce_address: str
    install_id: str
    key: bytes = field(repr=False)
    zone: tzinfo
    plus_addressing: bool
    templates: Mapping[tuple[Language, LetterKind], LetterTemplates] = field(repr=False)

    @property
    def domain(self) -> str:
        """The domain of the desk's address, which our Message-IDs end in."""
        return self.desk_address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a letter goes to. ``person_id`` is None for a contact from the settings."""

    address: str
    language: Language
    name: str = ""
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The mail that a letter answers, for the headers that keep a thread together."""

    message_id: str = ""
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """What a security contact is told, in the words of their language.

    ``detail``: what our checks found, in their own English words. ``about``: whose address. ``count`` is since
    ``since``, where that is given; ``number`` tells letters of one day apart. All are shown defanged and cut.
    """

    what: str
    happened_at: datetime
    count: int
    reason: str
    detail: str = ""
    about: str = ""
    since: datetime | None = None
    number: int = 0


Worded = Callable[[Language], Notice]  # a notice in the language of whoever reads it


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter ready to be queued and sent as it stands. ``envelope_from`` is empty for the null sender."""

    kind: LetterKind
    recipient: str
    envelope_from: str
    message_id: str
    dedupe: str
    content: bytes = field(repr=False)


def dedupe_key(*parts: str) -> str:
    """Return the key (64 hex) under which a letter exists once, however often its cause is handled."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def ticket_opened(
    stationery: Stationery,
    to: Addressee,
    number: int,
    subject: str,
    opened_at: datetime,
    answered: Answered,
    dedupe: str,
) -> Letter:
    """Return the confirmation of a new ticket, for its proven requester."""
    values: dict[str, object] = {
        "number": number,
        "subject": quoted(subject, to.language),
        "opened": shown_time(opened_at, stationery.zone, to.language),
    }
    kind = LetterKind.TICKET_OPENED
    return assembled(stationery, kind, to, values, dedupe, opened_at, Mark("t", number), answered)


def ticket_reopened(
    stationery: Stationery,
    to: Addressee,
    number: int,
    subject: str,
    reopened_at: datetime,
    answered: Answered,
    dedupe: str,
) -> Letter:
    """Return the note that an answer has reopened a resolved ticket."""
    values: dict[str, object] = {"number": number, "subject": quoted(subject, to.language)}
    kind = LetterKind.TICKET_REOPENED
    return assembled(stationery, kind, to, values, dedupe, reopened_at, Mark("t", number), answered)


def confirm_sender(
    stationery: Stationery, to: Addressee, held_mail_id: int, seen_at: datetime, dedupe: str, now: datetime
) -> Letter:
    """Return the question whether a weakly proven mail is really its claimed sender's.

    It repeats nothing of that mail, not even its Message-ID: a forger would write to the owner through us.
    """
    values: dict[str, object] = {"seen": shown_time(seen_at, stationery.zone, to.language)}
    mark = Mark("h", held_mail_id)
    return assembled(stationery, LetterKind.CONFIRM_SENDER, to, values, dedupe, now, mark, Answered())


def alert(stationery: Stationery, to: Addressee, notice: Notice, dedupe: str, now: datetime) -> Letter:
    """Return an alert to a security contact; nothing in it is a live link or address."""
    values: dict[str, object] = {
        "what": term_safe(notice.what, WHAT_CHARS),
        "when": shown_time(notice.happened_at, stationery.zone, to.language),
        "count": notice.count,
        "reason": defanged(notice.reason, HOSTILE_CHARS),
        "detail": defanged(notice.detail, HOSTILE_CHARS),
        "about": defanged(notice.about, HOSTILE_CHARS),
        "since": shown_time(notice.since, stationery.zone, to.language) if notice.since else "",
        "number": notice.number,
    }
    return assembled(stationery, LetterKind.ALERT, to, values, dedupe, now, None, Answered())


def quoted(subject: str, language: Language) -> str:
    """Return a subject short enough and tame enough to be quoted; links in it no longer work."""
    tame = _LINK.sub(lambda link: f"{link[0][:-1]} {link[0][-1]}", " ".join(subject.split()))
    return term_safe(tame, QUOTE_CHARS).strip() or _NO_SUBJECT[language]


def defanged(text: str, limit: int) -> str:
    """Return hostile text as one line of at most *limit* characters in which no link or address is live."""
    safe = term_safe(" ".join(text[: limit * 8].split()))
    return cut_at_blank(_DOT_INSIDE.sub("[.]", safe.replace("@", "[at]").replace("://", "[:]//")), limit)


def assembled(
    stationery: Stationery,
    kind: LetterKind,
    to: Addressee,
    values: dict[str, object],
    dedupe: str,
    now: datetime,
    mark: Mark | None,
    answered: Answered,
) -> Letter:
    """Assemble a letter. Its mark is signed for the addressee; without a person it carries none."""
    templates = stationery.templates[to.language, kind]
    name = "" if "@" in to.name else term_safe(to.name, NAME_CHARS)
    values |= {"desk": term_safe(stationery.desk_name), "name": name, "language": to.language.value}
    subject = templates.subject.render(values)
    if mark is not None and mark.kind == "t":
        subject = tagged(subject, mark.number)
    marked = mark if to.person_id is not None else None
    token = "" if marked is None else mark_token(stationery.key, marked, to.person_id or 0)
    own_id = message_id(dedupe, stationery.domain, marked, token)
    automatic = "auto-generated" if kind in GENERATED else "auto-replied"
    by_a_person = kind is LetterKind.TICKET_ANSWERED  # RFC 3834 §5 is about automatic letters only
    head = [
        f"Date: {format_datetime(now.astimezone(stationery.zone))}\r\n",
        mailbox_header("From", stationery.desk_name, stationery.desk_address),
        mailbox_header("To", name, to.address),
        header("Subject", subject),
        f"Message-ID: {own_id}\r\n",
        _thread(answered),
        _reply_to(stationery, marked, token),
        "" if by_a_person else f"Auto-Submitted: {automatic}\r\n",
        "" if by_a_person else "X-Auto-Response-Suppress: All\r\n",
        header(LOOP_HEADER, stationery.install_id),
        f"Content-Language: {to.language.value}\r\n",
    ]
    body = alternative(f"=_{dedupe[:32]}", templates.text.render(values), templates.html.render(values))
    sender = "" if kind is LetterKind.ALERT else _envelope_from(stationery, dedupe)
    return Letter(kind, to.address, sender, own_id, dedupe, "".join(head).encode("ascii") + body)


def _thread(answered: Answered) -> str:
    if not answered.message_id:
        return ""
    chain = reference_chain(answered.references, answered.message_id)
    return ids_header("In-Reply-To", [answered.message_id]) + ids_header("References", chain)


def _reply_to(stationery: Stationery, mark: Mark | None, token: str) -> str:
    if mark is None or not stationery.plus_addressing:
        return ""
    address = reply_address(stationery.desk_address, mark, token)
    return mailbox_header("Reply-To", stationery.desk_name, address) if address else ""


def _envelope_from(stationery: Stationery, dedupe: str) -> str:
    """Never the null sender: a confirmation that cannot be delivered must come back and be counted."""
    signed = None
    if stationery.plus_addressing:
        signed = bounce_address(stationery.key, stationery.desk_address, dedupe)
    return signed or stationery.bounce_address
