"""``helpdeskd.py letter list`` and ``letter again``: what the outbox holds, and dead letters sent again."""

import argparse
import re
from dataclasses import asdict

from daemon.commands.options import (
    Commands,
    add_config,
    add_json,
    new_command,
    new_group,
    opened_store,
)
from helpdesk.core.health import shown
from helpdesk.core.jsontext import json_text
from helpdesk.core.terminal import term_safe
from helpdesk.store.rows import ListedLetter

STATES = ("dead", "queued", "sending")
ALL_DEAD = "all-dead"
_ID = re.compile("[0-9]{1,18}")
_WHEN = {"dead": "given up", "queued": "due", "sending": "in hand until"}


def add(commands: Commands) -> None:
    """Add the verbs."""
    verbs = new_group(commands, "letter", "what the outbox holds, and dead letters sent again")
    listing = new_command(verbs, "list", "show letters that were not sent, those last due first", _list)
    add_config(listing)
    listing.add_argument("--state", choices=STATES, default="dead", help="which (default: dead)")
    listing.add_argument("--last", type=int, default=100, metavar="N", help="at most so many (default: 100)")
    add_json(listing, "one object for each letter")
    again = new_command(
        verbs,
        "again",
        "send a dead letter again",
        _again,
        "Queue a dead letter again, unchanged, with the same Message-ID; it is tried for two days as before.",
    )
    add_config(again)
    again.add_argument("which", metavar="ID", help=f"as `letter list` shows it, or {ALL_DEAD}")


def _list(given: argparse.Namespace) -> int:
    from helpdesk.actions.resend import listed_letters

    if given.last < 1:
        given.wrong(f"--last {given.last}: ask for one letter or more")
    with opened_store(given) as database:
        found = listed_letters(database, given.state, given.last)
    for letter in found:
        print(json_text(asdict(letter)) if given.json else _text(letter))
    if not found and not given.json:
        print(f"No letter is {given.state}.")
    return 0


def _again(given: argparse.Namespace) -> int:
    from helpdesk.actions.resend import send_again, send_all_again

    if given.which != ALL_DEAD and not _ID.fullmatch(given.which):
        given.wrong(f"{term_safe(given.which)} is no letter; give its number, or {ALL_DEAD}")
    with opened_store(given) as database:
        if given.which == ALL_DEAD:
            count, over = send_all_again(database)
            left = f" {over} with login codes that are no longer valid are left out." if over else ""
            print(f"{count} letters are queued again.{left}")
        else:
            send_again(database, int(given.which))
            print(f"Letter {given.which} is queued again.")
    return 0


def _text(letter: ListedLetter) -> str:
    about = f" about ticket {letter.ticket_number}" if letter.ticket_number else ""
    when = f"{_WHEN[letter.state]} {shown(letter.next_at)}"
    lines = [
        f"{letter.id} {letter.kind} to {term_safe(letter.recipient)}{about}",
        f"queued {shown(letter.queued_at)}, {when}, attempts: {letter.attempts}",
    ]
    return "\n  ".join([*lines, *filter(None, [term_safe(letter.last_error)])])
