"""``helpdeskd.py init``: write the settings."""

import argparse
from pathlib import Path

from daemon.commands.options import Commands, new_command


def add(commands: Commands) -> None:
    """Add the command."""
    init = new_command(
        commands, "init", "write a commented helpdesk.toml and a folder for the credentials", _run
    )
    init.add_argument("--dir", type=Path, default=Path(), help="where to write (default: this folder)")
    init.add_argument("--force", action="store_true", help="overwrite settings that exist; never a key")


def _run(given: argparse.Namespace) -> int:
    from daemon.init import init

    for line in init(given.dir, force=given.force):
        print(line)
    return 0
