"""The header block, read strictly from bytes: what two parsers could read differently is named."""

import re
from typing import NamedTuple

from helpdesk.core.mail import Caps

_NAME = rb"[!-9;-~]++"  # RFC 5322 §3.6.8: printable ASCII without the colon
_FIELD = re.compile(rb"(" + _NAME + rb"):([^\r\n]*+(?>(?:\r\n[ \t][^\r\n]*+)*))\r\n")
_ANY_END = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n")
_ANY_LINE_END = re.compile(rb"\r\n|\n|\r")
_LOOSE_FIELD = re.compile(rb"(" + _NAME + rb")[ \t]*+:(.*+)", re.DOTALL)

# Fields that RFC 5322 §3.6 and RFC 2045 allow once, and on which programs disagree when there are two.
SINGLE_FIELDS = frozenset(
    (
        "from",
        "sender",
        "reply-to",
        "date",
        "subject",
        "to",
        "cc",
        "message-id",
        "references",
        "content-type",
        "content-transfer-encoding",
    )
)


class Field(NamedTuple):
    """One header field: ``name`` in lower case, ``value`` the raw bytes after the colon, folds included."""

    name: str
    value: bytes


class HeaderBlock(NamedTuple):
    """The fields from top to bottom; ``problem`` names the first rule that is broken, empty when none is.

    ``body_start`` is the offset of the body. With a problem the fields are what could be read.
    """

    fields: tuple[Field, ...]
    body_start: int
    problem: str = ""

    def values(self, name: str) -> list[bytes]:
        """Return the raw values of all fields called *name* (lower case), from top to bottom."""
        return [value for known, value in self.fields if known == name]


def read_headers(raw: bytes, caps: Caps) -> HeaderBlock:
    """Read the header block of *raw*, whose lines end in CRLF as on the wire. Never raises.

    Strict as docs/security.md wants it: a block that programs could cut or read in two ways is named a
    problem, although its fields are still returned as far as they go.
    """
    head, body_start, problem = _head_of(raw, caps.max_header_bytes)
    if not problem:
        problem = _unsafe_bytes(head)
    if problem:
        return HeaderBlock(_loose_fields(head, caps), body_start, problem)
    fields = tuple(Field(str(name, "ascii").lower(), value) for name, value in _FIELD.findall(head))
    if sum(len(name) + len(value) + 3 for name, value in fields) != len(head):  # 3: colon, CR, LF
        return HeaderBlock(_loose_fields(head, caps), body_start, _broken_line(head))
    return HeaderBlock(fields, body_start, _broken_rule(fields, caps))


def unfolded(value: bytes) -> bytes:
    """Return a raw value as one line: folds removed, the blank after each kept (RFC 5322 §2.2.3), stripped."""
    return value.replace(b"\r\n", b"").strip(b" \t") if b"\n" in value else value.strip(b" \t")


def _head_of(raw: bytes, max_bytes: int) -> tuple[bytes, int, str]:
    """Return the header lines, where the body begins, and what is wrong with the cut between them."""
    if raw.startswith(b"\r\n"):
        return b"", 2, ""
    end = raw.find(b"\r\n\r\n", 0, max_bytes + 2)
    if end >= 0:
        return raw[: end + 2], end + 4, ""
    if len(raw) > max_bytes:
        return raw[:max_bytes], max_bytes, f"the header block is over {max_bytes} bytes"
    if raw.endswith(b"\r\n"):
        return raw, len(raw), ""  # a mail may consist of its header (RFC 5322 §3.5)
    if (found := _ANY_END.search(raw)) is not None:
        return raw[: found.start()], found.end(), "a line of the header does not end in CR LF"
    return raw, len(raw), "the header block does not end"


def _unsafe_bytes(head: bytes) -> str:
    if b"\0" in head:
        return "a NUL byte in the header"
    ends = head.count(b"\r\n")
    if head.count(b"\n") != ends:
        return "a bare LF in the header"
    if head.count(b"\r") != ends:
        return "a bare CR in the header"
    return ""


def _broken_line(head: bytes) -> str:
    position = 0
    while found := _FIELD.match(head, position):
        position = found.end()
    if head[position : position + 1] in (b" ", b"\t"):
        return "the header begins with a folded line"
    line = head[position : head.find(b"\r\n", position)]
    if line.startswith((b"From ", b">From ")) and not line[5:].lstrip().startswith(b":"):
        return "an mbox From line in the header"
    number = head.count(b"\r\n", 0, position) + 1
    return f"line {number} of the header is no field: {line[:40]!r}"


def _broken_rule(fields: tuple[Field, ...], caps: Caps) -> str:
    if len(fields) > caps.max_header_fields:
        return f"{len(fields)} header fields; the limit is {caps.max_header_fields}"
    seen: set[str] = set()
    for name, value in fields:
        if len(value) > caps.max_field_bytes:
            return f"the field {name[:40]} has {len(value)} bytes; the limit is {caps.max_field_bytes}"
        if name in SINGLE_FIELDS:
            if name in seen:
                return f"two {name} fields; one is allowed"
            seen.add(name)
    return ""


def _loose_fields(head: bytes, caps: Caps) -> tuple[Field, ...]:
    """Read what can be read of a broken block, for whoever has to look at it; never for identity."""
    fields: list[Field] = []
    for line in _ANY_LINE_END.split(head, maxsplit=caps.max_header_fields * 50):
        if line[:1] in (b" ", b"\t"):
            if fields:
                fields[-1] = Field(fields[-1].name, fields[-1].value + b"\r\n" + line)
        elif (found := _LOOSE_FIELD.match(line)) is not None:
            fields.append(Field(found[1].decode("ascii").lower(), found[2]))
        if len(fields) >= caps.max_header_fields:
            break
    return tuple(fields)
