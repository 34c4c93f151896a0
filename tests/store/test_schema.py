"""The migrations make the tables of the program, on every engine; any other schema is refused with advice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Inspector, Table, UniqueConstraint, event, inspect, text

from helpdesk.store import schema
from helpdesk.store.columns import UtcDateTime
from helpdesk.store.engine import Database, open_database
from helpdesk.store.names import MYSQL
from helpdesk.store.reference import FILE, reference_schema
from helpdesk.store.schema import (
    SchemaState,
    WrongSchema,
    changes,
    migrate,
    require_current,
    revisions,
    schema_state,
)
from helpdesk.store.tables import metadata

NOT_REFERENCES = {
    "message_id",
    "id",
    "row_id",
}  # a Message-ID is text from a mail; an audit row may be missing
REVISIONS = revisions()
NEWEST = REVISIONS[-1]


@pytest.fixture
def empty(database_url: str) -> Iterator[Database]:
    """An empty database of its own, on each engine in turn."""
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def spoilt(migrated: Database) -> Iterator[Database]:
    """A migrated database for a test to break; mended afterwards."""
    yield migrated
    metadata.create_all(migrated.engine)
    inspector = inspect(migrated.engine)
    mends = [
        "DROP TABLE IF EXISTS surplus",
        "DELETE FROM alembic_version",
        f"INSERT INTO alembic_version VALUES ('{NEWEST}')",
        f"UPDATE {changes.name} SET done_at = begun_at",
    ]
    if any(index["name"] == "surplus_index" for index in inspector.get_indexes("teams")):
        mends.append("DROP INDEX surplus_index" + (" ON teams" if migrated.kind in MYSQL else ""))
    if any(column["name"] == "surplus" for column in inspector.get_columns("teams")):
        mends.append("ALTER TABLE teams DROP COLUMN surplus")
    run(migrated, *mends)


def test_the_files_are_named_in_the_order_of_the_migrations() -> None:
    script = ScriptDirectory(str(schema.FOLDER))
    assert [one.revision for one in script.walk_revisions()][::-1] == REVISIONS


def run(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def differences(database: Database) -> list[object]:
    def ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name not in (changes.name, "alembic_version")

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": ours})
        return list(compare_metadata(context, metadata))


def keys(table: Table) -> dict[str, list[tuple[str, ...]]]:
    """Return a table's keys as the program has them."""
    uniques = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    return {
        "primary": [tuple(column.name for column in table.primary_key)],
        "unique": sorted(tuple(column.name for column in one.columns) for one in uniques),
        "index": sorted(tuple(column.name for column in one.columns) for one in table.indexes),
        "foreign": sorted(
            (*key.column_keys, *(e.target_fullname for e in key.elements))
            for key in table.foreign_key_constraints
        ),
    }


def keys_there(inspector: Inspector, name: str) -> dict[str, list[tuple[str, ...]]]:
    """Return a table's keys as the database has them."""
    uniques = inspector.get_unique_constraints(name)
    of_uniques = {one["name"] for one in uniques}
    return {
        "primary": [tuple(inspector.get_pk_constraint(name)["constrained_columns"])],
        "unique": sorted(tuple(one["column_names"]) for one in uniques),
        "index": sorted(
            tuple(str(column) for column in one["column_names"])
            for one in inspector.get_indexes(name)
            if one["name"] not in of_uniques
        ),
        "foreign": sorted(
            (*one["constrained_columns"], *(f"{one['referred_table']}.{c}" for c in one["referred_columns"]))
            for one in inspector.get_foreign_keys(name)
        ),
    }


def test_the_migrations_make_the_tables_of_the_program(migrated: Database) -> None:
    assert differences(migrated) == []


def test_every_key_and_index_is_there_and_no_other(migrated: Database) -> None:
    inspector = inspect(migrated.engine)
    assert {name: keys_there(inspector, name) for name in metadata.tables} == {
        name: keys(table) for name, table in metadata.tables.items()
    }


