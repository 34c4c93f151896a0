"""Somebody of each role at a keyboard, whose screen is text."""

import base64
import io
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from helpdesk.actions.passwords import token_hash
from helpdesk.core.people import Language
from helpdesk.store.work import Work, in_work
from shell.keyboard import Keyboard
from shell.nouns import NOUNS
from shell.perform import perform
from shell.screen import Screen
from shell.verbs import Verb, full_words
from shell.words import Words
from tests.actions.offices import Office
from tests.shell.keyboards import parser_of

SETTINGS = """\
[desk]
name = "Support"
address = "desk@help.example"
state_dir = "{folder}"
timezone = "Europe/Paris"
[imap]
host = "localhost"
user = "desk"
[imap.trust]
authserv_ids = ["mx.help.example"]
border_by = ["mx.help.example"]
placement = "above"
[smtp]
host = "localhost"
[alerts]
to = ["admin@help.example"]
"""


@dataclass
class Seat:
    """A keyboard with what it printed last."""

    keyboard: Keyboard
    out: io.StringIO = field(default_factory=io.StringIO)
    error: io.StringIO = field(default_factory=io.StringIO)

    def run(self, line: str) -> int:
        """Type a line; return its exit status."""
        for stream in (self.out, self.error):
            stream.seek(0)
            stream.truncate()
        verb, rest = verb_of(line)
        return perform(self.keyboard, verb, parser_of(verb, self.keyboard.words).parse_args(rest))

    @property
    def shown(self) -> str:
        """What was printed."""
        return self.out.getvalue()

    @property
    def told(self) -> str:
        """What was complained of."""
        return self.error.getvalue()


def verb_of(line: str) -> tuple[Verb, list[str]]:
    """Return the verb of a line and its arguments."""
    noun, *rest = full_words(shlex.split(line), NOUNS)
    alone = any(one.name == noun and not one.verbs[0].name for one in NOUNS)
    name, rest = ("", rest) if alone else (rest[0], rest[1:])
    (verb,) = [one for each in NOUNS for one in each.verbs if (one.noun, one.name) == (noun, name)]
    return verb, rest


@contextmanager
def seated(office: Office, folder: Path, who: str, language: Language = Language.EN) -> Iterator[Seat]:
    """Put somebody of an office at a keyboard, logged in, in a language."""
    file = folder / "helpdesk.toml"
    file.write_text(SETTINGS.format(folder=folder), "utf-8")
    url = office.database.engine.url.render_as_string(hide_password=False)
    key = base64.b64encode(bytes(range(32))).decode()
    environ = {
        "HELPDESK_DATABASE_URL": url,
        "HELPDESK_SECRET_KEY": key,
        "HELPDESK_IMAP_PASSWORD": "x",
        "HOME": str(folder),
    }
    person_id, token = office.known[who].person.id, f"token of {who}"

    def begin(work: Work) -> None:
        now = work.database_now()
        work.people.change(person_id, language=language.value)
        work.sessions.add(person_id, token_hash(token), "shell", "", "", now, now.replace(year=now.year + 1))

    in_work(office.database, begin)
    out, error = io.StringIO(), io.StringIO()
    keyboard = Keyboard(file, environ, Screen(out, error, columns=200), Words(language), token)
    try:
        yield Seat(keyboard, out, error)
    finally:
        keyboard.close()
