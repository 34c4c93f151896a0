"""Lists, searches and completions find their rows by an index, and lists need no sorting of more than a page."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import insert

from helpdesk.core.paging import Mark, Order
from helpdesk.core.people import Language, Person, Role
from helpdesk.core.permissions import Reach
from helpdesk.core.searchwords import wanted_words
from helpdesk.core.tickets import Status, Urgency
from helpdesk.store import listing, tables
from helpdesk.store.engine import Database, open_database
from helpdesk.store.listing import Eyes, TicketFilter
from helpdesk.store.rows import Row
from helpdesk.store.schema import migrate
from helpdesk.store.streams import conditions
from helpdesk.store.wordindex import WordIndex
from helpdesk.store.work import Work, in_work
from tests.conftest import ENGINES
from tests.servers.mariadb import MariaDb
from tests.servers.postgres import Postgres
from tests.servers.sqlite import Sqlite
from tests.store.makers import NOW, SECOND, a_post, a_ticket
from tests.store.plans import Step, plans_of

ROWS, PEOPLE, TEAMS = 4000, 4000, 10
SMALL = {tables.teams.name}
ADMIN = Eyes(1, frozenset(), Reach.ALL)
AGENT = Eyes(3, frozenset({1, 2}), Reach.SEEN)
USER = Eyes(7, frozenset(), Reach.OWN)
MANAGER = Eyes(4, frozenset({1, 2}), Reach.TEAM)


@pytest.fixture(scope="module", params=ENGINES)
def grown(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A desk on each engine in turn after some years: nearly all is resolved."""
    engine: Sqlite | MariaDb | Postgres = request.getfixturevalue(request.param)
    url = engine.fresh_database()
    database = open_database(url)
    migrate(database)
    in_work(database, grow)
    if database.kind != "sqlite":  # nobody analyses it in production either
        with database.engine.connect() as connection:
            for table in tables.metadata.tables:
                analyze = "ANALYZE TABLE" if database.kind == "mariadb" else "ANALYZE"
                connection.exec_driver_sql(f"{analyze} {table}").close()
            connection.commit()
    yield database
    database.close()
    engine.drop_database(url)


def grow(work: Work) -> None:
    connection = work._connection
    alike = {"role": "user", "language": "fr", "active": True, "created_at": NOW}
    keys = range(1, PEOPLE + 1)
    connection.execute(insert(tables.people), [{"id": key, "name": f"Jean {key}"} | alike for key in keys])
    alike = {"state": "verified", "best_verdict": "", "created_at": NOW}
    known = [{"id": key, "person_id": key, "address": f"p{key}@univ.example"} | alike for key in keys]
    connection.execute(insert(tables.addresses), known)
    teams = [{"id": key, "name": f"Équipe {key}"} for key in range(1, TEAMS + 1)]
    connection.execute(insert(tables.teams), teams)
    rows = [ticket_row(number) for number in range(1, ROWS + 1)]
    work.tickets.add(rows)
    work.posts.add([a_post(row["id"], f"La réunion {row['number']}") for row in rows], [])
    tagged = [{"ticket_id": row["id"], "tag": f"tag{row['number'] % 200}"} for row in rows]
    connection.execute(insert(tables.tags), tagged)
    taking_part = [{"ticket_id": row["id"], "person_id": 1 + row["number"] % PEOPLE} for row in rows[::9]]
    connection.execute(insert(tables.participants), taking_part)


def ticket_row(number: int) -> Row:
    person = Person(1 + number % PEOPLE, "", Role.USER, Language.FR)
    resolved = number % 40 != 0
    return a_ticket(
        person,
        number,
        subject=f"wifi salle {number}",
        status="resolved" if resolved else "waiting",
        urgency=list(Urgency)[number % 4].value,
        team_id=1 + number % TEAMS,
        assignee_id=None if number % 3 == 0 else 1 + number % 20,
        updated_at=NOW + (number * 7919 % ROWS) * SECOND,
        due_at=NOW + number * SECOND,
        deleted_at=NOW if number % 400 == 1 else None,
    )


