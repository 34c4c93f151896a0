"""From which country a network address is, by a local file in MaxMind's format; nobody is asked over the network."""

import struct
from pathlib import Path

from helpdesk.errors import HelpdeskError

CODE_CHARS = 2
# What the reader makes of a damaged file (its own error is a RuntimeError); ValueError also where a host's name
# stands in place of its address.
BROKEN = (RuntimeError, ValueError, LookupError, TypeError, struct.error)


def country_of(file: Path | None, address: str) -> str:
    """Return the two letters of a country; empty where that is not known: no file, a broken one, no such address."""
    if file is None:
        return ""
    try:
        return _code(_found(file, address))
    except (OSError, *BROKEN):
        return ""


def require_countries(file: Path) -> None:
    """Raise HelpdeskError where *file* cannot be read as what it should be."""
    try:
        _found(file, "192.0.2.1")
    except OSError as error:
        raise HelpdeskError(f"{file}: {error.strerror}") from error
    except BROKEN as error:
        raise HelpdeskError(
            f"{file}: no database in MaxMind's format; logins go on without countries"
        ) from error


def _found(file: Path, address: str) -> object:
    import maxminddb  # takes a twentieth of a second to load, and few desks have such a file

    with maxminddb.open_database(file, maxminddb.MODE_FILE) as reader:
        return reader.get(address)


def _code(found: object) -> str:
    country = found.get("country") if isinstance(found, dict) else None
    code = country.get("iso_code") if isinstance(country, dict) else None
    fits = isinstance(code, str) and len(code) == CODE_CHARS and code.isascii() and code.isalpha()
    return code.upper() if fits and isinstance(code, str) else ""
