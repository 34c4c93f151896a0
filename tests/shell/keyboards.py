"""A desk with its people, and each of them at a keyboard without a terminal."""

import io
from dataclasses import replace
from pathlib import Path

from helpdesk.core.people import Language
from helpdesk.core.sessions import LoginLimits
from helpdesk.errors import HelpdeskError
from shell.keyboard import Keyboard
from shell.nouns import every_verb
from shell.parsers import QuietParser
from shell.perform import told
from shell.screen import Screen
from shell.verbs import Verb, fill
from shell.words import Words
from tests.actions.staff import Staffed
from tests.config.made import loaded


class TypedKeyboard(Keyboard):
    """A keyboard whose person is given: logging in has tests of its own."""

    def look_again(self) -> None:
        """Nobody logs anybody out here."""


def keyboard_of(desk: Staffed, address: str, folder: Path, plain: bool = False) -> TypedKeyboard:
    """Return somebody's keyboard; what is said can be read from ``screen.out``."""
    out, error = io.StringIO(), io.StringIO()
    made = TypedKeyboard(
        None,
        {},
        Screen(out, error, plain, 120),
        Words(Language.EN, desk.bench.desk.stationery.zone),
        "",
        desk.actor(address),
    )
    settings = loaded(folder)
    made.__dict__["settings"] = replace(settings, login=LoginLimits())
    made.__dict__["database"], made.__dict__["desk"] = desk.bench.desk.database, desk.bench.desk
    return made


def verb_of(line: list[str]) -> Verb:
    """Return the verb that a line begins with."""
    name = " ".join(line[:2])
    return next(verb for verb in every_verb() if verb.full_name == name)


def typed(keyboard: Keyboard, *line: str) -> int:
    """Run a line as the shell would, its person admitted already; a refusal is told as usual."""
    verb = verb_of(list(line))
    given = parser_of(verb, keyboard.words).parse_args(line[2:])
    try:
        return verb.run(keyboard, given)
    except HelpdeskError as error:
        return told(keyboard, error)


def said(keyboard: Keyboard) -> str:
    """Return what was printed since the last time."""
    texts = []
    for stream in (keyboard.screen.out, keyboard.screen.error):
        assert isinstance(stream, io.StringIO)
        texts.append(stream.getvalue())
        stream.seek(0)
        stream.truncate()
    return "".join(texts)


def parser_of(verb: Verb, words: Words) -> QuietParser:
    """Return the parser of one verb."""
    parser = QuietParser(words=words, prog=verb.full_name)
    fill(parser, verb, words)
    return parser
