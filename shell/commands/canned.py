"""``canned``: answers that are written once and sent often."""

import argparse
from collections.abc import Iterator

from helpdesk.actions.canned import canned_answers, delete_canned, set_canned
from helpdesk.core.people import Language
from helpdesk.core.permissions import Right
from helpdesk.store.canned import CannedAnswer
from shell.commands.typed import text_for
from shell.keyboard import Keyboard
from shell.verbs import Arguments, Noun, Verb


def complete_canned(keyboard: Keyboard, _typed: str) -> Iterator[tuple[str, str]]:
    """Return the names of canned answers with their beginnings."""
    seen: set[str] = set()
    for answer in canned_answers(keyboard.desk, keyboard.actor):
        if answer.name not in seen:
            seen.add(answer.name)
            yield answer.name, answer.text.strip().partition("\n")[0]


def _name_argument(arguments: Arguments) -> None:
    arguments.add("name", complete=complete_canned, help=("what it is called", "son nom"))


def _language_argument(arguments: Arguments, english: str, french: str) -> None:
    languages = [language.value for language in Language]
    arguments.add("--language", choices=languages, help=(english, french))


def _json(answer: CannedAnswer) -> dict[str, object]:
    return {"name": answer.name, "language": answer.language.value, "text": answer.text}


def _list(keyboard: Keyboard, given: argparse.Namespace) -> int:
    found = canned_answers(keyboard.desk, keyboard.actor)
    words = keyboard.words
    if given.json:
        for answer in found:
            keyboard.screen.json(_json(answer))
    elif not found:
        keyboard.screen.say(words("No canned answers.", "Aucune réponse type."))
    else:
        heads = (words("name", "nom"), words("language", "langue"), words("begins", "début"))
        rows = [(one.name, one.language.value, one.text.strip().partition("\n")[0]) for one in found]
        keyboard.screen.table(heads, rows)
    return 0


def _show(keyboard: Keyboard, given: argparse.Namespace) -> int:
    for answer in canned_answers(keyboard.desk, keyboard.actor, given.name):
        if given.json:
            keyboard.screen.json(_json(answer))
            continue
        keyboard.screen.say(f"{answer.name} ({answer.language.value}){keyboard.words.colon.rstrip()}", "bold")
        for line in answer.text.strip("\n").split("\n"):
            keyboard.screen.say(f"    {line}".rstrip())
    return 0


def _set_arguments(arguments: Arguments) -> None:
    _name_argument(arguments)
    arguments.add_text()
    _language_argument(arguments, "of the text (default: yours)", "du texte (défaut : la vôtre)")


def _set(keyboard: Keyboard, given: argparse.Namespace) -> int:
    language = Language(given.language) if given.language else keyboard.words.language
    with text_for(keyboard, given.text, f"canned set {given.name}") as text:
        name = set_canned(keyboard.desk, keyboard.actor, given.name, language, text)
    keyboard.screen.say(
        keyboard.words(
            "Written: {name} ({language}). To send it: ticket reply NUMBER --canned {name}",
            "Écrite : {name} ({language}). Pour l'envoyer : ticket reply NUMÉRO --canned {name}",
            name=name,
            language=language.value,
        )
    )
    return 0


def _delete_arguments(arguments: Arguments) -> None:
    _name_argument(arguments)
    _language_argument(
        arguments, "only in this one (default: in all)", "seulement celle-ci (défaut : toutes)"
    )


def _delete(keyboard: Keyboard, given: argparse.Namespace) -> int:
    language = Language(given.language) if given.language else None
    count = delete_canned(keyboard.desk, keyboard.actor, given.name, language)
    keyboard.screen.say(
        keyboard.words("Deleted, languages: {count}.", "Supprimée, langues : {count}.", count=count)
    )
    return 0


NOUN = Noun(
    "canned",
    ("answers that are written once", "réponses types"),
    (
        Verb("canned", "list", ("all canned answers", "toutes les réponses types"), "canned list", _list,
             Right.WORK_ON_TICKET, reads=True),
        Verb("canned", "show", ("one in every language", "une réponse dans chaque langue"),
             "canned show chargeur", _show, Right.WORK_ON_TICKET, _name_argument, reads=True),
        Verb("canned", "set", ("write one, over an older one", "en écrire une, ou la remplacer"),
             "canned set --language fr chargeur Un chargeur vous attend au bureau 4.", _set,
             Right.WORK_ON_TICKET, _set_arguments),
        Verb("canned", "delete", ("delete one", "en supprimer une"), "canned delete chargeur --language fr",
             _delete, Right.WORK_ON_TICKET, _delete_arguments),
    ),
    ("Tickets", "Tickets"),
)  # fmt: skip
