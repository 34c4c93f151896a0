"""A look into a kept mail from the shell: another process reads it, and what it says is taken as hostile too."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

WALL_SECONDS = 20.0
MAX_ANSWER = 4 * 1024 * 1024
_ROOT = str(Path(__file__).resolve().parents[1])
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from shell.previewer import main; main()"
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True, slots=True)
class Preview:
    """What can be shown of a mail. Nothing in it is fit for a terminal yet. ``problem``: why it is not all."""

    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    attachments: tuple[tuple[str, str, int], ...] = ()  # name, content type, bytes
    problem: str = ""


def previewed(raw: bytes) -> Preview:
    """Return what another process, within limits, reads in *raw*. Never raises for a mail."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}  # no credentials
    with tempfile.TemporaryFile() as answer:
        try:
            ended = subprocess.run(
                [sys.executable, "-P", "-c", _BOOT, _ROOT],
                input=raw,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=environment,
                timeout=WALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Preview(problem=f"it took longer than {WALL_SECONDS:g} s to read")
        except OSError as error:
            return Preview(problem=f"no process could be started to read it ({error.strerror})")
        answer.seek(0)
        told = answer.read(MAX_ANSWER)
    if ended.returncode != 0:
        return Preview(problem=f"the process that read it ended with status {ended.returncode}")
    try:
        return _checked(json.loads(told))
    except (ValueError, TypeError, KeyError, RecursionError):
        return Preview(problem="the process that read it gave no answer that can be read")


def _checked(told: dict[str, object]) -> Preview:
    """Take the answer apart, each part by its type: the mail may have taken the process over."""
    headers, attachments = told["headers"], told["attachments"]
    if not isinstance(headers, list) or not isinstance(attachments, list):
        raise TypeError("lists were expected")
    return Preview(
        tuple((str(name), str(value)) for name, value in headers),
        str(told["text"]),
        tuple((str(one["name"]), str(one["content_type"]), int(one["size"])) for one in attachments),
        str(told["problem"]),
    )
