"""People at the keyboard of a desk: a learner, agents, managers and an admin, in teams."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select

from helpdesk.core.people import AddressState, KnownAddress, Language, Role
from helpdesk.core.permissions import Actor
from helpdesk.store.ids import new_id
from helpdesk.store.people import NewPerson
from helpdesk.store.tables import audit_logs, memberships, teams, ticket_events, tickets
from helpdesk.store.work import in_work
from tests.actions.intakes import JEAN, ZOE, IntakeBench
from tests.core.makers import DOMAIN

AGENT, COLLEAGUE, MANAGER, ADMIN = (f"{name}@{DOMAIN}" for name in ("agent", "colleague", "boss", "admin"))
STRANGER = f"stranger@{DOMAIN}"  # an agent of another team
ROLES = {
    JEAN: Role.USER,
    ZOE: Role.USER,
    AGENT: Role.AGENT,
    COLLEAGUE: Role.AGENT,
    MANAGER: Role.MANAGER,
    ADMIN: Role.ADMIN,
    STRANGER: Role.AGENT,
}
MEMBERS = {"Network": (AGENT, COLLEAGUE, MANAGER), "Printers": (STRANGER,)}


@dataclass
class Staffed:
    """A desk with its people; tickets that mail opens belong to no team until one is given."""

    bench: IntakeBench
    known: dict[str, KnownAddress] = field(default_factory=dict)
    teams: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        new = [
            NewPerson(address.partition("@")[0], Language.FR, address, AddressState.VERIFIED, role=role)
            for address, role in ROLES.items()
        ]
        database = self.bench.desk.database
        known = in_work(database, lambda work: work.people.register(new, work.database_now()))
        self.known = dict(zip(ROLES, known, strict=True))
        self.teams = {name: new_id() for name in MEMBERS}
        with self.bench.desk.database.engine.begin() as connection:
            connection.execute(insert(teams), [{"id": key, "name": name} for name, key in self.teams.items()])
            connection.execute(
                insert(memberships),
                [
                    {"team_id": self.teams[name], "person_id": self.id(address)}
                    for name, members in MEMBERS.items()
                    for address in members
                ],
            )

    def id(self, address: str) -> int:
        """Return whose id it is."""
        return self.known[address].person.id

    def actor(self, address: str) -> Actor:
        """Return somebody as they act at the keyboard."""
        mine = {self.teams[name] for name, members in MEMBERS.items() if address in members}
        return Actor(self.known[address].person, frozenset(mine))

    def change(self, number: int, **values: Any) -> None:
        """Change a ticket's row behind everybody's back."""
        with self.bench.desk.database.engine.begin() as connection:
            connection.execute(tickets.update().where(tickets.c.number == number).values(**values))

    def ticket(self, number: int) -> dict[str, Any]:
        """Return a ticket's row."""
        (found,) = [row for row in self.bench.rows(tickets) if row["number"] == number]
        return found

    def history(self, number: int) -> list[tuple[str, str, str]]:
        """Return the kind, before and after of a ticket's history."""
        with self.bench.desk.database.engine.connect() as connection:
            query = select(ticket_events).where(ticket_events.c.ticket_id == self.ticket(number)["id"])
            found = connection.execute(query.order_by(ticket_events.c.id)).all()
        return [(row.kind, row.before, row.after) for row in found]

    def audited(self) -> list[tuple[str, str, Any]]:
        """Return what is on record since the people were registered: action, outcome, detail."""
        rows = self.bench.rows(audit_logs)
        return [
            (row["action"], row["status"], row["detail"]) for row in rows if row["action"] != "PERSON_ADDED"
        ]
