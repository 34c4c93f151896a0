"""What people ask at the desk comes from an index, in order, however long the trail and the quarantine are."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice

import pytest
from sqlalchemy import insert, update

from helpdesk.core.permissions import Reach
from helpdesk.store import tables
from helpdesk.store.engine import Database, open_database
from helpdesk.store.figures import Span
from helpdesk.store.ids import new_id
from helpdesk.store.quarantine import KeptFilter
from helpdesk.store.schema import migrate
from helpdesk.store.trail import TrailFilter
from helpdesk.store.work import Work
from tests.conftest import ENGINES
from tests.servers.mariadb import MariaDb
from tests.servers.postgres import Postgres
from tests.servers.sqlite import Sqlite
from tests.store.makers import NOW, SECOND
from tests.store.plans import Step, plans_of
from tests.store.test_plans import ROWS, grow

DAY = timedelta(days=1)
SINCE = NOW + (ROWS - 50) * SECOND  # the newest fifty
NOT_REJECTED = NOW + timedelta(hours=2)  # no mail was rejected that late
PERSON = 7
OPEN = Step("mails", ("fate", "rejected_at", "seen_at"))
SMALL = {tables.mailboxes.name, tables.teams.name}


@pytest.fixture(scope="module", params=ENGINES)
def grown(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database on each engine in turn as years of use leave it, and the planner knows it."""
    engine: Sqlite | MariaDb | Postgres = request.getfixturevalue(request.param)
    url = engine.fresh_database()
    database = open_database(url)
    migrate(database)
    with database.engine.begin() as connection:
        person = {
            "id": PERSON,
            "name": "x",
            "role": "user",
            "language": "fr",
            "active": True,
            "created_at": NOW,
        }
        connection.execute(insert(tables.people), person)
        connection.execute(insert(tables.audit_logs), [audit_row(number) for number in range(ROWS)])
    grow(database)
    spread(database)
    yield database
    database.close()
    engine.drop_database(url)


def audit_row(number: int) -> dict[str, object]:
    """Return a row; one in a hundred is a person's, one in a hundred was denied."""
    return {
        "id": new_id(),
        "user_id": PERSON if number % 100 == 1 else None,
        "action": "LOGIN" if number % 100 == 2 else "TICKET_OPENED",
        "status": "DENIED" if number % 100 == 3 else "SUCCESS",
        "ip_address": "",
        "user_agent": "",
        "created_at": NOW + number * SECOND,
        "detail": {},
    }


def spread(database: Database) -> None:
    """Let tickets and mails have come one after the other, and most kept mails be rejected."""
    with database.engine.begin() as connection:
        for table, at in ((tables.tickets, "opened_at"), (tables.mails, "seen_at")):
            ids = connection.scalars(table.select().with_only_columns(table.c.id).order_by(table.c.id)).all()
            for number, key in enumerate(ids):
                connection.execute(update(table).where(table.c.id == key).values({at: NOW + number * SECOND}))
        mails = tables.mails
        connection.execute(update(mails).where(mails.c.uid % 2 == 0).values(fate="held"))
        kept, few = mails.c.fate == "held", mails.c.uid % 4 != 0
        connection.execute(update(mails).where(kept, few).values(rejected_at=NOW))
        some = connection.scalars(tables.tickets.select().with_only_columns(tables.tickets.c.id)).all()
        connection.execute(insert(tables.tags), [{"ticket_id": key, "tag": "vip"} for key in some])
    if database.kind == "sqlite":
        return
    analyze = "ANALYZE TABLE" if database.kind == "mariadb" else "ANALYZE"
    with database.engine.connect() as connection:
        for name in ("audit_logs", "tickets", "mails", "tags"):
            connection.exec_driver_sql(f"{analyze} {name}").close()
        connection.commit()


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(
            lambda work: work.trail.listed(TrailFilter(user_id=PERSON)),
            Step("audit_logs", ("user_id", "created_at")),
            id="of a person",
        ),
        pytest.param(
            lambda work: work.trail.listed(TrailFilter(action="LOGIN")),
            Step("audit_logs", ("action", "created_at")),
            id="of an action",
        ),
        pytest.param(
            lambda work: work.trail.listed(TrailFilter(status="DENIED")),
            Step("audit_logs", ("status", "created_at")),
            id="of an end",
        ),
        pytest.param(
            lambda work: next(work.trail.pages(TrailFilter(since=SINCE))),
            Step("audit_logs", ("created_at",)),
            id="the trail of a span",
        ),
        pytest.param(lambda work: work.quarantine.listed(KeptFilter(), None), OPEN, id="what is open"),
        pytest.param(
            lambda work: work.quarantine.listed(KeptFilter(sender="jean@univ.example", since=SINCE), None),
            Step("mails", ("sender", "seen_at")),
            id="what is open of a sender",
        ),
        pytest.param(lambda work: work.quarantine.suspicious(SINCE, 10), OPEN, id="who is suspicious"),
        pytest.param(
            lambda work: work.quarantine.pending(work.mails.mailbox_id("INBOX")),
            Step("mail_orders", ("mailbox_id", "done_at")),
            id="orders to a mailbox",
        ),
        pytest.param(
            lambda work: list(work.figures.times(Span(SINCE, SINCE + DAY), 1, frozenset(), Reach.ALL)),
            Step("tickets", ("opened_at",)),
            id="tickets of a span",
        ),
        pytest.param(
            lambda work: list(work.figures.times(Span(SINCE, SINCE + DAY), 1, frozenset({1}), Reach.SEEN)),
            Step("tickets", ("opened_at",)),
            id="tickets of a span that an agent sees",
        ),
        pytest.param(
            lambda work: list(islice(work.figures.pages(Span(SINCE, SINCE + DAY), "resolved"), 1)),
            Step("tickets", ("opened_at",)),
            id="tickets for a file",
        ),
    ],
)
def test_a_question_is_answered_from_its_index(
    grown: Database, question: Callable[[Work], object], expected: Step
) -> None:
    plans = plans_of(grown, question)
    steps = [step for plan in plans for step in plan.steps if step.table not in SMALL]
    # Orders there are none here, and tags are so narrow that all of them cost no more than a page's.
    assert expected in steps or (grown.kind, expected.table) == ("postgresql", "mail_orders")
    assert [step for step in steps if not step.columns and step.table not in ("mail_orders", "tags")] == []


