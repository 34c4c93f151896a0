"""A desk with one person of each role, in and out of a team, for tests of what staff may do to people."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from helpdesk.actions.door import Door, Place
from helpdesk.actions.passwords import hash_password
from helpdesk.core.people import AddressState, KnownAddress, Language, Role
from helpdesk.core.permissions import Actor
from helpdesk.core.sessions import LoginLimits
from helpdesk.errors import Refused
from helpdesk.store.engine import Database
from helpdesk.store.people import NewPerson
from helpdesk.store.tables import addresses, audit_logs, credentials, memberships, people, teams
from helpdesk.store.work import Work, in_work
from tests.actions.intakes import NOW, IntakeBench, bench

VERIFIED = AddressState.VERIFIED
NETWORK, PRINTERS = "Réseau", "Imprimantes"
ADMIN, MANAGER, AGENT, USER = (f"{role}@univ.example" for role in ("admin", "manager", "agent", "user"))
STRANGER = "stranger@univ.example"  # a user of the other team
COLLEAGUE = "colleague@univ.example"  # an agent of the manager's team
ROLES = {ADMIN: Role.ADMIN, MANAGER: Role.MANAGER, AGENT: Role.AGENT, USER: Role.USER,
         STRANGER: Role.USER, COLLEAGUE: Role.AGENT}  # fmt: skip
HASH = hash_password("a right password")
HOSTILE = "\x1b]52;c;x\x07\u202e\r\nBcc: x@y.example"


@dataclass
class Office:
    """The desk, who is there, and which teams."""

    desk: IntakeBench
    known: dict[str, KnownAddress]
    teams: dict[str, int]

    @property
    def database(self) -> Database:
        return self.desk.desk.database

    @property
    def door(self) -> Door:
        return Door(self.desk.desk, LoginLimits(), b"k" * 32)

    def actor(self, address: str) -> Actor:
        """Return somebody at the keyboard, as the database has them now."""
        with Work(self.database, read_only=True) as work:
            person = work.people.known_addresses([address])[address].person
            teams = work.people.teams_of([person.id]).get(person.id, frozenset())
        return Actor(person, teams, None, "192.0.2.1", "tests")

    def now_known(self, address: str) -> KnownAddress | None:
        """Return what is registered now."""
        with Work(self.database, read_only=True) as work:
            return work.people.known_addresses([address]).get(address)

    def state(self, address: str) -> str:
        """Return the state of an address now."""
        known = self.now_known(address)
        return known.state.value if known else "unknown"

    def audit(self) -> list[tuple[str, str]]:
        """Return the audit trail: actions and outcomes, oldest first."""
        return self.desk.column(audit_logs, "action", "status")

    def detail(self) -> dict[str, Any]:
        """Return the detail of the newest audit row, its other fields checked."""
        row = self.desk.rows(audit_logs)[-1]
        assert (row["ip_address"], row["user_agent"]) == ("192.0.2.1", "tests")
        return {"user": row["user_id"], **row["detail"]}

    def password(self, address: str) -> None:
        """Let somebody log in."""
        person = self.known[address].person
        in_work(self.database, lambda work: work.logins.set_password(person.id, HASH, False, NOW))

    def session(self, address: str, token: str) -> int:
        """Begin a session; return its id."""
        person_id = self.known[address].person.id

        def job(work: Work) -> int:
            now = work.database_now()
            return work.sessions.add(person_id, token * 64, "shell", "", "", now, now.replace(year=2199))

        return in_work(self.database, job)

    def sessions(self, address: str) -> int:
        """Return how many sessions somebody has."""
        with Work(self.database, read_only=True) as work:
            return len(work.sessions.open_ones(work.database_now(), self.known[address].person.id))

    @contextmanager
    def refuses(self, told: str, *audited: str) -> Iterator[None]:
        """Expect a refusal in two languages, with these DENIED audit rows and nothing else written."""
        before = self.audit()
        people = self.people()
        with pytest.raises(Refused, match=told) as refused:
            yield
        assert str(refused.value).isprintable()
        assert refused.value.in_french.isprintable()
        assert self.audit()[len(before) :] == [(action, "DENIED") for action in audited]
        assert self.people() == people

    def place(self) -> Place:
        """Return from where somebody logs in."""
        return Place("p" * 64, "uid:1000", "tests")

    def people(self) -> list[object]:
        """Return all that is known of people, to compare."""
        return [self.desk.rows(table) for table in (people, addresses, memberships, teams, credentials)]


def office(url: str, folder: Path) -> Office:
    """Return a desk with its people: all but the admin in a team."""
    desk = bench(url, folder)

    def fill(work: Work) -> tuple[dict[str, int], list[KnownAddress]]:
        teams = {name: work.teams.add(name) for name in (NETWORK, PRINTERS)}
        where = {ADMIN: None, STRANGER: teams[PRINTERS]}
        new = [
            NewPerson(address.partition("@")[0].title(), Language.FR, address, VERIFIED,
                      where.get(address, teams[NETWORK]), None, None, role)
            for address, role in ROLES.items()
        ]  # fmt: skip
        return teams, work.people.register(new, NOW)

    teams, known = in_work(desk.desk.database, fill)
    made = Office(desk, {one.address: one for one in known}, teams)
    made.password(ADMIN)
    return made


def closed(actor: Actor) -> Actor:
    """Return somebody whose account was closed meanwhile."""
    return replace(actor, person=replace(actor.person, active=False))
