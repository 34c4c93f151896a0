"""``attachment``: what was sent with mails."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from helpdesk.actions.attachments import attachments_of, take_attachment
from helpdesk.core.permissions import Right
from helpdesk.errors import Refused
from shell.commands.tickets import number_argument, ticket_before
from shell.completers import complete_path
from shell.keyboard import Keyboard
from shell.savedfile import save_new
from shell.verbs import Arguments, Noun, Verb

STANDARD_OUTPUT = "-"


def _list(keyboard: Keyboard, given: argparse.Namespace) -> int:
    found = attachments_of(keyboard.desk, keyboard.actor, given.number)
    if given.json:
        for place, one in enumerate(found, 1):
            keys = {"number": place, "name": one.name, "content_type": one.content_type, "size": one.size}
            keyboard.screen.json({**keys, "sha256": one.sha256})
        return 0
    words = keyboard.words
    if not found:
        keyboard.screen.say(words("No attachments.", "Aucune pièce jointe."))
        return 0
    heads = ("#", words("bytes", "octets"), words("kind", "type"), words("name", "nom"))
    rows = [(str(place), str(one.size), one.content_type, one.name) for place, one in enumerate(found, 1)]
    keyboard.screen.table(heads, rows)
    return 0


def _complete_attachment(keyboard: Keyboard, _typed: str) -> Iterator[tuple[str, str]]:
    """Return the names of a ticket's attachments."""
    for one in attachments_of(keyboard.desk, keyboard.actor, ticket_before(keyboard)):
        yield one.name, f"{one.content_type}, {one.size}"


def _save_arguments(arguments: Arguments) -> None:
    number_argument(arguments)
    arguments.add(
        "which",
        metavar="NAME|N",
        complete=_complete_attachment,
        help=("its name or number", "son nom ou son numéro"),
    )
    arguments.add(
        "--to",
        type=Path,
        complete=complete_path,
        required=True,
        metavar="FILE",
        help=(
            "a folder, or a new file in a folder; nothing is written over; - for standard output",
            "un dossier, ou un nouveau fichier dans un dossier ; rien n'est écrasé ; - pour la sortie standard",
        ),
    )


def _print(keyboard: Keyboard, given: argparse.Namespace) -> int:
    """Write the bytes as they came, for whoever runs the shell as another user, but to no terminal."""
    if sys.stdout.isatty():
        raise Refused(
            "these bytes came by mail and could steer a terminal: send them to a file, > FILE",
            "ces octets d'un mail pourraient agir sur un terminal : envoyez-les dans un fichier, > FICHIER",
        )
    taken = take_attachment(keyboard.desk, keyboard.actor, given.number, given.which)
    sys.stdout.buffer.write(taken.content)
    sys.stdout.buffer.flush()
    return 0


def _save(keyboard: Keyboard, given: argparse.Namespace) -> int:
    if str(given.to) == STANDARD_OUTPUT:
        return _print(keyboard, given)
    taken = take_attachment(keyboard.desk, keyboard.actor, given.number, given.which)
    where = save_new(given.to, taken.name, taken.content)
    keyboard.screen.say(
        keyboard.words(
            "Saved {size} bytes as {file}. They came by mail: open with care.",
            "{size} octets enregistrés dans {file}. Ils viennent d'un mail : ouvrez avec prudence.",
            size=len(taken.content),
            file=where,
        )
    )
    return 0


NOUN = Noun(
    "attachment",
    ("what was sent with mails", "ce qui était joint aux mails"),
    (
        Verb("attachment", "list", ("the attachments of a ticket", "les pièces jointes d'un ticket"),
             "attachment list 12", _list, Right.SEE_TICKET, number_argument, reads=True),
        Verb("attachment", "save", ("save one to a new file", "en enregistrer une dans un nouveau fichier"),
             "attachment save 12 1 --to /tmp", _save, Right.SEE_TICKET, _save_arguments),
    ),
    ("Tickets", "Tickets"),
)  # fmt: skip
