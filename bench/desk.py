"""``make bench-desk``: how quick the shell is on a desk with a million tickets and three million posts.

Each figure is the median of the slowest of its cases, for a person of each role: what the verb takes with the check
of the session and all that it prints. All cases are printed.
"""

import argparse
import base64
import io
import json
import os
import secrets
import shlex
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.deskrest import load_rest
from bench.deskrows import ADMIN, AGENT, LEARNER, MANAGER, ROOKIE, pieces
from bench.load import MariaDbLoad, SqliteLoad, address_of, load_people
from bench.prompt import PASSWORD, prompt_ms
from helpdesk.actions import passwords
from helpdesk.actions.naming import suggested_tickets
from helpdesk.actions.sessions import actor_of
from helpdesk.core.people import Role
from helpdesk.core.sessions import SessionKind
from helpdesk.store.engine import open_database
from helpdesk.store.schema import migrate
from helpdesk.store.work import Work, in_work
from shell.app import HelpdeskShell, shell_for
from shell.keyboard import Keyboard
from shell.nouns import every_verb
from shell.parsers import QuietParser
from shell.perform import perform
from shell.screen import Screen
from shell.verbs import Verb, fill
from shell.words import Words
from tests.servers.mariadb import MariaDb
from tests.servers.sqlite import Sqlite

TICKETS = 1_000_000
SEED = 20261121
ROUNDS = 11
BUFFER_POOL_BYTES = 2**30
PLAYERS = {"admin": ADMIN, "manager": MANAGER, "agent": AGENT, "new agent": ROOKIE, "learner": LEARNER}
SETTINGS = """\
[desk]
name = "Support"
address = "desk@ecole.example"
state_dir = "{state}"
[imap]
host = "127.0.0.1"
user = "desk"
[smtp]
host = "127.0.0.1"
[alerts]
to = ["admin@ecole.example"]
"""
LISTS = {
    "newest": "",
    "deep in the list": "--after {middle}",
    "resolved": "--status resolved",
    "waiting": "--status waiting --status in_progress",
    "critical": "--urgency critical",
    "critical and resolved": "--urgency critical --status resolved",
    "mine": "--mine",
    "unassigned": "--unassigned",
    "overdue": "--overdue",
    "of a team": "--team 'Équipe 1'",
    "of a small team": "--team 'Équipe 9' --status resolved",
    "of an assignee": "--assignee p30@ecole.example",
    "of a requester": "--requester p6000@ecole.example",
    "with a tag": "--tag wifi",
    "last changed": "--sort updated",
    "last changed, waiting": "--sort updated --status waiting",
    "due": "--sort due",
    "urgent": "--sort urgency",
    "urgent and unassigned": "--sort urgency --unassigned",
}
SEARCHES = {
    "a common word": "bonjour",
    "a common word with accents left out": "reseau",
    "two common words": "réunion projecteur",
    "four words": "imprimante toner salle bloqué",
    "a rare word": "wiloloie",
    "no such word": "zzyzx",
    "a rare and a common word": "bonjour wiloloie",
    "two rare words": "wiloloie pavizox",
    "a beginning": "co",
    "two beginnings": "imp rés",
    "a beginning and a rare word": "com wiloloie",
    "only words of no weight": "le the de",
    "signs": '"réseau" * - \' OR 1=1 🎉',
    "ten thousand characters": "réseau imprimante " * 556,
    "a common word, open": "bonjour --status waiting",
    "a word, resolved and critical": "projecteur --status resolved --urgency critical",
}
TABS = {
    "a ticket": "ticket show ",
    "a ticket, 7": "ticket show 7",
    "a ticket, 21": "ticket show 21",
    "a person": "person show ",
    "a person, p1": "person show p1",
    "a person by name": "person show jeanne",
    "whose tickets": "ticket list --requester jeanne",
    "a colleague": "ticket list --assignee jeanne",
    "a tag": "ticket list --tag ",
    "a team": "ticket list --team É",
    "a kept mail": "quarantine show ",
    "a dead letter": "letter again ",
    "a deleted ticket": "ticket restore ",
    "an option": "ticket list --unas",
}


@dataclass
class Figures:
    """Medians in milliseconds by kind and case."""

    cases: dict[str, dict[str, float]]

    def slowest(self) -> dict[str, float]:
        """Return the slowest median of each kind."""
        return {f"{kind}_ms": round(max(found.values()), 1) for kind, found in self.cases.items()}


