"""From which country a network address is, by a local file in MaxMind's format; nobody is asked over the network."""

import struct
from pathlib import Path

import maxminddb

from helpdesk.errors import HelpdeskError

CODE_CHARS = 2
# What the reader makes of a damaged file; ValueError also where a host's name stands in place of its address.
BROKEN = (maxminddb.InvalidDatabaseError, ValueError, LookupError, TypeError, RecursionError, struct.error)


def country_of(file: Path | None, address: str) -> str:
    """Return the two letters of a country; empty where that is not known: no file, a broken one, no such address."""
    if file is None:
        return ""
    try:
        with maxminddb.open_database(file, maxminddb.MODE_FILE) as reader:
            return _code(reader.get(address))
    except (OSError, *BROKEN):
        return ""


def require_countries(file: Path) -> None:
    """Raise HelpdeskError where *file* cannot be read as what it should be."""
    try:
        with maxminddb.open_database(file, maxminddb.MODE_FILE) as reader:
            reader.get("192.0.2.1")
    except OSError as error:
        raise HelpdeskError(f"{file}: {error.strerror}") from error
    except BROKEN as error:
        raise HelpdeskError(
            f"{file}: no database in MaxMind's format; logins go on without countries"
        ) from error


def _code(found: object) -> str:
    country = found.get("country") if isinstance(found, dict) else None
    code = country.get("iso_code") if isinstance(country, dict) else None
    fits = isinstance(code, str) and len(code) == CODE_CHARS and code.isascii() and code.isalpha()
    return code.upper() if fits and isinstance(code, str) else ""
