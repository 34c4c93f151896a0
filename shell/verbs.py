"""What a verb of the shell is. The same verbs run from the command line and from the keyboard."""

import argparse
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from helpdesk.core.people import Language
from helpdesk.core.permissions import Right
from helpdesk.core.searchwords import folded
from helpdesk.core.tickets import Status, Urgency
from shell.words import Words

if TYPE_CHECKING:
    from shell.keyboard import Keyboard

Said = tuple[str, str]  # in English, in French
Completer = Callable[["Keyboard", str], Iterable[tuple[str, str]]]  # what was typed → (value, description)


_METAVARS = {  # what stands for a value in the usage
    "ADDRESS": "ADRESSE",
    "ADDRESS|NAME": "ADRESSE|NOM",
    "EMAIL": "ADRESSE",
    "FILE": "FICHIER",
    "JOB": "TÂCHE",
    "MARK": "MARQUE",
    "NAME": "NOM",
    "NAME|N": "NOM|N",
    "NEW": "NOUVEAU",
    "NUMBER": "NUMÉRO",
    "POST": "MESSAGE",
    "SCOPE": "PLAFOND",
    "SUBJECT": "OBJET",
    "TAG": "ÉTIQUETTE",
    "TARGET": "CIBLE",
    "TEAM": "ÉQUIPE",
    "TEXT": "TEXTE",
    "WHEN": "QUAND",
    "WORDS": "MOTS",
    "YYYY-MM-DD": "AAAA-MM-JJ",
}


_FRENCH_VALUES: dict[str, str] = {
    folded(one.in_words(Language.FR)).replace(" ", "_"): one.value
    for one in (*Status, *Urgency)  # as they are shown
}


def _in_english(typed: str) -> str:
    """Return the value of a French word for a status or an urgency, with or without accents; else what was typed."""
    return _FRENCH_VALUES.get(re.sub("[ _-]+", "_", folded(typed)), typed)


def _french_metavar(names: Sequence[str], options: Mapping[str, Any]) -> dict[str, str]:
    """Return the option of argparse that names an argument's value, where it has one that is a word."""
    if "choices" in options and "metavar" not in options:
        return {}
    if options.get("action") == "store_true":
        return {}
    name = str(options.get("metavar") or names[0].lstrip("-"))
    found = _METAVARS.get(name.upper())
    if found is None:
        return {}
    return {"metavar": found.lower() if name.islower() and not names[0].startswith("-") else found}


class FreeText(argparse.Action):
    """A text of which all is text, to the end of the line; the parsers take it apart from the rest."""

    def __call__(self, _parser: object, _namespace: object, _values: object, _option: object = None) -> None:
        """Do nothing: what stands before the text holds none of it."""


class Arguments:
    """Collects the arguments of one verb for a parser. *completes* is told which argument completes how."""

    def __init__(
        self,
        parser: argparse.ArgumentParser,
        words: Words,
        completes: Callable[[argparse.Action, Completer], None] | None = None,
    ) -> None:
        self._parser: argparse._ActionsContainer = parser
        self._words = words
        self._completes = completes

    def add(self, *names: str, help: Said, complete: Completer | None = None, **options: Any) -> None:  # noqa: A002
        """Add an argument as argparse takes it, its help in both languages."""
        if self._words.language is Language.FR:
            options |= _french_metavar(names, options)
            if set(options.get("choices") or ("",)) <= set(_FRENCH_VALUES.values()):
                options["type"] = _in_english
        action = self._parser.add_argument(*names, help=self._words(*help).replace("%", "%%"), **options)
        if complete is not None and self._completes is not None:
            self._completes(action, complete)

    @contextmanager
    def one_at_most(self) -> Iterator[None]:
        """Let those that are added within exclude each other."""
        everything, self._parser = self._parser, self._parser.add_mutually_exclusive_group()
        try:
            yield
        finally:
            self._parser = everything

    def add_text(self) -> None:
        """Add a free text, the last of a verb's arguments: ``text``, None where none was given."""
        self.add(
            "text",
            nargs="*",
            action=FreeText,
            help=(
                "all the rest of the line, as you type it (options stand before it); else you are asked,"
                " and a script gives it by standard input: < FILE",
                "tout le reste de la ligne, tel quel (les options avant) ; sinon il est demandé,"
                " et un script le donne par l'entrée standard : < FICHIER",
            ),
        )


class Admits(Enum):
    """Who may run a verb, before the table of rights is asked. Until anybody has a password: everybody, any verb."""

    LOGGED_IN = "whoever is logged in"
    CONSOLE = "also root, on the machine itself"
    ANYONE = "whoever can read the settings: the verb itself asks for a proof, or refuses"


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that can be done: ``noun name``.

    ``right``: what the table of rights must give the person, at least somewhere; None: whoever is logged in.
    ``reads``: it changes nothing and takes ``--json``. ``grave``: the password is asked for again.
    """

    noun: str
    name: str
    help: Said
    example: str
    run: "Callable[[Keyboard, argparse.Namespace], int]"
    right: Right | None = None
    arguments: Callable[[Arguments], None] = lambda _: None
    reads: bool = False
    grave: bool = False
    admits: Admits = Admits.LOGGED_IN

    @property
    def full_name(self) -> str:
        """The words that people type."""
        return f"{self.noun} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class Noun:
    """What verbs are about; one without verbs of its own has one verb with an empty name.

    ``group``: under which heading ``help`` shows it.
    """

    name: str
    help: Said
    verbs: Sequence[Verb] = field(default_factory=tuple)
    group: Said = ("The desk", "Le support")


class WrongUsage(Exception):
    """What was typed cannot be understood; the text says why and what would be."""


def fill(
    parser: argparse.ArgumentParser,
    verb: Verb,
    words: Words,
    completes: Callable[[argparse.Action, Completer], None] | None = None,
) -> None:
    """Add the arguments of *verb* to a parser."""
    arguments = Arguments(parser, words, completes)
    verb.arguments(arguments)
    if verb.reads:
        arguments.add(
            "--json",
            action="store_true",
            help=("one JSON object a line, with stable keys", "un objet JSON par ligne, aux clés stables"),
        )


def full_words(typed: Sequence[str], nouns: Sequence[Noun]) -> list[str]:
    """Return *typed* with its first two words completed where they are the beginning of one noun or verb only.

    Raises WrongUsage where they can mean several or nothing.
    """
    if not typed:
        return []
    noun = _only(typed[0], [one.name for one in nouns])
    if noun is None:
        return list(typed)
    verbs = [verb.name for one in nouns if one.name == noun for verb in one.verbs]
    if len(typed) == 1 or "" in verbs or typed[1].startswith("-"):
        return [noun, *typed[1:]]
    return [noun, _only(typed[1], verbs) or typed[1], *typed[2:]]


def _only(typed: str, names: Sequence[str]) -> str | None:
    if typed in names:
        return typed
    found = [name for name in names if name and typed and name.startswith(typed)]
    if len(found) > 1:
        raise WrongUsage(f"{typed}: {', '.join(found)}?")
    return found[0] if found else None
