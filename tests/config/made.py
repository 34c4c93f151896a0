"""Settings for the tests: the shortest that load, and what is wrong with others."""

import base64
from pathlib import Path

import pytest

from helpdesk.config import Settings, load
from helpdesk.errors import EXIT_CONFIG, BadSettings

KEY = base64.b64encode(bytes(range(32))).decode()
MINIMAL = """
[desk]
name = "Support"
address = "Desk@Example.org"
[imap]
host = "imap.example.org"
user = "desk"
[smtp]
host = "smtp.example.org"
[alerts]
to = ["sysadmin@example.org"]
"""
SECRETS = {"HELPDESK_IMAP_PASSWORD": "imap-pw", "HELPDESK_SECRET_KEY": KEY}


def write(folder: Path, text: str) -> Path:
    file = folder / "helpdesk.toml"
    file.write_text(text, encoding="utf-8")
    return file


def loaded(folder: Path, text: str = MINIMAL, **environ: str) -> Settings:
    return load(write(folder, text), SECRETS | environ)


def problems(folder: Path, text: str = MINIMAL, **environ: str) -> list[str]:
    """Return what is wrong, with the file's name instead of its path."""
    file = write(folder, text)
    with pytest.raises(BadSettings) as caught:
        load(file, SECRETS | environ)
    assert caught.value.exit_status == EXIT_CONFIG
    return [
        problem.replace(str(folder), "FOLDER").replace("FOLDER/helpdesk.toml", "FILE")
        for problem in caught.value.problems
    ]


def with_line(section: str, line: str) -> str:
    """Return the minimal settings with one line more in a section, which is added where it is missing."""
    header = f"[{section}]\n"
    return (
        MINIMAL.replace(header, header + line + "\n") if header in MINIMAL else f"{MINIMAL}{header}{line}\n"
    )


def credential(folder: Path, name: str, text: str, mode: int = 0o600) -> Path:
    file = folder / "credentials" / name
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    return file
