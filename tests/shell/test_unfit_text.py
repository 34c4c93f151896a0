"""Whatever text is given to whatever verb: it is taken or refused in one line, and is no defect of ours."""

import argparse
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from helpdesk.actions import passwords
from helpdesk.core.people import Language, Role
from shell.keyboard import Keyboard
from shell.main import parser
from shell.nouns import NOUNS, every_verb
from shell.parsers import QuietParser
from shell.typed import words_of
from shell.verbs import Verb, fill
from shell.words import Words
from tests.shell.desks import OUR_TEAM, PASSWORD, Said, ShellDesk, performed, said
from tests.shell.test_roles import ENTRIES, NUMBERS, OWN, called, session_id

UNFIT = ("a\0secret", "a\ud83esecret", "secret " * 10_000)


@pytest.fixture
def desk(shell_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch) -> ShellDesk:
    """A desk with an admin who has a ticket, a team and a canned answer."""
    monkeypatch.setattr(passwords, "COST", 4)
    boss = shell_desk.person("Boss", Role.ADMIN, team=OUR_TEAM, password=PASSWORD)
    shell_desk.ticket(NUMBERS[OWN], boss, team_id=OUR_TEAM)
    assert said(shell_desk.keyboard(boss), "canned set charger text").status == 0
    (shell_desk.folder / "class.csv").write_text("email,name\npupil@help.example,Pupil\n")
    return shell_desk


def texts_of(verb: Verb) -> Iterator[argparse.Action]:
    """Return the arguments of a verb that take any text, or the name of any file."""
    made = QuietParser(words=Words(), prog="x")
    fill(made, verb, Words())
    for action in made._actions:
        if action.type in (None, Path) and action.nargs != 0 and not action.choices:
            yield action


def run(desk: ShellDesk, keyboard: Keyboard, verb: Verb, text: str, action: argparse.Action | None) -> Said:
    """Run a verb with an unfit text in one of its arguments, or typed where it asks."""
    other = session_id(desk, desk.token(desk.people["Boss"]))
    line = called(desk, ENTRIES[verb.full_name], OWN, other)
    given = parser(keyboard.words, NOUNS).parse_args(words_of(line))
    typed = f"{PASSWORD}\n" if verb.grave else ""
    if action is None:
        if hasattr(given, "text"):
            given.text = [] if isinstance(given.text, list) else None
        if hasattr(given, "subject"):
            given.subject = None
        return performed(keyboard, given, typed + f"{text}\n" * 4)
    value = action.type(text) if callable(action.type) else text
    many = (action.nargs in ("*", "+") and action.dest != "text") or isinstance(
        getattr(given, action.dest), list
    )
    setattr(given, action.dest, [value] if many else value)
    return performed(keyboard, given, typed)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_text_that_no_database_keeps_is_refused_in_one_line(desk: ShellDesk, name: str) -> None:
    verb = next(verb for verb in every_verb() if verb.full_name == name)
    for action, text in product((None, *texts_of(verb)), UNFIT):
        keyboard = desk.keyboard(desk.people["Boss"])
        told = run(desk, keyboard, verb, text, action)
        assert told.status in (0, 1)
        if told.status and name not in ("login", "totp on"):  # these let one try again
            assert told.error.count("\n") <= 1, (action, text[:10])
        assert "\0" not in told.out + told.error


@pytest.mark.parametrize(
    ("language", "line", "typed", "expected"),
    [
        (Language.EN, "ticket note 101", "a\0secret",
         "helpdesk-admin: the database refuses this: a text has a NUL character; remove it first\n"),
        (Language.FR, "ticket note 101", "a\0secret",
         "helpdesk-admin: la base de données refuse cela : un texte a un caractère NUL ; enlevez-le d'abord\n"),
        (Language.EN, f"ticket list --tag {'x' * 51}", "",
         f"helpdesk-admin: {'x' * 51}: expected letters, digits, dots and hyphens, 50 at most\n"),
        (Language.FR, f"ticket search --tag {'x' * 51} wifi", "",
         f"helpdesk-admin: {'x' * 51} : attendu lettres, chiffres, points et traits d'union, 50 au plus\n"),
    ],
    ids=["NUL", "NUL in French", "tag", "tag in French"],
)  # fmt: skip
def test_a_refusal_of_the_database_is_told_in_the_language_of_the_person(
    shell_desk: ShellDesk, language: Language, line: str, typed: str, expected: str
) -> None:
    boss = shell_desk.person("Boss", Role.ADMIN, language=language)
    shell_desk.ticket(NUMBERS[OWN], boss)
    told = said(shell_desk.keyboard(boss), line, typed)
    assert (told.status, told.out, told.error) == (1, "", expected)
