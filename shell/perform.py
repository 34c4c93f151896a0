"""Run one verb: admit, run, and turn every refusal into one line, in one place for all verbs."""

import argparse

from helpdesk.core.people import Language, Role
from helpdesk.core.terminal import term_safe
from helpdesk.errors import BadSettings, HelpdeskError, LoggedOut, Refused, StoreAway
from helpdesk.store.work import Refusal
from shell.keyboard import Keyboard
from shell.verbs import Verb
from shell.words import Words

EXIT_REFUSED = 1
AWAY = (
    "the database or its disk does not answer: try again later, or tell an admin",
    "la base de données ou son disque ne répond pas : réessayez plus tard, ou prévenez un admin",
)
FAILURES = (HelpdeskError, Refusal)  # what a person is told as it stands; all else is a defect


def perform(keyboard: Keyboard, verb: Verb, given: argparse.Namespace) -> int:
    """Return the exit status of *verb*: 0 done, 1 refused or failed, 78 settings. Raises LoggedOut."""
    try:
        keyboard.admit(verb)
        return verb.run(keyboard, given)
    except LoggedOut:
        raise
    except FAILURES as error:
        return told(keyboard, error)
    except EOFError:
        return told(keyboard, nothing_typed(keyboard))


def nothing_typed(keyboard: Keyboard) -> Refused:
    """Return the error for an answer that nobody gave; where nobody could, it says from where one is taken."""
    if keyboard.ask.at_terminal:
        return Refused("nothing was typed", "rien n'a été saisi")
    return Refused(
        "nothing was typed: what this asks is answered at a terminal, or on standard input",
        "rien n'a été saisi : on répond à ce qui est demandé à un terminal, ou sur l'entrée standard",
    )


def told(keyboard: Keyboard, error: HelpdeskError | Refusal) -> int:
    """Tell an error in the person's language; return its exit status."""
    if isinstance(error, Refusal):
        english, french = str(error), error.in_french
        error = Refused(f"the database refuses this: {english}", f"la base de données refuse cela : {french}")
    text = str(error)
    if isinstance(error, StoreAway):
        text = f"{keyboard.words(*AWAY)}{_details_of(error, keyboard)}"
    elif keyboard.words.language is Language.FR:
        text = error.in_french if isinstance(error, Refused) else f"{_kind_in_french(error)}\n{text}"
    for line in text.splitlines():
        keyboard.screen.complain(f"helpdesk-admin: {term_safe(line)}")
    return error.exit_status


def _details_of(error: StoreAway, keyboard: Keyboard) -> str:
    """Return what helps an admin, or whoever sits at the machine and is not known yet; nothing for all others."""
    known = keyboard.actor.user_id is not None
    is_for_others = known and keyboard.actor.person.role is not Role.ADMIN
    return "" if is_for_others else f" ({error})"


def defect_in_words(words: Words, what: str) -> str:
    """Return how a person is told of a defect; *what*: its kind and place, which help whoever mends it."""
    return words(
        "this command failed by a defect of ours ({what})",
        "cette commande a échoué par un défaut du logiciel ({what})",
        what=what,
    )


def _kind_in_french(error: HelpdeskError) -> str:
    """Return what sort of failure it is; the details of servers and settings are in English."""
    if isinstance(error, BadSettings):
        return "les réglages sont inutilisables. En détail :"
    return "échec. En détail :"
