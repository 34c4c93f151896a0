"""Lists of people, and the guard over the last admin."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, insert, or_, select, true, update

from helpdesk.core.names import sort_name
from helpdesk.core.people import AddressState, KnownAddress, Language, Person, Role
from helpdesk.core.permissions import Reach
from helpdesk.store.people import People
from helpdesk.store.tables import addresses, counters, credentials, memberships, people, teams

ADMIN_CHANGES = (
    "admin_changes"  # a row of counters that each change of admins writes: they wait for each other
)
MAX_WORD = 100


@dataclass(frozen=True, slots=True)
class PersonFilter:
    """Which people, by name. Everything given must hold; ``after``: the last one of the page before.

    ``state``: some address of theirs has it; ``text``: each word stands in their name or in an address.
    """

    role: Role | None = None
    team_id: int | None = None
    state: AddressState | None = None
    closed: bool | None = None
    text: str = ""
    after: Person | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """A person with their addresses, oldest first, and their teams. Nothing is fit for a terminal yet."""

    person: Person
    addresses: tuple[KnownAddress, ...]
    teams: tuple[str, ...]


class Directory:
    """Queries that list people, inside one transaction."""

    def __init__(self, connection: Connection, register: People) -> None:
        self._connection = connection
        self._register = register

    def people(
        self, wanted: PersonFilter, team_ids: Collection[int], far: Reach, now: datetime
    ) -> list[ListedPerson]:
        """Return the people within reach of a member of *team_ids* that *wanted* asks for, by name."""
        query = (
            select(people)
            .where(_within(team_ids, far), *_asked(wanted, now))
            .order_by(people.c.sort_name, people.c.id)
            .limit(wanted.limit)
        )
        found = [_person(row) for row in self._connection.execute(query)]
        ids = [person.id for person in found]
        owned = self._register.addresses_of_all(ids)
        named = self._team_names(ids)
        return [
            ListedPerson(person, tuple(owned.get(person.id, ())), tuple(named.get(person.id, ())))
            for person in found
        ]

    def beginning(
        self, typed: str, team_ids: Collection[int], far: Reach, limit: int
    ) -> list[tuple[str, str]]:
        """Return addresses, with the names of their owners, where the address or a word of the name so begins."""
        plain = sort_name(typed)[:MAX_WORD]
        if not _searchable(typed):
            return []
        begins = or_(
            people.c.sort_name.startswith(plain, autoescape=True),
            people.c.sort_name.contains(f" {plain}", autoescape=True),
        )
        if plain.isascii():
            begins = or_(begins, addresses.c.address.startswith(plain, autoescape=True))
        query = (
            select(addresses.c.address, people.c.name)
            .join(people, people.c.id == addresses.c.person_id)
            .where(begins, _within(team_ids, far))
            .order_by(people.c.sort_name, addresses.c.id)
            .limit(limit)
        )
        return [(row.address, row.name) for row in self._connection.execute(query)]

    def _team_names(self, person_ids: Collection[int]) -> dict[int, list[str]]:
        if not person_ids:
            return {}
        query = (
            select(memberships.c.person_id, teams.c.name)
            .join(teams, teams.c.id == memberships.c.team_id)
            .where(memberships.c.person_id.in_(person_ids))
            .order_by(teams.c.name)
        )
        named: dict[int, list[str]] = {}
        for row in self._connection.execute(query):
            named.setdefault(row.person_id, []).append(row.name)
        return named

    def change_admins(self) -> None:
        """Wait for whoever else changes admins now, so that of two that demote each other the second sees it."""
        mine = update(counters).where(counters.c.name == ADMIN_CHANGES).values(value=counters.c.value + 1)
        if self._connection.execute(mine).rowcount == 0:
            self._connection.execute(insert(counters), {"name": ADMIN_CHANGES, "value": 1})

    def admins_who_can_log_in(self, now: datetime) -> int:
        """Return how many active admins have a password and an address that is verified and in its dates."""
        query = (
            select(func.count(people.c.id.distinct()))
            .join(credentials, credentials.c.person_id == people.c.id)
            .join(addresses, addresses.c.person_id == people.c.id)
            .where(people.c.role == Role.ADMIN.value, people.c.active, _stands(AddressState.VERIFIED, now))
        )
        return self._connection.execute(query).scalar_one()


def _within(team_ids: Collection[int], far: Reach) -> ColumnElement[bool]:
    match far:
        case Reach.ALL:
            return true()
        case Reach.TEAM:
            return people.c.id.in_(select(memberships.c.person_id).where(memberships.c.team_id.in_(team_ids)))
        case _:
            return false()


def _asked(wanted: PersonFilter, now: datetime) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.role is not None:
        asked.append(people.c.role == wanted.role.value)
    if wanted.team_id is not None:
        members = select(memberships.c.person_id).where(memberships.c.team_id == wanted.team_id)
        asked.append(people.c.id.in_(members))
    if wanted.closed is not None:
        asked.append(people.c.active != wanted.closed)
    if wanted.state is not None:
        owners = select(addresses.c.person_id).where(_stands(wanted.state, now))
        asked += [people.c.active, people.c.id.in_(owners)]
    asked += [_holds(word) for word in wanted.text.split()]
    if wanted.after is not None:
        last = sort_name(wanted.after.name)
        further = or_(people.c.sort_name != last, people.c.id > wanted.after.id)
        asked += [people.c.sort_name >= last, further]  # so that the index begins there
    return asked


def _holds(word: str) -> ColumnElement[bool]:
    if not _searchable(word):
        return false()
    plain = sort_name(word)[:MAX_WORD]
    named = people.c.sort_name.contains(plain, autoescape=True)
    if not plain.isascii():
        return named
    owners = select(addresses.c.person_id).where(addresses.c.address.contains(plain, autoescape=True))
    return or_(named, people.c.id.in_(owners))


def _searchable(typed: str) -> bool:
    """Say whether *typed* can stand in a name at all: what does not print is never stored."""
    return typed.isprintable()


def _stands(state: AddressState, now: datetime) -> ColumnElement[bool]:
    """Say which addresses of active people have that standing: the same as ``core.standing`` in SQL."""
    table = addresses.c
    verified = table.state == AddressState.VERIFIED.value
    begun = or_(table.valid_from.is_(None), table.valid_from <= now)
    over = and_(table.valid_until.is_not(None), table.valid_until <= now)
    match state:
        case AddressState.VERIFIED:
            return and_(verified, begun, or_(table.valid_until.is_(None), table.valid_until > now))
        case AddressState.NOT_YET:
            return and_(verified, table.valid_from > now)
        case AddressState.EXPIRED:
            return and_(verified, begun, over)
        case _:
            return table.state == state.value


def _person(row: Any) -> Person:
    return Person(row.id, row.name, Role(row.role), Language(row.language), row.active)