def main() -> None:
    """Load, measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(prog="bench.desk", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--tickets", type=int, default=TICKETS, metavar="N", help=f"default: {TICKETS}")
    parser.add_argument("--engine", choices=("mariadb", "sqlite"), help="only this one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="desk-bench-") as name, MariaDb() as mariadb:
        mariadb.execute(f"SET GLOBAL innodb_buffer_pool_size = {BUFFER_POOL_BYTES}")
        urls = {"mariadb": mariadb.fresh_database(), "sqlite": Sqlite(Path(name)).fresh_database()}
        urls = {engine: url for engine, url in urls.items() if given.engine in (None, engine)}
        _load(urls, mariadb, given.tickets)
        figures = {}
        for engine, url in urls.items():
            folder = Path(name) / engine
            folder.mkdir()
            print(f"{engine}:", flush=True)
            figures[engine] = _measured(folder, url, given.tickets).slowest()
            load = os.getloadavg()[0] / (os.cpu_count() or 1)
            print(
                f"{engine}: {json.dumps(figures[engine])}; {load:.1f} processes for each processor",
                flush=True,
            )
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")


def _load(urls: dict[str, str], mariadb: MariaDb, count: int) -> None:
    begun = time.perf_counter()
    loads: list[MariaDbLoad | SqliteLoad] = []
    for engine, url in urls.items():
        database = open_database(url)
        migrate(database)
        load_people(database)
        loads.append(
            MariaDbLoad(mariadb, url.rpartition("/")[2]) if engine == "mariadb" else SqliteLoad(database)
        )
    for piece in pieces(count, SEED):
        for load in loads:
            load.add(piece)
    for load in loads:
        load.finish()
    for url in urls.values():
        database = open_database(url)
        load_rest(database, count)
        database.close()
    seconds = time.perf_counter() - begun
    print(f"{count} tickets with {3 * count} posts in {', '.join(urls)}: {seconds:.0f} s", flush=True)


def _measured(folder: Path, url: str, count: int) -> Figures:
    config = folder / "helpdesk.toml"
    config.write_text(SETTINGS.format(state=folder / "state"))
    environ = {
        **os.environ,
        "HELPDESK_DATABASE_URL": url,
        "HELPDESK_SECRET_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    figures = Figures({"prompt": {}, "list": {}, "show": {}, "search": {}, "complete": {}})
    for player, person_id in PLAYERS.items():
        with keyboard_of(config, environ, person_id) as keyboard:
            if player == "admin":
                figures.cases["prompt"]["admin"] = prompt_ms(keyboard, config, environ, address_of(person_id))
            for kind, case, action in cases(keyboard, count):
                took = sorted(_waits_ms(action))
                figures.cases[kind][f"{player}: {case}"] = statistics.median(took)
                print(
                    f"  {kind:8} {statistics.median(took):7.1f} ms, best {took[0]:6.1f}  {player}: {case}",
                    flush=True,
                )
    return figures


@contextmanager
def keyboard_of(config: Path, environ: dict[str, str], person_id: int) -> Iterator[Keyboard]:
    """Give the keyboard of somebody who is logged in; what it prints is thrown away."""
    keyboard = Keyboard(config, environ, Screen(out=io.StringIO(), error=io.StringIO(), columns=120))
    token = passwords.new_token()
    hashed = passwords.hash_password(PASSWORD)

    def begin(work: Work) -> None:
        now = work.database_now()
        until = keyboard.door.limits.expires_at(SessionKind.SHELL, now)
        work.sessions.add(person_id, passwords.token_hash(token), "shell", "", "bench", now, until)
        work.logins.set_password(person_id, hashed, False, now)
        work.logins.remember_place(person_id, keyboard.place.key, keyboard.place.shown, now)

    in_work(keyboard.database, begin)
    keyboard.token = token
    keyboard.actor = actor_of(keyboard.door, token)
    yield keyboard
    keyboard.close()


def cases(keyboard: Keyboard, count: int) -> Iterator[tuple[str, str, Callable[[], object]]]:
    for case, options in LISTS.items():
        yield "list", case, _verb(keyboard, "ticket list", options.format(middle=count // 2))
    newest = [one.number for one in suggested_tickets(keyboard.desk, keyboard.actor, "")]
    for case, number in (("newest", newest[0]), ("oldest of the newest", newest[-1])):
        yield "show", case, _verb(keyboard, "ticket show", str(number))
    for case, words in SEARCHES.items():
        yield "search", case, _verb(keyboard, "ticket search", words)
    shell = shell_for(keyboard)
    for case, line in TABS.items():
        yield "complete", case, _tab(shell, line)


def _verb(keyboard: Keyboard, name: str, words: str) -> Callable[[], object]:
    verb = next(one for one in every_verb() if one.full_name == name)
    parser = _parser_of(verb, keyboard.words)
    typed = words.split() if name == "ticket search" else shlex.split(words)

    def run() -> None:
        keyboard.screen.out, keyboard.screen.error = io.StringIO(), (errors := io.StringIO())
        if perform(keyboard, verb, parser.parse_args(typed)):
            raise RuntimeError(f"{name} {words[:50]}: {errors.getvalue()}")

    return run


def _tab(shell: HelpdeskShell, line: str) -> Callable[[], object]:
    """Return what happens when Tab is pressed behind *line*: the session is looked at, then the desk."""
    begin = line.rfind(" ") + 1

    def run() -> None:
        found = shell.complete(line[begin:], line, begin, len(line))
        if not found and shell.keyboard.actor.person.role is Role.ADMIN:
            raise RuntimeError(f"{line}: Tab offers nothing")

    return run


def _waits_ms(action: Callable[[], object]) -> list[float]:
    """Return how long each round took, after one that fills the caches."""
    action()
    waits = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        action()
        waits.append((time.perf_counter() - begun) * 1000)
    return waits


def _parser_of(verb: Verb, words: Words) -> QuietParser:
    parser = QuietParser(words=words, prog=verb.full_name)
    fill(parser, verb, words)
    return parser


if __name__ == "__main__":
    main()
