"""A header block, read from bytes: its fields in order, and where the body begins (RFC 5322 §2.2)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk.core.mail import Caps

# Line ends are CRLF or bare LF; a bare CR is a character like any other here.
_FIELD = re.compile(
    rb"([!-9;-~]++)[ \t]*+:"  # blanks before the colon: RFC 5322 §4.5, obsolete, still written
    rb"([^\n]*+(?>(?:\n[ \t][^\n]*+)*))(?:\n|\Z)"
)
_FOLD = re.compile(rb"\r?+\n(?=[ \t])")
_STRAY = re.compile(rb"(?:>?+From |[ \t])[^\n]*+(?:\n|\Z)")


class OverCap(Exception):
    """A mail is larger, deeper or more numerous than a cap allows; the text is the reason for people."""


@dataclass(frozen=True, slots=True)
class Block:
    """One header block. Names are lower-case, values are as sent, folds and all.

    ``body`` is where the body begins. ``complete``: an empty line or the end stood there, as it should.
    """

    fields: tuple[tuple[str, bytes], ...]
    body: int
    complete: bool

    def first(self, name: str) -> bytes | None:
        """Return the first value of field *name* (lower-case), unfolded, None when there is none."""
        for known, value in self.fields:
            if known == name:
                return unfold(value)
        return None

    def every(self, name: str) -> tuple[bytes, ...]:
        """Return all values of field *name* (lower-case), unfolded, topmost first."""
        return tuple(unfold(value) for known, value in self.fields if known == name)


def read_block(raw: bytes, start: int, end: int, caps: Caps) -> Block:
    """Read the header block that begins at ``raw[start]`` and ends at *end* or earlier.

    As mail programs do, the first line that is no field ends the block and belongs to the body; an mbox
    "From " line or folded lines before the first field are passed over. Raises OverCap.
    """
    limit = min(end, start + caps.max_header_bytes + 2)
    position = start
    while position < limit and (stray := _STRAY.match(raw, position, limit)):
        position = stray.end()
    fields: list[tuple[str, bytes]] = []
    while position < limit and (found := _FIELD.match(raw, position, limit)):
        fields.append((found[1].decode("ascii").lower(), found[2]))
        position = found.end()
        if position - found.start() > caps.max_field_bytes:
            name = fields[-1][0][:40]
            raise OverCap(f"header field {name} is longer than {caps.max_field_bytes} bytes")
        if len(fields) > caps.max_header_fields:
            raise OverCap(f"a header block has more than {caps.max_header_fields} fields")
    if position - start > caps.max_header_bytes:
        raise OverCap(f"a header block is longer than {caps.max_header_bytes} bytes")
    return _ended(raw, position, end, fields)


def _ended(raw: bytes, position: int, end: int, fields: Sequence[tuple[str, bytes]]) -> Block:
    if raw.startswith(b"\r\n", position, end):
        return Block(tuple(fields), position + 2, complete=True)
    if raw.startswith(b"\n", position, end):
        return Block(tuple(fields), position + 1, complete=True)
    return Block(tuple(fields), position, complete=position >= end)


def unfold(value: bytes) -> bytes:
    """Return *value* without its line folds (RFC 5322 §2.2.3: the blank after the fold stays), stripped."""
    if b"\n" in value:
        value = _FOLD.sub(b"", value)
    return value.strip()
