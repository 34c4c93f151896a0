"""Write a file for a person, where they say and nowhere else, and never over another."""

import contextlib
import os
from pathlib import Path

from helpdesk.core.filenames import file_name
from helpdesk.errors import Refused


def save_new(place: Path, name: str, content: bytes) -> Path:
    """Write *content* to a file that did not exist, for its owner alone; return where it lies. Raises Refused.

    *place*: a folder that exists, where the file will be called *name*, or a file in such a folder. Nothing is
    written where programs look for their settings, since a stranger chose the content.
    """
    target = place / file_name(name) if place.is_dir() else place
    if file_name(target.name) != target.name:
        raise Refused(
            f"{target.name} is no good name for a file; this one would be: {file_name(target.name)}",
            f"{target.name} n'est pas un bon nom de fichier ; celui-ci irait : {file_name(target.name)}",
        )
    try:
        folder = target.parent.resolve(strict=True)
        if hidden := [part for part in folder.parts if part.startswith(".")]:
            raise Refused(
                f"{folder}: nothing is saved below a hidden folder ({hidden[0]})",
                f"{folder} : rien n'est enregistré sous un dossier caché ({hidden[0]})",
            )
        _write(folder, target.name, content)
    except FileExistsError as error:
        raise Refused(
            f"{target} exists already; choose another name", f"{target} existe déjà ; choisissez un autre nom"
        ) from error
    except OSError as error:
        raise Refused(
            f"{target}: cannot be written ({error.strerror})",
            f"{target} : écriture impossible ({error.strerror})",
        ) from error
    return folder / target.name


def _write(folder: Path, name: str, content: bytes) -> None:
    """Write by a handle on the folder, so that nobody can put a link in its place meanwhile."""
    inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=inside)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=inside)
            raise
    finally:
        os.close(inside)
