"""Logins that are over are removed by a procedure with fixed times, also by a user who may not touch their tables."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select

from helpdesk.core.people import Language, Role
from helpdesk.store.engine import Database
from helpdesk.store.ids import new_id
from helpdesk.store.tables import login_codes, login_failures, login_locks, people, sessions
from helpdesk.store.work import Work, in_work
from tests.store.granting import Granted, granted_on

MINUTE = timedelta(minutes=1)  # the server's clock goes on meanwhile
SESSIONS, CODES, LOCKS = timedelta(days=30), timedelta(days=1), timedelta(days=2)


@pytest.fixture(scope="module", params=["mariadb", "postgres"])
def granted(request: pytest.FixtureRequest) -> Iterator[Granted]:
    with granted_on(request.getfixturevalue(request.param)) as made:
        yield made


def fill(database: Database) -> datetime:
    """Insert what is just over and what is not yet, of each kind; return the present moment."""
    with Work(database, read_only=True) as work:
        now = work.database_now()
    person = in_work(database, lambda work: work.people.add("Zoé", Role.USER, Language.FR, now))
    same = {"person_id": person.id, "kind": "shell", "ip_address": "", "user_agent": "", "begun_at": now}
    ends = {
        "ended": (now - SESSIONS - MINUTE, None),
        "just ended": (now - SESSIONS + MINUTE, None),
        "revoked": (now + SESSIONS, now - SESSIONS - MINUTE),
        "just revoked": (now + SESSIONS, now - SESSIONS + MINUTE),
        "open": (now + SESSIONS, None),
    }
    code = {"person_id": person.id, "code_hash": "", "tries": 0, "made_at": now}
    with database.engine.begin() as connection:
        for name, (expires_at, revoked_at) in ends.items():
            row = {"id": new_id(), "token_hash": name, "used_at": now, "proved_at": now}
            times = {"expires_at": expires_at, "revoked_at": revoked_at}
            connection.execute(insert(sessions), same | row | times)
        for place, expires_at in (("old", now - CODES - MINUTE), ("young", now - CODES + MINUTE)):
            connection.execute(
                insert(login_codes), code | {"id": new_id(), "place": place, "expires_at": expires_at}
            )
        for scope, since, until in (
            ("old", now - LOCKS - MINUTE, now - LOCKS - MINUTE),
            ("tried lately", now - LOCKS + MINUTE, now - LOCKS - MINUTE),
            ("locked lately", now - LOCKS - MINUTE, now - LOCKS + MINUTE),
        ):
            row = {"scope": scope, "failed": 1, "since": since, "locked_until": until}
            connection.execute(insert(login_locks), row)
        for scope, at in (("long ago", now - LOCKS - MINUTE), ("failed lately", now - LOCKS + MINUTE)):
            connection.execute(insert(login_failures), {"id": new_id(), "scope": scope, "at": at})
    return now


def left(database: Database) -> tuple[set[str], set[str], set[str], set[str]]:
    with database.engine.connect() as connection:
        return (
            set(connection.scalars(select(sessions.c.token_hash))),
            set(connection.scalars(select(login_codes.c.place))),
            set(connection.scalars(select(login_locks.c.scope))),
            set(connection.scalars(select(login_failures.c.scope))),
        )


LEFT = (
    {"just ended", "just revoked", "open"},
    {"young"},
    {"tried lately", "locked lately"},
    {"failed lately"},
)


def test_what_is_over_is_removed_and_nothing_else(database: Database) -> None:
    now = fill(database)
    in_work(database, lambda work: work.upkeep.forget_logins(now - SESSIONS, now - CODES, now - LOCKS))
    assert left(database) == LEFT


def test_the_daemons_user_can_have_it_done_and_end_nothing_early(granted: Granted) -> None:
    now = fill(granted.owner)
    far = now + timedelta(days=3650)  # what a daemon in wrong hands would ask for
    in_work(granted.daemon, lambda work: work.upkeep.forget_logins(far, far, far))
    assert left(granted.owner) == LEFT
    with granted.owner.engine.begin() as connection:
        for table in (sessions, login_codes, login_locks, login_failures, people):
            connection.execute(delete(table))


def test_the_daemons_user_sees_whose_remembered_logins_end(granted: Granted) -> None:
    with Work(granted.daemon, read_only=True) as work:
        now = work.database_now()
        assert work.upkeep.remembered_ending(now, now + SESSIONS) == []
