"""Run one verb: admit, run, and turn every refusal into one line, in one place for all verbs."""

import argparse

from helpdesk.core.people import Language
from helpdesk.core.terminal import term_safe
from helpdesk.errors import BadSettings, HelpdeskError, LoggedOut, Refused, StoreAway
from shell.keyboard import Keyboard
from shell.verbs import Verb

EXIT_REFUSED = 1


def perform(keyboard: Keyboard, verb: Verb, given: argparse.Namespace) -> int:
    """Return the exit status of *verb*: 0 done, 1 refused or failed, 78 settings. Raises LoggedOut."""
    try:
        keyboard.admit(verb)
        return verb.run(keyboard, given)
    except LoggedOut:
        raise
    except HelpdeskError as error:
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


def told(keyboard: Keyboard, error: HelpdeskError) -> int:
    """Tell an error in the person's language; return its exit status."""
    text = str(error)
    if keyboard.words.language is Language.FR:
        text = error.in_french if isinstance(error, Refused) else f"{_kind_in_french(error)}\n{text}"
    for line in text.splitlines():
        keyboard.screen.complain(f"helpdesk-admin: {term_safe(line)}")
    return error.exit_status


def _kind_in_french(error: HelpdeskError) -> str:
    """Return what sort of failure it is; the details of databases, servers and settings are in English."""
    if isinstance(error, StoreAway):
        return "la base de données ou le disque ne répond pas ; réessayez plus tard. En détail :"
    if isinstance(error, BadSettings):
        return "les réglages sont inutilisables. En détail :"
    return "échec. En détail :"
