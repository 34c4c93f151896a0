"""The header block, read strictly from bytes: what two parsers could read differently is named."""

from dataclasses import dataclass

from helpdesk.core.mail import Caps


@dataclass(frozen=True, slots=True)
class Field:
    """One header field: ``name`` in lower case, ``value`` the raw bytes after the colon, folds included."""

    name: str
    value: bytes


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """The fields from top to bottom; ``problem`` names the first rule that is broken, empty when none is.

    ``body_start`` is the offset of the body. With a problem the fields are what could be read.
    """

    fields: tuple[Field, ...]
    body_start: int
    problem: str = ""

    def values(self, name: str) -> list[bytes]:
        """Return the raw values of all fields called *name* (lower case), from top to bottom."""
        return [field.value for field in self.fields if field.name == name]


def read_headers(raw: bytes, caps: Caps) -> HeaderBlock:
    """Read the header block of *raw*, whose lines end in CRLF. Never raises."""
    raise NotImplementedError
