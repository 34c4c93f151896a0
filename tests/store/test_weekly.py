"""The sums of the weekly report on every database: what lies at an edge is counted once, on the right side."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, update

from helpdesk.core.people import AddressState, Person, Role
from helpdesk.store.engine import Database
from helpdesk.store.ids import new_id
from helpdesk.store.rows import Row
from helpdesk.store.tables import addresses, audit_logs, people
from helpdesk.store.work import Work, in_work
from tests.store.makers import (
    MICROSECOND,
    NOW,
    a_letter,
    a_mail,
    a_mailbox,
    a_person,
    a_ticket,
    read,
)

DAY = timedelta(days=1)
EARLIER, SINCE, MIDDLE, UNTIL = NOW - 28 * DAY, NOW, NOW + DAY, NOW + 2 * DAY
EDGES = (SINCE, MIDDLE, UNTIL)
# In turn: too early, the first and the last moment before, of the first day, of the second; too late.
MOMENTS = (
    EARLIER - MICROSECOND,
    EARLIER,
    SINCE - MICROSECOND,
    SINCE,
    MIDDLE - MICROSECOND,
    MIDDLE,
    UNTIL - MICROSECOND,
    UNTIL,
)
TWO_IN_EACH = {0: 2, 1: 2, 2: 2}


def audit(
    database: Database,
    action: str,
    at: datetime = SINCE,
    status: str = "DENIED",
    user_id: int | None = None,
    origin: str = "",
) -> None:
    row: Row = {
        "id": new_id(),
        "user_id": user_id,
        "action": action,
        "status": status,
        "ip_address": origin,
        "user_agent": "",
        "created_at": at,
        "detail": {},
    }
    with database.engine.begin() as connection:
        connection.execute(insert(audit_logs), row)


def test_actions_are_counted_by_day_and_before(database: Database) -> None:
    for at in MOMENTS:
        audit(database, "SENDER_FORGED", at)
        audit(database, "TICKET_OPENED", at)
    assert read(database, lambda work: work.weekly.actions(EARLIER, EDGES)) == {"SENDER_FORGED": TWO_IN_EACH}


@pytest.mark.parametrize(
    ("action", "status", "counts"),
    [
        ("LOGIN", "SUCCESS", False),
        ("LOGIN", "FAIL", True),
        ("LOGIN", "DENIED", True),
        ("LOGIN_FROM_NEW_PLACE", "SUCCESS", True),
        ("LOGIN_LOCKED", "DENIED", True),
        ("UNAUTHORIZED_ACCESS", "DENIED", True),
        ("ADDRESS_FROZEN", "SUCCESS", True),
        ("LOGOUT", "SUCCESS", False),
        ("MAIL_HELD", "DENIED", False),
    ],
)
def test_a_login_counts_where_it_failed_and_the_others_however_they_ended(
    database: Database, action: str, status: str, counts: bool
) -> None:
    audit(database, action, status=status)
    found = read(database, lambda work: work.weekly.actions(EARLIER, EDGES))
    assert found == ({action: {1: 1}} if counts else {})


def test_accounts_and_origins_are_those_of_suspicious_actions_the_most_frequent_first(
    database: Database,
) -> None:
    jean, zoe = a_person(database), a_person(database, "zoe@univ.example")
    for count, person, origin in ((1, jean, "192.0.2.1"), (3, zoe, "192.0.2.2"), (5, None, "")):
        for _ in range(count):
            user_id = person.id if person else None
            audit(database, "LOGIN_LOCKED", user_id=user_id, origin=origin)
            audit(database, "LOGIN", status="SUCCESS", user_id=jean.id, origin="192.0.2.1")
    audit(database, "ADDRESS_FROZEN", user_id=jean.id, origin="192.0.2.1")
    for late in (SINCE - MICROSECOND, UNTIL):
        audit(database, "LOGIN_LOCKED", late, user_id=jean.id, origin="192.0.2.1")

    def asked(work: Work, limit: int) -> tuple[object, object]:
        return work.weekly.accounts(SINCE, UNTIL, limit), work.weekly.origins(SINCE, UNTIL, limit)

    assert read(database, lambda work: asked(work, 9)) == (
        [(zoe.id, 3), (jean.id, 1)],
        [("192.0.2.2", 3), ("192.0.2.1", 1)],
    )
    assert read(database, lambda work: asked(work, 1)) == ([(zoe.id, 3)], [("192.0.2.2", 3)])


def test_kept_mails_are_counted_by_verdict_open_and_rejected_ones(database: Database) -> None:
    mailbox = a_mailbox(database)
    kept = [
        a_mail(mailbox, uid, fate=fate, verdict="spoof", seen_at=at, rejected_at=rejected_at)
        for uid, (at, fate, rejected_at) in enumerate(
            [(at, "held", None) for at in MOMENTS] + [(at, "quarantined", at + DAY) for at in MOMENTS]
        )
    ]
    others = [a_mail(mailbox, 100 + place, verdict="spoof", seen_at=at) for place, at in enumerate(MOMENTS)]
    others.append(a_mail(mailbox, 200, fate="held", verdict="weak", seen_at=SINCE, sender="zoe@univ.example"))
    others.append(a_mail(mailbox, 201, fate="held", verdict="malformed-from", seen_at=SINCE, sender=""))
    in_work(database, lambda work: work.mails.add(kept + others))
    assert read(database, lambda work: work.weekly.kept(EARLIER, EDGES)) == {
        "spoof": {bucket: 2 * count for bucket, count in TWO_IN_EACH.items()},
        "weak": {1: 1},
        "malformed-from": {1: 1},
    }
    assert read(database, lambda work: work.weekly.kept_senders(SINCE, UNTIL, 9)) == [
        ("jean@univ.example", 8),
        ("zoe@univ.example", 1),
    ]
    assert len(read(database, lambda work: work.weekly.kept_senders(SINCE, UNTIL, 1))) == 1


def test_a_mail_without_fate_is_forgotten_once_no_verdict_can_be_waited_for(database: Database) -> None:
    mailbox = a_mailbox(database)
    rows = [
        a_mail(mailbox, 1, fate=None, seen_at=SINCE - MICROSECOND),
        a_mail(mailbox, 2, fate=None, seen_at=SINCE),
        a_mail(mailbox, 3, fate=None, seen_at=UNTIL - MICROSECOND, look_again_at=UNTIL),
        a_mail(mailbox, 4, fate=None, seen_at=UNTIL),
        a_mail(mailbox, 5, seen_at=SINCE - DAY),
    ]
    in_work(database, lambda work: work.mails.add(rows))
    assert read(database, lambda work: work.weekly.without_fate(UNTIL, SINCE)) == (1, 2)
    assert read(database, lambda work: work.weekly.without_fate(SINCE - DAY, SINCE)) == (0, 0)


def test_letters_are_counted_by_when_they_were_given_up(database: Database) -> None:
    rows = [a_letter(f"{place}", state="dead", next_at=at) for place, at in enumerate(MOMENTS)]
    rows += [a_letter(f"q{place}", state="queued", next_at=at) for place, at in enumerate(MOMENTS)]
    in_work(database, lambda work: work.letters.add(rows))
    assert read(database, lambda work: work.weekly.letters_dead(EARLIER, EDGES)) == TWO_IN_EACH


def test_tickets_are_counted_by_when_they_were_opened_and_resolved(database: Database) -> None:
    jean = a_person(database)
    opened = [a_ticket(jean, number, opened_at=at) for number, at in enumerate(MOMENTS, 1)]
    resolved = [
        a_ticket(jean, number, opened_at=UNTIL + DAY, status="resolved", resolved_at=at, updated_at=at + DAY)
        for number, at in enumerate(MOMENTS, 101)
    ]
    others = [
        a_ticket(jean, 201, opened_at=SINCE, deleted_at=SINCE),
        a_ticket(jean, 202, opened_at=UNTIL, status="resolved", resolved_at=SINCE, deleted_at=SINCE),
        a_ticket(jean, 203, opened_at=UNTIL, status="in_progress", resolved_at=SINCE),  # reopened
    ]
    merged = {
        "status": "resolved",
        "resolved_at": SINCE,
        "updated_at": SINCE,
        "merged_into_id": opened[0]["id"],
    }
    in_work(database, lambda work: work.tickets.add(opened + resolved + others))
    in_work(database, lambda work: work.tickets.add([a_ticket(jean, 204, opened_at=SINCE) | merged]))
    assert read(database, lambda work: work.weekly.opened(EARLIER, EDGES)) == TWO_IN_EACH
    assert read(database, lambda work: work.weekly.resolved(EARLIER, EDGES)) == TWO_IN_EACH


def test_open_tickets_are_counted_by_age_all_of_them(database: Database) -> None:
    jean = a_person(database)
    rows = [a_ticket(jean, number, opened_at=at) for number, at in enumerate(MOMENTS, 1)]
    rows += [
        a_ticket(jean, 21, opened_at=SINCE, status="in_progress"),
        a_ticket(jean, 22, opened_at=SINCE, status="resolved"),
        a_ticket(jean, 23, opened_at=SINCE, deleted_at=SINCE),
    ]
    in_work(database, lambda work: work.tickets.add(rows))
    assert read(database, lambda work: work.weekly.open_tickets(EDGES)) == {0: 3, 1: 3, 2: 2, 3: 1}


def test_frozen_addresses_are_counted_and_the_first_are_named(database: Database) -> None:
    names = ("b@univ.example", "a@univ.example", "c@univ.example", "d@univ.example")
    owners = {name: a_person(database, name) for name in names}
    with database.engine.begin() as connection:
        frozen = addresses.c.address != "d@univ.example"
        connection.execute(update(addresses).where(frozen).values(state=AddressState.SUSPENDED.value))
    assert read(database, lambda work: work.weekly.frozen(2)) == (3, ["a@univ.example", "b@univ.example"])
    with database.engine.begin() as connection:
        closed = people.c.id == owners["a@univ.example"].id
        connection.execute(update(people).where(closed).values(active=False))
    assert read(database, lambda work: work.weekly.frozen(2)) == (2, ["b@univ.example", "c@univ.example"])


def test_the_addresses_of_a_role_are_those_of_its_active_people(database: Database) -> None:
    owners: list[Person] = [a_person(database, f"{name}@univ.example") for name in ("one", "two", "user")]
    for person in owners[:2]:
        in_work(database, lambda work, mine=person: work.people.set_role(mine.id, Role.ADMIN))  # type: ignore[misc]
    in_work(
        database,
        lambda work: work.people.add_address(owners[0], "more@univ.example", AddressState.PENDING, NOW),
    )
    in_work(database, lambda work: work.people.change(owners[1].id, active=False))
    found = read(database, lambda work: work.people.addresses_of_role(Role.ADMIN))
    assert {key: [one.address for one in owned] for key, owned in found.items()} == {
        owners[0].id: ["one@univ.example", "more@univ.example"]
    }
