"""A database is opened as we need it, or refused with what to change."""

import shutil
import sqlite3
import ssl
import stat
from pathlib import Path
from types import ModuleType

import psutil
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from daemon.watch import LEASE_SECONDS
from helpdesk.errors import BadSettings, StoreAway
from helpdesk.store import engine
from helpdesk.store import mariadb as mariadb_store
from helpdesk.store import postgresql as postgresql_store
from helpdesk.store.engine import Database, open_database
from helpdesk.store.failures import meaning
from helpdesk.store.names import is_on_this_machine
from helpdesk.store.schema import migrate
from helpdesk.store.work import Work, in_work
from tests.servers.mariadb import MariaDb
from tests.servers.postgres import Postgres


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        pytest.param("", "begins with sqlite:// or", id="empty"),
        pytest.param("oracle://db/desk", "begins with sqlite:// or", id="another database"),
        pytest.param("sqlite://", "absolute path", id="SQLite in memory"),
        pytest.param("mariadb://desk@127.0.0.1/", "user@host/database", id="a server only"),
        pytest.param("mariadb://desk@db/desk?charset=latin1", "after the question mark", id="charset"),
        pytest.param("postgresql://desk@db/desk?sslmode=disable", "after the question mark", id="TLS off"),
    ],
)
def test_a_url_that_names_no_database_of_ours_is_refused(url: str, problem: str) -> None:
    with pytest.raises(BadSettings) as refused:
        open_database(url)
    assert problem in str(refused.value)
    assert str(refused.value).startswith("[database] url: ")


def test_a_library_that_reads_more_options_than_we_do_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "url_problem", lambda _url: "")
    with pytest.raises(BadSettings, match="after the question mark"):
        open_database("postgresql://desk@db/desk?sslmode=disable")


def test_neither_a_password_nor_its_user_is_shown() -> None:
    database = open_database("mariadb://desk:correct-horse@127.0.0.1/desk")
    assert database.shown == "mariadb+pymysql://127.0.0.1/desk"
    with pytest.raises(BadSettings) as refused:
        open_database("mariadb://desk:correct-horse@127.0.0.1/desk?charset=x")
    assert "correct-horse" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        pytest.param("mariadb://desk@127.0.0.1/desk", True, id="loopback"),
        pytest.param("mariadb://desk@127.8.9.1/desk", True, id="another loopback"),
        pytest.param("postgresql://desk@[::1]/desk", True, id="loopback of IPv6"),
        pytest.param("mariadb://desk@localhost/desk", True, id="localhost"),
        pytest.param("mariadb://desk@db/desk?unix_socket=/run/mysqld/mysqld.sock", True, id="a socket"),
        pytest.param("postgresql://desk@/desk?host=/run/postgresql", True, id="a socket's folder"),
        pytest.param("postgresql://desk@/desk", True, id="no host"),
        pytest.param("mariadb://desk@10.0.0.1/desk", False, id="a private network"),
        pytest.param("mariadb://desk@0.0.0.0/desk", False, id="any address"),
        pytest.param("mariadb://desk@localhost.evil.example/desk", False, id="a name that begins alike"),
        pytest.param("mariadb://desk@127.0.0.1.evil.example/desk", False, id="a name that looks alike"),
        pytest.param("postgresql://desk@/desk?host=db.example", False, id="a host of PostgreSQL"),
        pytest.param("postgresql://desk@/desk?host=/run&host=db.example", False, id="two hosts"),
        pytest.param("postgresql://desk@[2001:db8::1]/desk", False, id="a host of IPv6"),
        pytest.param("postgresql://desk@/desk?host=/run,db.example", False, id="two hosts in one word"),
        pytest.param("postgresql://desk@%2Frun,db.example/desk", False, id="two hosts before the name"),
        pytest.param(
            "postgresql://desk@db/desk?host=/run/postgresql", True, id="a socket in place of a host"
        ),
        pytest.param("postgresql://desk@localhost/desk?host=db.example", False, id="a host twice"),
        pytest.param("postgresql://desk@127.0.0.1/desk?host=db.example", False, id="an address and a host"),
    ],
)
def test_what_leaves_the_machine_is_told_apart(url: str, here: bool) -> None:
    assert is_on_this_machine(make_url(url)) is here


def test_a_new_sqlite_database_is_for_our_user_only(tmp_path: Path) -> None:
    file = tmp_path / "state" / "desk.sqlite3"
    database = open_database(f"sqlite:///{file}")
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE x (id INTEGER)"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    database.close()
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}
    assert "desk.sqlite3" in modes


