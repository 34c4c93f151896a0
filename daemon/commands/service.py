"""``helpdeskd.py migrate``, ``check``, ``run`` and ``once``: what a sysadmin needs to serve.

The parse workers start first, so that they import their modules while the daemon imports its own.
"""

import argparse
import sys

from daemon.commands.options import Commands, add_config, new_command, settings_of


def add(commands: Commands) -> None:
    """Add the commands."""
    for name, summary, run in (
        ("migrate", "bring the database to the newest schema", _migrate),
        ("check", "look for what would stop the daemon, and say what to do about each finding", _check),
        ("run", "watch the mailboxes and deliver letters until SIGTERM", _serve),
        ("once", "empty the mailboxes and the outbox once, then end", _once),
    ):
        add_config(new_command(commands, name, summary, run))


def _migrate(given: argparse.Namespace) -> int:
    from helpdesk.opening import opened_database
    from helpdesk.store.schema import migrate

    database = opened_database(settings_of(given), make=True)
    changed = migrate(database)
    print(f"{database.shown}: {'migrated to' if changed else 'already at'} the newest schema")
    return 0


def _check(given: argparse.Namespace) -> int:
    from daemon.check import check

    return check(settings_of(given), sys.stdout)


def _serve(given: argparse.Namespace) -> int:
    from daemon.pools import parse_pools

    settings = settings_of(given)
    with parse_pools(settings) as pools:
        from daemon.service import run

        return run(settings, pools)


def _once(given: argparse.Namespace) -> int:
    from daemon.pools import parse_pools

    settings = settings_of(given)
    with parse_pools(settings) as pools:
        from daemon.once import once

        return once(settings, pools)
