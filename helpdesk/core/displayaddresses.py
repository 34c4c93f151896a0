"""Addresses as they are shown: a lenient reading of From, To and their like.

Never for identity: whom to believe is decided by a strict reader elsewhere. Structure is read first and
encoded words after it, so an encoded comma or @ cannot make another address.
"""

import re
from dataclasses import dataclass, field

from helpdesk.core.charsets import decode
from helpdesk.core.encodedwords import MAX_ENCODED_WORDS, decode_words, one_line

MAX_ADDRESSES = 200
MAX_ADDRESS_CHARACTERS = 320
MAX_NAME_CHARACTERS = 320

_PIECE = re.compile(
    rb'"(?P<quoted>[^"\\]*+(?>(?:\\.[^"\\]*+)*))"'
    rb"|<(?P<angle>[^<>]{0,1000}+)>"
    rb"|(?P<comma>[,;])"
    rb'|(?P<words>(?>(?:[^"<,;()\\]++|\\.)+))'  # a pair at once, or one open quote would be tried at every pair
    rb"|(?P<other>.)",
    re.DOTALL,
)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """One mailbox: display name (may be empty) and address (empty when there is only a name)."""

    name: str
    address: str


@dataclass(slots=True)
class _Entry:
    words: list[bytes] = field(default_factory=list)
    comment: list[bytes] = field(default_factory=list)
    angle: bytes | None = None


def shown_addresses(value: bytes, max_words: int = MAX_ENCODED_WORDS) -> tuple[Shown, ...]:
    """Return the mailboxes in an unfolded address field, at most 200, in order. Never raises.

    Names are decoded with at most *max_words* encoded words each.
    """
    found: list[Shown] = []
    entry = _Entry()
    depth = 0
    for piece in _PIECE.finditer(value):
        kind = piece.lastgroup
        if depth and piece[0] not in (b"(", b")"):
            entry.comment.append(piece[0])
        elif kind == "other" and piece[0] in (b"(", b")"):
            depth = max(0, depth + (1 if piece[0] == b"(" else -1))
        elif kind == "comma":
            found += _shown(entry, max_words)
            entry = _Entry()
            if len(found) >= MAX_ADDRESSES:
                return tuple(found[:MAX_ADDRESSES])
        elif kind == "angle":
            entry.angle = piece["angle"]
        else:
            entry.words.append(_QUOTED_PAIR.sub(rb"\1", piece["quoted"]) if kind == "quoted" else piece[0])
    found += _shown(entry, max_words)
    return tuple(found[:MAX_ADDRESSES])


def _shown(entry: _Entry, max_words: int) -> list[Shown]:
    words = b"".join(entry.words).strip()
    comment = b"".join(entry.comment).strip()
    if entry.angle is not None:
        return [Shown(_name(words or comment, max_words), _address(entry.angle))]
    before, group, after = words.rpartition(b":")  # "team: a@b" opens a group, "undisclosed-recipients:" too
    words = after.strip() if group else words
    if b"@" in words:
        return [Shown(_name(comment, max_words), _address(words))]
    return [Shown(_name(words, max_words), "")] if words and not before else []


def _name(raw: bytes, max_words: int) -> str:
    return decode_words(raw, max_words)[:MAX_NAME_CHARACTERS]


def _address(raw: bytes) -> str:
    return one_line(decode(raw, "")[0]).replace(" ", "")[:MAX_ADDRESS_CHARACTERS]
