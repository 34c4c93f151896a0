"""The audit trail is read newest first with every filter, and whole, oldest first; on every database."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from helpdesk.store.engine import Database
from helpdesk.store.ids import new_id
from helpdesk.store.rows import Row
from helpdesk.store.tables import audit_logs
from helpdesk.store.trail import Trail, TrailFilter
from tests.store.makers import NOW, SECOND, a_person, read

MINUTE = timedelta(minutes=1)


def add(database: Database, *rows: Row) -> list[int]:
    """Insert rows, a minute apart unless they say otherwise; return their ids."""
    made: list[Row] = [
        {
            "id": new_id(),
            "user_id": None,
            "action": "LOGIN",
            "status": "SUCCESS",
            "ip_address": "10.0.0.1",
            "user_agent": "ssh pts/1",
            "created_at": NOW + number * MINUTE,
            "detail": {},
        }
        | row
        for number, row in enumerate(rows)
    ]
    with database.engine.begin() as connection:
        connection.execute(insert(audit_logs), made)
    return [int(str(row["id"])) for row in made]


def listed(database: Database, wanted: TrailFilter) -> list[int]:
    return read(database, lambda work: [row.id for row in work.trail.listed(wanted)])


def test_every_filter_must_hold(database: Database) -> None:
    jean = a_person(database)
    a, b, c, d = add(
        database,
        {"user_id": jean.id},
        {"action": "LOGOUT", "status": "FAIL"},
        {"user_id": jean.id, "status": "DENIED", "detail": {"right": "Élan 100%"}},
        {"ip_address": "192.0.2.77", "user_agent": "Éditeur_X"},
    )
    assert listed(database, TrailFilter()) == [d, c, b, a]
    assert listed(database, TrailFilter(user_id=jean.id)) == [c, a]
    assert listed(database, TrailFilter(user_id=jean.id, status="DENIED")) == [c]
    assert listed(database, TrailFilter(action="LOGOUT")) == [b]
    assert listed(database, TrailFilter(since=NOW + MINUTE, until=NOW + 3 * MINUTE)) == [c, b]
    assert listed(database, TrailFilter(text="192.0.2")) == [d]
    assert listed(database, TrailFilter(text="lan 100%")) == [c]
    assert listed(database, TrailFilter(text="100_")) == []
    assert listed(database, TrailFilter(text="diteur_x")) == [d]
    assert listed(database, TrailFilter(limit=1)) == [d]


def test_pages_meet_where_many_rows_have_one_time(database: Database) -> None:
    ids = add(database, *({"created_at": NOW} for _ in range(5)))
    first = listed(database, TrailFilter(limit=2))
    rest = listed(database, TrailFilter(before=first[-1]))
    assert first + rest == sorted(ids, reverse=True)
    assert listed(database, TrailFilter(before=5)) == []


def test_the_whole_trail_comes_oldest_first_in_pages(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk.store.trail.PAGE", 2)
    ids = add(database, {}, {"created_at": NOW}, {"created_at": NOW}, {}, {"action": "LOGOUT"})
    pages = read(
        database, lambda work: [[row.id for row in page] for page in work.trail.pages(TrailFilter())]
    )
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one for page in pages for one in page] == [*sorted(ids[:3]), *ids[3:]]
    some = TrailFilter(action="LOGOUT")
    assert (
        read(database, lambda work: [row.id for page in work.trail.pages(some) for row in page]) == ids[-1:]
    )


def test_a_row_says_who_did_what(database: Database) -> None:
    jean = a_person(database)
    add(database, {"user_id": jean.id, "detail": {"ticket": 5}})
    (row,) = read(database, lambda work: work.trail.listed(TrailFilter()))
    assert (row.person, row.at, row.detail, row.user_agent) == (
        "Jean Dupont",
        NOW,
        {"ticket": 5},
        "ssh pts/1",
    )


def test_refusals_are_counted_by_kind_person_and_origin(database: Database) -> None:
    jean = a_person(database)
    denied = {"action": "UNAUTHORIZED_ACCESS", "status": "DENIED", "user_id": jean.id}
    add(
        database,
        denied,
        denied,
        {"status": "FAIL"},
        {"status": "SUCCESS"},
        {"action": "MAIL_HELD", "status": "DENIED"},
        denied | {"created_at": NOW - timedelta(days=9)},
    )
    found = read(database, lambda work: work.trail.refusals(NOW - SECOND, 10))
    assert [(one.kind, one.who, one.count) for one in found] == [
        ("UNAUTHORIZED_ACCESS", "Jean Dupont", 2),
        ("LOGIN", "", 1),
    ]
    assert (found[0].first_at, found[0].last_at, found[0].origin) == (NOW, NOW + MINUTE, "10.0.0.1")
    assert len(read(database, lambda work: work.trail.refusals(NOW - timedelta(days=30), 1))) == 1


def test_what_is_suspicious_by_itself_is_counted_although_nothing_was_refused(database: Database) -> None:
    jean = a_person(database)
    elsewhere = {"action": "LOGIN_FROM_NEW_PLACE", "user_id": jean.id}
    add(database, elsewhere, elsewhere, {"action": "MAIL_DISOWNED"}, {"action": "LOGOUT"}, {"status": "FAIL"})
    found = read(database, lambda work: work.trail.refusals(NOW - SECOND, 10))
    kinds = {(one.kind, one.count) for one in found}
    assert kinds == {("LOGIN_FROM_NEW_PLACE", 2), ("MAIL_DISOWNED", 1), ("LOGIN", 1)}
    assert found[0].kind == "LOGIN_FROM_NEW_PLACE", "the most frequent first"
    assert len(read(database, lambda work: work.trail.refusals(NOW - SECOND, 2))) == 2


def test_reading_writes_nothing() -> None:
    assert not [name for name in dir(Trail) if name.startswith(("add", "delete", "update"))]
