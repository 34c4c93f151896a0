"""The daemon's and the shell's users of the database may do their work and nothing beyond it."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from helpdesk.core.audit import Action, Outcome
from helpdesk.core.auditchain import BEFORE_ALL, Entry, sealed
from helpdesk.core.people import Language, Role
from helpdesk.errors import StoreAway
from helpdesk.store.audit import Event
from helpdesk.store.engine import Database
from helpdesk.store.schema import require_current
from helpdesk.store.tables import metadata
from helpdesk.store.work import Refusal, Work, in_work
from tests.store.granting import Granted, granted_on, script

KEPT, MINUTE = timedelta(days=90), timedelta(minutes=1)
DENIED = re.compile(r"command denied|Access denied|permission denied|must be (?:owner|superuser)|not owner")
LOGIN_TABLES = (
    "credentials",
    "recovery_codes",
    "login_locks",
    "login_codes",
    "login_failures",
    "places",
    "sessions",
)


@pytest.fixture(scope="module", params=["mariadb", "postgres"])
def granted(request: pytest.FixtureRequest) -> Iterator[Granted]:
    """A migrated database with both users, on each server in turn."""
    with granted_on(request.getfixturevalue(request.param)) as made:
        in_work(made.owner, lambda work: work.people.add("Zoé", Role.USER, Language.FR, work.database_now()))
        yield made


@pytest.mark.parametrize("name", ["grants-mariadb.sql", "grants-postgresql.sql"])
def test_every_table_stands_in_the_scripts_for_both_users(name: str) -> None:
    grants = [re.fullmatch(r"GRANT (.*) ON (\w+) TO '?(\w+)'?.*", one) for one in script(name)]
    told = {(found[2], found[3]) for found in grants if found}
    for table in metadata.tables:
        assert (table, "helpdesk_shell") in told
        unseen = table in LOGIN_TABLES and table != "sessions" and "postgresql" in name
        assert ((table, "helpdesk_daemon") in told) is not unseen


FOR_BOTH = (
    "UPDATE audit_logs SET action = 'x'",
    "UPDATE audit_logs SET detail = '{}' WHERE 1 = 0",
    "DELETE FROM audit_logs",
    "DELETE FROM audit_logs WHERE created_at < '2001-01-01'",
    "TRUNCATE TABLE audit_logs",
    "DROP TABLE audit_logs",
    "ALTER TABLE audit_logs ADD COLUMN x INTEGER",
    "UPDATE audit_seals SET day = day",
    "TRUNCATE TABLE audit_seals",
    "DROP TABLE audit_seals",
    "UPDATE audit_unsealed SET row_id = row_id",
    "UPDATE audit_checkpoints SET last_seq = last_seq",
    "DELETE FROM audit_checkpoints",
    "DELETE FROM people",
    "DELETE FROM tickets",
    "DELETE FROM mails",
    "DELETE FROM ticket_events",
    "UPDATE ticket_events SET kind = 'x'",
    "DELETE FROM credentials",
    "DELETE FROM sessions",
    "CREATE TABLE surplus (id INTEGER)",
    "DROP TABLE people",
    "UPDATE alembic_version SET version_num = '0001'",
    "DELETE FROM schema_changes",
)
ON = {
    "mariadb": (
        "DROP TRIGGER audit_logs_never_change",
        "DROP TRIGGER audit_logs_stay",
        "CREATE TRIGGER surplus BEFORE INSERT ON people FOR EACH ROW SET NEW.role = 'admin'",
        "REPLACE INTO audit_logs SELECT * FROM audit_logs",
        "INSERT INTO audit_logs SELECT * FROM audit_logs ON DUPLICATE KEY UPDATE action = 'x'",
        "SELECT * FROM mysql.global_priv",
        "SELECT 1 INTO OUTFILE '/tmp/surplus'",
        "SELECT LOAD_FILE('/etc/passwd') FROM mysql.user",
        "GRANT SELECT ON credentials TO 'helpdesk_daemon'@'127.0.0.1'",
        "SET GLOBAL general_log = 1",
    ),
    "postgresql": (
        "DROP TRIGGER audit_logs_never_change ON audit_logs",
        "ALTER TABLE audit_logs DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "CREATE FUNCTION surplus() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "INSERT INTO audit_logs SELECT * FROM audit_logs ON CONFLICT (id) DO UPDATE SET action = 'x'",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY people TO PROGRAM 'cat'",
        "CREATE ROLE surplus",
    ),
}
FOR_DAEMON = (
    *(f"SELECT * FROM {table}" for table in LOGIN_TABLES),
    *(f"SELECT count(*) FROM {table}" for table in LOGIN_TABLES if table != "sessions"),
    "SELECT token_hash FROM sessions",
    "SELECT ip_address FROM sessions",
    *(f"UPDATE {table} SET {column} = {column}" for table, column in zip(
        LOGIN_TABLES, ("person_id", "person_id", "scope", "person_id", "scope", *["person_id"] * 2), strict=True)),
    "SELECT password_hash FROM credentials",
    "SELECT totp_sealed FROM credentials",
    "INSERT INTO credentials (person_id) VALUES (1)",
    "INSERT INTO sessions (id) VALUES (1)",
    "UPDATE people SET role = 'admin'",
    "UPDATE people SET active = active",
    "INSERT INTO people (id) VALUES (1)",
    "UPDATE addresses SET state = 'verified'",
    "UPDATE addresses SET person_id = person_id",
    "INSERT INTO addresses (id) VALUES (1)",
    "INSERT INTO memberships (team_id, person_id) VALUES (1, 1)",
    "DELETE FROM posts",
    "DELETE FROM letters",
)  # fmt: skip
FOR_SHELL = (
    "DELETE FROM audit_unsealed",
    "DELETE FROM audit_seals",
    "INSERT INTO audit_seals (seq) VALUES (1)",
    "INSERT INTO audit_checkpoints (id) VALUES (1)",
    "INSERT INTO mails (id) VALUES (1)",
    "UPDATE leases SET owner = 'x'",
    "UPDATE mailboxes SET name = 'x'",
    "UPDATE attachments SET name = 'x'",
)


def refused(database: Database, statement: str) -> bool:
    """Say whether a statement is refused for want of a right, and for no other reason."""
    try:
        with database.engine.connect() as connection:
            connection.execute(text(statement))
    except DBAPIError as error:
        return bool(DENIED.search(str(error.orig)))
    return False


def test_neither_user_can_do_what_is_forbidden_to_both(granted: Granted) -> None:
    statements = (*FOR_BOTH, *ON[granted.owner.kind.replace("mysql", "mariadb")])
    for database in (granted.daemon, granted.shell):
        assert [one for one in statements if not refused(database, one)] == []


def test_the_daemon_reads_nothing_that_people_log_in_with_and_makes_nobody_an_admin(granted: Granted) -> None:
    assert [one for one in FOR_DAEMON if not refused(granted.daemon, one)] == []


def test_the_shell_takes_in_no_mail(granted: Granted) -> None:
    assert [one for one in FOR_SHELL if not refused(granted.shell, one)] == []


def test_the_daemon_alone_purges_and_only_by_the_routine(granted: Granted) -> None:
    now = in_work(granted.daemon, lambda work: work.database_now())
    old, cutoff = now - 2 * KEPT, now - KEPT
    events = [Event(Action.LOGIN, Outcome.SUCCESS, at) for at in (old, old, cutoff + MINUTE)]
    in_work(granted.shell, lambda work: work.audit.add(events))

    def purge(work: Work) -> int:
        return work.purging.remove_rows(old, cutoff, 1)

    def seal(work: Work) -> None:
        entries = [Entry(key, 0, bytes(32)) for key in work.seals.staged(9)]
        work.seals.add(
            sealed(b"key", 1, "2026-11-26", BEFORE_ALL, entries, now), [one.row_id for one in entries]
        )

    assert in_work(granted.daemon, purge) == 0, "no seal covers them"
    in_work(granted.daemon, seal)
    with pytest.raises(StoreAway, match=r"denied"):
        in_work(granted.shell, purge)
    assert [in_work(granted.daemon, purge) for _ in range(3)] == [1, 1, 0]
    with pytest.raises((StoreAway, Refusal), match="90 days"):
        in_work(granted.daemon, lambda work: work.purging.remove_rows(old, cutoff + MINUTE, 9))


def test_both_see_that_the_schema_is_the_newest(granted: Granted) -> None:
    require_current(granted.daemon)
    require_current(granted.shell)
