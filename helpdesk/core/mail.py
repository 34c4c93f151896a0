"""What came in: one mail, as data."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class MailClass(StrEnum):
    """What kind of sender wrote a mail: a person, or one of the machines that must not be answered."""

    NORMAL = "normal"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    LOOP = "loop"
    FEEDBACK = "feedback"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One part that is not the text. ``name`` is safe to show and to offer as a file name, never empty."""

    name: str
    content_type: str
    size: int
    sha256: str
    content: bytes = field(repr=False)
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Fold:
    """A span of ``Mail.text`` that a reader may hide: ``text[start:end]``; ``kind`` is quote or signature."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery status notification says (RFC 3464): whom it missed, and which letter."""

    recipients: tuple[str, ...]
    original_message_id: str
    status: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail from outside, decoded. No field is trusted; none is fit for a terminal without ``term_safe``.

    ``size`` is the raw size in bytes. ``shown_from`` is a lenient reading for display only, identity comes
    from ``core.sender``. Message-IDs keep their angle brackets. ``text`` is the whole text, lines end in LF.
    ``suppress_reply`` is the reason why no automatic answer may go out, empty when one may.
    ``problem`` names what could not be read as its sender meant it, empty when nothing. ``words`` are those
    by which ``text`` is found, None where nobody has looked for them.
    """

    size: int
    fingerprint: str
    subject: str
    shown_from: str
    from_name: str
    reply_to: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    delivered_to: tuple[str, ...]
    return_path: str | None
    date: datetime | None
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    text: str
    folds: tuple[Fold, ...]
    attachments: tuple[Attachment, ...]
    kind: MailClass
    suppress_reply: str
    bounce: Bounce | None = None
    problem: str = ""
    words: frozenset[bytes] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A mail that breaks a cap and is not parsed. ``reason``: which cap, what was found, what is allowed.

    ``deadly``: it breaks no cap that we know of, but has taken the whole process down.
    """

    size: int
    fingerprint: str
    reason: str
    deadly: bool = False


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of a mail we are willing to look at (measured limits: see docs/security.md)."""

    max_bytes: int = 40 * 1024 * 1024
    max_header_bytes: int = 256 * 1024
    max_header_fields: int = 500
    max_field_bytes: int = 64 * 1024
    max_parts: int = 500
    max_depth: int = 25
    max_text_bytes: int = 1024 * 1024
    max_attachments: int = 50
    max_encoded_words: int = 100
    max_subject_bytes: int = 2048
