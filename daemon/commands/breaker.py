"""``helpdeskd.py breaker list`` and ``breaker reset``: caps that tripped, and letters that wait for them."""

import argparse
from dataclasses import asdict

from daemon.commands.options import (
    Commands,
    add_config,
    add_json,
    new_command,
    new_group,
    opened_store,
)
from helpdesk.core.health import BreakerSeen, shown
from helpdesk.core.jsontext import json_text
from helpdesk.core.terminal import term_safe


def add(commands: Commands) -> None:
    """Add the verbs."""
    verbs = new_group(commands, "breaker", "caps that tripped, and letters that wait for them")
    listing = new_command(
        verbs, "list", "show the open breakers: whose letters wait, why and until when", _list
    )
    add_config(listing)
    add_json(listing, "one object for each breaker")
    reset = new_command(
        verbs,
        "reset",
        "close a breaker before its time",
        _reset,
        "Close a breaker, begin its count anew, and send the letters that wait for it alone; "
        "what another cap makes wait keeps its time.",
    )
    add_config(reset)
    reset.add_argument("scope", metavar="SCOPE", help="as `breaker list` shows it, e.g. hour:all")


def _list(given: argparse.Namespace) -> int:
    from helpdesk.actions.breakers import open_breakers

    with opened_store(given) as database:
        found = open_breakers(database)
    for breaker in found:
        print(json_text(asdict(breaker)) if given.json else _text(breaker))
    if not found and not given.json:
        print("No breaker is open.")
    return 0


def _reset(given: argparse.Namespace) -> int:
    from helpdesk.actions.breakers import reset

    with opened_store(given) as database:
        released = reset(database, given.scope)
    print(f"{term_safe(given.scope)} is closed; {released} letters go out now.")
    return 0


def _text(breaker: BreakerSeen) -> str:
    return "\n  ".join(
        (
            term_safe(breaker.scope),
            term_safe(breaker.words),
            term_safe(breaker.reason),
            f"since {shown(breaker.opened_at)}, until {shown(breaker.closes_at)}",
            f"{breaker.letters} letters wait because of it",
        )
    )
