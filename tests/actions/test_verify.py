"""``audit verify`` beyond the chain: each seal of the daily files, what waits too long, the triggers, and junk."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from helpdesk.actions.sealing import copy_seals
from helpdesk.actions.verify import Verified, verify_trail
from helpdesk.core.auditchain import SEALED_WITHIN, Fault, checkpoint_of
from helpdesk.core.people import Language, Person, Role
from helpdesk.core.permissions import Actor
from helpdesk.store.auditfiles import AuditFiles
from helpdesk.store.engine import Database
from helpdesk.store.guards import GUARDS, guards_of
from helpdesk.store.tables import audit_unsealed
from helpdesk.store.work import Work, in_work
from tests.actions.trails import Trail, a_trail, drop_guards, now_of
from tests.conftest import ENGINES
from tests.servers.mariadb import MariaDb
from tests.servers.postgres import Postgres
from tests.servers.sqlite import Sqlite
from tests.store.cleaning import empty_tables
from tests.store.granting import granted_on

ADMIN = Actor(Person(0, "Root", Role.ADMIN, Language.EN))
SECOND = timedelta(seconds=1)


@pytest.fixture
def trail(migrated_url: str, tmp_path: Path) -> Iterator[Trail]:
    """A desk with an empty trail, on each engine in turn."""
    made = a_trail(migrated_url, tmp_path)
    empty_tables(made.database)
    yield made
    made.database.close()


@pytest.fixture(params=ENGINES)
def own_trail(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trail]:
    """The same on a database of its own, which may lose its triggers."""
    engine: Sqlite | MariaDb | Postgres = request.getfixturevalue(request.param)
    url = engine.fresh_database()
    made = a_trail(url, tmp_path)
    yield made
    made.database.close()
    engine.drop_database(url)


@pytest.fixture
def files(tmp_path: Path) -> AuditFiles:
    return AuditFiles(tmp_path / "audit")


def sealed_and_copied(trail: Trail, files: AuditFiles, seals: int = 3) -> None:
    """Make some seals of one day, each with a row, and their copies."""
    for _ in range(seals):
        trail.add(now_of(trail.database))
        trail.seal_all()
    copy_seals(trail.desk, files, lambda: True)


def places(found: Verified) -> list[tuple[Fault, int | None]]:
    return [(one.fault, one.seq) for one in found.findings]


def test_each_seal_in_the_files_is_compared_not_only_the_last(trail: Trail, files: AuditFiles) -> None:
    sealed_and_copied(trail, files)
    assert verify_trail(trail.desk, ADMIN, files).count == 0
    (path,) = files.folder.iterdir()
    second = trail.seals()[1].mac.hex()
    path.write_bytes(path.read_bytes().replace(f'"mac": "{second}"'.encode(), b'"mac": "%s"' % (b"00" * 32)))
    assert places(verify_trail(trail.desk, ADMIN, files)) == [(Fault.CHAIN_CUT, 2)]


Lines = list[bytes]
CHANGES: dict[str, tuple[Callable[[Lines], Lines], int]] = {  # to three seals with a row each
    "a row changed": (lambda old: [*old[:2], old[2].replace(b'"status":"', b'"status":"X'), *old[3:]], 2),
    "a row removed": (lambda old: [*old[:2], *old[3:]], 2),
    "a row written twice": (lambda old: [*old[:3], old[2], *old[3:]], 2),
    "a row of another seal": (lambda old: [*old[:3], old[0], *old[3:]], 2),
    "a line that is no row": (lambda old: [*old[:3], b"[1]\n", *old[3:]], 2),
    "junk": (lambda old: [*old[:3], b"\xff[[[\n", *old[3:]], 2),
    "a seal with its row": (lambda old: [*old[:2], *old[4:]], 2),
    "a seal's own line": (lambda old: [*old[:3], *old[4:]], 3),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_in_a_daily_file_is_found(trail: Trail, files: AuditFiles, change: str) -> None:
    sealed_and_copied(trail, files)
    (path,) = files.folder.iterdir()
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 6
    made, seq = CHANGES[change]
    path.write_bytes(b"".join(made(lines)))
    found = verify_trail(trail.desk, ADMIN, files)
    assert {one.fault for one in found.findings} == {Fault.COPY_CHANGED}
    assert seq in {one.seq for one in found.findings}
    assert {one.what for one in found.findings} == {path.name}


def test_a_whole_file_between_others_is_missed_but_none_whose_time_was_over(
    trail: Trail, files: AuditFiles
) -> None:
    for days in (3, 2, 1):
        trail.add(now_of(trail.database) - timedelta(days=days))
        trail.seal_all()
    copy_seals(trail.desk, files, lambda: True)
    first, second, _third = sorted(files.folder.iterdir())
    kept = first.read_bytes()
    first.unlink()
    assert places(verify_trail(trail.desk, ADMIN, files)) == []
    first.write_bytes(kept)
    second.unlink()
    assert places(verify_trail(trail.desk, ADMIN, files)) == [(Fault.COPY_CHANGED, 2)]


def test_lines_behind_the_last_seal_are_a_finding_but_in_the_file_that_is_written_now(
    trail: Trail, files: AuditFiles
) -> None:
    for days in (2, 1):
        trail.add(now_of(trail.database) - timedelta(days=days))
        trail.seal_all()
    copy_seals(trail.desk, files, lambda: True)
    first, second = sorted(files.folder.iterdir())
    second.write_bytes(second.read_bytes() + b'{"id":')
    assert places(verify_trail(trail.desk, ADMIN, files)) == []
    first.write_bytes(first.read_bytes() + b'{"id":1}\n')
    assert [(one.fault, one.what) for one in verify_trail(trail.desk, ADMIN, files).findings] == [
        (Fault.COPY_CHANGED, first.name)
    ]


def test_a_database_that_was_emptied_is_not_what_the_files_know(trail: Trail, files: AuditFiles) -> None:
    sealed_and_copied(trail, files)
    empty_tables(trail.database)
    cut = [(Fault.CHAIN_CUT, seq) for seq in (1, 2, 3)]
    assert places(verify_trail(trail.desk, ADMIN, files)) == cut
    empty_tables(trail.database)
    for _ in range(4):  # and seals on from nothing
        trail.add(now_of(trail.database))
        trail.seal_all()
    assert places(verify_trail(trail.desk, ADMIN, files)) == cut


@pytest.mark.parametrize("seq", ["-1", "0", "99999999999999999999999", "2.5"])
def test_a_seal_that_no_chain_can_have_is_told_and_breaks_nothing(
    trail: Trail, files: AuditFiles, seq: str
) -> None:
    sealed_and_copied(trail, files, 1)
    (path,) = files.folder.iterdir()
    with path.open("ab") as file:
        file.write(b'{"seal": %s, "mac": "%s"}\n' % (seq.encode(), b"00" * 32))
    assert [one.fault for one in verify_trail(trail.desk, ADMIN, files).findings] == [Fault.CHAIN_CUT]


@pytest.mark.parametrize(
    ("age", "late"), [(SEALED_WITHIN, False), (SEALED_WITHIN + SECOND, True)], ids=["edge", "beyond"]
)
def test_a_row_that_waits_too_long_for_its_seal_is_told(
    trail: Trail, files: AuditFiles, age: timedelta, late: bool
) -> None:
    at = now_of(trail.database)
    trail.add(at, at)
    desk = replace(trail.desk, clock=lambda _work: at + age)
    first, second = (row["id"] for row in trail.rows())
    found = [(one.fault, one.row_id, one.at) for one in verify_trail(desk, ADMIN, files).findings]
    told = [(Fault.ROW_UNSEALED, first, at), (Fault.ROW_UNSEALED, second, at)]
    assert found == (told if late else [])
    trail.seal_all()
    assert verify_trail(desk, ADMIN, files).count == 0


def test_a_row_that_waits_in_vain_and_is_gone_is_told_too(trail: Trail, files: AuditFiles) -> None:
    trail.tamper(text("INSERT INTO audit_unsealed (row_id) VALUES (5)"))
    (found,) = verify_trail(trail.desk, ADMIN, files).findings
    assert (found.fault, found.row_id, found.at) == (Fault.ROW_UNSEALED, 5, None)


def test_of_many_that_wait_some_are_named_and_all_are_counted(
    trail: Trail, files: AuditFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk.actions.chainwalk.MOST_FINDINGS", 3)
    trail.put_back(audit_unsealed, [{"row_id": number} for number in range(1, 11)])
    found = verify_trail(trail.desk, ADMIN, files)
    assert ([one.row_id for one in found.findings], found.more) == ([1, 2, 3], 7)


def kind_of(database: Database) -> str:
    return database.kind.replace("mysql", "mariadb")


def unguarding(trail: Trail, name: str) -> list[str]:
    """Return ways to get rid of a trigger."""
    table = GUARDS[kind_of(trail.database)][name].table
    match kind_of(trail.database):
        case "postgresql":
            hollow = f"CREATE TRIGGER {name} AFTER INSERT ON {table} EXECUTE FUNCTION hollow()"
            return [
                f"ALTER TABLE {table} DISABLE TRIGGER {name}",
                f"ALTER TABLE {table} ENABLE REPLICA TRIGGER {name}",
                f"DROP TRIGGER {name} ON {table}",
                "CREATE FUNCTION hollow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
                hollow,
            ]
        case "sqlite":
            return [
                f"DROP TRIGGER {name}",
                f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} BEGIN SELECT 1; END",
            ]
        case _:
            return [
                f"DROP TRIGGER {name}",
                f"CREATE TRIGGER {name} AFTER INSERT ON {table} FOR EACH ROW SET @a = 1",
            ]


def test_a_trigger_that_is_gone_disabled_or_hollow_is_told(own_trail: Trail, files: AuditFiles) -> None:
    sealed_and_copied(own_trail, files)
    assert verify_trail(own_trail.desk, ADMIN, files).count == 0
    for statement in unguarding(own_trail, "audit_seals_stay"):
        own_trail.tamper(text(statement))
        (found,) = verify_trail(own_trail.desk, ADMIN, files).findings
        assert (found.fault, found.what) == (Fault.GUARD_MISSING, "audit_seals_stay"), statement


def test_every_trigger_that_the_migrations_make_is_looked_for(own_trail: Trail, files: AuditFiles) -> None:
    with Work(own_trail.database, read_only=True) as work:
        there = work.guards.there()
    assert {guard.name for guard in there if guard.name.startswith("audit_")} == set(
        GUARDS[kind_of(own_trail.database)]
    )
    drop_guards(own_trail.database)
    found = verify_trail(own_trail.desk, ADMIN, files).findings
    expected = set(guards_of(own_trail.database.kind))
    assert {one.what for one in found} == expected
    assert len(found) == len(expected) >= 6


@pytest.mark.parametrize("engine", ["mariadb", "postgres"])
def test_the_users_of_daemon_and_shell_see_the_triggers(request: pytest.FixtureRequest, engine: str) -> None:
    with granted_on(request.getfixturevalue(engine)) as granted:
        for database in (granted.daemon, granted.shell):
            with Work(database, read_only=True) as work:
                assert work.guards.missing() == []
        drop_guards(granted.owner)
        for database in (granted.daemon, granted.shell):
            with Work(database, read_only=True) as work:
                assert work.guards.missing() == sorted(guards_of(granted.owner.kind))


JUNK = ("'junk'", "5", "-5", "3.25", "x'ff'", "''", "CAST(x'ff' AS TEXT)", "99999999999999")
DEEP = "printf('%.*c', 100000, '[')"


@pytest.fixture(scope="module")
def unguarded(sqlite: Sqlite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trail]:
    """A trail on SQLite that lost its triggers: there a column takes whatever its type is not."""
    url = sqlite.fresh_database()
    made = a_trail(url, tmp_path_factory.mktemp("trail"))
    drop_guards(made.database)
    yield made
    made.database.close()
    sqlite.drop_database(url)


@pytest.fixture
def loose_trail(unguarded: Trail) -> Trail:
    """The same without rows."""
    empty_tables(unguarded.database)
    return unguarded


def told_of(trail: Trail, files: AuditFiles) -> set[tuple[Fault, int | None]]:
    found = verify_trail(trail.desk, ADMIN, files).findings
    return {(one.fault, one.seq) for one in found if one.fault is not Fault.GUARD_MISSING}


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("column", ["day", "first_at", "last_at", "entry_count", "entries", "prev", "mac"])
def test_junk_in_a_seal_is_a_finding(loose_trail: Trail, files: AuditFiles, column: str, junk: str) -> None:
    sealed_and_copied(loose_trail, files)
    for seq in (2, 3):
        loose_trail.tamper(text(f"UPDATE audit_seals SET {column} = {junk} WHERE seq = {seq}"))
    assert {(Fault.SEAL_CHANGED, 2), (Fault.SEAL_CHANGED, 3)} <= told_of(loose_trail, files)
    assert [seal.seq for seal in loose_trail.seal_all()] == [4], "what was verified is sealed all the same"


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("column", ["last_seq", "last_mac", "cutoff", "mac"])
def test_junk_in_a_checkpoint_is_a_finding(
    loose_trail: Trail, files: AuditFiles, column: str, junk: str
) -> None:
    sealed_and_copied(loose_trail, files)
    first, now = loose_trail.seals()[0], now_of(loose_trail.database)
    made = checkpoint_of(loose_trail.desk.audit_key, first.anchor, now)
    in_work(loose_trail.database, lambda work: work.seals.add_checkpoint(made))
    loose_trail.tamper(
        text("DELETE FROM audit_seals WHERE seq = 1"),
        text("DELETE FROM audit_logs WHERE id = (SELECT min(id) FROM audit_logs)"),
    )
    assert told_of(loose_trail, files) == set()
    loose_trail.tamper(text(f"UPDATE audit_checkpoints SET {column} = {junk}"))
    assert Fault.CHECKPOINT_CHANGED in {fault for fault, _seq in told_of(loose_trail, files)}


@pytest.mark.parametrize("junk", [*JUNK, DEEP])
@pytest.mark.parametrize("column", ["action", "user_agent", "created_at", "detail"])
def test_junk_in_a_row_is_a_finding(loose_trail: Trail, files: AuditFiles, column: str, junk: str) -> None:
    sealed_and_copied(loose_trail, files)
    first = "id = (SELECT min(id) FROM audit_logs)"
    loose_trail.tamper(text(f"UPDATE audit_logs SET {column} = {junk} WHERE {first}"))
    assert (Fault.ROW_CHANGED, 1) in told_of(loose_trail, files)


@pytest.mark.parametrize("column", ["action", "created_at", "detail"])
def test_junk_in_a_row_that_waits_holds_up_no_seal(
    loose_trail: Trail, files: AuditFiles, column: str
) -> None:
    loose_trail.add(now_of(loose_trail.database))
    loose_trail.tamper(text(f"UPDATE audit_logs SET {column} = CAST(x'ff' AS TEXT)"))
    loose_trail.add(now_of(loose_trail.database))
    assert [seal.entry_count for seal in loose_trail.seal_all()] == [2]
    assert told_of(loose_trail, files) == {(Fault.ROW_LOST, 1)}