BY_TIME = Step("audit_logs", ("created_at",))  # of a short span it reads as little
BY_ACTION = Step("audit_logs", ("action", "created_at"))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(
            lambda work: work.weekly.actions(SINCE, (SINCE, SINCE + DAY)),
            (BY_ACTION, BY_TIME),
            id="suspicious actions",
        ),
        pytest.param(
            lambda work: work.weekly.accounts(SINCE, SINCE + DAY, 5), (BY_ACTION, BY_TIME), id="accounts"
        ),
        pytest.param(
            lambda work: work.weekly.origins(SINCE, SINCE + DAY, 5), (BY_ACTION, BY_TIME), id="origins"
        ),
        pytest.param(
            lambda work: work.weekly.kept(NOT_REJECTED, (NOT_REJECTED, NOT_REJECTED + DAY)),
            (OPEN,),
            id="kept mails",
        ),
        pytest.param(
            lambda work: work.weekly.kept_senders(NOT_REJECTED, NOT_REJECTED + DAY, 5),
            (OPEN,),
            id="kept senders",
        ),
        pytest.param(lambda work: work.weekly.without_fate(SINCE, SINCE), (OPEN,), id="mails without a fate"),
        pytest.param(
            lambda work: work.weekly.letters_dead(SINCE, (SINCE, SINCE + DAY)),
            (Step("letters", ("state", "next_at")),),
            id="letters given up",
        ),
        pytest.param(
            lambda work: work.weekly.opened(SINCE, (SINCE, SINCE + DAY)),
            (Step("tickets", ("opened_at",)),),
            id="tickets opened",
        ),
        pytest.param(
            lambda work: work.weekly.resolved(SINCE, (SINCE, SINCE + DAY)),
            (Step("tickets", ("status", "updated_at", "number")),),
            id="tickets resolved",
        ),
    ],
)
def test_a_week_is_summed_over_spans_of_indexes(
    grown: Database, question: Callable[[Work], object], expected: tuple[Step, ...]
) -> None:
    (plan,) = plans_of(grown, question)
    assert [step for step in plan.steps if step not in expected] == []
    assert plan.steps


def test_open_tickets_are_found_by_their_status(grown: Database) -> None:
    (plan,) = plans_of(grown, lambda work: work.weekly.open_tickets((SINCE, SINCE + DAY)))
    assert [step.columns[:1] for step in plan.steps] == [("status",)]


@pytest.mark.parametrize("question", [
    pytest.param(lambda work: work.trail.listed(TrailFilter()), id="newest first"),
    pytest.param(lambda work: next(work.trail.pages(TrailFilter())), id="oldest first"),
])  # fmt: skip
def test_the_trail_without_a_filter_is_walked_in_order_until_there_is_enough(
    grown: Database, question: Callable[[Work], object]
) -> None:
    """A plan calls that a walk through all of it; what counts is that nothing is sorted before the first row."""
    keys = plans_of(grown, question)[0]
    assert [step.table for step in keys.steps] == ["audit_logs"]
    assert grown.kind == "postgresql" or not keys.sorts


@pytest.mark.parametrize(
    "wanted",
    [TrailFilter(), TrailFilter(user_id=PERSON), TrailFilter(action="LOGIN"), TrailFilter(status="DENIED")],
)
def test_the_newest_rows_need_no_sorting_of_the_rest(grown: Database, wanted: TrailFilter) -> None:
    """PostgreSQL sorts the few that have one time ("incremental"); the others have the key in every index."""
    keys = plans_of(grown, lambda work: work.trail.listed(wanted))[0]
    assert grown.kind == "postgresql" or not keys.sorts


def test_what_is_open_needs_no_sorting_of_all_that_is(grown: Database) -> None:
    plans = plans_of(grown, lambda work: work.quarantine.listed(KeptFilter(fates=("held",)), None))
    (mine,) = [plan for plan in plans if OPEN in plan.steps]
    assert grown.kind == "postgresql" or not mine.sorts


def test_what_is_refused_is_counted_by_how_it_ended(grown: Database) -> None:
    plans = plans_of(grown, lambda work: work.trail.refusals(SINCE, 10))
    steps = [step for plan in plans for step in plan.steps if step.table == "audit_logs"]
    assert steps
    assert steps[0].columns
    assert [step for plan in plans for step in plan.steps if not step.columns] == []
