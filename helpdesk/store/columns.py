"""Column types that mean the same on SQLite, MariaDB/MySQL and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer, LargeBinary, String, Text
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

_MYSQL = ("mysql", "mariadb")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC times inside, UTC without zone in the database, microseconds kept on every engine."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give MySQL and MariaDB their six digits; the others keep microseconds by themselves."""
        if dialect.name in _MYSQL:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without zone: nobody could say later what it meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; the store takes aware times only")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the time its zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


def exact(length: int) -> String:
    """Return a type for ASCII keys, compared byte for byte.

    Under a unicode collation ``àdmin@`` equals ``admin@`` in MariaDB.
    """
    kind = String(length)
    for name in _MYSQL:
        kind = kind.with_variant(mysql.VARCHAR(length, charset="ascii", collation="ascii_bin"), name)
    return kind


def row_id() -> BigInteger:
    """Return the type of every row key: 63 bits, made by ``store.ids``."""
    return BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def long_text() -> Text:
    """Return a type for text of any length: plain TEXT ends at 64 KiB in MariaDB."""
    kind = Text()
    for name in _MYSQL:
        kind = kind.with_variant(mysql.LONGTEXT(), name)
    return kind


def long_bytes() -> LargeBinary:
    """Return a type for bytes of any length: plain BLOB ends at 64 KiB in MariaDB."""
    kind = LargeBinary()
    for name in _MYSQL:
        kind = kind.with_variant(mysql.LONGBLOB(), name)
    return kind


__all__ = ["JSON", "Integer", "UtcDateTime", "exact", "long_bytes", "long_text", "row_id"]
