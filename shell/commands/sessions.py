"""``session revoke``: end logins that are in force."""

import argparse
from collections.abc import Iterator

from helpdesk.actions.people import find_person
from helpdesk.actions.sessions import open_sessions, revoke_session, revoke_sessions_of
from helpdesk.core.permissions import Reach, Right, reach
from helpdesk.errors import Refused
from shell.commands.people import address, complete_person
from shell.keyboard import Keyboard
from shell.verbs import Arguments, Verb


def _complete(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    everybody = reach(keyboard.actor.person, Right.SESSIONS) is Reach.ALL
    for one in open_sessions(keyboard.door, keyboard.actor, everybody):
        if str(one.id).startswith(typed):
            yield str(one.id), f"{one.person.name}, {keyboard.words.short(one.used_at)}, {one.user_agent}"


def _arguments(arguments: Arguments) -> None:
    arguments.add("id", type=int, nargs="?", complete=_complete, help=("which one", "laquelle"))
    arguments.add(
        "--person",
        type=address,
        default="",
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


VERBS = (
    Verb("session", "revoke", ("end one, or all of a person", "en terminer une, ou toutes d'une personne"),
         "session revoke --person jeanne@ecole.example", _revoke, Right.OWN_ACCOUNT, _arguments),
)  # fmt: skip
