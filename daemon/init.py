"""``init``: write a settings file to begin with, and the key that no person should have to make up."""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from helpdesk.config import PLACES, Answer, filled_template
from helpdesk.core.keys import MIN_SECRET_BYTES
from helpdesk.errors import HelpdeskError, Refused

SETTINGS_FILE = "helpdesk.toml"
CREDENTIALS_FOLDER = "credentials"
KEY_FILE = "secret_key"


def init(folder: Path, answers: Mapping[str, Answer] | None = None, force: bool = False) -> list[str]:
    """Write helpdesk.toml and a new secret key below *folder*; return what was done and what comes next.

    Raises Refused where there are settings already, unless *force*. A key that exists is never replaced: the
    letters on their way carry marks made with it.
    """
    settings = folder / SETTINGS_FILE
    credentials = folder / CREDENTIALS_FOLDER
    text = filled_template(answers or {})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if settings.exists() and not force:
            raise Refused(f"{settings} exists and was left as it is; --force replaces it (never a key)")
        _write(settings, text, 0o644)
        credentials.mkdir(mode=0o700, exist_ok=True)
        key = credentials / KEY_FILE
        kept = key.exists()
        if not kept:
            _write(key, base64.b64encode(secrets.token_bytes(MIN_SECRET_BYTES)).decode() + "\n", 0o600)
    except OSError as error:
        raise HelpdeskError(f"{error.filename}: cannot be written ({error.strerror})") from error
    return [f"wrote {settings}", f"{'kept' if kept else 'wrote'} {key}", *_next_steps(settings, credentials)]


def _write(file: Path, text: str, mode: int) -> None:
    """Write all of the file or nothing, never readable by more than *mode* says."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8"
        ) as opened:
            opened.write(text)
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(file)) from error


def _next_steps(settings: Path, credentials: Path) -> list[str]:
    found_by_itself = settings.absolute() in [place.absolute() for place in PLACES]
    option = "" if found_by_itself else f" --config {settings}"
    return [
        "",
        "Next:",
        f"  1. fill in what {settings} marks as REQUIRED",
        f"  2. write the password of the mailbox: install -m 600 /dev/stdin {credentials}/imap_password",
        "     (type it, press Enter, then Ctrl-D; smtp_password likewise where the relay wants a login)",
        f"  3. make the tables:                   helpdeskd.py migrate{option}",
        f"  4. learn whom to believe:             helpdeskd.py trust calibrate{option}",
        f"  5. see whether all answers:           helpdeskd.py check{option}",
        f"  6. make the first admin:              helpdesk-admin.py{option} bootstrap EMAIL --name NAME",
        f"  7. start:                             helpdeskd.py run{option}",
    ]
