"""The command line of the admins' shell: parses, calls one command, turns errors into one line."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from helpdesk.commandline import carried_out
from shell.commands import people, tickets


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="helpdesk-admin.py",
        description="Look after the people and the tickets of the helpdesk.",
        epilog="Exit status: 0 done, 1 refused or failed, 2 wrong usage, 78 the settings cannot be used.",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the settings (default: $HELPDESK_CONFIG, ./helpdesk.toml, /etc/helpdesk/helpdesk.toml)",
    )
    nouns = parser.add_subparsers(dest="noun", required=True, metavar="NOUN")
    people.add_to(nouns)
    tickets.add_to(nouns)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; no traceback reaches a person."""
    given = _parser().parse_args(arguments)
    return carried_out("helpdesk-admin", lambda: int(given.run(given)))
