from pathlib import Path

import psycopg
import pymysql
import pytest
from sqlalchemy import create_engine, inspect, make_url, text

from tests.servers.certificates import Certificates, Flaw
from tests.servers.mariadb import MariaDb
from tests.servers.postgres import Postgres
from tests.servers.sqlite import Sqlite


def _connect(url: str, *, ca_file: Path) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    parts = make_url(url)
    return pymysql.connect(
        host=parts.host,
        port=parts.port or 0,
        user=parts.username,
        password=parts.password or "",
        database=parts.database,
        ssl_ca=str(ca_file),
        ssl_verify_cert=True,
        ssl_verify_identity=True,
    )


def test_a_fresh_database_is_empty_and_keeps_any_letter(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == []
        connection.execute(text("CREATE TABLE words (word VARCHAR(20))"))
        connection.execute(text("INSERT INTO words VALUES ('été 🎉 日本')"))
        assert connection.execute(text("SELECT word FROM words")).scalar_one() == "été 🎉 日本"
    engine.dispose()


@pytest.mark.parametrize("engine", ["sqlite", "mariadb", "postgres"])
def test_two_fresh_databases_are_two(engine: str, request: pytest.FixtureRequest) -> None:
    server: Sqlite | MariaDb | Postgres = request.getfixturevalue(engine)
    first, second = server.fresh_database(), server.fresh_database()
    assert first != second
    server.drop_database(first)
    server.drop_database(first)
    server.drop_database(second)


def test_a_dropped_sqlite_database_leaves_no_file(tmp_path: Path) -> None:
    server = Sqlite(tmp_path)
    url = server.fresh_database()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE words (word TEXT)"))
    engine.dispose()
    assert list(tmp_path.iterdir())
    server.drop_database(url)
    assert list(tmp_path.iterdir()) == []


def test_mariadb_stores_in_utf8mb4_and_innodb(mariadb: MariaDb) -> None:
    names = "@@character_set_server, @@collation_server, @@default_storage_engine"
    assert mariadb.execute(f"SELECT {names}") == [("utf8mb4", "utf8mb4_unicode_ci", "InnoDB")]


def test_mariadb_keeps_its_safe_defaults_only_when_durable(mariadb: MariaDb) -> None:
    assert mariadb.execute("SELECT @@innodb_flush_log_at_trx_commit") == [(2,)]
    with MariaDb(durable=True) as server:
        asked = "SELECT @@innodb_flush_log_at_trx_commit, @@innodb_doublewrite"
        assert server.execute(asked) == [(1, 1)]


def test_postgres_keeps_its_safe_defaults_only_when_durable(postgres: Postgres) -> None:
    assert postgres.execute("SHOW fsync") == [("off",)]
    with Postgres(durable=True) as server:
        assert server.execute("SHOW fsync") == [("on",)]
        assert server.execute("SHOW full_page_writes") == [("on",)]


def test_an_account_that_demands_tls_is_let_in_over_verified_tls_only(mariadb: MariaDb) -> None:
    url = mariadb.tls_url(mariadb.url)
    with _connect(url, ca_file=mariadb.ca_file) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_version'")
        assert cursor.fetchone() == ("Ssl_version", "TLSv1.3")
    parts = make_url(url)
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        pymysql.connect(
            host=parts.host,
            port=parts.port or 0,
            user=parts.username,
            password=parts.password or "",
            ssl_disabled=True,
        )


def test_a_mariadb_with_a_certificate_of_another_host_is_refused(certificates: Certificates) -> None:
    with (
        MariaDb(certificates=certificates, flaw=Flaw.WRONG_HOST) as server,
        pytest.raises(pymysql.err.OperationalError, match="certificate is not valid for"),
    ):
        _connect(server.url, ca_file=server.ca_file)


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
def test_postgres_offers_tls_with_the_same_ca(postgres: Postgres, mode: str) -> None:
    url = postgres.url.replace("postgresql+psycopg:", "postgresql:")
    with psycopg.connect(f"{url}?sslmode={mode}&sslrootcert={postgres.ca_file}") as connection:
        assert connection.pgconn.ssl_in_use


def test_a_killed_mariadb_comes_back_with_what_was_committed() -> None:
    with MariaDb() as server:
        server.execute(
            "CREATE TABLE helpdesk.words (word TEXT)", "INSERT INTO helpdesk.words VALUES ('kept')"
        )
        server.kill()
        with pytest.raises(pymysql.err.OperationalError):
            server.execute("SELECT 1")
        server.start()
        assert server.execute("SELECT word FROM helpdesk.words") == [("kept",)]


def test_a_killed_postgres_comes_back_with_what_was_committed() -> None:
    with Postgres() as server:
        url = server.url.replace("postgresql+psycopg:", "postgresql:")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE words (word TEXT)")
            connection.execute("INSERT INTO words VALUES ('kept')")
            connection.commit()
            server.kill()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        server.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT word FROM words").fetchall() == [("kept",)]
