"""``helpdeskd.py reconcile``: compare the mailboxes with the ledger."""

import argparse
from dataclasses import asdict

from daemon.commands.options import Commands, add_config, add_json, new_command, settings_of
from helpdesk.core.jsontext import json_text
from helpdesk.core.reconciling import DAYS, Reconciled, alarms
from helpdesk.errors import EXIT_FAILED, HelpdeskError

MAX_DAYS = 3650


def add(commands: Commands) -> None:
    """Add the command."""
    command = new_command(
        commands,
        "reconcile",
        "compare the folders of the mailboxes with the ledger",
        _run,
        "Compare the mails in the folders of each mailbox with the ledger. A mail outside the inbox that has no "
        "fate goes back to it and is filed; one in another folder than that of its fate is moved. "
        "The daemon does the same once a day. Ends with status 1 where mail "
        "had no fate.",
    )
    add_config(command)
    command.add_argument("--mailbox", metavar="NAME", help="which mailbox (default: all)")
    command.add_argument(
        "--days", type=int, default=DAYS, metavar="N", help=f"mail of the last N days (default: {DAYS})"
    )
    command.add_argument("--force", action="store_true", help="move mail even where it is most of a folder")
    add_json(command, "one object for each mailbox")


def _run(given: argparse.Namespace) -> int:
    from daemon.reconcilejob import reconcile_now
    from helpdesk.opening import opened_database
    from helpdesk.store.schema import require_current

    if not 1 <= given.days <= MAX_DAYS:
        raise HelpdeskError(f"--days {given.days}: expected 1 to {MAX_DAYS}")
    settings = settings_of(given)
    wanted = [one for one in settings.mailboxes if given.mailbox in (None, one.name)]
    if not wanted:
        names = ", ".join(one.name for one in settings.mailboxes)
        raise HelpdeskError(f"there is no mailbox {given.mailbox!r} in the settings; there is {names}")
    database = opened_database(settings)
    require_current(database)
    results = reconcile_now(settings, database, wanted, given.days, given.force)
    database.close()
    for found in results:
        print(json_text(asdict(found)) if given.json else _text(found))
    return EXIT_FAILED if any(found.alarming for found in results) else 0


def _text(found: Reconciled) -> str:
    lines = [
        f"mailbox {found.mailbox}: {found.compared} mails compared, {found.returned} back in the inbox, "
        f"{found.without_fate} forgotten in the inbox, {found.put_right} moved to the folder of their fate, "
        f"{found.misplaced} in another folder than that of their fate"
    ]
    lines += [f"  {count}: {reason}" for _name, count, reason in alarms(found)]
    return "\n".join(lines)
