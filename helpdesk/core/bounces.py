"""What a delivery status notification says: by RFC 3464 and RFC 6533, or in a mail system's words.

Nothing here is trusted: whoever reads a Bounce must find a letter of ours that fits it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import TypeAlias

from helpdesk.core.bouncetexts import (
    ADDRESS_LINE,
    BEFORE_ADDRESSES,
    BEHIND_A_NAME,
    BRACKETED_LINE,
    COPY_BEGINS,
    DELAYED,
    ORIGINAL_ID,
    STATUS,
    WITH_ADDRESS,
)
from helpdesk.core.mail import Bounce
from helpdesk.core.transfer import decode_transfer

MAX_RECIPIENTS = 200
MAX_PARTS = 600
MAX_TEXT_CHARS = 64 * 1024
LINES_AFTER_PHRASE = 40

AnyMessage: TypeAlias = "Message[str, str]"

_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_HEADER_TYPES = ("text/rfc822-headers", "message/global-headers", "text/rfc822")
_MESSAGE_TYPES = ("message/rfc822", "message/global", "message/partial")
_ADDRESS = re.compile(r"[^\s<>()\"',;]{1,64}@[^\s<>()\"',;@]{1,255}")
_UNICODE = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")  # RFC 6533 §3
_ID = re.compile(r"<[^<>\s]{1,990}>")
_BLANK_LINE = re.compile(r"\n[ \t]*+\n")
_FOLD = re.compile(r"\n(?=[ \t])")
_FIELD = re.compile(r"([!-9;-~]{1,80}):[ \t]*+(.*+)")


@dataclass(frozen=True, slots=True)
class _Report:
    """One recipient of a notification."""

    addresses: tuple[str, ...]
    action: str
    status: str


def bounce_of(message: AnyMessage, text: str) -> Bounce | None:
    """Return which recipients a notification says were missed and the Message-ID it was about.

    *text* is the text of the mail. None where *message* is neither a report nor from a mail system: a person
    who quotes a bounce has sent none. ``recipients`` are lower case, the final and the original address of
    each, at most 200: those that failed; where none failed, those that wait. ``failed`` is false for delays
    and for reports of success. Never raises.
    """
    parts = _parts(message)
    reports = [report for part in parts if _type(part) in _STATUS_TYPES for report in _reports(part)]
    if not (_type(message) in ("multipart/report", *_STATUS_TYPES) or _from_mail_system(message)):
        return None
    if not reports:
        return _told_in_words(message, parts, text)
    failed = [report for report in reports if report.action == "failed"]
    missed = failed or [report for report in reports if report.action == "delayed"]
    return Bounce(
        _unique(address for report in missed for address in report.addresses),
        _original_id(message, parts, text),
        next((report.status for report in missed or reports if report.status), ""),
        bool(failed),
    )


def _parts(message: AnyMessage) -> list[AnyMessage]:
    """All parts, outermost first; without recursion, since nesting is the sender's choice."""
    parts = [message]
    for part in parts:
        parts.extend(_children(part))
        if len(parts) > MAX_PARTS:
            break
    return parts[:MAX_PARTS]


def _children(part: AnyMessage) -> list[AnyMessage]:
    if not part.is_multipart():  # asked for a text, the email package decodes it, and fails on some charsets
        return []
    inside = part.get_payload()
    return [child for child in inside if isinstance(child, Message)]


