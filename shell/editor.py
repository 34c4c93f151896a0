"""A person's own editor, for those whose role may use one."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from helpdesk.errors import Refused

MAX_BYTES = 1_000_000


def text_from_editor(command: str, text: str = "") -> str:
    """Return what a person wrote in their editor, begun with *text*. *command*: as $VISUAL says, without a shell.

    The file lies in a folder that nobody else can enter, and is gone afterwards. Raises Refused.
    """
    with tempfile.TemporaryDirectory(prefix="helpdesk-") as folder:
        file = Path(folder) / "text.txt"
        file.touch(0o600)
        file.write_text(text, encoding="utf-8")
        try:
            ended = subprocess.run([*shlex.split(command), str(file)], check=False, env=_plain_environment())
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise Refused(
                f"the editor {command} cannot be started: {why}",
                f"l'éditeur {command} ne peut pas être lancé : {why}",
            ) from error
        if ended.returncode != 0:
            raise Refused(
                f"the editor ended with {ended.returncode}: nothing was written",
                f"l'éditeur s'est terminé par {ended.returncode} : rien n'a été écrit",
            )
        return _read(file)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as handle:
            return handle.read(MAX_BYTES + 1).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            "what the editor left cannot be read as text: nothing was written",
            "ce que l'éditeur a laissé ne se lit pas comme du texte : rien n'a été écrit",
        ) from error


def _plain_environment() -> dict[str, str]:
    """Return the environment without our secrets: an editor shows its environment to whoever asks."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}
