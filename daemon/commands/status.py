"""``helpdeskd.py status``: how the desk is doing."""

import argparse
import sys

from daemon.commands.options import Commands, add_config, add_json, new_command, settings_of


def add(commands: Commands) -> None:
    """Add the command."""
    status = new_command(
        commands,
        "status",
        "show daemons, leases, mailboxes, letters and breakers",
        _run,
        "Show daemons, leases, mailboxes, letters and breakers, and what somebody should look at. "
        "Exit status: 0 while a daemon is alive and nothing is stuck, else 1.",
    )
    add_config(status)
    add_json(status, "one object")


def _run(given: argparse.Namespace) -> int:
    from daemon.status import status
    from helpdesk.opening import opened_database
    from helpdesk.store.schema import require_current

    settings = settings_of(given)
    database = opened_database(settings)
    require_current(database)
    ended = status(settings, database, given.json, sys.stdout)
    database.close()
    return ended
