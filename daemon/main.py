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
from daemon.commands.options import add_config
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
    add_config(parser, "config_before")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands)
    return parser


def _given(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what was given; --config may stand before the command, too, as it does for helpdesk-admin.py."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.config_before is not None:
        if not hasattr(given, "config"):
            parser.error(f"{given.command} reads no settings")
        if given.config is not None:
            parser.error("--config is given already")
        given.config = given.config_before
    return given


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; no traceback reaches a person."""
    given = _given(arguments)
    return carried_out("helpdeskd", lambda: int(given.run(given)))