def test_sqlite_syncs_every_commit_and_keeps_a_write_ahead_log(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/desk.sqlite3")
    with database.engine.connect() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    database.close()
    assert found == ["wal", 2, 1, 10_000]


def test_mariadb_refuses_what_does_not_fit_and_counts_in_utc(mariadb: MariaDb) -> None:
    url = mariadb.fresh_database()
    database = open_database(url)
    query = "SELECT @@sql_mode, @@time_zone, @@tx_isolation, @@character_set_connection"
    with database.engine.connect() as connection:
        mode, zone, isolation, charset = connection.exec_driver_sql(query).one()
    database.close()
    mariadb.drop_database(url)
    assert "STRICT_ALL_TABLES" in mode
    assert (zone, isolation, charset) == ("+00:00", "READ-COMMITTED", "utf8mb4")


def test_a_mariadb_database_of_another_charset_is_refused_with_the_statement_that_mends_it(
    mariadb: MariaDb,
) -> None:
    url = mariadb.fresh_database()
    name = url.rpartition("/")[2]
    mariadb.execute(f"ALTER DATABASE {name} CHARACTER SET latin1")
    database = open_database(url)
    with pytest.raises(BadSettings) as refused, Work(database):
        pass
    mariadb.execute(str(refused.value).partition(": ")[2])
    with Work(database):
        pass
    database.close()
    mariadb.drop_database(url)


def test_a_postgresql_database_of_another_encoding_is_refused(postgres: Postgres) -> None:
    name = "desk_latin1"
    postgres.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    database = open_database(postgres.url.rpartition("/")[0] + f"/{name}")
    with pytest.raises(BadSettings, match="has the encoding LATIN1; needed is UTF8"), Work(database):
        pass
    database.close()
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["mariadb", "postgres"])
def server(request: pytest.FixtureRequest) -> MariaDb | Postgres:
    """Each server in turn."""
    found: MariaDb | Postgres = request.getfixturevalue(request.param)
    return found


def is_encrypted(work: Work, kind: str) -> bool:
    if kind == "postgresql":
        query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        return bool(work._connection.exec_driver_sql(query).scalar())
    cipher = work._connection.exec_driver_sql("SHOW STATUS LIKE 'Ssl_cipher'").one()[1]
    return bool(cipher)


def test_with_an_authority_a_server_is_spoken_to_over_tls(server: MariaDb | Postgres) -> None:
    database = open_database(server.url, str(server.ca_file))
    with Work(database, read_only=True) as work:
        assert is_encrypted(work, database.kind)
    database.close()


