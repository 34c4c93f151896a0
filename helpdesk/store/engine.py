"""Open a database: SQLite, MariaDB/MySQL or PostgreSQL, each set up so that the same queries mean the same."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from helpdesk.errors import BadSettings

MYSQL = ("mysql", "mariadb")
LOOPBACK = ("localhost", "127.0.0.1", "::1", "")
CONNECT_SECONDS = 10
READ_SECONDS = 60
BUSY_MS = 10_000
_DRIVERS = {
    "sqlite": "sqlite",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "postgresql": "postgresql+psycopg",
}


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. ``shown`` names it in messages, without a password."""

    engine: Engine
    shown: str

    @property
    def kind(self) -> str:
        """The name of its dialect: sqlite, mysql, mariadb or postgresql."""
        return self.engine.dialect.name

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(url: str, ca_file: str | None = None, pool_size: int = 8) -> Database:
    """Return the database of *url*; connects only when used.

    A server that is not on this machine is spoken to over TLS only, its certificate and name verified against
    *ca_file* or the system's authorities. Raises BadSettings for a URL that names no database we know.
    """
    parsed = _parsed(url)
    shown = parsed.render_as_string(hide_password=True)
    options: dict[str, Any] = {}
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connect = _sqlite_options()
    else:
        options = {
            "pool_size": pool_size,
            "max_overflow": 4,
            "pool_timeout": CONNECT_SECONDS,
            "pool_recycle": 3600,
        }
        remote = parsed.host not in LOOPBACK and not (parsed.host or "").startswith("/")
        connect = _mysql_options(remote, ca_file) if parsed.get_backend_name() in MYSQL else {}
        if parsed.get_backend_name() == "postgresql":
            connect = _postgresql_options(remote, ca_file)
        options["isolation_level"] = "READ COMMITTED"
    engine = create_engine(parsed, connect_args=connect, **options)
    _prepare(engine)
    return Database(engine, shown)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise BadSettings(
            ["[database] url: not a database URL, e.g. sqlite:////var/lib/helpdesk/desk.sqlite3"]
        ) from error
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        known = ", ".join(_DRIVERS)
        raise BadSettings(
            [f"[database] url: {parsed.get_backend_name()!r} is not supported; use one of {known}"]
        )
    parsed = parsed.set(drivername=driver)
    return parsed.update_query_dict({"charset": "utf8mb4"}) if parsed.get_backend_name() in MYSQL else parsed


def _sqlite_options() -> dict[str, Any]:
    return {"timeout": BUSY_MS / 1000, "check_same_thread": False}


def _mysql_options(remote: bool, ca_file: str | None) -> dict[str, Any]:
    options: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "write_timeout": READ_SECONDS,
    }
    if remote or ca_file:
        context = ssl.create_default_context(cafile=ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        options["ssl"] = context
    return options


def _postgresql_options(remote: bool, ca_file: str | None) -> dict[str, Any]:
    options: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "options": f"-c timezone=UTC -c statement_timeout={READ_SECONDS * 1000}",
    }
    if remote or ca_file:
        options |= {"sslmode": "verify-full", "sslrootcert": ca_file or "system"}
    return options


def _prepare(engine: Engine) -> None:
    """Set every new connection up, and let SQLite's transactions begin as ours say."""
    setup = {"sqlite": _sqlite_connection, "postgresql": None}.get(engine.dialect.name, _mysql_connection)
    if setup is not None:
        event.listen(engine, "connect", setup)
    if engine.dialect.name == "sqlite":
        # The reads of a batch decide its writes, so the lock is taken at BEGIN: upgrading later could deadlock.
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))


def _sqlite_connection(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _mysql_connection(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(
        "SET SESSION time_zone='+00:00', sql_mode='STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ENGINE_SUBSTITUTION'"
    )
    cursor.execute("SHOW VARIABLES LIKE 'wsrep_on'")
    if (row := cursor.fetchone()) and row[1] == "ON":
        cursor.execute(
            "SET SESSION wsrep_sync_wait=1"
        )  # a read that decides must see the other nodes' commits
    cursor.close()
