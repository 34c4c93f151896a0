"""A keyboard on a desk of its own: verbs run as they do from the command line, by whoever a test says."""

import io
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from helpdesk.core.people import Language, Role
from helpdesk.core.permissions import Actor
from shell.keyboard import Keyboard
from shell.main import parser
from shell.nouns import NOUNS
from shell.perform import perform
from shell.screen import Screen
from shell.verbs import Verb
from shell.words import Words
from tests.actions.intakes import IntakeBench, bench
from tests.config.made import loaded

# Clears the screen, sets the clipboard, turns text around, ends the line, is C1, has no width.
HOSTILE = "x\x1b[2J\x1b]52;c;eA==\x07\u202eevil\r\nBcc: y\x9b31m\u200bz"


class AKeyboard(Keyboard):
    """A keyboard whose person is whom the test says; no login stands before it."""

    acting: Actor

    def _acting(self, verb: Verb) -> Actor:
        return self.acting


@dataclass(frozen=True, slots=True)
class Ended:
    """How a verb ended and what it printed."""

    status: int
    out: str
    error: str

    @property
    def json(self) -> list[dict[str, Any]]:
        """The objects that --json printed."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class ShellBench:
    """The desk, and how to run verbs on it. ``language``: of whoever acts."""

    bench: IntakeBench
    folder: Path
    language: Language = Language.EN
    plain: bool = False
    columns: int = 120
    actors: dict[Role, Actor] = field(default_factory=dict)

    def actor(self, role: Role, *team_ids: int) -> Actor:
        """Return who acts with a role, registered when first asked for."""
        if role not in self.actors:
            known = self.bench.person(f"{role.value}@univ.example", role=role, language=self.language)
            self.actors[role] = Actor(known.person, frozenset(team_ids))
        return self.actors[role]

    def run(self, *line: str, by: Role = Role.ADMIN, answers: str = "") -> Ended:
        """Run one verb; *answers* is what the person types."""
        out, error = io.StringIO(), io.StringIO()
        keyboard = AKeyboard(None, {}, Screen(out, error, self.plain, self.columns), Words(self.language))
        keyboard.acting = self.actor(by)
        settings = loaded(self.folder, HELPDESK_DESK_STATE_DIR=str(self.folder))
        keyboard.__dict__ |= {
            "database": self.bench.desk.database,
            "desk": self.bench.desk,
            "settings": settings,
        }
        given = parser(keyboard.words, NOUNS).parse_args(list(line))
        stdin, sys.stdin = sys.stdin, io.StringIO(answers)
        try:
            status = perform(keyboard, given.performs, given)
        finally:
            sys.stdin = stdin
        return Ended(status, out.getvalue(), error.getvalue())


def shell_bench(url: str, folder: Path) -> ShellBench:
    """Return a desk on an empty database with its keyboard."""
    return ShellBench(bench(url, folder), folder)


def assert_calm(text: str) -> None:
    """Fail where a character other than a newline could steer a terminal."""
    bad = [c for c in text if (ord(c) < 0x20 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u200b"]
    if bad:
        pytest.fail(f"reached the terminal: {bad!r}")
