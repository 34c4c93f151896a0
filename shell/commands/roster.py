"""``person import``: register a class from a file."""

import argparse
import os
import stat
import sys

from helpdesk.actions.roster import Imported, Ways, import_people
from helpdesk.core.people import AddressState, Language
from helpdesk.core.permissions import Right
from helpdesk.core.roster import MAX_BYTES
from helpdesk.errors import Refused
from shell.commands.people import language_argument, pending_argument, team_argument
from shell.completers import complete_path
from shell.keyboard import Keyboard
from shell.verbs import Arguments, Verb


def _arguments(arguments: Arguments) -> None:
    arguments.add(
        "file",
        metavar="FILE",
        complete=complete_path,
        help=(
            "CSV whose first line names email, name and, if wanted, language, team, valid_from, valid_until;"
            " - reads standard input",
            "CSV dont la première ligne nomme email, nom et, au besoin, langue, équipe, valide_du, valide_au ;"
            " - lit l'entrée standard",
        ),
    )
    arguments.add("--dry-run", action="store_true", help=("only report", "seulement rapporter"))
    arguments.add(
        "--partial",
        action="store_true",
        help=("take the good lines, leave the bad ones", "prendre les bonnes lignes, laisser les mauvaises"),
    )
    team_argument(arguments)
    language_argument(arguments)
    pending_argument(arguments)


def _import(keyboard: Keyboard, given: argparse.Namespace) -> int:
    ways = Ways(
        Language(given.language) if given.language else keyboard.settings.desk.language,
        AddressState.PENDING if given.pending else AddressState.VERIFIED,
        given.team,
        given.dry_run,
        given.partial,
    )
    done = import_people(keyboard.desk, keyboard.actor, _bytes_of(given.file), ways)
    _report(keyboard, done, given.dry_run, given.partial)
    return 1 if done.bad and not given.partial else 0


def _bytes_of(name: str) -> bytes:
    """Return the content of a regular file, or of standard input; a byte more than is taken at most."""
    if name == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not make us wait
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Refused(f"{name} is no regular file", f"{name} n'est pas un fichier ordinaire")
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = (error.strerror if isinstance(error, OSError) else None) or "?"
        raise Refused(f"{name} cannot be read: {why}", f"{name} ne peut pas être lu : {why}") from error


def _report(keyboard: Keyboard, done: Imported, dry_run: bool, partial: bool) -> None:
    words, screen = keyboard.words, keyboard.screen
    for line in done.bad:
        screen.say(words("line {number}: ", "ligne {number} : ", number=line.number) + words(*line.problem))
    screen.say(
        words(
            "new: {good}, registered already just so: {there}, bad lines: {bad}",
            "nouvelles : {good}, déjà inscrites ainsi : {there}, lignes fausses : {bad}",
            good=done.good,
            there=done.there,
            bad=len(done.bad),
        )
    )
    if done.written or not (done.bad or dry_run):
        screen.say(words("registered: {count}", "inscrites : {count}", count=done.written))
    elif dry_run:
        screen.say(words("Dry run: nothing was written.", "Essai : rien n'est écrit."))
    elif partial or not done.good:
        screen.say(
            words(
                "Nothing was written: no line is good and new.",
                "Rien n'est écrit : aucune ligne n'est bonne et nouvelle.",
            )
        )
    else:
        screen.say(
            words(
                "Nothing was written; --partial takes the good lines.",
                "Rien n'est écrit ; --partial prend les bonnes lignes.",
            )
        )


VERBS = (
    Verb("person", "import", ("register a class from a file", "inscrire une classe depuis un fichier"),
         "person import classe-2b.csv --team Réseau --dry-run", _import, Right.CHANGE_PEOPLE, _arguments),
)  # fmt: skip
