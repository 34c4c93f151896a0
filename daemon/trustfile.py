"""Changes [imap.trust] in the settings file, and nothing else in it."""

import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from helpdesk.core.trust import Trust
from helpdesk.errors import HelpdeskError

_TABLE = re.compile(r"[ \t]*\[")
_MAILBOX = re.compile(r"[ \t]*\[\[?[ \t]*imap[ \t]*\]\]?[ \t]*(?:#.*)?")
_TRUST = re.compile(r"[ \t]*\[[ \t]*imap[ \t]*\.[ \t]*trust[ \t]*\][ \t]*(?:#.*)?")
_LONGEST_VALUE = 200  # lines


class TrustNotWritten(HelpdeskError):
    """The file is not laid out so that this program dares to change it; nothing was written."""


def settings_of(trust: Trust) -> dict[str, Any]:
    """Return what *trust* is in [imap.trust], for the settings that calibration finds out."""
    return {
        "authserv_ids": list(trust.authserv_ids),
        "border_by": list(trust.border_by),
        "inner_by": list(trust.inner_by),
        "placement": trust.placement.value,
        "profile": trust.profile.value,
        "border_strips": trust.border_strips,
        "recheck_dkim": trust.recheck_dkim,
    }


def lines_of(settings: Mapping[str, Any]) -> list[str]:
    """Return *settings* as lines of TOML, without the table's name."""
    return [f"{key} = {_toml(value)}" for key, value in settings.items()]


def with_settings(text: str, mailbox: str, settings: Mapping[str, Any]) -> str:
    """Return the TOML *text* with *settings* in [imap.trust] of *mailbox*, all else byte for byte.

    A setting that stands there is replaced, one that is commented out is written under its comment. Raises
    TrustNotWritten where the result would not read back as exactly that.
    """
    before = _read(text)
    place = _place_of(before, mailbox)
    lines = text.split("\n")
    start, end = _section(lines, place)
    ending = "\r" if text.count("\r\n") * 2 > text.count("\n") else ""
    section = lines[start:end]
    for key, value in settings.items():
        _put(section, key, f"{key} = {_toml(value)}{ending}")
    changed = "\n".join((*lines[:start], *section, *lines[end:]))
    if _read(changed) != _expected(before, place, settings):
        raise TrustNotWritten(
            "[imap.trust] is written in a way that cannot be changed here; change it by hand"
        )
    return changed


def write_settings(path: Path, mailbox: str, settings: Mapping[str, Any]) -> Path:
    """Change the file *path* as ``with_settings`` does, at once or not at all; return the copy of what it was."""
    old = path.read_bytes()
    new = with_settings(old.decode("utf-8"), mailbox, settings).encode("utf-8")
    copy = path.with_name(f"{path.name}.bak")
    _replace(copy, old, path)
    _replace(path, new, path)
    return copy


def _replace(path: Path, content: bytes, like: Path) -> None:
    status = like.stat()
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), status.st_mode & 0o7777)
            with suppress(PermissionError):  # only root may give files away
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TrustNotWritten(f"the settings cannot be read ({error}); nothing was written") from error


def _place_of(settings: Mapping[str, Any], mailbox: str) -> int:
    tables = settings.get("imap")
    mailboxes = tables if isinstance(tables, list) else [tables] if isinstance(tables, dict) else []
    names = [table.get("name", "main") for table in mailboxes]
    if mailbox not in names:
        raise TrustNotWritten(f"there is no [imap] called {mailbox}; there are: {', '.join(names) or 'none'}")
    return names.index(mailbox)


def _section(lines: list[str], place: int) -> tuple[int, int]:
    """Return where the lines of the table begin and end; adds its name where the table is missing."""
    bare = [line.rstrip("\r") for line in lines]
    starts = [number for number, line in enumerate(bare) if _MAILBOX.fullmatch(line)]
    if place >= len(starts):
        raise TrustNotWritten("[imap] is written in a way that cannot be changed here; change it by hand")
    next_mailbox = starts[place + 1] if place + 1 < len(starts) else len(lines)
    found = [number for number in range(starts[place], next_mailbox) if _TRUST.fullmatch(bare[number])]
    if found:
        return found[0] + 1, _end_of_table(bare, found[0])
    end = _end_of_table(bare, starts[place])
    ending = "\r" if lines[starts[place]].endswith("\r") else ""
    lines[end:end] = [ending, f"[imap.trust]{ending}"]
    return end + 2, end + 2


def _end_of_table(lines: list[str], start: int) -> int:
    """Return the line after the last one of a table; comments and blanks before the next one belong to that."""
    end = next((number for number in range(start + 1, len(lines)) if _TABLE.match(lines[number])), len(lines))
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("# ")):
        end -= 1
    return end


def _put(section: list[str], key: str, line: str) -> None:
    for number, old in enumerate(section):
        if re.match(rf"[ \t]*{key}[ \t]*=", old):
            section[number : number + _length_of_value(section, number)] = [line]
            return
    commented = [number for number, old in enumerate(section) if re.match(rf"[ \t]*#[ \t]*{key}[ \t]*=", old)]
    section.insert(commented[-1] + 1 if commented else len(section), line)


def _length_of_value(section: list[str], start: int) -> int:
    for length in range(1, min(_LONGEST_VALUE, len(section) - start) + 1):
        with suppress(tomllib.TOMLDecodeError):
            tomllib.loads("".join(f"{line}\n" for line in section[start : start + length]))
            return length
    raise TrustNotWritten("[imap.trust] is written in a way that cannot be changed here; change it by hand")


def _expected(before: dict[str, Any], place: int, settings: Mapping[str, Any]) -> dict[str, Any]:
    tables = before["imap"]
    mailboxes = list(tables) if isinstance(tables, list) else [tables]
    trust = {**mailboxes[place].get("trust", {}), **settings}
    mailboxes[place] = {**mailboxes[place], "trust": trust}
    return {**before, "imap": mailboxes if isinstance(tables, list) else mailboxes[0]}


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    escaped = "".join(
        f"\\u{ord(char):04x}" if char in '"\\' or not char.isprintable() else char for char in str(value)
    )
    return f'"{escaped}"'
