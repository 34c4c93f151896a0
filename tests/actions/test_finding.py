"""What the desk finds for each role, and what a typed name means to whom."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from helpdesk.actions.desk import Desk
from helpdesk.actions.naming import (
    NOBODY,
    person_meant,
    suggested_people,
    suggested_tags,
    suggested_teams,
    suggested_tickets,
    team_meant,
)
from helpdesk.actions.people import add_person
from helpdesk.actions.tickets import listed_tickets, searched_tickets
from helpdesk.core.paging import Order
from helpdesk.core.people import AddressState, Language, Person, Role
from helpdesk.core.permissions import Actor
from helpdesk.core.tickets import Status
from helpdesk.errors import NotAllowed, Refused
from helpdesk.store.listing import TicketFilter
from helpdesk.store.tables import memberships, tags, teams
from helpdesk.store.work import Work, in_work
from tests.actions.intakes import bench
from tests.store.makers import a_post, a_ticket

ACADEMY, LAB = 1, 2


class Found:
    """A desk with three tickets, and whoever looks for them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.hélène = self._person("helene@univ.example", "Hélène Martin", Role.USER)
        self.jean = self._person("jean@univ.example", "Jean Dupont", Role.USER)
        self.agent = self._person("ali@univ.example", "Ali Benali", Role.AGENT)
        self.admin = self._person("root@univ.example", "Rosa Root", Role.ADMIN)
        in_work(desk.database, self._fill)

    def _person(self, address: str, name: str, role: Role) -> Person:
        return add_person(self.desk.database, address, name, role, Language.FR, AddressState.VERIFIED).person

    def _fill(self, work: Work) -> None:
        connection = work._connection
        connection.execute(insert(teams), [{"id": ACADEMY, "name": "Académie"}, {"id": LAB, "name": "Labo"}])
        connection.execute(
            insert(memberships),
            [
                {"team_id": ACADEMY, "person_id": self.agent.id},
                {"team_id": ACADEMY, "person_id": self.hélène.id},
            ],
        )
        rows = [
            a_ticket(self.hélène, 1, subject="Le projecteur", team_id=ACADEMY),
            a_ticket(self.jean, 2, subject="Le projecteur", team_id=LAB),
            a_ticket(self.hélène, 12, subject="Une réunion", team_id=ACADEMY, status="resolved"),
        ]
        work.tickets.add(rows)
        work.posts.add(
            [
                a_post(rows[0]["id"], "L'image du projecteur est floue."),
                a_post(rows[0]["id"], "À remplacer, il est fichu.", internal=True),
            ],
            [],
        )
        connection.execute(insert(tags), [{"ticket_id": rows[0]["id"], "tag": "salle-4"}])

    def actor(self, person: Person) -> Actor:
        with Work(self.desk.database, read_only=True) as work:
            team_ids = work.people.teams_of([person.id]).get(person.id, frozenset())
        return Actor(person, team_ids)

    def search(self, person: Person, typed: str) -> list[tuple[int, str]]:
        found = searched_tickets(self.desk, self.actor(person), typed, TicketFilter())
        return [(one.ticket.number, one.snippet) for one in found]

    def numbers(self, person: Person, **wanted: object) -> list[int]:
        listed = listed_tickets(self.desk, self.actor(person), TicketFilter(**wanted))  # type: ignore[arg-type]
        return [ticket.number for ticket in listed]


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[Found]:
    opened = bench(each_url, tmp_path)
    yield Found(opened.desk)
    opened.close()


def test_each_role_finds_what_it_sees(desk: Found) -> None:
    assert desk.search(desk.admin, "projecteur") == [(2, ""), (1, "L'image du projecteur est floue.")]
    assert desk.search(desk.agent, "PROJECTEUR") == [(1, "L'image du projecteur est floue.")]
    assert desk.search(desk.hélène, "projecteur") == [(1, "L'image du projecteur est floue.")]
    assert desk.search(desk.jean, "projecteur") == [(2, "")]


def test_a_note_is_neither_found_nor_quoted_for_a_user(desk: Found) -> None:
    assert desk.search(desk.agent, "fichu") == [(1, "À remplacer, il est fichu.")]
    assert desk.search(desk.hélène, "fichu") == []


@pytest.mark.parametrize("typed", ["", "   ", "🎉", "--*\"'"])
def test_nothing_to_look_for_is_told(desk: Found, typed: str) -> None:
    with pytest.raises(Refused, match="no word"):
        desk.search(desk.admin, typed)


