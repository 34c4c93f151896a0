"""A desk for the shell: settings on the disk, people of every role, and keyboards with their sessions."""

import argparse
import base64
import io
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import insert, select

from helpdesk.actions import passwords
from helpdesk.actions.people import add_person
from helpdesk.core.people import AddressState, KnownAddress, Language, Role
from helpdesk.errors import HelpdeskError
from helpdesk.store.engine import Database, open_database
from helpdesk.store.ids import new_id
from helpdesk.store.rows import Row
from helpdesk.store.tables import memberships, teams
from helpdesk.store.work import Work, in_work
from shell.keyboard import Keyboard
from shell.main import parser
from shell.nouns import NOUNS
from shell.perform import perform, told
from shell.screen import Screen
from shell.typed import words_of
from shell.verbs import Verb, full_words
from shell.words import Words
from tests.store.makers import a_ticket

PASSWORD = "four words in a row"
OUR_TEAM, OTHER_TEAM = 10, 20
KEY = base64.b64encode(bytes(range(32))).decode()
SETTINGS = """\
[desk]
name = "Support"
address = "desk@help.example"
state_dir = "{folder}/state"
[imap]
host = "127.0.0.1"
tls = "plain"
user = "desk"
[smtp]
host = "127.0.0.1"
tls = "plain"
[alerts]
to = ["boss@help.example"]
"""


@dataclass
class ShellDesk:
    """One desk on an empty database. ``config``: its settings file."""

    folder: Path
    url: str
    database: Database = field(init=False)
    people: dict[str, KnownAddress] = field(default_factory=dict)
    keyboards: list[Keyboard] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.database = open_database(self.url)
        self.config.write_text(SETTINGS.format(folder=self.folder))
        for name, secret in (("secret_key", KEY), ("db_url", self.url), ("imap_password", "x")):
            file = self.folder / "credentials" / name
            file.parent.mkdir(mode=0o700, exist_ok=True)
            file.write_text(secret)
            file.chmod(0o600)

    @property
    def config(self) -> Path:
        return self.folder / "helpdesk.toml"

    def close(self) -> None:
        for keyboard in self.keyboards:
            keyboard.close()
        self.database.close()

    def person(
        self,
        name: str,
        role: Role,
        *,
        team: int | None = None,
        language: Language = Language.EN,
        password: str = "",
    ) -> KnownAddress:
        """Register somebody with the address NAME@help.example."""
        address = f"{name.lower()}@help.example"
        known = add_person(self.database, address, name, role, language, AddressState.VERIFIED)
        self.people[name] = known
        with self.database.engine.begin() as connection:
            if team is not None:
                if connection.scalar(select(teams.c.id).where(teams.c.id == team)) is None:
                    connection.execute(insert(teams), {"id": team, "name": f"team {team}"})
                connection.execute(insert(memberships), {"team_id": team, "person_id": known.person.id})
        if password:
            self.give_password(known, password)
        return known

    def give_password(self, known: KnownAddress, password: str) -> None:
        """Let somebody log in from here without a mailed code."""
        hashed = passwords.hash_password(password)
        place = self.plain_keyboard().place

        def job(work: Work) -> None:
            now = work.database_now()
            work.logins.set_password(known.person.id, hashed, False, now)
            work.logins.remember_place(known.person.id, place.key, place.shown, now)

        in_work(self.database, job)

    def ticket(self, number: int, requester: KnownAddress, **given: object) -> Row:
        """Open a ticket."""
        row = a_ticket(requester.person, number, **given)
        in_work(self.database, lambda work: work.tickets.add([row]))
        return row

    def token(self, known: KnownAddress, user_agent: str = "a test", kind: str = "shell") -> str:
        """Begin a session for somebody; return its token."""
        token = passwords.new_token()

        def job(work: Work) -> None:
            now = work.database_now()
            until = now.replace(year=now.year + 1)
            hashed = passwords.token_hash(token)
            work.sessions.add(known.person.id, hashed, kind, "192.0.2.7", user_agent, now, until)

        in_work(self.database, job)
        return token

    def plain_keyboard(self, environ: Mapping[str, str] | None = None, *, plain: bool = False) -> Keyboard:
        """Return a keyboard at which nobody has logged in; what it prints is kept."""
        screen = Screen(out=io.StringIO(), error=io.StringIO(), plain=plain, columns=100)
        made = Keyboard(self.config, environ or {"HOME": str(self.folder)}, screen, Words(Language.EN))
        self.keyboards.append(made)
        return made

    def keyboard(self, known: KnownAddress, **options: Any) -> Keyboard:
        """Return a keyboard with a session of somebody."""
        made = self.plain_keyboard(**options)
        made.token = self.token(known)
        return made

    def rows(self, table: Any) -> list[Row]:
        """Return all rows of a table, oldest first."""
        with self.database.engine.connect() as connection:
            return [dict(row) for row in connection.execute(select(table).order_by(table.c.id)).mappings()]


@dataclass(frozen=True)
class Said:
    """What a command did."""

    status: int
    out: str
    error: str


def said(keyboard: Keyboard, line: str, typed: str = "") -> Said:
    """Run a line as the command line would; *typed* is standard input."""
    given = parser(keyboard.words, NOUNS).parse_args(full_words(words_of(line), NOUNS))
    return performed(keyboard, given, typed)


def performed(keyboard: Keyboard, given: argparse.Namespace, typed: str = "") -> Said:
    """Run a verb whose arguments are parsed."""
    screen = keyboard.screen
    assert isinstance(screen.out, io.StringIO)
    assert isinstance(screen.error, io.StringIO)
    for one in (screen.out, screen.error):
        one.seek(0)
        one.truncate()
    with at_standard_input(typed):
        try:
            status = perform(keyboard, given.performs, given)
        except HelpdeskError as error:
            status = told(keyboard, error)
    return Said(status, screen.out.getvalue(), screen.error.getvalue())


@contextmanager
def at_standard_input(text: str) -> Iterator[None]:
    """Let standard input be a pipe with *text*."""
    with patch.object(sys, "stdin", io.StringIO(text)):
        yield


def a_row_id() -> int:
    """Return a fresh row key."""
    return new_id()


def verb_named(full_name: str) -> Verb:
    """Return a verb by its words."""
    return next(verb for noun in NOUNS for verb in noun.verbs if verb.full_name == full_name)