@pytest.mark.parametrize("eyes", [ADMIN, AGENT, USER], ids=["admin", "agent", "user"])
@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(TicketFilter(), id="all"),
        pytest.param(TicketFilter(statuses=(Status.WAITING,)), id="status"),
        pytest.param(TicketFilter(urgencies=(Urgency.CRITICAL,)), id="urgency"),
        pytest.param(TicketFilter(requester_id=9), id="requester"),
        pytest.param(TicketFilter(assignee_id=3), id="assignee"),
        pytest.param(TicketFilter(team_id=2), id="team"),
        pytest.param(TicketFilter(unassigned=True), id="unassigned"),
        pytest.param(TicketFilter(overdue=True), id="overdue"),
        pytest.param(TicketFilter(tag="tag3"), id="tag"),
    ],
)
def test_a_list_reads_no_table_whole(grown: Database, wanted: TicketFilter, order: Order, eyes: Eyes) -> None:
    page = replace(wanted, order=order)
    assert whole_reads(grown, lambda work: work.listing.tickets(page, eyes, NOW)) == []


@pytest.mark.parametrize("eyes", [ADMIN, AGENT, USER], ids=["admin", "agent", "user"])
def test_a_tag_that_many_have_is_read_by_its_index(
    grown: Database, eyes: Eyes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "FEW_TAGGED", 1)
    page = TicketFilter(tag="tag3", limit=2)
    read = whole_reads(grown, lambda work: work.listing.tickets(page, eyes, NOW))
    assert {step.table for step in read} <= (
        {"tickets"} if grown.kind == "postgresql" else set()
    )  # it counts


@pytest.mark.parametrize("eyes", [ADMIN, MANAGER], ids=["admin", "manager"])
@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize(
    "wanted",
    [
        TicketFilter(deleted=True),
        TicketFilter(deleted=True, team_id=2, statuses=(Status.WAITING,)),
        TicketFilter(deleted=True, after=Mark(2000, 2000)),
    ],
    ids=["all", "a team's waiting", "in the middle"],
)
def test_deleted_tickets_are_read_alone(
    grown: Database, wanted: TicketFilter, order: Order, eyes: Eyes
) -> None:
    mark = wanted.after and Mark(2000, 2000 if order in (Order.NUMBER, Order.URGENCY) else NOW)
    page = replace(wanted, order=order, after=mark)
    plans = plans_of(grown, lambda work: work.listing.tickets(page, eyes, NOW))
    used = {step.columns for step in plans[0].steps if step.table == tables.tickets.name}
    assert used == {("deleted_at", "number")} or (
        grown.kind == "postgresql" and () not in used
    )  # it counts, and then chooses itself


def whole_reads(database: Database, question: Callable[[Work], object]) -> list[Step]:
    steps = [step for plan in plans_of(database, question) for step in plan.steps]
    assert steps
    return [step for step in steps if not step.columns and step.table not in SMALL]


@pytest.mark.parametrize(
    ("wanted", "eyes", "index"),
    [
        pytest.param(TicketFilter(), ADMIN, ("number",), id="all"),
        pytest.param(
            TicketFilter(after=Mark(2000, 2000)), ADMIN, ("number",), id="all, in the middle"
        ),
        pytest.param(
            TicketFilter(statuses=(Status.RESOLVED,)), ADMIN, ("status", "urgency", "number"), id="status"
        ),
        pytest.param(
            TicketFilter(order=Order.UPDATED), ADMIN, ("status", "updated_at", "number"), id="last changed"
        ),
        pytest.param(TicketFilter(order=Order.DUE), ADMIN, ("status", "due_at", "number"), id="due"),
        pytest.param(
            TicketFilter(order=Order.URGENCY), ADMIN, ("status", "urgency", "number"), id="urgency"
        ),
        pytest.param(
            TicketFilter(team_id=2, statuses=(Status.RESOLVED,)), AGENT,
            ("team_id", "status", "number", "urgency", "assignee_id"), id="a team's",
        ),
        pytest.param(
            TicketFilter(team_id=2, statuses=(Status.RESOLVED,), order=Order.UPDATED), AGENT,
            ("team_id", "status", "updated_at", "number"), id="a team's last changed",
        ),
        pytest.param(
            TicketFilter(assignee_id=3, statuses=(Status.RESOLVED,)), AGENT,
            ("assignee_id", "status", "number", "urgency"), id="mine",
        ),
        pytest.param(
            TicketFilter(assignee_id=3, statuses=(Status.RESOLVED,), order=Order.UPDATED), AGENT,
            ("assignee_id", "status", "updated_at", "number"), id="mine, last changed",
        ),
    ],
)  # fmt: skip
def test_a_list_comes_from_an_index_in_its_order(
    grown: Database, wanted: TicketFilter, eyes: Eyes, index: tuple[str, ...]
) -> None:
    plans = plans_of(grown, lambda work: work.listing.tickets(wanted, eyes, NOW))
    used = {step.columns for step in plans[0].steps if step.table == tables.tickets.name}
    assert used == {index} or (
        grown.kind == "postgresql" and () not in used
    )  # it counts, and then chooses itself


