"""Tickets for figures and files: what lies within reach, all of it once, oldest first; on every database."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from helpdesk.core.people import Person
from helpdesk.core.permissions import Reach
from helpdesk.store.engine import Database
from helpdesk.store.figures import Span
from helpdesk.store.tables import participants, tags, teams
from helpdesk.store.work import in_work
from tests.store.makers import NOW, a_person, a_ticket, read

HOUR = timedelta(hours=1)
SPAN = Span(NOW, NOW + 24 * HOUR)
NETWORK, PRINTERS = 1, 2


@pytest.fixture
def people(database: Database) -> tuple[Person, Person]:
    jean, zoe = a_person(database), a_person(database, "zoe@univ.example")
    rows = [
        a_ticket(jean, 1, opened_at=NOW - HOUR),  # before the span
        a_ticket(
            jean,
            2,
            team_id=NETWORK,
            first_answered_at=NOW + HOUR,
            status="resolved",
            resolved_at=NOW + 2 * HOUR,
        ),
        a_ticket(zoe, 3, opened_at=NOW + HOUR, team_id=PRINTERS, assignee_id=jean.id),
        a_ticket(zoe, 4, opened_at=NOW + HOUR),
        a_ticket(zoe, 5, opened_at=NOW + 2 * HOUR, team_id=PRINTERS),
        a_ticket(zoe, 6, opened_at=NOW + 3 * HOUR, deleted_at=NOW),
        a_ticket(zoe, 7, opened_at=NOW + 24 * HOUR),  # after it
    ]
    with database.engine.begin() as connection:
        connection.execute(
            insert(teams), [{"id": NETWORK, "name": "network"}, {"id": PRINTERS, "name": "printers"}]
        )
    in_work(database, lambda work: work.tickets.add([{"first_answered_at": None} | row for row in rows]))
    with database.engine.begin() as connection:
        connection.execute(insert(participants), {"ticket_id": rows[3]["id"], "person_id": jean.id})
        connection.execute(insert(tags), [{"ticket_id": rows[1]["id"], "tag": tag} for tag in ("b", "a")])
    return jean, zoe


@pytest.mark.parametrize(
    ("far", "team_ids", "expected"),
    [
        (Reach.ALL, (), 4),
        (Reach.SEEN, (), 3),  # own, assigned, taking part
        (Reach.SEEN, (PRINTERS,), 4),
        (Reach.TEAM, (PRINTERS,), 2),
        (Reach.TEAM, (), 0),
        (Reach.OWN, (PRINTERS,), 2),
        (Reach.NONE, (PRINTERS,), 0),
        (Reach.SELF, (PRINTERS,), 0),
    ],
)
def test_only_tickets_within_reach_are_counted(
    database: Database, people: tuple[Person, Person], far: Reach, team_ids: tuple[int, ...], expected: int
) -> None:
    jean, _zoe = people
    found = read(database, lambda work: list(work.figures.times(SPAN, jean.id, frozenset(team_ids), far)))
    assert len(found) == expected


def test_times_say_how_long_people_waited(database: Database, people: tuple[Person, Person]) -> None:
    found = read(database, lambda work: list(work.figures.times(SPAN, 0, frozenset({NETWORK}), Reach.TEAM)))
    (one,) = found
    assert (one.opened_at, one.first_answered_at, one.resolved_at) == (NOW, NOW + HOUR, NOW + 2 * HOUR)
    assert (one.status, one.team) == ("resolved", "network")


def test_a_ticket_that_another_one_took_over_is_no_figure_of_its_own(
    database: Database, people: tuple[Person, Person]
) -> None:
    jean, _zoe = people
    target = read(database, lambda work: work.tickets.by_numbers([5]))
    merged = a_ticket(jean, 8, opened_at=NOW, status="resolved", merged_into_id=next(iter(target)))
    in_work(database, lambda work: work.tickets.add([merged]))
    found = read(database, lambda work: list(work.figures.times(SPAN, jean.id, frozenset(), Reach.ALL)))
    assert len(found) == 4
    assert [one.status for one in found].count("resolved") == 1


def test_an_export_has_each_ticket_once_oldest_first(
    database: Database, people: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk.store.figures.PAGE", 2)
    pages = read(database, lambda work: list(work.figures.pages(SPAN)))
    assert [len(page) for page in pages] == [2, 2]
    found = [one for page in pages for one in page]
    assert [one.number for one in found] == [2, 3, 4, 5]
    assert (found[0].team, found[0].requester, found[0].tags) == ("network", "Jean Dupont", ("a", "b"))
    assert found[1].assignee == "Jean Dupont"
    by_status = read(database, lambda work: list(work.figures.pages(SPAN, "resolved")))
    assert [one.number for page in by_status for one in page] == [2]
