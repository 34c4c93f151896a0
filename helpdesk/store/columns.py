"""Column types that mean the same on SQLite, MariaDB/MySQL and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer, LargeBinary, String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from helpdesk.store.names import MYSQL


class Unstorable(ValueError):
    """A value does not fit its column on one of the databases, so none takes it; the text never quotes it."""

    def __init__(self, in_english: str, in_french: str) -> None:
        super().__init__(in_english)
        self.in_french = in_french


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC times inside, UTC without zone in the database, microseconds kept on every engine."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give MySQL and MariaDB their six digits; the others keep microseconds by themselves."""
        if dialect.name in MYSQL:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without zone: nobody could say later what it meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; the store takes aware times only")
        try:
            return value.astimezone(UTC).replace(tzinfo=None)
        except OverflowError as error:  # the first and the last hours of all that Python can tell
            raise Unstorable(
                "a time is too early or too late", "un moment est trop ancien ou trop lointain"
            ) from error

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the time its zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


class _Bounded(TypeDecorator[str]):
    """Text whose limits hold on every database: PostgreSQL has no NUL, SQLite no length, MariaDB cuts at spaces."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Refuse what one of the databases would refuse, cut or change."""
        if value is None:
            return None
        if len(value) > self.length:
            raise Unstorable(
                f"a text has {len(value)} characters; the limit is {self.length}",
                f"un texte a {len(value)} caractères ; la limite est de {self.length}",
            )
        return _storable(value)


class Exact(_Bounded):
    """An ASCII key, compared byte for byte: under a unicode collation ``àdmin@`` equals ``admin@`` in MariaDB."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Name the collation where the default one would compare letters instead of bytes."""
        if dialect.name in MYSQL:
            return dialect.type_descriptor(mysql.VARCHAR(self.length, charset="ascii", collation="ascii_bin"))
        return dialect.type_descriptor(String(self.length))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Refuse what is not ASCII, and a space at the end, which MariaDB does not compare."""
        if value is not None and not value.isascii():
            raise Unstorable(
                "a name or key has a character that is not ASCII; it takes ASCII only",
                "un nom ou une clé a un caractère qui n'est pas ASCII ; seul l'ASCII est accepté",
            )
        if value is not None and value.endswith(" "):
            raise Unstorable(
                "a name or key ends in a space; it may not",
                "un nom ou une clé finit par une espace ; enlevez-la",
            )
        return super().process_bind_param(value, dialect)


class LongText(TypeDecorator[str]):
    """Text of any length: plain TEXT ends at 64 KiB in MariaDB."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give MySQL and MariaDB their longest text."""
        return dialect.type_descriptor(mysql.LONGTEXT() if dialect.name in MYSQL else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Refuse what one of the databases would refuse."""
        return None if value is None else _storable(value)


def _storable(value: str) -> str:
    if "\0" in value:
        raise Unstorable(
            "a text has a NUL character; remove it first", "un texte a un caractère NUL ; enlevez-le d'abord"
        )
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Unstorable(
                "a text has half a surrogate pair; replace it first",
                "un texte a la moitié d'une paire de substitution ; remplacez-la d'abord",
            ) from error
    return value


def exact(length: int) -> Exact:
    """Return a type for ASCII keys of at most *length* characters, compared byte for byte."""
    return Exact(length)


def words(length: int) -> TypeDecorator[str]:
    """Return a type for text of at most *length* characters in any language."""
    return _Bounded(length)


def fits_key(value: str, length: int) -> bool:
    """Say whether an ``exact`` column of that length could hold *value*; if not, no row has it."""
    return len(value) <= length and value.isascii() and "\0" not in value and not value.endswith(" ")


def row_id() -> BigInteger:
    """Return the type of every row key: 63 bits, made by ``store.ids``."""
    return BigInteger().with_variant(Integer(), "sqlite")


def long_text() -> LongText:
    """Return a type for text of any length."""
    return LongText()


def short_bytes(length: int) -> LargeBinary:
    """Return a type for at most *length* bytes, compared as such, that an index can hold."""
    kind = LargeBinary(length)
    for name in MYSQL:
        kind = kind.with_variant(mysql.VARBINARY(length), name)
    return kind


def long_bytes() -> LargeBinary:
    """Return a type for bytes of any length: plain BLOB ends at 64 KiB in MariaDB."""
    kind = LargeBinary()
    for name in MYSQL:
        kind = kind.with_variant(mysql.LONGBLOB(), name)
    return kind


__all__ = [
    "JSON",
    "Exact",
    "Integer",
    "LongText",
    "Unstorable",
    "UtcDateTime",
    "exact",
    "fits_key",
    "long_bytes",
    "long_text",
    "row_id",
    "short_bytes",
    "words",
]
