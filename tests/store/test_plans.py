"""Every query that runs for each batch finds its rows by an index, whatever the tables have grown to."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import insert

from helpdesk.core.people import Language, Person, Role
from helpdesk.core.permissions import Reach
from helpdesk.core.returned import Pointers
from helpdesk.store import tables
from helpdesk.store.directory import PersonFilter
from helpdesk.store.engine import Database, open_database
from helpdesk.store.ids import new_id
from helpdesk.store.rows import Row
from helpdesk.store.schema import migrate
from helpdesk.store.work import Work, in_work
from tests.conftest import ENGINES
from tests.servers.mariadb import MariaDb
from tests.servers.postgres import Postgres
from tests.servers.sqlite import Sqlite
from tests.store.makers import NOW, SECOND, a_letter, a_mail, a_mailbox, a_person, a_post, a_ticket
from tests.store.plans import Step, plans_of

ROWS = 3000
DAY = timedelta(days=1)
IDS = [1, 2, 3]
LATE_PAGE = PersonFilter(after=Person(1, "xz", Role.USER, Language.FR))


@pytest.fixture(scope="module", params=ENGINES)
def grown(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database on each engine in turn with some thousand rows in each table, and the planner knows it."""
    engine: Sqlite | MariaDb | Postgres = request.getfixturevalue(request.param)
    url = engine.fresh_database()
    database = open_database(url)
    migrate(database)
    grow(database)
    yield database
    database.close()
    engine.drop_database(url)


def grow(database: Database) -> None:
    """Fill the tables as years of use would: nearly all settled, sent and resolved."""
    person, mailbox = a_person(database), a_mailbox(database)
    tickets = [
        a_ticket(person, number, status="resolved", closed_at=NOW if number % 100 else None)
        for number in range(1, ROWS + 1)
    ]
    mails = [ledger_row(mailbox, uid, tickets) for uid in range(1, ROWS + 1)]
    posts = [a_post(ticket["id"]) for ticket in tickets]
    in_work(database, lambda work: fill(work, person, tickets, mails, posts))
    if database.kind == "sqlite":
        return  # nobody analyses it in production either
    analyze = "ANALYZE TABLE" if database.kind == "mariadb" else "ANALYZE"
    with database.engine.connect() as connection:
        for table in tables.metadata.tables:
            connection.exec_driver_sql(f"{analyze} {table}").close()
        connection.commit()


def ledger_row(mailbox: int, uid: int, tickets: list[Row]) -> Row:
    """Return a settled mail that opened a ticket; one in a hundred is held, one in a thousand released."""
    held, released = uid % 100 == 0, uid % 1000 == 0
    return a_mail(
        mailbox,
        uid,
        fate="held" if held else "opened",
        effect=None if held else f"{uid:064x}",
        ticket_id=None if held else tickets[uid - 1]["id"],
        raw_sha256=f"{uid:064x}" if held else None,
        look_again_at=NOW if released else None,
        settled_at=None if uid % 500 == 0 else NOW,
        person_id=tickets[0]["requester_id"],
    )


def fill(work: Work, person: Person, tickets: list[Row], mails: list[Row], posts: list[Row]) -> None:
    """Insert everything, and people, teams and budgets of their own."""
    work.tickets.add(tickets)
    work.mails.add(mails)
    work.posts.add(posts, [attachment(post["id"], uid) for uid, post in enumerate(posts)])
    work.letters.add(
        [
            a_letter(
                f"l{number}",
                state="queued" if number % 100 == 0 else "sent",
                next_at=NOW + number * SECOND,
                ticket_id=ticket["id"],
            )
            for number, ticket in enumerate(tickets)
        ]
    )
    work.budgets.spend({(f"hour:address:a{n}@x.example", NOW + n % 30 * DAY): 1 for n in range(ROWS)})
    connection = work._connection
    connection.execute(insert(tables.alerts), [alert(number, person.id) for number in range(ROWS)])
    connection.execute(
        insert(tables.login_failures),
        [{"id": new_id(), "scope": f"account:{n % 500}", "at": NOW + n * SECOND} for n in range(ROWS)],
    )
    new = [new_id() for _ in range(ROWS)]
    alike = {
        "name": "x",
        "sort_name": "x",
        "role": "user",
        "language": "fr",
        "active": True,
        "created_at": NOW,
    }
    connection.execute(insert(tables.people), [{"id": key, "sort_name": f"x{key}"} | alike for key in new])
    known = {"state": "verified", "best_verdict": "", "created_at": NOW}
    connection.execute(
        insert(tables.addresses),
        [{"id": key, "person_id": key, "address": f"p{key}@univ.example"} | known for key in new],
    )
    connection.execute(insert(tables.teams), [{"id": n, "name": f"team {n}"} for n in range(1, 11)])
    connection.execute(
        insert(tables.memberships), [{"team_id": key % 10 + 1, "person_id": key} for key in new]
    )
    connection.execute(
        insert(tables.participants),
        [{"ticket_id": ticket["id"], "person_id": person.id} for ticket in tickets],
    )
    connection.execute(
        insert(tables.ticket_reminders),
        [{"ticket_id": ticket["id"], "due_at": NOW, "told_at": NOW} for ticket in tickets],
    )
    ended = {"scope": "", "state": "done", "owner": "x", "attempts": 1, "told": "", "ended_at": NOW}
    names = ["digest", *(f"job {n}" for n in range(9))]
    runs = [{"id": n, "job": names[n % 10], "slot": NOW + n * SECOND, "started_at": NOW} for n in range(ROWS)]
    connection.execute(insert(tables.job_runs), [run | ended for run in runs])


