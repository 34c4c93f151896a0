"""The command line of the daemon: parses, runs one command, turns errors into one line and an exit status."""

import argparse
from collections.abc import Sequence

from daemon.commands import (
    audit,
    breaker,
    demo,
    init,
    inspect,
    letter,
    reconcile,
    replay,
    report,
    service,
    status,
    trust,
    why,
)
from helpdesk.commandline import carried_out

COMMANDS = (
    init,
    service,
    status,
    inspect,
    trust,
    why,
    replay,
    reconcile,
    letter,
    breaker,
    audit,
    report,
    demo,
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="helpdeskd.py",
        description="An e-mail helpdesk: turns mail from verified, registered senders into tickets.",
        epilog="Exit status: 0 done, 1 something failed, 2 wrong usage, 78 the settings cannot be used.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; no traceback reaches a person."""
    given = _parser().parse_args(arguments)
    return carried_out("helpdeskd", lambda: int(given.run(given)))
