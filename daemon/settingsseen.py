"""Put on record at each start which settings changed since the last one. What was seen is a file of this daemon's."""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

from helpdesk.actions.desk import Desk
from helpdesk.actions.trail import note_settings
from helpdesk.config import Settings
from helpdesk.config.flat import flat
from helpdesk.core.keys import SETTINGS_SEEN
from helpdesk.core.settingsseen import changed_names, fingerprints
from helpdesk.logs import event

LOG = logging.getLogger("helpdesk.audit")
FILE = "settings.seen"


def look_at_settings(settings: Settings, desk: Desk, owner: str) -> None:
    """Note what changed, once; without the file, that they are seen for the first time. Raises StoreAway."""
    file = settings.desk.state_dir / FILE
    before = _seen(file)
    now = fingerprints(settings.keys.derive(SETTINGS_SEEN), flat(settings))
    if before == now:
        return
    changed = None if before is None else changed_names(before, now)
    if changed is None or changed:
        note_settings(desk, owner, changed)
        event(LOG, "settings_changed", keys=",".join(changed) if changed else "first seen")
    try:
        _write(file, now)
    except OSError as error:
        event(LOG, "settings_not_remembered", logging.ERROR, file=file, error=error)


def _seen(file: Path) -> Mapping[str, str] | None:
    try:
        told = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return {str(name): str(text) for name, text in told.items()} if isinstance(told, dict) else None


def _write(file: Path, seen: Mapping[str, str]) -> None:
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        json.dump(seen, out, indent=1, sort_keys=True)
        out.flush()
        os.fsync(out.fileno())
    new.rename(file)
