"""Find, list and register people."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from helpdesk.actions.permits import deny, event_by, refuse, require_right
from helpdesk.core.address import normal_address
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.names import name_problem, same_name, tidy
from helpdesk.core.people import AddressState, KnownAddress, Language, Role, main_address
from helpdesk.core.permissions import Actor, Reach, Right, may_with_person, reach
from helpdesk.core.terminal import term_safe
from helpdesk.errors import Refused
from helpdesk.store.audit import Event
from helpdesk.store.directory import ListedPerson, PersonFilter
from helpdesk.store.engine import Database
from helpdesk.store.people import NewPerson
from helpdesk.store.work import AlreadyThere, Refusal, Work, in_work

MAX_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Found:
    """A registered person, found by an address, as they were when they were looked up."""

    known: KnownAddress
    addresses: tuple[KnownAddress, ...]
    team_ids: frozenset[int]


def find_person(database: Database, actor: Actor, right: Right, address: str) -> Found:
    """Return whom an address belongs to, if *actor* has *right* over them.

    Raises NotAllowed, and Refused for nobody as for somebody whom *actor* may not even list.
    """
    with Work(database, read_only=True) as work:
        known = work.people.known_addresses([address]).get(address)
        owned = work.people.addresses_of(known.person.id) if known else []
        teams = work.people.teams_of([known.person.id]) if known else {}
    if known is None:
        raise nobody(address)
    person, team_ids = known.person, teams.get(known.person.id, frozenset())
    if not may_with_person(actor, right, person, team_ids):
        if may_with_person(actor, Right.LIST_PEOPLE, person, team_ids):
            refuse(database, actor, right, person=person.id)
        deny(database, actor, right, person=person.id)
        raise nobody(address)
    return Found(known, tuple(owned), team_ids)


def nobody(address: str) -> Refused:
    """Return the error for an address that nobody has, or nobody whom this person may know of."""
    return Refused(f"nobody is registered with {address}", f"personne n'est inscrit avec {address}")


def listed_people(
    database: Database, actor: Actor, wanted: PersonFilter, team: str = "", after: str = ""
) -> list[ListedPerson]:
    """Return the people whom *actor* may list and *wanted* asks for, by name.

    *team*: only of the team of that name; *after*: an address of the last one of the page before.
    """
    far = require_right(database, actor, Right.LIST_PEOPLE)
    last = find_person(database, actor, Right.LIST_PEOPLE, after).known.person if after else None
    with Work(database, read_only=True) as work:
        team_id = team_named(work, actor, team) if team else None
        wanted = replace(wanted, team_id=team_id, after=last)
        return work.directory.people(wanted, actor.team_ids, far, work.database_now())


def exported_people(
    database: Database, actor: Actor, wanted: PersonFilter, team: str = "", after: str = ""
) -> list[ListedPerson]:
    """Return the people whom ``listed_people`` returns, for a spreadsheet; that they leave the desk is on record.

    Raises NotAllowed.
    """
    require_right(database, actor, Right.EXPORT)
    found = listed_people(database, actor, wanted, team, after)

    def job(work: Work) -> None:
        now = work.database_now()
        work.audit.add([event_by(actor, Action.PEOPLE_EXPORTED, Outcome.SUCCESS, now, count=len(found))])

    in_work(database, job)
    return found


def shown_person(database: Database, actor: Actor, address: str) -> ListedPerson:
    """Return one person with addresses and teams. Raises Refused."""
    found = find_person(database, actor, Right.LIST_PEOPLE, address)
    with Work(database, read_only=True) as work:
        names = work.teams.names()
    teams = tuple(sorted(names[team_id] for team_id in found.team_ids if team_id in names))
    return ListedPerson(found.known.person, found.addresses, teams)


def addresses_beginning(database: Database, actor: Actor, typed: str, limit: int) -> list[tuple[str, str]]:
    """Return addresses with the names of their owners where either begins as *typed*: those *actor* may list."""
    far = reach(actor.person, Right.LIST_PEOPLE)
    with Work(database, read_only=True) as work:
        return work.directory.beginning(typed, actor.team_ids, far, limit)


def main_addresses(database: Database, actor: Actor, person_ids: Collection[int]) -> dict[int, str]:
    """Return the address that letters go to of each of these people whom *actor* may list, and of *actor*."""
    with Work(database, read_only=True) as work:
        owned = work.people.addresses_of_all(person_ids)
        teams = work.people.teams_of(owned.keys())
    return {
        person_id: main_address(known).address
        for person_id, known in owned.items()
        if person_id == actor.person.id
        or may_with_person(actor, Right.LIST_PEOPLE, known[0].person, teams.get(person_id, frozenset()))
    }


def team_named(work: Work, actor: Actor, name: str) -> int:
    """Return the team of that name, whatever its case and accents, among those *actor* may know. Raises Refused."""
    names = known_teams(work, actor)
    if (team_id := among(names, name)) is not None:
        return team_id
    there = ", ".join(sorted(names.values())) or "-"
    raise Refused(
        f"there is no team {name}; there are: {there}", f"il n'y a pas d'équipe {name} ; il y a : {there}"
    )


def known_teams(work: Work, actor: Actor) -> dict[int, str]:
    """Return the names of the teams that *actor* may know of: their own, or all."""
    names = work.teams.names()
    if reach(actor.person, Right.LIST_PEOPLE) is Reach.ALL:
        return names
    return {team_id: name for team_id, name in names.items() if team_id in actor.team_ids}


def among(names: dict[int, str], wanted: str) -> int | None:
    """Return the team of a name, whatever its case and accents."""
    return next((team_id for team_id, name in names.items() if same_name(name, wanted)), None)


def team_for_new(work: Work, actor: Actor, wanted: str) -> int | None:
    """Return the team that a new person joins: the one that is wanted; else a manager's own. Raises Refused."""
    if wanted:
        return team_named(work, actor, wanted)
    if reach(actor.person, Right.CHANGE_PEOPLE) is Reach.ALL:
        return None
    if len(actor.team_ids) == 1:
        return next(iter(actor.team_ids))
    mine = ", ".join(sorted(known_teams(work, actor).values())) or "-"
    raise Refused(
        f"a new person joins one of your teams; say which with --team: {mine}",
        f"une nouvelle personne rejoint une de vos équipes ; dites laquelle avec --team : {mine}",
    )


