"""Tickets: numbers without gap or double, who takes part, and the few moves that mail makes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import Table, insert, select

from helpdesk.core.people import AddressState, Language, Person, Role
from helpdesk.core.tickets import Status, Ticket
from helpdesk.store.engine import Database
from helpdesk.store.rows import Row
from helpdesk.store.tables import memberships, participants, teams, tickets
from helpdesk.store.work import Work, in_work
from tests.store.makers import NOW, SECOND, a_person, a_ticket, read

LATER = NOW + SECOND


def numbers(database: Database, count: int) -> list[int]:
    return list(in_work(database, lambda work: work.tickets.next_numbers(count)))


def add(database: Database, *rows: Row) -> None:
    in_work(database, lambda work: work.tickets.add(rows))


def put(database: Database, table: Table, row: Row) -> None:
    in_work(database, lambda work: work._connection.execute(insert(table), row))


def test_numbers_begin_at_1_and_go_on_without_gap(database: Database) -> None:
    assert numbers(database, 1) == [1]
    assert numbers(database, 3) == [2, 3, 4]
    assert numbers(database, 1) == [5]


def test_numbers_of_a_transaction_that_was_undone_are_given_again(database: Database) -> None:
    numbers(database, 1)
    with Work(database) as work:
        assert list(work.tickets.next_numbers(2)) == [2, 3]
    assert numbers(database, 1) == [2]


@pytest.mark.parametrize("begun", [True, False], ids=["a desk in use", "the first tickets of all"])
def test_threads_that_take_numbers_at_once_get_each_number_once(database: Database, begun: bool) -> None:
    first = numbers(database, 1) if begun else []
    start = Barrier(4)

    def take(_: int) -> list[int]:
        start.wait()
        return [number for _ in range(5) for number in numbers(database, 2)]

    with ThreadPoolExecutor(4) as threads:
        taken = [number for share in threads.map(take, range(4)) for number in share]
    assert sorted(first + taken) == list(range(1, 41 + len(first)))


def test_a_ticket_comes_back_with_those_who_take_part(database: Database) -> None:
    jean, zoe = a_person(database), a_person(database, "zoe@univ.example")
    row = a_ticket(jean, 7, resolved_at=LATER, status="resolved", assignee_id=zoe.id, deleted_at=NOW)
    other = a_ticket(jean, 8)
    add(database, row, other)
    put(database, participants, {"ticket_id": row["id"], "person_id": zoe.id})
    expected = Ticket(
        row["id"],
        7,
        "Mon chargeur",
        Status.RESOLVED,
        jean.id,
        None,
        zoe.id,
        LATER,
        True,
        frozenset({zoe.id}),
        opened_at=row["opened_at"],
        updated_at=row["updated_at"],
    )
    assert read(database, lambda work: work.tickets.by_ids([row["id"], 1])) == {row["id"]: expected}
    found = read(database, lambda work: work.tickets.by_numbers([7, 8, 9]))
    assert found[row["id"]] == expected
    assert found[other["id"]].participants == frozenset()
    assert read(database, lambda work: work.tickets.by_ids([])) == {}
    assert read(database, lambda work: work.tickets.by_numbers([])) == {}


def test_the_newest_come_first_and_deleted_ones_not_at_all(database: Database) -> None:
    jean = a_person(database)
    add(database, *(a_ticket(jean, number) for number in (2, 4, 1)), a_ticket(jean, 3, deleted_at=NOW))
    newest = read(database, lambda work: work.tickets.newest(2))
    assert [ticket.number for ticket in newest] == [4, 2]


@pytest.mark.parametrize(
    ("before", "after", "touched"),
    [
        pytest.param("resolved", ("waiting", None), LATER, id="resolved"),
        pytest.param("waiting", ("waiting", NOW), NOW, id="waiting"),
        pytest.param("in_progress", ("in_progress", NOW), NOW, id="in progress"),
    ],
)
def test_only_a_resolved_ticket_is_reopened(
    database: Database, before: str, after: tuple[str, datetime | None], touched: datetime
) -> None:
    row = a_ticket(a_person(database), status=before, resolved_at=NOW)
    add(database, row)
    in_work(database, lambda work: work.tickets.reopen([row["id"]], LATER))
    left = read(database, lambda work: work._connection.execute(select(tickets)).one())
    assert (left.status, left.resolved_at, left.updated_at) == (*after, touched)


def test_touching_a_ticket_changes_its_time_and_no_other_ticket(database: Database) -> None:
    jean = a_person(database)
    row, other = a_ticket(jean, 1), a_ticket(jean, 2)
    add(database, row, other)
    in_work(database, lambda work: work.tickets.touch([row["id"]], LATER))
    left = read(database, lambda work: work._connection.execute(select(tickets)).all())
    assert {one.id: one.updated_at for one in left} == {row["id"]: LATER, other["id"]: NOW}


def test_a_person_comes_back_with_addresses_and_teams(database: Database) -> None:
    def add_zoe(work: Work) -> Person:
        zoe = work.people.add("Zoé", Role.AGENT, Language.EN, NOW)
        work.people.add_address(zoe, "zoe@univ.example", AddressState.PENDING, NOW)
        return zoe

    jean, zoe = a_person(database), in_work(database, add_zoe)
    for number in (1, 2):
        put(database, teams, {"id": number, "name": f"team {number}"})
        put(database, memberships, {"team_id": number, "person_id": zoe.id})
    assert read(database, lambda work: work.people.by_ids([zoe.id, 5])) == {zoe.id: zoe}
    teams_of = read(database, lambda work: work.people.teams_of([jean.id, zoe.id]))
    assert teams_of == {zoe.id: frozenset({1, 2})}
    known = read(database, lambda work: work.people.known_addresses(["zoe@univ.example"]))
    assert (known["zoe@univ.example"].person, known["zoe@univ.example"].state) == (zoe, AddressState.PENDING)


def test_each_address_keeps_the_verdict_that_was_noted_for_it(database: Database) -> None:
    names = [f"{name}@univ.example" for name in ("a", "b", "c")]
    for name in names:
        a_person(database, name)
    known = read(database, lambda work: work.people.known_addresses(names))
    ids = {name: known[name].id for name in names}
    noted = {ids[names[0]]: "pass", ids[names[1]]: "weak"}
    in_work(database, lambda work: work.people.set_best_verdicts(noted))
    left = read(database, lambda work: work.people.known_addresses(names))
    assert [left[name].best_verdict for name in names] == ["pass", "weak", ""]


@pytest.mark.parametrize(
    ("before", "noted", "after"),
    [
        pytest.param("pass", "pass-dkim", "pass", id="never weaker: another mailbox was first"),
        pytest.param("pass-dkim", "pass", "pass", id="stronger"),
        pytest.param("", "weak", "weak", id="the first"),
    ],
)
def test_a_stronger_proof_that_was_noted_meanwhile_stays(
    database: Database, before: str, noted: str, after: str
) -> None:
    name = "a@univ.example"
    a_person(database, name)
    key = read(database, lambda work: work.people.known_addresses([name]))[name].id
    for verdict in (before, noted):
        verdicts = {key: verdict}
        in_work(database, partial(_note, verdicts))
    assert read(database, lambda work: work.people.known_addresses([name]))[name].best_verdict == after


def _note(verdicts: dict[int, str], work: Work) -> None:
    work.people.set_best_verdicts(verdicts)