def alert(number: int, person_id: int) -> Row:
    """Return an alert; one in a thousand stands in no journal yet."""
    at = NOW + number * SECOND
    return {
        "id": new_id(),
        "dedupe": f"{number:064x}",
        "kind": "SENDER_FORGED",
        "person_id": person_id,
        "at": at,
        "count": 1,
        "letters": 1,
        "to_owner": 1,
        "told_at": None if number % 1000 == 0 else at,
    }


def attachment(post_id: int, position: int) -> Row:
    return {
        "id": new_id(),
        "post_id": post_id,
        "position": position,
        "name": "photo.jpg",
        "content_type": "image/jpeg",
        "size": 1,
        "sha256": "a" * 64,
        "inline": False,
    }


LEDGER_KEY = Step("mails", ("mailbox_id", "uidvalidity", "uid"))
DUE = Step("letters", ("state", "next_at"))
TICKET, PERSON = Step("tickets", ("id",)), Step("people", ("id",))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(
            lambda work: work.mails.rows_of(box(work), 7, IDS), LEDGER_KEY, id="ledger rows of UIDs"
        ),
        pytest.param(
            lambda work: work.mails.effects(box(work), [f"{uid:064x}" for uid in IDS]),
            Step("mails", ("mailbox_id", "effect")),
            id="effects of fingerprints",
        ),
        pytest.param(
            lambda work: work.mails.tickets_by_message_ids(["<1@univ.example>"]),
            Step("mails", ("message_id",)),
            id="tickets by the Message-IDs of mails",
        ),
        pytest.param(
            lambda work: work.mails.unsettled(box(work)),
            Step("mails", ("mailbox_id", "settled_at")),
            id="unsettled mails",
        ),
        pytest.param(
            lambda work: work.mails.oldest_unsettled(box(work)),
            Step("mails", ("mailbox_id", "settled_at")),
            id="the oldest unsettled mail",
        ),
        pytest.param(
            lambda work: work.mails.without_fate(box(work)),
            Step("mails", ("fate", "rejected_at", "seen_at")),
            id="mails without a fate",
        ),
        pytest.param(
            lambda work: work.mails.released(box(work)),
            Step("mails", ("mailbox_id", "look_again_at")),
            id="released mails",
        ),
        pytest.param(lambda work: work.mails.held(IDS), Step("mails", ("id",)), id="held mails"),
        pytest.param(lambda work: work.mails.settle(IDS, NOW), Step("mails", ("id",)), id="settle mails"),
        pytest.param(lambda work: work.ledger.by_ids(IDS), Step("mails", ("id",)), id="whole mails"),
        pytest.param(
            lambda work: work.ledger.by_message_id("<1@univ.example>", 10),
            Step("mails", ("message_id",)),
            id="whole mails by Message-ID",
        ),
        pytest.param(lambda work: work.ledger.by_uid(5), LEDGER_KEY, id="whole mails by UID"),
        pytest.param(lambda work: work.ledger.by_uid(5, "INBOX"), LEDGER_KEY, id="by UID in a mailbox"),
        pytest.param(
            lambda work: work.ledger.fates_by_key(box(work), ["<1@univ.example>", "<2@univ.example>"]),
            Step("mails", ("message_id",)),
            id="fates by Message-ID",
        ),
        pytest.param(
            lambda work: work.ledger.fates_by_fingerprint(box(work), ["", "<1@univ.example>"], ["a" * 64]),
            Step("mails", ("message_id",)),
            id="fates by fingerprint",
        ),
        pytest.param(
            lambda work: work.runs.given_up(NOW + SECOND), Step("job_runs", ("ended_at",)), id="jobs given up"
        ),
        pytest.param(
            lambda work: work.ledger.settled(box(work), ["", "<1@univ.example>"], ["a" * 64]),
            Step("mails", ("message_id",)),
            id="who has left the inbox",
        ),
        pytest.param(
            lambda work: work.ledger.by_ticket(1, 10), Step("mails", ("ticket_id",)), id="mails of a ticket"
        ),
        pytest.param(
            lambda work: work.ledger.by_sender("p7@univ.example", 10),
            Step("mails", ("sender", "seen_at")),
            id="mails of a sender",
        ),
        pytest.param(
            lambda work: work.ledger.letters_of(IDS), Step("letters", ("mail_id",)), id="letters of mails"
        ),
        pytest.param(
            lambda work: work.ledger.letters_about(1, 10),
            None,  # by ticket, or by mail: few letters have none
            id="letters about a ticket",
        ),
        pytest.param(
            lambda work: work.ledger.letters_to("p7@univ.example", 10),
            Step("letters", ("recipient",)),
            id="letters to an address",
        ),
        pytest.param(
            lambda work: work.ledger.letters_by_message_id("<l1@help.example>"),
            Step("letters", ("message_id",)),
            id="a letter by its Message-ID",
        ),
        pytest.param(
            lambda work: work.ledger.posts_of(IDS), Step("posts", ("mail_id",)), id="posts of mails"
        ),
        pytest.param(
            lambda work: work.letters.tickets_by_message_ids(["<l1@help.example>", "<l2@help.example>"]),
            Step("letters", ("message_id",)),
            id="tickets by the Message-IDs of letters",
        ),
        pytest.param(
            lambda work: work.letters.known(["l1"]), Step("letters", ("dedupe",)), id="known letters"
        ),
        pytest.param(
            lambda work: work.letters.pointed_at([Pointers(("l1001", "l2002"), "<l3@help.example>")]),
            Step("letters", ("dedupe",)),
            id="letters that delivery reports point at",
        ),
        pytest.param(
            lambda work: work.letters.mark_returned(1, NOW, "came back"),
            Step("letters", ("id",)),
            id="mark one",
        ),
        pytest.param(
            lambda work: work.letters.misdated(NOW, 60 * SECOND, 3600 * SECOND), DUE, id="misdated letters"
        ),
        pytest.param(
            lambda work: work.letters.booked(NOW, recipient="jean@univ.example"), DUE, id="letters that wait"
        ),
        pytest.param(
            lambda work: work.letters.postpone("jean@univ.example", NOW + DAY, "waits"),
            DUE,
            id="let the letters to an address wait",
        ),
        pytest.param(
            lambda work: work.people.count_bounce("jean@univ.example", NOW, DAY),
            Step("addresses", ("address",)),
            id="count a letter that came back",
        ),
        pytest.param(
            lambda work: work.alerts.known([f"{one:064x}" for one in IDS]),
            Step("alerts", ("dedupe",)),
            id="causes that are known",
        ),
        pytest.param(
            lambda work: work.alerts.untold(100), Step("alerts", ("told_at", "id")), id="alarms not told"
        ),
        pytest.param(
            lambda work: work.alerts.of_owners(NOW, NOW + 60 * SECOND, ["LOGIN"]),
            Step("alerts", ("at",)),
            id="alarms of an hour",
        ),
        pytest.param(
            lambda work: work.logins.failures("account:7", NOW),
            Step("login_failures", ("scope", "at")),
            id="failed logins",
        ),
        pytest.param(lambda work: work.letters.next_due_at(), DUE, id="when the next letter is due"),
        pytest.param(lambda work: work.letters.counts(), DUE, id="letters by state"),
        pytest.param(lambda work: work.letters.oldest_unsent(), DUE, id="the oldest unsent letter"),
        pytest.param(
            lambda work: work.letters.mark_sent(IDS, "c", NOW),
            None,  # by id, or by state, since few are being sent
            id="mark letters",
        ),
        pytest.param(
            lambda work: work.people.known_addresses(["jean@univ.example"]),
            Step("addresses", ("address",)),
            id="known addresses",
        ),
        pytest.param(
            lambda work: work.people.teams_of(IDS), Step("memberships", ("person_id",)), id="teams of people"
        ),
        pytest.param(lambda work: work.people.by_ids(IDS), PERSON, id="people by id"),
        pytest.param(
            lambda work: work.directory.people(LATE_PAGE, (), Reach.ALL, NOW),
            Step("people", ("sort_name", "id")),
            id="a page of people",
        ),
        pytest.param(lambda work: work.people.addresses_of_all(IDS), PERSON, id="addresses of people"),
        pytest.param(lambda work: work.people.change(1, active=True), PERSON, id="change a person"),
        pytest.param(lambda work: work.tickets.by_ids(IDS), TICKET, id="tickets by id"),
        pytest.param(
            lambda work: work.tickets.by_numbers(IDS), Step("tickets", ("number",)), id="tickets by number"
        ),
        pytest.param(
            lambda work: work.tickets.by_numbers(IDS),
            Step("participants", ("ticket_id", "person_id")),
            id="participants of tickets",
        ),
        pytest.param(lambda work: work.tickets.touch(IDS, NOW), TICKET, id="touch tickets"),
        pytest.param(lambda work: work.tickets.reopen(IDS, NOW), TICKET, id="reopen tickets"),
        pytest.param(
            lambda work: work.posts.of_ticket(1), Step("posts", ("ticket_id",)), id="posts of a ticket"
        ),
        pytest.param(
            lambda work: work.tickets.merged_into(1),
            Step("tickets", ("merged_into_id",)),
            id="what a ticket took over",
        ),
        pytest.param(
            lambda work: work.posts.count_said(1), Step("posts", ("ticket_id",)), id="how much was said"
        ),
        pytest.param(
            lambda work: work.posts.attachments_of(IDS),
            Step("attachments", ("post_id",)),
            id="attachments of posts",
        ),
        pytest.param(
            lambda work: work.upkeep.close_resolved(NOW + DAY, NOW, 10),
            Step("tickets", ("closed_at", "status", "updated_at")),
            id="tickets to be closed",
        ),
        pytest.param(
            lambda work: work.upkeep.overdue(NOW, 10),
            None,  # by status and any other column: few are open
            id="overdue tickets",
        ),
        pytest.param(
            lambda work: [work.upkeep.undecided(NOW - DAY, 10), work.upkeep.decided(NOW - DAY, 10)],
            Step("mails", ("fate", "rejected_at", "seen_at")),
            id="kept mail that is over",
        ),
        pytest.param(
            lambda work: work.upkeep.held_by_address(NOW - DAY, NOW),
            Step("mails", ("fate", "rejected_at", "seen_at")),
            id="held mail that ends soon",
        ),
        pytest.param(
            lambda work: work.upkeep.kept_blobs(),
            Step("mails", ("fate", "rejected_at", "seen_at")),
            id="blobs of kept mails",
        ),
        pytest.param(
            lambda work: work.upkeep.attached(["a" * 63 + "b", "b" * 64]),
            Step("attachments", ("sha256",)),
            id="attachments that name a blob",
        ),
        pytest.param(lambda work: work.runs.at([NOW]), Step("job_runs", ("slot",)), id="runs of slots"),
        pytest.param(lambda work: work.runs.open_ones(), Step("job_runs", ("ended_at",)), id="open runs"),
        pytest.param(
            lambda work: work.runs.last_of("digest", ""),
            None,  # by its key, or from the newest slot on
            id="the last run of a job",
        ),
        pytest.param(
            lambda work: work.budgets.used([(f"hour:address:a{n}@x.example", NOW + n * DAY) for n in IDS]),
            Step("budgets", ("scope", "window_start")),
            id="what is spent of budgets",
        ),
    ],
)
def test_a_query_reads_no_table_whole(
    grown: Database, question: Callable[[Work], object], expected: Step | None
) -> None:
    plans = plans_of(grown, question)
    small = {tables.mailboxes.name, tables.teams.name}
    steps = [step for plan in plans for step in plan.steps if step.table not in small]
    assert steps
    assert expected is None or expected in steps
    assert [step for step in steps if not step.columns] == []


def test_due_letters_come_from_the_index_in_their_order(grown: Database) -> None:
    plans = plans_of(grown, lambda work: work.letters.claim(NOW + DAY, 5, 60, "c" * 32))
    selects = [plan for plan in plans if DUE in plan.steps]
    assert len(selects) == 2, "those whose claim ran out, then those queued"
    assert not any(plan.sorts for plan in selects)
    assert [step for plan in plans for step in plan.steps if not step.columns] == []


def test_a_page_of_people_comes_from_the_index_in_its_order(grown: Database) -> None:
    plans = plans_of(grown, lambda work: work.directory.people(LATE_PAGE, (), Reach.ALL, NOW))
    assert plans[0].steps == (Step("people", ("sort_name", "id")),)
    assert not plans[0].sorts


def test_a_query_without_an_index_would_be_told(grown: Database) -> None:
    plans = plans_of(
        grown, lambda work: work._connection.execute(tables.mails.select().filter_by(size=5)).all()
    )
    assert plans[0].steps == (Step("mails", ()),)


def box(work: Work) -> int:
    return work.mails.mailbox_id("INBOX")