def test_no_authorities_are_read_for_a_server_here_that_need_not_prove_itself(
    mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took longer than all the rest of a short command, at each connection."""
    monkeypatch.setattr(ssl, "create_default_context", None)
    database = open_database(mariadb.url)
    with Work(database, read_only=True) as work:
        assert is_encrypted(work, database.kind)  # since it is offered
    database.close()


def test_a_server_whose_certificate_is_of_another_authority_is_not_spoken_to(
    server: MariaDb | Postgres,
) -> None:
    stranger = Path("/etc/ssl/certs/ca-certificates.crt")
    if not stranger.exists():
        pytest.skip("this machine has no authorities of its own")
    database = open_database(server.url, str(stranger))
    with pytest.raises(StoreAway), Work(database):
        pass
    database.close()


def test_a_statement_that_takes_too_long_means_away(server: MariaDb | Postgres) -> None:
    database = open_database(server.url, statement_seconds=1)
    query = "SELECT pg_sleep(30)" if database.kind == "postgresql" else "SELECT SLEEP(30)"
    with pytest.raises(StoreAway), Work(database) as work:
        work._connection.exec_driver_sql(query)
    database.close()


@pytest.mark.parametrize("module", [mariadb_store, postgresql_store])
def test_the_lock_of_a_process_that_stands_still_is_given_up_before_its_lease_runs_out(
    module: ModuleType,
) -> None:
    assert module.IDLE_TRANSACTION_SECONDS < LEASE_SECONDS


def test_who_stands_still_in_a_transaction_loses_it_and_its_locks(
    server: MariaDb | Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.fresh_database()
    patient = open_database(url)
    migrate(patient)  # a slow machine may stand still for a second between two of its statements
    patient.close()
    for module in (mariadb_store, postgresql_store):
        monkeypatch.setattr(module, "IDLE_TRANSACTION_SECONDS", 1)
    database = open_database(url)
    with Work(database) as still:
        still.leases.take("work", "still", 30)
        assert in_work(database, lambda work: work.leases.take("work", "awake", 30), attempts=1) == 1
        with pytest.raises(DBAPIError):
            still.leases.release("work", "still")
    database.close()
    server.drop_database(url)


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        pytest.param(("/helpdesk", "/nowhere"), "create the database, or correct its name", id="no database"),
        pytest.param(("//desk:", "//nobody:"), "check the user and the password", id="no such user"),
        pytest.param((":correct-horse", ":wrong"), "check the user and the password", id="wrong password"),
    ],
)
def test_what_mariadb_refuses_at_the_door_is_explained(
    mariadb: MariaDb, change: tuple[str, str], advice: str
) -> None:
    database = open_database(mariadb.url.replace(*change))
    with pytest.raises(StoreAway, match=advice) as away, Work(database):
        pass
    database.close()
    assert "correct-horse" not in str(away.value)


def test_a_pool_that_is_used_up_means_away(mariadb: MariaDb) -> None:
    database = open_database(mariadb.url, pool_size=1)
    database.engine.pool._timeout = 0.1  # type: ignore[attr-defined]
    held = [database.engine.connect() for _ in range(5)]  # one, and four that may overflow
    with pytest.raises(StoreAway, match="every connection of this process is in use"), Work(database):
        pass
    for connection in held:
        connection.close()
    database.close()


def test_a_file_that_is_no_database_means_away_with_advice(tmp_path: Path) -> None:
    (tmp_path / "desk.sqlite3").write_bytes(
        b"no database at all, but long enough to be read as a header" * 99
    )
    database = open_database(f"sqlite:///{tmp_path}/desk.sqlite3")
    with pytest.raises(StoreAway, match="restore its backup"), Work(database):
        pass
    database.close()


def test_a_database_folder_that_goes_away_while_we_run_means_away(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    database = open_database(f"sqlite:///{folder}/desk.sqlite3")
    folder.rmdir()
    with pytest.raises(StoreAway, match=r"desk\.sqlite3: No such file or directory"), Work(database):
        pass
    database.close()


def _notes(database: Database) -> list[str]:
    with Work(database, read_only=True) as work:
        return list(work._connection.execute(text("SELECT words FROM jotted")).scalars())


def _jot(database: Database, words: str) -> None:
    with Work(database) as work:
        work._connection.execute(text("INSERT INTO jotted VALUES (:words)"), {"words": words})
        work.commit()


@pytest.fixture
def kept_copy(tmp_path: Path) -> Path:
    """A database with the note "before", as a backup has it."""
    made = open_database(f"sqlite:///{tmp_path}/desk.sqlite3")
    with Work(made) as work:
        work._connection.execute(text("CREATE TABLE jotted (words TEXT)"))
        work.commit()
    _jot(made, "before")
    made.close()
    return Path(shutil.copy(tmp_path / "desk.sqlite3", tmp_path / "kept.sqlite3"))


def test_what_is_written_after_a_backup_was_put_back_stands_in_that_file(kept_copy: Path) -> None:
    file = kept_copy.with_name("desk.sqlite3")
    open_all_along = open_database(f"sqlite:///{file}")
    _jot(open_all_along, "lost with the old file")
    for one in file.parent.glob("desk.sqlite3*"):
        one.unlink()
    shutil.copy(kept_copy, file)
    _jot(open_all_along, "after")
    open_all_along.close()
    another = open_database(f"sqlite:///{file}")
    assert _notes(another) == ["before", "after"]
    another.close()


def test_a_database_file_that_was_removed_is_told_of_and_not_made_anew(kept_copy: Path) -> None:
    file = kept_copy.with_name("desk.sqlite3")
    database = open_database(f"sqlite:///{file}")
    _jot(database, "first")
    for one in file.parent.glob("desk.sqlite3*"):
        one.unlink()
    for _again in range(2):
        with pytest.raises(StoreAway, match="put it back"):
            _jot(database, "into nothing")
    assert not file.exists()
    shutil.copy(kept_copy, file)
    _jot(database, "after")
    assert _notes(database) == ["before", "after"]
    database.close()


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        pytest.param("SQLITE_IOERR_WRITE", "is its disk full or broken, and may this user write", id="disk"),
        pytest.param("SQLITE_FULL", "its disk is full: make room", id="full"),
        pytest.param("SQLITE_READONLY_DIRECTORY", "this user may not write the file", id="not writable"),
        pytest.param("SQLITE_NOLFS", "look at the file, its folder and its disk", id="anything else"),
    ],
)
def test_advice_about_a_file_never_speaks_of_a_server(code: str, advice: str) -> None:
    trouble = sqlite3.OperationalError("no")
    trouble.sqlite_errorname = code
    told = str(meaning(OperationalError("UPDATE", None, trouble), "sqlite:///desk"))
    assert told.startswith(f"database sqlite:///desk: no; {advice}")
    assert "server" not in told
    assert "primary" not in told


def test_many_long_statements_take_little_memory(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    process = psutil.Process()
    with database.engine.connect() as connection:

        def ask(count: int) -> None:
            wanted = ",".join("?" * count)
            connection.exec_driver_sql(f"SELECT 1 WHERE 0 IN ({wanted})", tuple(range(count)))

        ask(6000)
        before = process.memory_info().rss
        for count in range(5000, 5128):
            ask(count)
        grown_mib = (process.memory_info().rss - before) / 2**20
    database.close()
    assert grown_mib < 60, "128 kept ones take 100"
