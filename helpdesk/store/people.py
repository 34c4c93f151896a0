"""Who is registered."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from helpdesk.core.people import AddressState, KnownAddress, Language, Person, Role
from helpdesk.store.columns import fits_key
from helpdesk.store.ids import new_id
from helpdesk.store.tables import addresses, memberships, people

MAX_ADDRESS = 254


class People:
    """Queries on people, addresses and teams, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known_addresses(self, wanted: Collection[str]) -> dict[str, KnownAddress]:
        """Return the registered ones of these addresses (lower-case ASCII), with their owners."""
        keys = [address for address in wanted if fits_key(address, MAX_ADDRESS)]
        if not keys:
            return {}
        query = (
            select(
                addresses.c.address,
                addresses.c.id,
                addresses.c.state,
                addresses.c.best_verdict,
                people.c.id.label("person_id"),
                people.c.name,
                people.c.role,
                people.c.language,
                people.c.active,
            )
            .join(people, people.c.id == addresses.c.person_id)
            .where(addresses.c.address.in_(keys))
        )
        return {
            row.address: KnownAddress(
                row.id,
                row.address,
                AddressState(row.state),
                Person(row.person_id, row.name, Role(row.role), Language(row.language), row.active),
                row.best_verdict,
            )
            for row in self._connection.execute(query)
        }

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

    def add(self, name: str, role: Role, language: Language, at: datetime) -> Person:
        """Insert a person."""
        person = Person(new_id(), name, role, language)
        row = {
            "id": person.id,
            "name": name,
            "role": role.value,
            "language": language.value,
            "active": True,
            "created_at": at,
        }
        self._connection.execute(insert(people), row)
        return person

    def add_address(self, person: Person, address: str, state: AddressState, at: datetime) -> KnownAddress:
        """Insert an address of a person. Refused when the address is registered already."""
        known = KnownAddress(new_id(), address, state, person)
        self._connection.execute(
            insert(addresses),
            {
                "id": known.id,
                "person_id": person.id,
                "address": address,
                "state": state.value,
                "best_verdict": "",
                "created_at": at,
            },
        )
        return known

    def set_best_verdicts(self, verdicts: Mapping[int, str]) -> None:
        """Note the strongest proof that was accepted from each address."""
        for verdict in set(verdicts.values()):
            ids = [address_id for address_id, accepted in verdicts.items() if accepted == verdict]
            self._connection.execute(
                update(addresses).where(addresses.c.id.in_(ids)).values(best_verdict=verdict)
            )
