"""Bytes to Mail: any bytes at all give a Mail or the reason why they were not read.

Own readers for headers, structure, charsets and encoded words: ``email`` with ``policy.default`` raises on
real mail and takes half a minute for one hostile subject; its ``compat32`` is asked only what a bounce says.
"""

import hashlib
from collections.abc import Iterator, Sequence
from email import message_from_bytes

from helpdesk.core.bodytext import Body, name_of, read_body
from helpdesk.core.bounces import bounce_of
from helpdesk.core.classify import OwnMarks, classify
from helpdesk.core.dates import read_date
from helpdesk.core.displayaddresses import MAX_ADDRESSES, Shown, shown_addresses
from helpdesk.core.encodedwords import cut_to_bytes, decode_words, one_line
from helpdesk.core.fields import Block, OverCap, unfold
from helpdesk.core.filenames import file_name, made_up_name
from helpdesk.core.fingerprint import fingerprint_of, fingerprint_with
from helpdesk.core.folds import folds_of
from helpdesk.core.mail import Attachment, Bounce, Caps, Mail, MailClass, Unreadable
from helpdesk.core.messageids import message_id_of, message_ids_in
from helpdesk.core.mimewalk import Part, walk
from helpdesk.core.searchwords import words_of
from helpdesk.core.transfer import decode_transfer

MAX_PROBLEM_CHARACTERS = 500
MAX_CONTENT_ID_CHARACTERS = 255
_REPORT_BYTES = 256 * 1024  # of a bounce: what failed stands before the copy of the letter


def parse(raw: bytes, caps: Caps, own: OwnMarks) -> Mail | Unreadable:
    """Read one mail. Total: nothing raises, whatever *raw* holds.

    Unreadable where a cap of *caps* is broken: more than ``max_attachments`` is one too, since a mail kept
    whole in quarantine loses nothing, while a list cut short would.
    """
    try:
        return read_mail(raw, caps, own)
    except OverCap as over:
        reason = str(over)
    except (MemoryError, RecursionError) as error:
        reason = f"reading it takes too much: {type(error).__name__}"
    except Exception as error:  # noqa: BLE001  one mail must never stop the next; quarantine keeps it for us
        reason = f"reading it failed: {type(error).__name__}"
    return Unreadable(len(raw), fingerprint_of(raw), reason)


def read_mail(raw: bytes, caps: Caps, own: OwnMarks) -> Mail:
    """Read one mail that breaks no cap; raises OverCap when it does. ``parse`` is the safe way in."""
    root = walk(raw, caps)
    block = root.block
    body = read_body(root, raw, caps)
    subject = _subject(block, caps)
    sender = _shown(block, "from", caps)
    headers = tuple((name, unfold(value).decode("latin-1")) for name, value in block.fields)
    kind, suppress_reply = classify(headers, (block.first("content-type") or b"").decode("latin-1"), own)
    bounce, unread = _bounce(raw, root, kind, body.text)
    attachments, problems = _attachments(root, raw, body, caps)
    in_reply_to = message_ids_in(block.first("in-reply-to") or b"")
    references = message_ids_in(block.first("references") or b"")
    return Mail(
        size=len(raw),
        fingerprint=fingerprint_with(raw, block),
        subject=subject,
        shown_from=sender.address or sender.name,
        from_name=sender.name,
        reply_to=_shown(block, "reply-to", caps).address,
        to=_addresses(block, "to"),
        cc=_addresses(block, "cc"),
        delivered_to=_addresses(block, "delivered-to"),
        return_path=_return_path(block),
        date=read_date(block.first("date") or b""),
        message_id=message_id_of(block.first("message-id") or b""),
        in_reply_to=in_reply_to,
        references=references,
        text=body.text,
        folds=folds_of(body.text, subject, is_threaded=bool(in_reply_to or references)),
        attachments=attachments,
        kind=kind,
        suppress_reply=suppress_reply,
        bounce=bounce,
        problem=_problem((*_structure_problems(root), *body.problems, *problems, *unread)),
        words=frozenset(words_of(body.text)),
    )


