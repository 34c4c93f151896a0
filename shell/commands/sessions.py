"""``session``: logins that are in force."""

import argparse
from collections.abc import Iterator

from helpdesk.actions.people import find_person
from helpdesk.actions.sessions import open_sessions, revoke_session, revoke_sessions_of
from helpdesk.core.permissions import Reach, Right, reach
from helpdesk.errors import Refused
from shell.commands.account import ACCOUNT
from shell.commands.people import address, complete_person
from shell.keyboard import Keyboard
from shell.numbers import row_number
from shell.verbs import Arguments, Noun, Verb


def _sessions(keyboard: Keyboard, given: argparse.Namespace) -> int:
    found = open_sessions(keyboard.door, keyboard.actor, given.all)
    if given.json:
        for one in found:
            keyboard.screen.json(
                {
                    "id": one.id,
                    "person": one.person.name,
                    "kind": one.kind,
                    "ip_address": one.ip_address,
                    "user_agent": one.user_agent,
                    "begun_at": one.begun_at,
                    "used_at": one.used_at,
                    "expires_at": one.expires_at,
                }
            )
        return 0
    words = keyboard.words
    heads = ("id", words("person", "personne"), words("kind", "genre"), words("from", "depuis"),
             words("begun", "début"), words("used", "usage"))  # fmt: skip
    rows = [
        (str(one.id), one.person.name, one.kind, one.user_agent, words.short(one.begun_at),
         words.short(one.used_at))
        for one in found
    ]  # fmt: skip
    keyboard.screen.table(heads, rows, grow=3)
    return 0


def _sessions_arguments(arguments: Arguments) -> None:
    arguments.add("--all", action="store_true", help=("everybody's, for admins", "de tous, pour les admins"))


def _complete(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    everybody = reach(keyboard.actor.person, Right.SESSIONS) is Reach.ALL
    for one in open_sessions(keyboard.door, keyboard.actor, everybody):
        if str(one.id).startswith(typed):
            yield str(one.id), f"{one.person.name}, {keyboard.words.short(one.used_at)}, {one.user_agent}"


def _revoke_arguments(arguments: Arguments) -> None:
    arguments.add("id", type=row_number, nargs="?", complete=_complete, help=("which one", "laquelle"))
    arguments.add(
        "--person",
        type=address,
        metavar="EMAIL",
        complete=complete_person,
        help=("all of a person, for admins", "toutes celles d'une personne, pour les admins"),
    )


def _revoke(keyboard: Keyboard, given: argparse.Namespace) -> int:
    if bool(given.person) == (given.id is not None):
        raise Refused(
            "say which session to end: its id, or --person EMAIL",
            "dites quelle connexion terminer : son id, ou --person EMAIL",
        )
    if given.person:
        known = find_person(keyboard.database, keyboard.actor, Right.SESSIONS, given.person).known
        person, count = known.person, revoke_sessions_of(keyboard.door, keyboard.actor, known.person)
    else:
        person, count = revoke_session(keyboard.door, keyboard.actor, given.id).person, 1
    keyboard.screen.say(
        keyboard.words(
            "Ended {count} sessions of {name}.",
            "{count} connexions de {name} terminées.",
            count=count,
            name=person.name,
        )
    )
    return 0


NOUN = Noun(
    "session",
    ("logins in force", "connexions en cours"),
    (
        Verb("session", "list", ("list them", "les lister"), "session list --all", _sessions,
             Right.OWN_ACCOUNT, _sessions_arguments, reads=True),
        Verb("session", "revoke", ("end one, or all of a person", "en terminer une, ou toutes d'une personne"),
             "session revoke --person jeanne@ecole.example", _revoke, Right.OWN_ACCOUNT, _revoke_arguments),
    ),
    ACCOUNT,
)  # fmt: skip