@pytest.mark.parametrize("eyes", [AGENT, USER], ids=["agent", "user"])
@pytest.mark.parametrize(
    "wanted",
    [
        TicketFilter(statuses=(Status.RESOLVED,)),
        TicketFilter(team_id=9, order=Order.UPDATED),
        TicketFilter(urgencies=(Urgency.CRITICAL,), statuses=(Status.RESOLVED,)),
        TicketFilter(order=Order.URGENCY),
        TicketFilter(order=Order.DUE),
        TicketFilter(overdue=True),
    ],
    ids=["resolved", "another team's", "critical and resolved", "urgency", "due", "overdue"],
)
def test_each_set_that_a_person_sees_begins_with_the_person_or_their_team(
    grown: Database, wanted: TicketFilter, eyes: Eyes
) -> None:
    plans = plans_of(grown, lambda work: work.listing.tickets(wanted, eyes, NOW))
    if grown.kind == "postgresql":  # it counts, and then chooses itself
        return
    steps = set(plans[0].steps)
    assert Step("participants", ("person_id",)) in steps
    begins = {step.columns[0] for step in steps if step.table == tables.tickets.name}
    assert begins <= {"requester_id", "assignee_id", "team_id", "id"}


WORDS = wanted_words("wifi réunion")
BLOCK_BY_BLOCK = Step("ticket_words", ("block", "word", "number", "internal"))


@pytest.mark.parametrize("eyes", [ADMIN, AGENT, USER], ids=["admin", "agent", "user"])
def test_a_search_reads_the_words_of_a_block_only(grown: Database, eyes: Eyes) -> None:
    def question(work: Work) -> None:
        work.search.numbers(WORDS, TicketFilter(), eyes, NOW, notes=True)

    assert whole_reads(grown, question) == []
    steps = [step for plan in plans_of(grown, question) for step in plan.steps]
    words = {step for step in steps if step.table == "ticket_words"}
    assert words == {BLOCK_BY_BLOCK}


@pytest.mark.parametrize("eyes", [ADMIN, AGENT], ids=["admin", "agent"])
def test_what_was_found_by_its_words_is_looked_up_whatever_else_is_asked(grown: Database, eyes: Eyes) -> None:
    asked = TicketFilter(statuses=(Status.RESOLVED,), urgencies=(Urgency.CRITICAL,))

    def question(work: Work) -> None:
        list(work.search._holding(iter(range(2, 40)), conditions(asked, eyes, NOW), 50))

    (plan,) = plans_of(grown, question)
    assert [step.columns for step in plan.steps if step.table == "tickets"] == [("number",)]


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(lambda work: work.search.texts([5, 7], notes=False), id="texts of what was found"),
        pytest.param(lambda work: work.listing.by_numbers([5, 7]), id="lines of what was found"),
        pytest.param(
            lambda work: work.listing.tickets(TicketFilter(numbers=(400, 499)), AGENT, NOW),
            id="tickets by the beginning of a number",
        ),
        pytest.param(lambda work: work.suggestions.people("p1", None, 20), id="people by address"),
        pytest.param(lambda work: work.suggestions.tags("tag", 20), id="tags"),
        pytest.param(lambda work: work.posts.newest_answers(9, 20), id="answers that may be undone"),
    ],
)
def test_what_is_found_and_completed_is_looked_up(
    grown: Database, question: Callable[[Work], object]
) -> None:
    assert whole_reads(grown, question) == []


def test_a_ticket_whose_words_are_renewed_is_found_in_its_block(grown: Database) -> None:
    def question(work: Work) -> None:
        ticket = next(iter(work.tickets.by_numbers([7]).values()))
        WordIndex(work._connection).renew(ticket.id)

    assert whole_reads(grown, question) == []
