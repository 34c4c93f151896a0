"""``helpdeskd.py inspect``: what the daemon would see in mail files."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from daemon.commands.options import Commands, add_config, new_command
from helpdesk.config import load_for_inspect


def add(commands: Commands) -> None:
    """Add the command."""
    inspect = new_command(
        commands, "inspect", "show what the daemon would see in mail files, touching nothing", _run
    )
    add_config(inspect)
    inspect.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a mail, as .eml or from a Maildir"
    )
    inspect.add_argument("--json", action="store_true", help="one JSON object per line and file")


def _run(given: argparse.Namespace) -> int:
    from daemon.inspect import inspect_files

    settings = load_for_inspect(given.config, os.environ)
    return inspect_files(given.files, given.json, settings, datetime.now(UTC), sys.stdout)
