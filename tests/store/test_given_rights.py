"""What the scripts of grants give, as each server tells it: who widens a right has to want it in this table too."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from helpdesk.store.engine import Database
from tests.store.granting import USERS, Granted, granted_on

# A right with columns behind it is one on these columns alone; references let nobody read or write.
GIVEN = """
alembic_version   | select                      | select
schema_changes    | select                      | select
people            | select                      | select insert update
teams             | select                      | select insert update
memberships       | select                      | select insert delete
addresses         | select update(best_verdict,bounced_at,bounces,disowned_at,route) | select insert update delete
tickets           | select insert update        | select insert update
participants      | select insert               | select insert delete
ticket_events     | select insert               | select insert
ticket_reminders  | select insert               | select insert
tags              | select                      | select insert delete
canned_answers    | select                      | select insert update delete
mailboxes         | select insert update        | select
mails             | select insert update        | select update
posts             | select insert               | select insert update delete
attachments       | select insert               | select insert
letters           | select insert update        | select insert update delete
budgets           | select insert update delete | select insert update delete
alerts            | select insert update delete | select insert update
breakers          | select insert update delete | select insert update delete
leases            | select insert update        | select
job_runs          | select insert update delete | select insert update
counters          | select insert update        | select insert update
ticket_words      | select insert delete        | select insert delete
mail_orders       | select update               | select insert
audit_logs        | select insert               | select insert
audit_unsealed    | select insert delete        | select insert
audit_seals       | select insert delete        | select
audit_checkpoints | select insert               | select
sessions          | select(expires_at,id,kind,person_id,revoked_at) | select insert update
credentials       | references                  | select insert update
recovery_codes    | references                  | select insert update delete
login_locks       | references                  | select insert update
login_codes       | references                  | select insert update
login_failures    | references                  | select insert delete
places            | references                  | select insert update
"""
ROUTINES = {  # on MariaDB; PostgreSQL shows everybody which triggers there are
    "helpdesk_daemon": {"purge_audit_logs", "audit_guards", "forget_logins"},
    "helpdesk_shell": {"audit_guards"},
}
Rights = dict[str, set[str]]  # by table
TO_USER = "grantee = '{user}'::regrole"
TO_EVERYBODY = "grantee = 0"
OF_TABLES = (
    "SELECT relname, lower(privilege_type) || CASE WHEN is_grantable THEN ' for others' ELSE '' END"
    " FROM (SELECT relname, (aclexplode(relacl)).* FROM pg_class WHERE relnamespace = 'public'::regnamespace) x"
)
OF_COLUMNS = (
    "SELECT relname, lower(privilege_type), attname FROM (SELECT relname, attname, (aclexplode(attacl)).*"
    " FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace) x"
)
CALLED = (  # a trigger's function cannot be called
    "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    " AND prorettype <> 'trigger'::regtype AND has_function_privilege('{user}', oid, 'EXECUTE')"
)
SCHEMAS = (
    "SELECT nspname, has_schema_privilege('{user}', oid, 'CREATE') FROM pg_namespace"
    " WHERE has_schema_privilege('{user}', oid, 'USAGE') AND nspname !~ '^(pg_|information_schema)'"
)


@pytest.fixture(scope="module")
def on_mariadb(request: pytest.FixtureRequest) -> Iterator[Granted]:
    with granted_on(request.getfixturevalue("mariadb")) as made:
        yield made


@pytest.fixture(scope="module")
def on_postgres(request: pytest.FixtureRequest) -> Iterator[Granted]:
    with granted_on(request.getfixturevalue("postgres")) as made:
        yield made


def given(user: str) -> Rights:
    """Return what the table above gives to a user."""
    lines = [[one.strip() for one in line.split("|")] for line in GIVEN.strip().splitlines()]
    return {table: set(rights[USERS.index(user)].split()) for table, *rights in lines}


def asked(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def on_columns(right: str, columns: Collection[str]) -> str:
    """Return a right as the table writes it; without columns it is one on all of them."""
    return f"{right}({','.join(sorted(columns))})" if columns else right


def shown(database: Database) -> tuple[Rights, set[str]]:
    """Return the rights on tables and the routines that MariaDB gives to the user of a connection."""
    rights, routines = {}, set()
    for (line,) in asked(database, "SHOW GRANTS"):
        if line.startswith("GRANT USAGE ON *.* TO "):
            continue
        found = re.fullmatch(r"GRANT (.+) ON (PROCEDURE )?`\w+`\.`(\w+)` TO `helpdesk_\w+`@`127.0.0.1`", line)
        assert found, line
        if found[2]:
            assert found[1] == "EXECUTE"
            routines.add(found[3])
            continue
        rights[found[3]] = {
            on_columns(name.lower(), re.findall(r"\w+", columns))
            for name, columns in re.findall(r"([A-Z][A-Z ]*?)(?: \(([^)]*)\))?(?:, |$)", found[1])
        }
    return rights, routines


@pytest.mark.parametrize("user", USERS)
def test_mariadb_gives_each_user_just_that(on_mariadb: Granted, user: str) -> None:
    database = on_mariadb.daemon if user == "helpdesk_daemon" else on_mariadb.shell
    assert shown(database) == (given(user), ROUTINES[user])


@pytest.mark.parametrize("user", USERS)
def test_postgresql_gives_each_user_just_that_and_others_nothing(on_postgres: Granted, user: str) -> None:
    tables: Rights = defaultdict(set)
    for table, right in asked(on_postgres.owner, f"{OF_TABLES} WHERE {TO_USER.format(user=user)}"):
        tables[table].add(right)
    columns: dict[tuple[str, str], set[str]] = defaultdict(set)
    for table, right, column in asked(on_postgres.owner, f"{OF_COLUMNS} WHERE {TO_USER.format(user=user)}"):
        columns[table, right].add(column)
    for (table, right), names in columns.items():
        tables[table].add(on_columns(right, names))
    assert tables == {table: rights for table, rights in given(user).items() if rights != {"references"}}
    for query in (OF_TABLES, OF_COLUMNS):
        assert asked(on_postgres.owner, f"{query} WHERE {TO_EVERYBODY}") == []
    routines = {name for (name,) in asked(on_postgres.owner, CALLED.format(user=user))}
    assert routines == ROUTINES[user] - {"audit_guards"}
    assert asked(on_postgres.owner, SCHEMAS.format(user=user)) == [("public", False)]
