"""Authentication-Results (RFC 8601), read by a reader of its own that fails closed.

Values in such a field come from the sender in part: an address with quotes or brackets in it must not be able
to write a result. So whatever is not plainly of the grammar, or says one thing twice, is refused as a whole.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk.core.headers import unfolded
from helpdesk.core.trust import Profile

MAX_BYTES = 8 * 1024
MAX_RESULTS = 32
MAX_COMMENT_DEPTH = 3
VERSION = "1"  # RFC 8601 §2.2: another version may mean anything


class BadResults(Exception):
    """A field breaks a rule of the reader; the text says which."""


@dataclass(frozen=True, slots=True)
class Result:
    """One result: ``method`` and ``value`` in lower case, ``properties`` as (``header.from``, value)."""

    method: str
    value: str
    properties: tuple[tuple[str, str], ...] = ()

    def property(self, name: str) -> str:
        """Return the value of property *name*, empty when there is none."""
        return next((value for known, value in self.properties if known == name), "")


@dataclass(frozen=True, slots=True)
class Results:
    """What one field says; ``authserv_id`` is lower case, empty under the profile m365."""

    authserv_id: str
    results: tuple[Result, ...]


def _comment(depth: int) -> str:
    # An odd quote inside a comment is a quoted local part that was cut by a bracket: refuse it.
    text = r'[^()"\\]++|\\[ -~]|"[^()"\\]*+"'
    return rf"\((?>(?:{text}|{_comment(depth - 1)})*)\)" if depth > 1 else rf"\((?>(?:{text})*)\)"


_COMMENT = _comment(MAX_COMMENT_DEPTH)
_END = r"(?=[\s;]|\Z)"  # nothing may be glued to a value or to a comment
_BLANK = rf"(?>(?:\s++|{_COMMENT}{_END})*)"
_QUOTED = r'"(?>(?:[^"\\]++|\\["\\])*)"'
_BARE = r'[^\s;()"\\]*+'
_PROPERTY = rf"(?>(?:[A-Za-z][\w-]*+\.)?)[A-Za-z][\w-]*+\s*+=(?:{_QUOTED}|{_BARE}){_END}"
_IDENTITY = re.compile(rf"{_BLANK}(?P<id>[\w.:-]++)(?:{_BLANK}(?P<version>[0-9]++))?{_BLANK}(?:;|\Z)")
_NAME_ONLY = re.compile(rf"{_BLANK}[\w.-]++{_BLANK}(?:;|\Z)")
_EMPTY = re.compile(rf"{_BLANK}(?:;|\Z)")
_RESULT = re.compile(
    rf"{_BLANK}(?P<method>[A-Za-z][\w-]*+)(?:\s*+/\s*+(?P<version>[0-9]++))?"
    rf"\s*+=\s*+(?P<value>[A-Za-z][\w-]*+)(?=[\s;(]|\Z)"
    rf"{_BLANK}(?P<properties>(?>(?:{_PROPERTY}{_BLANK})*))(?:;|\Z)"
)
_PIECE = re.compile(rf"{_COMMENT}|(?P<name>[\w.-]++)\s*+=(?P<value>{_QUOTED}|{_BARE})")
_QUOTED_PAIR = re.compile(r"\\(.)")
_OWN_NAME = re.compile(rf"{_BLANK}([\w.:-]++)(?=[\s;(]|\Z)")
_BEGINS_WITH_RESULT = re.compile(rf"{_BLANK}[A-Za-z][\w-]*+\s*+=")


def authserv_id_of(value: bytes) -> str | None:
    """Return the authserv-id a raw field begins with, lower case; empty when it begins with a result.

    None when neither can be read: such a field may be anybody's. Never raises.
    """
    try:
        text = _plain_text(value)
    except BadResults:
        return None
    if (found := _OWN_NAME.match(text)) is not None:
        return found[1].lower()
    return "" if _BEGINS_WITH_RESULT.match(text) else None


def read_results(value: bytes, profile: Profile) -> Results:
    """Read the raw value of one Authentication-Results field. Raises BadResults and nothing else."""
    text = _plain_text(value)
    authserv_id, position = "", 0
    if profile is Profile.RFC8601:
        identity = _IDENTITY.match(text)
        if identity is None:
            raise BadResults("it does not begin with an authserv-id")
        _check_version(identity["version"])
        authserv_id, position = identity["id"].lower(), identity.end()
    return Results(authserv_id, tuple(_results_in(text, position, profile)))


def check_together(results: Sequence[Result]) -> None:
    """Raise BadResults where results from several fields of one mail cannot stand together."""
    if len(results) > MAX_RESULTS:
        raise BadResults(f"{len(results)} results; the limit is {MAX_RESULTS}")
    if sum(result.method == "dmarc" for result in results) > 1:
        raise BadResults("two dmarc results; one is allowed")


def _plain_text(value: bytes) -> str:
    if len(value) > MAX_BYTES:
        raise BadResults(f"it has {len(value)} bytes; the limit is {MAX_BYTES}")
    line = unfolded(value)
    if not line.isascii():
        raise BadResults("it holds bytes that are not ASCII")
    text = line.decode("ascii").replace("\t", " ")
    if not text.isprintable():
        raise BadResults("it holds control characters")
    return text


def _results_in(text: str, position: int, profile: Profile) -> list[Result]:
    if text[position:].strip().rstrip("; ").lower() == "none":
        return []
    found: list[Result] = []
    while position < len(text):
        if (empty := _EMPTY.match(text, position)) is not None:
            position = empty.end()
        elif (result := _RESULT.match(text, position)) is not None:
            found.append(_result(result))
            position = result.end()
        elif profile is Profile.M365 and (name := _NAME_ONLY.match(text, position)) is not None:
            position = name.end()  # older borders put the bare name of the tenant between results
        else:
            raise BadResults(f"it cannot be read from here on: {text[position : position + 40].strip()}")
    check_together(found)
    return found


def _result(found: re.Match[str]) -> Result:
    _check_version(found["version"])
    properties: dict[str, str] = {}
    for piece in _PIECE.finditer(found["properties"]):
        if piece["name"] is None:
            continue  # a comment
        name = piece["name"].lower()
        if name in properties:
            raise BadResults(f"{name} stands twice in one result")
        properties[name] = _value(piece["value"])
    return Result(found["method"].lower(), found["value"].lower(), tuple(properties.items()))


def _value(written: str) -> str:
    return _QUOTED_PAIR.sub(r"\1", written[1:-1]) if written.startswith('"') else written


def _check_version(version: str | None) -> None:
    if version is not None and version != VERSION:
        raise BadResults(f"version {version[:10]}; only version {VERSION} is known")
