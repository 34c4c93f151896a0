"""Teams and who is in them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, and_, case, delete, func, insert, select, update

from helpdesk.core.people import Role
from helpdesk.store.ids import new_id
from helpdesk.store.tables import memberships, people, teams, tickets


@dataclass(frozen=True, slots=True)
class Team:
    """A team (department) with how many staff and users are in it."""

    id: int
    name: str
    staff: int = 0
    users: int = 0


class Teams:
    """Queries on teams, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self, only: Collection[int] | None = None) -> list[Team]:
        """Return all teams by name, or only some."""
        is_user = people.c.role == Role.USER.value
        query = (
            select(
                teams.c.id,
                teams.c.name,
                func.count(people.c.id).label("members"),
                func.count(case((is_user, people.c.id))).label("users"),
            )
            .outerjoin(memberships, memberships.c.team_id == teams.c.id)
            .outerjoin(people, people.c.id == memberships.c.person_id)
            .group_by(teams.c.id, teams.c.name)
            .order_by(teams.c.name)
        )
        if only is not None:
            query = query.where(teams.c.id.in_(only))
        rows = self._connection.execute(query)
        return [Team(row.id, row.name, row.members - row.users, row.users) for row in rows]

    def names(self) -> dict[int, str]:
        """Return the name of each team."""
        return {row.id: row.name for row in self._connection.execute(select(teams.c.id, teams.c.name))}

    def add(self, name: str) -> int:
        """Insert a team; return its id. Refused where there is one of that name."""
        team_id = new_id()
        self._connection.execute(insert(teams), {"id": team_id, "name": name})
        return team_id

    def rename(self, team_id: int, name: str) -> None:
        """Give a team another name. Refused where there is one of that name."""
        self._connection.execute(update(teams).where(teams.c.id == team_id).values(name=name))

    def tickets_of(self, team_id: int) -> int:
        """Return how many tickets a team has, resolved and deleted ones included."""
        query = select(func.count()).select_from(tickets).where(tickets.c.team_id == team_id)
        return self._connection.execute(query).scalar_one()

    def hand_over(self, team_id: int, to: int) -> int:
        """Give all tickets of a team to another; return how many."""
        mine = update(tickets).where(tickets.c.team_id == team_id)
        return self._connection.execute(mine.values(team_id=to)).rowcount

    def remove(self, team_id: int) -> None:
        """Delete a team that has no tickets; its members stay registered."""
        self._connection.execute(delete(memberships).where(memberships.c.team_id == team_id))
        self._connection.execute(delete(teams).where(teams.c.id == team_id))

    def join(self, team_id: int, person_id: int) -> None:
        """Put somebody into a team. Refused where they are in it."""
        self._connection.execute(insert(memberships), {"team_id": team_id, "person_id": person_id})

    def leave(self, team_id: int, person_id: int) -> None:
        """Take somebody out of a team."""
        here = and_(memberships.c.team_id == team_id, memberships.c.person_id == person_id)
        self._connection.execute(delete(memberships).where(here))