def test_the_columns_differ_neither_in_order_nor_in_null(migrated: Database) -> None:
    inspector = inspect(migrated.engine)
    for name, table in metadata.tables.items():
        there = [(column["name"], column["nullable"]) for column in inspector.get_columns(name)]
        assert there == [(column.name, column.nullable) for column in table.columns]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param("DROP TABLE breakers", "add_table", id="a table less"),
        pytest.param("CREATE TABLE surplus (id INTEGER)", "remove_table", id="a table more"),
        pytest.param("ALTER TABLE teams ADD surplus INTEGER", "remove_column", id="a column more"),
        pytest.param("CREATE INDEX surplus_index ON teams (name)", "remove_index", id="an index more"),
    ],
)
def test_a_difference_would_be_told(spoilt: Database, change: str, told: str) -> None:
    run(spoilt, change)
    assert told in str(differences(spoilt))


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_every_id_of_another_row_is_a_foreign_key(table: Table) -> None:
    loose = [
        column.name
        for column in table.columns
        if column.name.endswith("_id") and not column.foreign_keys and column.name not in NOT_REFERENCES
    ]
    assert loose == []


def begins_with(column: Column[object], columns: list[Column[object]]) -> bool:
    return bool(columns) and columns[0] is column


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_every_foreign_key_is_the_beginning_of_an_index(table: Table) -> None:
    """Else deleting a person reads every ticket, and MariaDB makes an index that PostgreSQL lacks."""
    lists = [list(index.columns) for index in table.indexes] + [list(table.primary_key.columns)]
    lists += [list(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    bare = [c.name for c in table.columns if c.foreign_keys and not any(begins_with(c, o) for o in lists)]
    assert bare == []


@pytest.mark.parametrize("migrated", ["mariadb"], indirect=True)
def test_on_mariadb_every_table_is_innodb_and_utf8mb4(migrated: Database) -> None:
    query = (
        "SELECT table_name, engine, table_collation FROM information_schema.tables"
        " WHERE table_schema = database() AND table_name <> 'alembic_version'"
    )
    with migrated.engine.connect() as connection:
        there = {row[0]: tuple(row[1:]) for row in connection.execute(text(query))}
    assert there == dict.fromkeys([*metadata.tables, changes.name], ("InnoDB", "utf8mb4_unicode_ci"))


@pytest.mark.parametrize("migrated", ["mariadb"], indirect=True)
def test_on_mariadb_times_keep_microseconds_and_keys_are_bytes(migrated: Database) -> None:
    query = (
        "SELECT table_name, column_name, column_type, collation_name FROM information_schema.columns"
        " WHERE table_schema = database()"
    )
    with migrated.engine.connect() as connection:
        there = {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(text(query))}
    for table in metadata.sorted_tables:
        for column in table.columns:
            kind, collation = there[table.name, column.name]
            if isinstance(column.type, UtcDateTime):
                assert kind == "datetime(6)"
            if type(column.type).__name__ == "Exact":
                assert collation == "ascii_bin"


def test_an_empty_database_is_migrated_once(empty: Database) -> None:
    assert schema_state(empty) is SchemaState.EMPTY
    assert migrate(empty) == REVISIONS
    assert schema_state(empty) is SchemaState.CURRENT
    require_current(empty)
    assert migrate(empty) == []


def test_of_two_that_migrate_at_once_the_second_is_told_and_nothing_breaks(empty: Database) -> None:
    start = Barrier(2)

    def one(_: int) -> list[str] | str:
        start.wait()
        try:
            return migrate(empty)
        except WrongSchema as refused:
            return str(refused)

    with ThreadPoolExecutor(2) as threads:
        ends = list(threads.map(one, range(2)))
    refusals = [end for end in ends if isinstance(end, str)]
    assert len(refusals) < 2, "one of them goes on to the end"
    assert all("is another process's" in one or "or one is running now" in one for one in refusals)
    applied = [revision for end in ends if not isinstance(end, str) for revision in end]
    assert applied == sorted(set(applied)), "none is applied twice"
    assert set(applied) <= set(REVISIONS)
    require_current(empty)


def test_a_migration_cut_in_the_middle_is_undone_or_seen(empty: Database) -> None:
    """MariaDB keeps the tables made so far; the others undo them."""

    def cut(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "CREATE TABLE letters" in statement:
            raise KeyboardInterrupt

    event.listen(empty.engine, "before_cursor_execute", cut)
    with pytest.raises(KeyboardInterrupt):
        migrate(empty)
    event.remove(empty.engine, "before_cursor_execute", cut)
    if empty.kind in MYSQL:
        assert schema_state(empty) is SchemaState.HALF_DONE
        with pytest.raises(WrongSchema, match="drop its tables where it is new"):
            migrate(empty)
    else:
        assert schema_state(empty) is SchemaState.EMPTY
        assert migrate(empty) == REVISIONS


def test_tables_of_others_do_not_matter(empty: Database) -> None:
    run(empty, "CREATE TABLE of_others (id INTEGER)")
    assert migrate(empty) == REVISIONS
    require_current(empty)


NOTHING_RUN = "DELETE FROM alembic_version"
BEGUN_ONLY = f"UPDATE {changes.name} SET done_at = NULL"


@pytest.mark.parametrize(
    ("statements", "state", "advice"),
    [
        pytest.param(
            ["UPDATE alembic_version SET version_num = '9999'"],
            SchemaState.NEWER,
            "install the release that made it, or restore a backup",
            id="of a later release",
        ),
        pytest.param(["DROP TABLE breakers"], SchemaState.HALF_DONE, "restore the backup", id="a table lost"),
        pytest.param([NOTHING_RUN], SchemaState.HALF_DONE, "restore the backup", id="tables but no revision"),
        pytest.param(
            [NOTHING_RUN, BEGUN_ONLY],
            SchemaState.HALF_DONE,
            "wait if one is running",
            id="died in the middle",
        ),
        pytest.param([BEGUN_ONLY], SchemaState.HALF_DONE, "wait if one is running", id="died at the end"),
    ],
)
def test_a_schema_we_must_not_touch_is_refused_with_advice(
    spoilt: Database, statements: list[str], state: SchemaState, advice: str
) -> None:
    run(spoilt, *statements)
    assert schema_state(spoilt) is state
    for refuse in (require_current, migrate):
        with pytest.raises(WrongSchema, match=advice) as refused:
            refuse(spoilt)
        assert state.value in str(refused.value)
        assert spoilt.shown in str(refused.value)


def test_an_empty_database_is_refused_with_the_command_that_makes_it(empty: Database) -> None:
    with pytest.raises(WrongSchema, match=r"its schema is empty; run: helpdeskd\.py migrate"):
        require_current(empty)


def test_a_database_that_is_behind_is_told_to_migrate(
    migrated: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next revision is made up here."""
    monkeypatch.setattr(schema, "revisions", lambda: [*REVISIONS, "9999"])
    assert schema_state(migrated) is SchemaState.BEHIND
    with pytest.raises(WrongSchema, match=r"its schema is behind; run: helpdeskd\.py migrate"):
        require_current(migrated)


def test_a_database_of_the_first_release_keeps_its_rows(empty: Database) -> None:
    with empty.engine.connect() as connection:
        assert schema._missing(connection) == REVISIONS
        schema._apply(connection, REVISIONS[0])
    person = (
        "(id, name, role, language, active, created_at) VALUES (1, 'Zoé', 'user', 'fr', true, '2026-01-01')"
    )
    columns = "(id, person_id, address, state, best_verdict, created_at)"
    address = f"{columns} VALUES (2, 1, 'zoe@univ.example', 'verified', 'pass', '2026-01-01')"
    run(empty, f"INSERT INTO people {person}", f"INSERT INTO addresses {address}")
    assert migrate(empty) == REVISIONS[1:]
    assert differences(empty) == []
    with empty.engine.connect() as connection:
        kept = connection.execute(text("SELECT address, bounces, bounced_at FROM addresses")).all()
        sorted_as = connection.execute(text("SELECT sort_name FROM people")).scalar_one()
    assert [tuple(row) for row in kept] == [("zoe@univ.example", 0, None)]
    assert sorted_as == "zoe"


def test_what_was_run_and_when_is_noted(empty: Database) -> None:
    before = datetime.now(UTC)
    migrate(empty)
    after = datetime.now(UTC)
    with empty.engine.connect() as connection:
        rows = connection.execute(changes.select().order_by(changes.c.revision)).all()
    assert [row.revision for row in rows] == REVISIONS
    times = [before, *(time for row in rows for time in (row.begun_at, row.done_at)), after]
    assert times == sorted(times)


def test_the_schema_for_reading_is_current() -> None:
    assert FILE.read_text("utf-8") == reference_schema(), "run: python -m helpdesk.store.reference"


def test_the_schema_for_reading_is_always_the_same() -> None:
    assert reference_schema() == reference_schema()


def test_the_schema_for_reading_makes_what_the_migrations_make(request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue("mariadb")
    database = open_database(server.fresh_database())
    run(database, *(one for one in FILE.read_text("utf-8").split(";\n") if one.strip()))
    assert differences(database) == []
    server.drop_database(database.engine.url.render_as_string())
    database.close()
