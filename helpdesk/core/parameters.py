"""Content-Type and Content-Disposition: a value with parameters (RFC 2045 §5.1, RFC 2231)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from helpdesk.core.charsets import decode
from helpdesk.core.encodedwords import decode_words

MAX_PARAMETERS = 200

_VALUE = re.compile(rb"[ \t]*+([^;\s(]*+)")
_NEXT = re.compile(rb"[;\s]*+")
_PARAMETER = re.compile(
    rb'([^=;\s]{1,100}+)[ \t]*+=[ \t]*+(?:"([^"\\]*+(?>(?:\\.[^"\\]*+)*))"|([^;]*+))', re.DOTALL
)
_ESCAPED = re.compile(rb'\\(["\\])')
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}+/[a-z0-9!#$&^_.+-]{1,60}+")


@dataclass(frozen=True, slots=True)
class Parameters:
    """``value`` is the lower-case token before the first semicolon; names are lower-case, values raw."""

    value: str
    given: Mapping[str, bytes]

    def token(self, name: str) -> str:
        """Return parameter *name* for a machine, one character for one byte; empty when absent."""
        found = self.given.get(name)
        return self.text(name) if found is None else found.decode("latin-1").strip()

    def text(self, name: str) -> str:
        """Return parameter *name* for a person: RFC 2231 first, then what was written in its place."""
        if (extended := self.given.get(name + "*")) is not None:
            return _extended(extended)
        if name + "*0" in self.given or name + "*0*" in self.given:
            return self._continued(name)
        return decode_words(self.given.get(name, b""))

    def _continued(self, name: str) -> str:
        pieces: list[bytes] = []
        charset = ""
        for number in range(MAX_PARAMETERS):
            piece = self.given.get(f"{name}*{number}")
            if piece is None:
                if (piece := self.given.get(f"{name}*{number}*")) is None:
                    break
                if number == 0:
                    charset, piece = _charset_of(piece)
                piece = unquote_to_bytes(piece)
            pieces.append(piece)
        joined = b"".join(pieces)
        return decode(joined, charset)[0] if charset else decode_words(joined)


NO_PARAMETERS = Parameters("", {})


def read_parameters(value: bytes | None) -> Parameters:
    """Read an unfolded field value; of a parameter given twice the first counts. Never raises.

    A value without quotes may hold blanks (``name=Mon fichier.pdf``): no rule allows it, programs write it.
    A backslash only escapes a quote or a backslash, so ``C:\\new\\table`` stays what it is.
    """
    if value is None or (head := _VALUE.match(value)) is None:
        return NO_PARAMETERS
    main = head[1].decode("latin-1").lower()
    given: dict[str, bytes] = {}
    position = value.find(b";", head.end())
    while 0 <= position < len(value) and len(given) < MAX_PARAMETERS:
        if (blank := _NEXT.match(value, position)) is not None:
            position = blank.end()
        if (found := _PARAMETER.match(value, position)) is not None:
            position = found.end()
            content = found[3].strip(b' \t"') if found[2] is None else _ESCAPED.sub(rb"\1", found[2])
            given.setdefault(found[1].decode("latin-1").lower(), content)
        position = value.find(b";", position)
    return Parameters(main, given)


def media_type(value: str, default: str) -> str:
    """Return *value* if it is a media type, else *default* (RFC 2045 §5.2). At most 121 ASCII characters."""
    return value if _TYPE.fullmatch(value) else default


def _extended(value: bytes) -> str:
    charset, rest = _charset_of(value)
    return decode(unquote_to_bytes(rest), charset)[0]


def _charset_of(value: bytes) -> tuple[str, bytes]:
    """Split ``charset'language'text`` (RFC 2231 §4); without the quotes all of it is text."""
    parts = value.split(b"'", 2)
    return (parts[0].decode("latin-1"), parts[2]) if len(parts) == 3 else ("", value)
