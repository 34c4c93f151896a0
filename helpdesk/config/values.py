"""The kinds of values that settings have: how each is read from TOML and from the environment."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Generic, TypeVar

from helpdesk.core.terminal import term_safe

SHOWN = 60
MAX_ADDRESS = 254  # RFC 5321 §4.5.3.1.3
MAX_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# No possessive quantifier on a group: Python 3.11.2 (Debian 12) then matches "a.@example.org".
_ADDRESS = re.compile(rf"{_ATOM}(?>(?:\.{_ATOM})*)@(?>(?:{_LABEL}\.)+)(?![0-9]++$){_LABEL}")
_HOST = re.compile(rf"{_LABEL}(?>(?:\.{_LABEL})*)")

Value = TypeVar("Value")
Word = TypeVar("Word", bound=StrEnum)


class Unfit(Exception):
    """A value is not of the kind wanted; ``found`` is the part that does not fit."""

    def __init__(self, found: object) -> None:
        super().__init__()
        self.found = found


@dataclass(frozen=True, slots=True)
class Kind(Generic[Value]):
    """A kind of value. ``read`` raises Unfit; then ``stand_in`` is used, to go on checking."""

    expected: str
    read: Callable[[object], Value]
    stand_in: Value
    from_env: Callable[[str], object] = str


def shown(value: object) -> str:
    """Return what was found, in words and cut short."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return f'"{term_safe(value, SHOWN)}"' if value else "an empty text"
        case list():
            return "a list" if value else "an empty list"
        case dict():
            return "a section"
        case _:
            return f"a {type(value).__name__}"


def is_loopback(host: str) -> bool:
    """Say whether *host* can only be this machine."""
    try:
        return any(ip_address(host) in network for network in LOOPBACK)
    except ValueError:
        return host.lower() == "localhost"


def number(low: int, high: int) -> Kind[int]:
    """Return the kind of whole numbers from *low* to *high*."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Unfit(value)
        return value

    return Kind(
        f"{low} to {high}", read, low, lambda text: int(text) if _WHOLE_NUMBER.fullmatch(text) else text
    )


def one_of(words: type[Word]) -> Kind[Word]:
    """Return the kind of the words of an enum."""
    names = [word.value for word in words]

    def read(value: object) -> Word:
        if value not in names:
            raise Unfit(value)
        return words(value)

    return Kind(" or ".join(names), read, next(iter(words)))


def list_of(kind: Kind[str], at_least: int = 0) -> Kind[tuple[str, ...]]:
    """Return the kind of lists of *kind*; in the environment they are separated by commas."""

    def read(value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) < at_least:
            raise Unfit(value)
        return tuple(kind.read(item) for item in value)

    def split(text: str) -> object:
        return [word.strip() for word in text.split(",") if word.strip()]

    size = f"a list of at least {at_least}" if at_least else "a list"
    return Kind(f"{size}, each {kind.expected}", read, (), split)


def fitting(expected: str, pattern: str) -> Kind[str]:
    """Return the kind of texts that *pattern* matches as a whole."""
    compiled = re.compile(pattern)

    def read(value: object) -> str:
        if not compiled.fullmatch(_text(value)):
            raise Unfit(value)
        return _text(value)

    return Kind(expected, read, "")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or not value.strip():
        raise Unfit(value)
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit(value)
    return value


def _address(value: object) -> str:
    text = _text(value)
    local, _, domain = text.rpartition("@")
    if len(text) > MAX_ADDRESS or len(local) > MAX_LOCAL_PART or not _ADDRESS.fullmatch(text):
        raise Unfit(value)
    return f"{local}@{domain.lower()}"


def _ip(value: object) -> str:
    try:
        return str(ip_address(_text(value)))
    except ValueError:
        raise Unfit(value) from None


def _host(value: object) -> str:
    text = _text(value)
    if len(text) <= 253 and _HOST.fullmatch(text):
        return text.lower()
    return _ip(value)


TEXT = Kind("one line of text", _text, "")
TRUTH = Kind(
    "true or false", _truth, False, lambda text: {"true": True, "false": False}.get(text.lower(), text)
)
ADDRESS = Kind("a mail address like desk@example.org", _address, "")
HOST = Kind("a server's name or address, without port", _host, "")
IP = Kind("an IP address", _ip, "")
PATH = Kind("a path", lambda value: Path(_text(value)), Path())
