"""``helpdeskd.py replay``: file a held or quarantined mail again by today's rules."""

import argparse
import sys

from daemon.commands.options import Commands, add_config, new_command, settings_of


def add(commands: Commands) -> None:
    """Add the command."""
    replay = new_command(
        commands,
        "replay",
        "file a held or quarantined mail again by today's rules",
        _run,
        "Read a held or quarantined mail again and file it by today's rules and trust settings. "
        "A mail that has any other fate is refused. Safe while the daemon runs.",
    )
    add_config(replay)
    replay.add_argument("mail", metavar="MAIL", help="its id, as `why` shows it, or its <Message-ID>")
    replay.add_argument("--dry-run", action="store_true", help="say what would become of it, change nothing")


def _run(given: argparse.Namespace) -> int:
    from daemon.replay import replay_mail
    from helpdesk.core.asked import asked
    from helpdesk.opening import opened_database
    from helpdesk.store.schema import require_current

    try:
        question = asked(f"mail:{given.mail}" if given.mail.isdecimal() else given.mail)
    except ValueError as error:
        given.wrong(str(error))
    settings = settings_of(given)
    database = opened_database(settings)
    require_current(database)
    status = replay_mail(settings, database, question, given.dry_run, sys.stdout)
    database.close()
    return status