def _subject(block: Block, caps: Caps) -> str:
    text = decode_words(block.first("subject") or b"", caps.max_encoded_words)
    return cut_to_bytes(text, caps.max_subject_bytes).rstrip()


def _shown(block: Block, name: str, caps: Caps) -> Shown:
    shown = shown_addresses(block.first(name) or b"", caps.max_encoded_words)
    return shown[0] if shown else Shown("", "")


def _addresses(block: Block, name: str) -> tuple[str, ...]:
    found = (shown.address for value in block.every(name) for shown in shown_addresses(value, 0))
    return tuple(address for address in found if address)[:MAX_ADDRESSES]


def _return_path(block: Block) -> str | None:
    """The topmost Return-Path: the delivering server wrote it. Empty for ``<>``, None where there is none."""
    value = block.first("return-path")
    if value is None:
        return None
    shown = shown_addresses(value, 0)
    return shown[0].address if shown else ""


def _bounce(raw: bytes, root: Part, kind: MailClass, text: str) -> tuple[Bounce | None, list[str]]:
    if kind is not MailClass.BOUNCE and root.content_type != "multipart/report":
        return None, []
    try:
        return bounce_of(message_from_bytes(raw[: root.block.body + _REPORT_BYTES]), text), []
    except Exception as error:  # noqa: BLE001  email.message raises on hostile charsets and nesting; the text is read
        return None, [f"the report could not be read: {type(error).__name__}"]


def _attachments(root: Part, raw: bytes, body: Body, caps: Caps) -> tuple[tuple[Attachment, ...], list[str]]:
    """Everything that is not in the text, in the order of the mail, and what was wrong with it."""
    if len(body.others) > caps.max_attachments:
        raise OverCap(f"{len(body.others)} attachments; the limit is {caps.max_attachments}")
    found: list[Attachment] = []
    problems: list[str] = []
    for part in sorted((*body.others, *body.damaged), key=_place):
        content, problem = decode_transfer(part.body(raw), part.encoding)
        declared = name_of(part)
        name = file_name(declared) if declared else made_up_name(part.content_type, len(found) + 1)
        found.append(_attachment(name, part.content_type, content, _content_id(part), _is_inline(part)))
        problems += [problem] if problem else []
    if left_over := b"\n".join(_after_the_parts(root, raw)):
        found.append(_attachment("after-the-last-part.txt", "text/plain", left_over))
        problems.append("something stands after the last part; it is attached")
    return tuple(found), problems


def _attachment(
    name: str, content_type: str, content: bytes, content_id: str = "", inline: bool = False
) -> Attachment:
    digest = hashlib.sha256(content).hexdigest()
    return Attachment(name, content_type, len(content), digest, content, content_id, inline)


def _place(part: Part) -> int:
    return part.block.body


def _content_id(part: Part) -> str:
    return decode_words(part.block.first("content-id") or b"").strip("<> ")[:MAX_CONTENT_ID_CHARACTERS]


def _is_inline(part: Part) -> bool:
    said = part.disposition.value
    return said == "inline" or (not said and part.block.first("content-id") is not None)


def _after_the_parts(part: Part, raw: bytes) -> Iterator[bytes]:
    for child in part.children:
        yield from _after_the_parts(child, raw)
    if left_over := raw[part.after[0] : part.after[1]].strip():
        yield left_over


def _structure_problems(root: Part) -> list[str]:
    problems = [] if root.block.complete else ["the header block ends without an empty line"]
    if _has_torn_multipart(root):
        problems.append("a multipart has no parts; it is shown as text")
    return problems


def _has_torn_multipart(part: Part) -> bool:
    if part.content_type.startswith("multipart/") and not part.children:
        return True
    return any(map(_has_torn_multipart, part.children))


def _problem(problems: Sequence[str]) -> str:
    return one_line("; ".join(dict.fromkeys(problems)))[:MAX_PROBLEM_CHARACTERS]
