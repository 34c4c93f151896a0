"""What a word that somebody is typing can become: people, teams, tags."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, select

from helpdesk.core.names import sort_name
from helpdesk.core.people import Role
from helpdesk.core.searchwords import folded
from helpdesk.store.tables import addresses, memberships, people, tags, teams

# These may have an accent in the name that is meant; as a pattern they are any one letter.
_MAYBE_ACCENTED = frozenset("acdegilnorstuyz")
MAX_TYPED = 100
MAX_NAMED = 200


class Suggestions:
    """Queries for the beginnings of names, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def people(
        self, typed: str, team_ids: Collection[int] | None, limit: int, *, staff: bool = False
    ) -> list[tuple[str, str]]:
        """Return (address, name) of whoever's address or name begins as *typed*; None: members of any team."""
        typed = typed[:MAX_TYPED]
        query = select(addresses.c.address, people.c.name).join(people, people.c.id == addresses.c.person_id)
        query = query.where(people.c.active, *_of_teams(team_ids), *_of_staff(staff)).limit(limit)
        begins = people.c.sort_name.startswith(sort_name(typed), autoescape=True)
        found = []
        if typed.isascii():  # no address has another letter
            lower = typed.lower()
            by_address = query.where(addresses.c.address >= lower, addresses.c.address < lower + "\x7f")
            found = [tuple(row) for row in self._connection.execute(by_address.order_by(addresses.c.address))]
        if typed and len(found) < limit:
            found += [tuple(row) for row in self._connection.execute(query.where(begins))]
        return list(dict.fromkeys(found))[:limit]

    def people_named(self, typed: str, team_ids: Collection[int] | None) -> list[tuple[int, str]]:
        """Return (id, name) of whoever's name may be meant: as *typed*, any accents and capitals apart."""
        letters = folded(typed[:MAX_TYPED].strip())
        pattern = "".join("_" if not one.isalnum() or one in _MAYBE_ACCENTED else one for one in letters)
        query = select(people.c.id, people.c.name).where(people.c.name.ilike(f"%{pattern}%"))
        query = query.where(*_of_teams(team_ids)).order_by(people.c.name).limit(MAX_NAMED)
        found = [(row.id, row.name) for row in self._connection.execute(query)]
        return [(key, name) for key, name in found if letters in folded(name)]

    def teams(self) -> list[tuple[int, str]]:
        """Return (id, name) of every team."""
        query = select(teams.c.id, teams.c.name).order_by(teams.c.name)
        return [(row.id, row.name) for row in self._connection.execute(query)]

    def tags(self, typed: str, limit: int) -> list[str]:
        """Return the tags that begin as *typed*, in their order; each is looked up behind the one before."""
        found: list[str] = []
        if not typed.isascii():
            return found
        after = tags.c.tag >= typed
        while len(found) < limit:
            query = select(tags.c.tag).where(after).order_by(tags.c.tag).limit(1)
            tag = self._connection.scalar(query)
            if tag is None or not tag.startswith(typed):
                break
            found.append(tag)
            after = tags.c.tag > tag
        return found


def _of_teams(team_ids: Collection[int] | None) -> list[ColumnElement[bool]]:
    if team_ids is None:
        return []
    members = select(memberships.c.person_id).where(memberships.c.team_id.in_(sorted(team_ids)))
    return [people.c.id.in_(members)]


def _of_staff(staff: bool) -> list[ColumnElement[bool]]:
    return [people.c.role != Role.USER.value] if staff else []