def add_person(
    database: Database,
    address: str,
    name: str,
    role: Role,
    language: Language,
    state: AddressState,
    by: Actor | None = None,
    *,
    team: str = "",
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> KnownAddress:
    """Register a person with an address; both exist afterwards or neither does. *by*: None for the installation.

    Raises Refused for an address that cannot be one, or that is registered already, NotAllowed for a role
    that *by* may not give.
    """
    _require(database, by, role)
    normal, name = _checked(address, name)
    if valid_from and valid_until and valid_until <= valid_from:
        raise Refused("the last day is before the first", "le dernier jour précède le premier")

    def job(work: Work) -> KnownAddress:
        if found := work.people.known_addresses([normal]).get(normal):
            raise _registered(work, by, found)
        now = datetime.now(UTC)
        team_id = team_for_new(work, by, team) if by else None
        new = NewPerson(name, language, normal, state, team_id, valid_from, valid_until, role)
        (known,) = work.people.register([new], now)
        detail: dict[str, object] = {"person": known.person.id, "role": role.value, "state": state.value}
        if team_id is not None:
            detail["team"] = team_id
        row = Event(Action.PERSON_ADDED, Outcome.SUCCESS, now, detail=detail)
        work.audit.add([event_by(by, row.action, row.status, now, **detail) if by else row])
        return known

    try:
        return in_work(database, job)
    except AlreadyThere as rival:
        raise Refused(
            f"{normal} was registered by somebody else just now",
            f"{normal} vient d'être inscrit par quelqu'un d'autre",
        ) from rival
    except Refusal as refusal:
        raise Refused(
            f"{normal} cannot be registered: {refusal}",
            f"{normal} ne peut pas être inscrit : {refusal.in_french}",
        ) from refusal


def _require(database: Database, by: Actor | None, role: Role) -> None:
    if by is not None:
        require_right(database, by, Right.CHANGE_PEOPLE)
        if role is not Role.USER:
            require_right(database, by, Right.CHANGE_ROLES)


def _checked(address: str, name: str) -> tuple[str, str]:
    """Return address and name as they are stored. Raises Refused."""
    try:
        normal = normal_address(address)
    except ValueError as error:
        shown = term_safe(address, MAX_SHOWN)
        raise Refused(
            term_safe(str(error), 2 * MAX_SHOWN),
            f"{shown} n'est pas une adresse mail comme jean@example.org, sans accents avant le @",
        ) from error
    name = tidy(name)
    if problem := name_problem(name):
        raise Refused(*problem)
    return normal, name


def _registered(work: Work, by: Actor | None, found: KnownAddress) -> Refused:
    """Return the error for an address that is taken; whose it is only for those who may list them."""
    person = found.person
    teams = work.people.teams_of([person.id]).get(person.id, frozenset())
    if by is not None and not may_with_person(by, Right.LIST_PEOPLE, person, teams):
        return Refused(f"{found.address} is registered already", f"{found.address} est déjà inscrit")
    whose = f"{person.name} ({person.role.value})"
    return Refused(
        f"{found.address} is registered already, for {whose}",
        f"{found.address} est déjà inscrit, pour {whose}",
    )
