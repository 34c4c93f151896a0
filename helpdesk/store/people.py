"""Who is registered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, insert, or_, select, update

from helpdesk.core.names import sort_name
from helpdesk.core.people import AddressState, KnownAddress, Language, Person, Role
from helpdesk.core.standing import frozen_if_disowned
from helpdesk.core.verdicts import stronger_than
from helpdesk.store.columns import fits_key
from helpdesk.store.ids import new_id
from helpdesk.store.tables import addresses, credentials, memberships, people, teams

MAX_ADDRESS = 254


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to be registered, with an address and a team, None for no team."""

    name: str
    language: Language
    address: str
    state: AddressState
    team_id: int | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    role: Role = Role.USER


class People:
    """Queries on people, addresses and teams, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known_addresses(self, wanted: Collection[str]) -> dict[str, KnownAddress]:
        """Return the registered ones of these addresses (lower-case ASCII), with their owners."""
        keys = [address for address in wanted if fits_key(address, MAX_ADDRESS)]
        if not keys:
            return {}
        return {known.address: known for known in self._known(addresses.c.address.in_(keys))}

    def addresses_of(self, person_id: int) -> list[KnownAddress]:
        """Return the addresses of a person, the oldest first: letters go to the first verified one."""
        return self._known(addresses.c.person_id == person_id)

    def addresses_of_all(self, person_ids: Collection[int]) -> dict[int, list[KnownAddress]]:
        """Return the addresses of each of these people, the oldest first."""
        owned: dict[int, list[KnownAddress]] = {}
        for known in self._known(addresses.c.person_id.in_(person_ids)) if person_ids else ():
            owned.setdefault(known.person.id, []).append(known)
        return owned

    def addresses_of_role(self, role: Role) -> dict[int, list[KnownAddress]]:
        """Return the addresses of everybody who has that role, by person, the oldest first."""
        owned: dict[int, list[KnownAddress]] = {}
        for known in self._known(and_(people.c.role == role.value, people.c.active)):
            owned.setdefault(known.person.id, []).append(known)
        return owned

    def has_admin_with_password(self) -> bool:
        """Say whether somebody who is an admin could log in."""
        query = (
            select(people.c.id)
            .join(credentials, credentials.c.person_id == people.c.id)
            .where(people.c.role == Role.ADMIN.value, people.c.active)
        )
        return self._connection.scalar(query.limit(1)) is not None

    def set_role(self, person_id: int, role: Role) -> None:
        """Give a person another role."""
        mine = update(people).where(people.c.id == person_id)
        self._connection.execute(mine.values(role=role.value))

    def _known(self, which: ColumnElement[bool]) -> list[KnownAddress]:
        query = (
            select(
                addresses.c.address,
                addresses.c.id,
                addresses.c.state,
                addresses.c.best_verdict,
                addresses.c.bounces,
                addresses.c.valid_from,
                addresses.c.valid_until,
                addresses.c.disowned_at,
                addresses.c.route,
                people.c.id.label("person_id"),
                people.c.name,
                people.c.role,
                people.c.language,
                people.c.active,
            )
            .join(people, people.c.id == addresses.c.person_id)
            .where(which)
            .order_by(addresses.c.id)
        )
        return [
            KnownAddress(
                row.id,
                row.address,
                frozen_if_disowned(AddressState(row.state), row.disowned_at),
                Person(row.person_id, row.name, Role(row.role), Language(row.language), row.active),
                row.best_verdict,
                row.bounces,
                row.valid_from,
                row.valid_until,
                row.disowned_at,
                row.route,
            )
            for row in self._connection.execute(query)
        ]

    def by_ids(self, ids: Collection[int]) -> dict[int, Person]:
        """Return these people."""
        if not ids:
            return {}
        query = select(people).where(people.c.id.in_(ids))
        return {
            row.id: Person(row.id, row.name, Role(row.role), Language(row.language), row.active)
            for row in self._connection.execute(query)
        }

    def teams_of(self, person_ids: Collection[int]) -> dict[int, frozenset[int]]:
        """Return the team ids of each person who is in one."""
        if not person_ids:
            return {}
        query = select(memberships.c.person_id, memberships.c.team_id).where(
            memberships.c.person_id.in_(person_ids)
        )
        teams: dict[int, set[int]] = {}
        for row in self._connection.execute(query):
            teams.setdefault(row.person_id, set()).add(row.team_id)
        return {person_id: frozenset(ids) for person_id, ids in teams.items()}

    def team_names(self) -> dict[int, str]:
        """Return the names of all teams by id, in their order."""
        query = select(teams).order_by(teams.c.name)
        return {row.id: row.name for row in self._connection.execute(query)}

    def add(self, name: str, role: Role, language: Language, at: datetime) -> Person:
        """Insert a person."""
        person = Person(new_id(), name, role, language)
        self._connection.execute(insert(people), _person_row(person, at))
        return person

    def add_address(
        self,
        person: Person,
        address: str,
        state: AddressState,
        at: datetime,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
    ) -> KnownAddress:
        """Insert an address of a person. Refused when the address is registered already."""
        known = KnownAddress(new_id(), address, state, person, "", 0, valid_from, valid_until)
        self._connection.execute(insert(addresses), _address_row(known, at))
        return known

    def register(self, new: Sequence[NewPerson], at: datetime) -> list[KnownAddress]:
        """Insert people with their addresses and teams. Refused as a whole when one address is registered already."""
        made = [
            KnownAddress(
                new_id(), one.address, one.state, Person(new_id(), one.name, one.role, one.language),
                "", 0, one.valid_from, one.valid_until,
            )
            for one in new
        ]  # fmt: skip
        joins = [
            {"team_id": one.team_id, "person_id": known.person.id}
            for one, known in zip(new, made, strict=True)
            if one.team_id is not None
        ]
        if made:
            self._connection.execute(insert(people), [_person_row(known.person, at) for known in made])
            self._connection.execute(insert(addresses), [_address_row(known, at) for known in made])
        if joins:
            self._connection.execute(insert(memberships), joins)
        return made

    def change(self, person_id: int, **values: object) -> None:
        """Change what is known of a person: columns of their row."""
        if "name" in values:
            values["sort_name"] = sort_name(str(values["name"]))
        self._connection.execute(update(people).where(people.c.id == person_id).values(**values))

    def change_address(self, address_id: int, seen: AddressState, **values: object) -> bool:
        """Change an address; False where its state is no longer the one *seen*, or it is gone.

        Another state takes the place of its owner's word that mail from there was not theirs.
        """
        as_seen = addresses.c.state == seen.value
        if seen is AddressState.SUSPENDED:
            disowned = and_(
                addresses.c.state == AddressState.VERIFIED.value, addresses.c.disowned_at.is_not(None)
            )
            as_seen = or_(as_seen, disowned)
        here = and_(addresses.c.id == address_id, as_seen)
        if "state" in values:
            values["disowned_at"] = None
        return self._connection.execute(update(addresses).where(here).values(**values)).rowcount > 0

    def disown(self, address_ids: Collection[int], at: datetime) -> None:
        """Freeze addresses for mail by their owners' own word; the daemon has no right to change a state."""
        if address_ids:
            here = addresses.c.id.in_(address_ids)
            self._connection.execute(update(addresses).where(here).values(disowned_at=at))

    def set_routes(self, routes: Mapping[int, str]) -> None:
        """Note by which route the last proven mail of each address came."""
        for route in sorted(set(routes.values())):
            ids = [address_id for address_id, taken in routes.items() if taken == route]
            self._connection.execute(update(addresses).where(addresses.c.id.in_(ids)).values(route=route))

    def remove_address(self, address_id: int) -> None:
        """Forget an address; what came from there stays."""
        self._connection.execute(delete(addresses).where(addresses.c.id == address_id))

    def set_best_verdicts(self, verdicts: Mapping[int, str]) -> None:
        """Note a proof that was accepted from each address, unless a stronger one has been noted meanwhile."""
        for verdict in set(verdicts.values()):
            ids = [address_id for address_id, accepted in verdicts.items() if accepted == verdict]
            weaker = addresses.c.best_verdict.not_in(stronger_than(verdict))
            self._connection.execute(
                update(addresses).where(addresses.c.id.in_(ids), weaker).values(best_verdict=verdict)
            )

    def count_bounce(self, address: str, at: datetime, forgotten: timedelta) -> int:
        """Count one more letter that came back from *address*; return how many did in a row.

        A row without another one for as long as *forgotten* begins anew. 0: nobody has that address.
        """
        here = addresses.c.address == address
        goes_on = and_(addresses.c.bounces > 0, addresses.c.bounced_at >= at - forgotten)
        counted = (
            update(addresses)
            .where(here)
            .ordered_values(  # MariaDB assigns from left to right: the count must still see the old time
                (addresses.c.bounces, case((goes_on, addresses.c.bounces + 1), else_=1)),
                (addresses.c.bounced_at, at),
            )
        )
        if not self._connection.execute(counted).rowcount:
            return 0
        now_in_a_row: int = self._connection.execute(select(addresses.c.bounces).where(here)).scalar_one()
        return now_in_a_row

    def bouncing(self) -> int:
        """Return from how many addresses the last letter came back."""
        query = select(func.count()).select_from(addresses).where(addresses.c.bounces > 0)
        return self._connection.execute(query).scalar_one()

    def forget_bounces(self, address_list: Collection[str]) -> None:
        """Begin the count anew for addresses that are well again."""
        if address_list:
            here = addresses.c.address.in_(address_list)
            self._connection.execute(update(addresses).where(here).values(bounces=0))


def _person_row(person: Person, at: datetime) -> dict[str, object]:
    return {
        "id": person.id,
        "name": person.name,
        "sort_name": sort_name(person.name),
        "role": person.role.value,
        "language": person.language.value,
        "active": True,
        "created_at": at,
    }


def _address_row(known: KnownAddress, at: datetime) -> dict[str, object]:
    return {
        "id": known.id,
        "person_id": known.person.id,
        "address": known.address,
        "state": known.state.value,
        "best_verdict": "",
        "created_at": at,
        "valid_from": known.valid_from,
        "valid_until": known.valid_until,
    }
