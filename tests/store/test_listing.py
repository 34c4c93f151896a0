"""Lists of tickets: each person's own view, every filter, every order, page after page."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest
from sqlalchemy import insert

from helpdesk.core.paging import OPEN, RANKS, Order
from helpdesk.core.permissions import Reach
from helpdesk.core.tickets import Status, Urgency
from helpdesk.store import listing, tables
from helpdesk.store.engine import Database
from helpdesk.store.ids import new_id
from helpdesk.store.listing import Eyes, TicketFilter
from helpdesk.store.rows import Row
from helpdesk.store.work import in_work
from tests.store.makers import NOW, a_person, a_ticket, read

COUNT = 60


class Desk:
    """Sixty tickets of all kinds, and what the list of them must be, worked out the slow way."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.people = [a_person(database, f"p{number}@univ.example") for number in range(4)]
        self.teams = [a_team(database, f"Équipe {number}") for number in range(3)]
        chance = Random(7)
        self.rows = [self._ticket(chance, number) for number in range(1, COUNT + 1)]
        keys = chance.sample([row["id"] for row in self.rows], COUNT)  # clocks of machines differ
        self.rows = [row | {"id": key} for row, key in zip(self.rows, keys, strict=True)]
        self.participants = {row["id"]: chance.choice(self.people).id for row in self.rows[::5]}
        self.tags = {row["id"]: chance.choice(("wifi", "examen")) for row in self.rows[::2]}
        in_work(database, lambda work: work.tickets.add(self.rows))
        with database.engine.begin() as connection:
            taking_part = [{"ticket_id": one, "person_id": who} for one, who in self.participants.items()]
            connection.execute(insert(tables.participants), taking_part)
            tagged = [{"ticket_id": one, "tag": tag} for one, tag in self.tags.items()]
            connection.execute(insert(tables.tags), tagged)

    def _ticket(self, chance: Random, number: int) -> Row:
        return a_ticket(
            chance.choice(self.people),
            number,
            status=chance.choice(list(Status)).value,
            urgency=chance.choice(list(Urgency)).value,
            team_id=chance.choice([None, *self.teams]),
            assignee_id=chance.choice([None, *(person.id for person in self.people)]),
            updated_at=NOW + timedelta(hours=chance.randrange(10)),
            due_at=chance.choice([None, *(NOW + timedelta(hours=hours) for hours in range(-5, 5))]),
            deleted_at=NOW if number % 17 == 0 else None,
        )

    def expected(self, wanted: TicketFilter, eyes: Eyes) -> list[int]:
        """Return the numbers of the whole list."""
        rows = [row for row in self.rows if self._is(row, wanted) and self._seen(row, eyes)]
        return [row["number"] for row in sorted(rows, key=lambda row: self._place(row, wanted.order))]

    def _seen(self, row: Row, eyes: Eyes) -> bool:
        own = eyes.person_id in (row["requester_id"], self.participants.get(row["id"]))
        staff = row["assignee_id"] == eyes.person_id or row["team_id"] in eyes.team_ids
        return {Reach.ALL: True, Reach.OWN: own, Reach.SEEN: own or staff, Reach.NONE: False}[eyes.far]

    def _is(self, row: Row, wanted: TicketFilter) -> bool:
        only_open = wanted.overdue or wanted.order.is_of_work
        return (
            row["deleted_at"] is None
            and (not wanted.statuses or row["status"] in wanted.statuses)
            and (not only_open or row["status"] in OPEN)
            and (not wanted.urgencies or row["urgency"] in wanted.urgencies)
            and wanted.requester_id in (None, row["requester_id"])
            and wanted.assignee_id in (None, row["assignee_id"])
            and wanted.team_id in (None, row["team_id"])
            and (not wanted.tag or self.tags.get(row["id"]) == wanted.tag)
            and (not wanted.unassigned or row["assignee_id"] is None)
            and (not wanted.overdue or (row["due_at"] is not None and row["due_at"] < NOW))
            and (wanted.order is not Order.DUE or row["due_at"] is not None)
            and (wanted.numbers is None or wanted.numbers[0] <= row["number"] <= wanted.numbers[1])
        )

    @staticmethod
    def _place(row: Row, order: Order) -> tuple[datetime | float, int]:
        number: int = row["number"]
        match order:
            case Order.NUMBER:
                return (0, -number)
            case Order.UPDATED:
                return (-row["updated_at"].timestamp(), -number)
            case Order.DUE:
                return (row["due_at"], number)
            case Order.URGENCY:
                return (-RANKS[Urgency(row["urgency"])], -number)

    def eyes(self) -> Iterator[Eyes]:
        yield Eyes(self.people[0].id, frozenset(), Reach.ALL)
        for number, person in enumerate(self.people[:2]):
            yield Eyes(person.id, frozenset(self.teams[: number * 2]), Reach.SEEN)
            yield Eyes(person.id, frozenset(self.teams[:1]), Reach.OWN)
        yield Eyes(self.people[0].id, frozenset(self.teams), Reach.NONE)

    def filters(self) -> Iterator[TicketFilter]:
        """Yield each filter alone, and some together."""
        one, another = self.people[0].id, self.people[1].id
        yield TicketFilter()
        for statuses in ((Status.WAITING,), (Status.RESOLVED, Status.WAITING), (Status.RESOLVED,)):
            yield TicketFilter(statuses=statuses)
        yield TicketFilter(urgencies=(Urgency.CRITICAL,))
        yield TicketFilter(statuses=(Status.WAITING,), urgencies=(Urgency.LOW, Urgency.HIGH))
        for person_id in (one, another):
            yield TicketFilter(requester_id=person_id)
            yield TicketFilter(assignee_id=person_id)
            yield TicketFilter(assignee_id=person_id, team_id=self.teams[0])
        for team_id in (self.teams[0], self.teams[2]):
            yield TicketFilter(team_id=team_id)
            yield TicketFilter(team_id=team_id, unassigned=True)
        yield TicketFilter(requester_id=another, unassigned=True, statuses=(Status.WAITING,))
        yield TicketFilter(unassigned=True, urgencies=(Urgency.NORMAL,))
        yield TicketFilter(overdue=True)
        yield TicketFilter(overdue=True, urgencies=(Urgency.HIGH,))
        yield TicketFilter(tag="wifi")
        yield TicketFilter(tag="wifi", team_id=self.teams[0], statuses=(Status.WAITING,))
        yield TicketFilter(tag="nothing")
        yield TicketFilter(numbers=(10, 19))