def test_nobody_lists_or_finds_anything_once_their_account_is_closed(desk: Found) -> None:
    closed = Person(desk.agent.id, "Ali", Role.AGENT, Language.FR, active=False)
    with pytest.raises(NotAllowed):
        desk.search(closed, "projecteur")
    with pytest.raises(NotAllowed):
        desk.numbers(closed)


def test_work_to_do_has_no_resolved_tickets(desk: Found) -> None:
    assert desk.numbers(desk.admin, order=Order.URGENCY) == [2, 1]
    with pytest.raises(Refused, match="not resolved"):
        desk.numbers(desk.admin, order=Order.URGENCY, statuses=(Status.RESOLVED,))


def test_numbers_are_completed_within_sight(desk: Found) -> None:
    def completed(person: Person, typed: str) -> list[int]:
        return [one.number for one in suggested_tickets(desk.desk, desk.actor(person), typed)]

    assert completed(desk.admin, "") == [12, 2, 1]
    assert completed(desk.admin, "1") == [12, 1]
    assert completed(desk.jean, "") == [2]
    assert completed(desk.jean, "1") == []
    for typed in ("0", "x", "-1", "9" * 400, "²"):
        assert completed(desk.admin, typed) == []


def test_people_teams_and_tags_are_completed_for_those_who_may_know_of_them(desk: Found) -> None:
    def completed(person: Person, typed: str, *, staff: bool = False) -> set[str]:
        found = suggested_people(desk.desk, desk.actor(person), typed, staff=staff)
        return {address for address, _name in found}

    assert completed(desk.admin, "je") == {"jean@univ.example"}
    for typed in ("Hélène", "hélène m", "HELENE", "Helene@UNIV"):
        assert completed(desk.admin, typed) == {"helene@univ.example"}
    assert completed(desk.admin, "%") == set()
    assert completed(desk.admin, "", staff=True) == {"ali@univ.example", "root@univ.example"}
    assert completed(desk.agent, "") == {"ali@univ.example", "helene@univ.example"}
    assert completed(desk.hélène, "") == set()
    for person, expected in ((desk.agent, ["Académie"]), (desk.hélène, [])):
        for typed in ("A", "aca", "ACAD"):
            assert suggested_teams(desk.desk, desk.actor(person), typed) == expected
    for person, expected in ((desk.agent, ["salle-4"]), (desk.hélène, [])):
        for typed in ("sal", "SAL"):
            assert suggested_tags(desk.desk, desk.actor(person), typed) == expected
    assert suggested_tags(desk.desk, desk.actor(desk.admin), "x") == []


@pytest.mark.parametrize("typed", ["helene martin", "HÉLÈNE", "martin", "Helene@univ.example"])
def test_a_person_is_meant_by_name_or_address(desk: Found, typed: str) -> None:
    assert person_meant(desk.desk, desk.actor(desk.admin), typed) == desk.hélène.id


def test_a_name_that_means_several_people_or_none_is_refused(desk: Found) -> None:
    admin, agent = desk.actor(desk.admin), desk.actor(desk.agent)
    add_person(
        desk.desk.database, "h2@univ.example", "Hélène Petit", Role.USER, Language.FR, AddressState.VERIFIED
    )
    with pytest.raises(Refused, match="Hélène Martin, Hélène Petit"):
        person_meant(desk.desk, admin, "helene")
    for typed in ("nobody", "nobody@univ.example", "no address@", "x" * 10_000):
        with pytest.raises(Refused, match="nobody is registered"):
            person_meant(desk.desk, admin, typed)
        assert person_meant(desk.desk, agent, typed) == NOBODY


def test_an_agent_filters_by_an_address_but_learns_of_no_name_outside_their_teams(desk: Found) -> None:
    agent = desk.actor(desk.agent)
    assert person_meant(desk.desk, agent, "jean@univ.example") == desk.jean.id
    assert person_meant(desk.desk, agent, "dupont") == NOBODY
    assert desk.numbers(desk.agent, requester_id=desk.jean.id) == []
    assert desk.numbers(desk.agent, requester_id=NOBODY) == []
    assert desk.numbers(desk.agent, requester_id=desk.hélène.id) == [12, 1]


def test_a_team_is_meant_by_its_name_or_its_beginning(desk: Found) -> None:
    admin = desk.actor(desk.admin)
    assert team_meant(desk.desk, admin, "academie") == ACADEMY
    assert team_meant(desk.desk, admin, "lab") == LAB
    assert team_meant(desk.desk, desk.actor(desk.jean), "Labo") == NOBODY
    with pytest.raises(Refused, match="there is no team"):
        team_meant(desk.desk, admin, "x")
