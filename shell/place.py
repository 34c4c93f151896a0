"""From where somebody sits at the keyboard: told by the kernel and logind, never by what the person can set."""

import getpass
import hashlib
import os
import platform
from collections.abc import Mapping
from pathlib import Path

from helpdesk.actions.door import Place
from helpdesk.core.terminal import term_safe

NO_LOGIN = "4294967295"  # (uint32_t) -1: a process that no login began (proc(5), loginuid)
LOGIN_UID = Path("/proc/self/loginuid")
SESSIONS = Path("/run/systemd/sessions")


def place_here(environ: Mapping[str, str]) -> Place:
    """Return the place of this process.

    ``SSH_CONNECTION`` can be set by anyone: it is shown and logged where nothing better is there, but makes a
    place no better known.
    """
    uid = login_uid()
    remote = _remote_host()
    hint = environ.get("SSH_CONNECTION", "").split(" ")[0]
    key = hashlib.sha256(f"{platform.node()}\0{uid}\0{remote}".encode()).hexdigest()
    user = term_safe(_name(uid), 40)
    origin = term_safe(remote or hint, 45)
    shown = f"{user} @ {platform.node()[:60]}{f' ({origin})' if origin else ''}"
    address = origin if origin.isascii() else ""
    return Place(
        key,
        f"uid:{uid}",
        shown,
        address[:45],
        f"helpdesk-admin, {user}, {_terminal()}",
        term_safe(remote, 100),
        f"{user} @ {platform.node()[:60]}",
    )


def login_uid() -> str:
    """Return as whom this person has logged in to the machine; sudo does not change it."""
    uid = _read(LOGIN_UID)
    return str(os.getuid()) if uid in ("", NO_LOGIN) else uid


def _remote_host() -> str:
    """Return what logind knows of the session's origin; empty at the console, or without logind."""
    number = _read(Path("/proc/self/sessionid"))
    if number in ("", NO_LOGIN):
        return ""
    lines = _read(SESSIONS / number).splitlines()
    return next((line.partition("=")[2] for line in lines if line.startswith("REMOTE_HOST=")), "")


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _name(uid: str) -> str:
    try:
        return getpass.getuser() if uid == str(os.getuid()) else uid
    except (KeyError, OSError):
        return uid


def _terminal() -> str:
    try:
        return os.ttyname(0)
    except OSError:
        return "no terminal"