def _content(part: AnyMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _reports(part: AnyMessage) -> Iterator[_Report]:
    for fields in _blocks(part):
        final = _address(fields.get("final-recipient", ""))
        original = _address(fields.get("original-recipient", ""))
        if not (final or original or "action" in fields):
            continue  # the block about the message as a whole
        status = STATUS.search(fields.get("status", "")) or STATUS.search(fields.get("diagnostic-code", ""))
        code = status[1] if status else ""
        addresses = tuple(address for address in (final, original) if address)
        yield _Report(addresses, _action(fields.get("action", ""), code), code)


def _action(action: str, status: str) -> str:
    """The action by its first word; where there is none, the class of the status tells (RFC 3463 §3.1)."""
    words = action.lower().split()
    if words:
        return words[0].rstrip(";,")
    return {"5": "failed", "4": "delayed"}.get(status[:1], "")


def _blocks(part: AnyMessage) -> Iterator[Mapping[str, str]]:
    """The blocks of fields in a status part.

    The email package makes a message of each block of ``message/delivery-status``, but one message of all
    blocks of the newer type, and none that can be read where the part is encoded.
    """
    for block in _children(part) or [part]:
        if block is not part:
            yield {name.lower(): _plain(value) for name, value in block.raw_items()}
        rest = _content(block)
        if block is not part:
            rest, _problem = decode_transfer(
                rest, next(_values(part, "content-transfer-encoding"), "").lower()
            )
        for text in _BLANK_LINE.split(_lines(rest)):
            yield dict(_fields(text))


def _lines(content: bytes) -> str:
    return content[:MAX_TEXT_CHARS].decode("utf-8", "replace").replace("\r\n", "\n")


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for line in _FOLD.sub(" ", text).split("\n"):
        if found := _FIELD.match(line):
            yield found[1].lower(), found[2].strip()


def _address(value: str) -> str:
    """The address of "rfc822; a@b.example" (RFC 3464 §2.3), lower case, or nothing."""
    _kind, semicolon, address = value.partition(";")
    plain = _UNICODE.sub(_character, (address if semicolon else value)[:2000])
    found = _ADDRESS.search(plain)
    return found[0].lower() if found else ""


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code) if 0x20 < code < 0xD800 or 0xDFFF < code < 0x110000 else "?"


def _told_in_words(message: AnyMessage, parts: list[AnyMessage], text: str) -> Bounce | None:
    copy = COPY_BEGINS.search(text, 0, MAX_TEXT_CHARS)
    words = text[: copy.start() if copy else MAX_TEXT_CHARS]
    named = [a for value in _values(message, "x-failed-recipients") for a in value.split(",")]
    addresses = _unique(filter(None, map(_address, named))) or _addresses_in(words)
    status = STATUS.search(words)
    delayed = DELAYED.search(words) is not None
    return Bounce(addresses, _original_id(message, parts, text), status[1] if status else "", not delayed)


def _addresses_in(words: str) -> tuple[str, ...]:
    bracketed = _unique(found[1] for found in BRACKETED_LINE.finditer(words))
    if bracketed:
        return bracketed
    phrase = BEFORE_ADDRESSES.search(words)
    if phrase:
        below = "\n".join(words[phrase.end() :].split("\n", LINES_AFTER_PHRASE)[:LINES_AFTER_PHRASE])
        for form in (ADDRESS_LINE, BEHIND_A_NAME):
            if found := _unique(match[1] for match in form.finditer(below)):
                return found
    return _unique(match[1] for match in WITH_ADDRESS.finditer(words))


def _original_id(message: AnyMessage, parts: list[AnyMessage], text: str) -> str:
    """The Message-ID of the letter: from its copy, its headers, the text, or the thread it is told in."""
    copies = (child for part in parts if _type(part) in _MESSAGE_TYPES for child in _children(part)[:1])
    headers = (_lines(_content(part)) for part in parts if _type(part) in _HEADER_TYPES)
    in_text = ORIGINAL_ID.search(text)
    candidates = (
        *(_first_id(_values(copy, "message-id")) for copy in copies),
        *(_first_id(value for name, value in _fields(block) if name == "message-id") for block in headers),
        in_text[1] if in_text else "",
        _first_id(_values(message, "in-reply-to")),
        _first_id(_values(message, "references")),
    )
    return next(filter(None, candidates), "")


def _first_id(values: Iterable[str]) -> str:
    for value in values:
        if found := _ID.search(value[:4000]):
            return found[0]
    return ""


def _from_mail_system(message: AnyMessage) -> bool:
    if any(not path.strip(" <>") for path in _values(message, "return-path")):
        return True
    if any(True for _value in _values(message, "x-failed-recipients")):
        return True
    sender = " ".join(_values(message, "from")).lower()[:2000]
    return any(
        name in sender for name in ("mailer-daemon", "postmaster", "microsoftexchange", "mail delivery")
    )


def _values(message: AnyMessage, name: str) -> Iterator[str]:
    return (_plain(value) for known, value in message.raw_items() if known.lower() == name)


def _plain(value: str) -> str:
    """A header value on one line; the parser keeps bytes beyond ASCII as surrogates."""
    return " ".join(value.encode("utf-8", "surrogateescape").decode("utf-8", "replace").split())


def _type(part: AnyMessage) -> str:
    return part.get_content_type()


def _unique(addresses: Iterable[str]) -> tuple[str, ...]:
    seen: dict[str, None] = {}
    for address in addresses:
        seen[address.lower().rstrip(".")] = None
        if len(seen) >= MAX_RECIPIENTS:
            break
    return tuple(seen)
