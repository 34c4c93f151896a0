"""What the verbs about one ticket share: how it is named."""

import argparse

from helpdesk.core.paging import MAX_NUMBER
from helpdesk.core.subjects import typed_number
from helpdesk.core.terminal import term_safe
from shell.completers import complete_number
from shell.keyboard import Keyboard
from shell.numbers import SHOWN
from shell.verbs import Arguments, Completer

MAX_DIGITS = 19


def number(typed: str) -> int:
    """Return the number of a ticket as people write it: 12, #12 or [#12]; anything else is wrong usage."""
    found = typed_number(typed)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"expected the number of a ticket, 1 to {MAX_NUMBER}, as 12 or #12, found {term_safe(typed, SHOWN)}"
        )
    return found


def number_argument(arguments: Arguments, complete: Completer = complete_number) -> None:
    """Add the ticket that a verb is about."""
    arguments.add(
        "number",
        type=number,
        complete=complete,
        help=("12, #12 or [#12], as it stands in the subject", "12, #12 ou [#12], comme dans l'objet"),
    )


def ticket_before(keyboard: Keyboard) -> int:
    """Return the ticket that was typed before the word that is being completed; 0, no ticket's number, for none."""
    numbers = [word.strip("[#]") for word in keyboard.typed_before[2:]]
    return next((int(one) for one in numbers if one.isascii() and one.isdigit() and len(one) < MAX_DIGITS), 0)
