"""A session that scripts remember: its token in a file that nobody else can read."""

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from helpdesk.errors import Refused
from shell.place import login_uid

VARIABLE = "HELPDESK_SESSION_FILE"
MAX_BYTES = 256
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # no link is followed, no pipe waited for


def session_file(environ: Mapping[str, str], install_id: str) -> Path:
    """Return where the token of a desk is kept: $HELPDESK_SESSION_FILE, else below the state folder of the user.

    Several people may become one Unix user by sudo: each, known by the login that the kernel remembers, has a
    file of their own, or one would act in another's name.
    """
    if named := environ.get(VARIABLE):
        return Path(named)
    state = environ.get("XDG_STATE_HOME") or str(
        Path(environ.get("HOME") or "~").expanduser() / ".local/state"
    )
    return Path(state) / "helpdesk" / f"session-{install_id}-{login_uid()}"


def remembered_token(file: Path) -> str:
    """Return the token in *file*, empty where there is none. Raises Refused where others could have a hand in it."""
    try:
        with os.fdopen(os.open(file, _FLAGS), "rb") as handle:
            status = os.fstat(handle.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "not a regular file")
            token = handle.read(MAX_BYTES).decode("ascii", "replace").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise Refused(
            f"{file}: cannot be read ({error.strerror})", f"{file} : illisible ({error.strerror})"
        ) from error
    if stat.S_IMODE(status.st_mode) & (stat.S_IRWXG | stat.S_IRWXO) or status.st_uid != os.geteuid():
        raise Refused(
            f"{file}: others can read or write it, so its session is not used; log in again, then chmod 600",
            f"{file} : d'autres peuvent le lire ou l'écrire ; reconnectez-vous, puis chmod 600",
        )
    return token


def remember(file: Path, token: str) -> None:
    """Write *token* to *file*, for its owner alone, in one step. Raises Refused where that is not possible."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(f"{token}\n")
        fresh.replace(file)
    except OSError as error:
        raise Refused(
            f"{file}: cannot be written ({error.strerror})",
            f"{file} : impossible à écrire ({error.strerror})",
        ) from error


def forget(file: Path) -> None:
    """Remove the token; no complaint where there is none."""
    file.unlink(missing_ok=True)
