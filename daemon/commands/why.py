"""``helpdeskd.py why``: what became of a mail."""

import argparse
import sys

from daemon.commands.options import Commands, add_config, add_json, new_command, settings_of


def add(commands: Commands) -> None:
    """Add the command."""
    why = new_command(
        commands,
        "why",
        "say what became of a mail, by which rule, and what its letters are doing",
        _run,
        "Say what became of a mail: when it was seen, its fate and why, its ticket, its letters. "
        "A number alone is looked up as a UID and as a ticket; nothing found ends with status 1.",
    )
    add_config(why)
    why.add_argument(
        "words",
        nargs="+",
        metavar="WHAT",
        help="<Message-ID>, address, ticket (12, #12), UID (12, uid:12, NAME:12) or mail:ID",
    )
    why.add_argument("--last", type=int, default=10, metavar="N", help="at most so many mails (default: 10)")
    add_json(why, "one object for each mail")


def _run(given: argparse.Namespace) -> int:
    from daemon.why import why
    from helpdesk.core.asked import asked
    from helpdesk.opening import opened_database
    from helpdesk.store.schema import require_current

    try:
        question = asked(" ".join(given.words))
    except ValueError as error:
        given.wrong(str(error))
    if given.last < 1:
        given.wrong(f"--last {given.last}: ask for one mail or more")
    database = opened_database(settings_of(given))
    require_current(database)
    status = why(database, question, given.last, given.json, sys.stdout)
    database.close()
    return status