def a_team(database: Database, name: str) -> int:
    """Insert a team; return its id."""
    team_id = new_id()
    with database.engine.begin() as connection:
        connection.execute(insert(tables.teams), {"id": team_id, "name": name})
    return team_id


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def listed(desk: Desk, wanted: TicketFilter, eyes: Eyes) -> list[int]:
    """Return the numbers of all pages of five."""
    numbers: list[int] = []
    page = replace(wanted, limit=5)
    while found := read(desk.database, lambda work, page=page: work.listing.tickets(page, eyes, NOW)):  # type: ignore[misc]
        numbers += [ticket.number for ticket in found]
        page = replace(page, after=found[-1].mark)
    return numbers


@pytest.mark.parametrize("order", list(Order))
def test_every_list_is_whole_and_in_order_page_after_page(desk: Desk, order: Order) -> None:
    for wanted in desk.filters():
        for eyes in desk.eyes():
            ordered = replace(wanted, order=order)
            assert listed(desk, ordered, eyes) == desk.expected(ordered, eyes), (ordered, eyes)


def test_a_tag_that_many_tickets_have_is_no_list_of_its_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "FEW_TAGGED", 1)
    for order in Order:
        for eyes in desk.eyes():
            wanted = TicketFilter(tag="wifi", order=order)
            assert listed(desk, wanted, eyes) == desk.expected(wanted, eyes)


@pytest.mark.parametrize("last_tagged", [1, 6, 12])
def test_a_page_of_a_tag_is_exact_wherever_its_end_was_guessed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, last_tagged: int
) -> None:
    monkeypatch.setattr(listing, "FEW_TAGGED", 1)
    monkeypatch.setattr(listing, "LAST_TAGGED", last_tagged)
    for eyes in desk.eyes():
        for statuses in ((), (Status.WAITING, Status.RESOLVED)):
            wanted = TicketFilter(tag="wifi", statuses=statuses)
            assert listed(desk, wanted, eyes) == desk.expected(wanted, eyes)


def test_a_line_of_a_list_has_names(desk: Desk) -> None:
    eyes = Eyes(desk.people[0].id, frozenset(), Reach.ALL)
    row = next(row for row in desk.rows if row["team_id"] and row["assignee_id"] and not row["deleted_at"])
    line = read(desk.database, lambda work: work.listing.by_numbers([row["number"], COUNT + 1]))[0]
    assert (line.number, line.requester, line.assignee) == (row["number"], "Jean Dupont", "Jean Dupont")
    assert line.team == f"Équipe {desk.teams.index(row['team_id'])}"
    few = read(desk.database, lambda work: work.listing.few_numbers(TicketFilter(), eyes, NOW, 3))
    assert few is None
