"""Open a database: SQLite, MariaDB/MySQL or PostgreSQL, each set up so that the same queries mean the same."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from helpdesk.core.databaseurl import options_problem, url_problem
from helpdesk.errors import BadSettings, StoreAway
from helpdesk.store import postgresql
from helpdesk.store.names import MYSQL, is_on_this_machine

READ_ONLY = "helpdesk_read_only"  # execution option of a connection
BUSY_SECONDS = 10
KEPT_STATEMENTS = 32  # of each connection; with 128 of them, long as those of a batch are, it grew by 70 MiB
STATEMENT_SECONDS = 60
# What to call, in the thread that asked, whenever a database or a disk has answered: a slow one is alive.
ANSWERED: ContextVar[Callable[[], None]] = ContextVar("ANSWERED", default=lambda: None)
_DRIVERS = {
    "sqlite": "sqlite",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "postgresql": "postgresql+psycopg",
}


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. ``shown`` names it in messages, without user and password."""

    engine: Engine
    shown: str

    @property
    def kind(self) -> str:
        """The name of its dialect: sqlite, mysql, mariadb or postgresql."""
        return self.engine.dialect.name

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(
    url: str,
    ca_file: str | None = None,
    pool_size: int = 8,
    statement_seconds: int = STATEMENT_SECONDS,
    make: bool = True,
) -> Database:
    """Return the database of *url*; connects only when used.

    A server that is not on this machine is spoken to over TLS only, its certificate and name verified against
    *ca_file* or the system's authorities; a server on this machine too when *ca_file* is given. A statement
    that takes longer than *statement_seconds* means that the database is away. *make*: whether a SQLite file,
    and its folder, are made where there is none; else StoreAway tells so where it is used. Raises BadSettings
    for a URL that names no database we know, or that would change how it is spoken to.
    """
    parsed = _parsed(url)
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        ours = {"timeout": BUSY_SECONDS, "check_same_thread": False, "cached_statements": KEPT_STATEMENTS}
        engine = create_engine(parsed, connect_args=ours)
        _prepare_sqlite(engine, Path(str(parsed.database)), make)
    else:
        from helpdesk.store import mariadb  # its driver costs each start of the shell on another database

        with_tls = ca_file is not None or not is_on_this_machine(parsed)
        server = mariadb if kind in MYSQL else postgresql
        engine = create_engine(
            parsed,
            connect_args=server.options(with_tls, ca_file, statement_seconds),
            isolation_level="READ COMMITTED",
            pool_size=pool_size,
            max_overflow=4,
            pool_timeout=server.CONNECT_SECONDS,
            pool_recycle=3600,
            pool_pre_ping=True,  # after the server came back, no transaction fails on a connection that died
        )
        if server is mariadb:
            event.listen(engine, "do_connect", mariadb.connected)
        event.listen(engine, "connect", server.prepare)
    for answer in ("checkout", "after_cursor_execute"):  # handed out: it has answered that it lives
        event.listen(engine, answer, lambda *_: ANSWERED.get()())
    return Database(engine, _shown(parsed))


def _shown(url: URL) -> str:
    bare = URL.create(url.drivername, host=url.host, port=url.port, database=url.database, query=url.query)
    return bare.render_as_string()


def _parsed(url: str) -> URL:
    problem = url_problem(url)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise _bad_url(problem or "expected a database URL") from error
    # What counts is how the library reads the options.
    if problem := problem or options_problem(parsed.get_backend_name(), parsed.query):
        raise _bad_url(problem)
    return parsed.set(drivername=_DRIVERS[parsed.get_backend_name()])


def _bad_url(problem: str) -> BadSettings:
    return BadSettings([f"[database] url: {problem}"])


def _prepare_sqlite(engine: Engine, file: Path, make: bool) -> None:
    """Make the folder and the file for our user only, and begin transactions as our work needs them."""
    try:
        if make:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreAway(
            f"database folder {file.parent}: {error.strerror}; make it, or choose another"
        ) from error
    opened = _OpenedFile(file, make)
    event.listen(engine, "do_connect", opened.before_connecting)
    event.listen(engine, "connect", _sqlite_connection)
    event.listen(engine, "checkout", opened.before_use)
    event.listen(engine, "begin", _begin_sqlite)


class _OpenedFile:
    """The file behind the connections: one that was removed, or put in the place of another, takes nothing more.

    SQLite itself does not notice: it goes on writing where nobody will ever read.
    """

    def __init__(self, file: Path, make: bool) -> None:
        self._file = file
        self._make = make

    def before_connecting(self, _dialect: object, entry: ConnectionPoolEntry, *_: object) -> None:
        """Note which file it is, before it is opened: one that takes its place meanwhile is noticed."""
        if self._make:
            _make_private(self._file)
        entry.info["file"] = self._identity()
        self._make = False

    def before_use(self, _connection: object, entry: ConnectionPoolEntry, _proxy: object) -> None:
        """Let the pool open the file anew where it is another one. Raises StoreAway while there is none."""
        if entry.info["file"] != self._identity():
            raise DisconnectionError("another file stands in its place")

    def _identity(self) -> tuple[int, int]:
        try:
            seen = self._file.stat()
        except FileNotFoundError as error:
            lost = self._file if self._file.parent.exists() else f"{self._file}, with its folder"
            raise StoreAway(
                f"database file {lost}: missing; put it back, or correct [database] url"
                " (a new desk: helpdeskd.py migrate makes it)"
            ) from error
        except OSError as error:
            raise StoreAway(f"database file {self._file}: {error.strerror}") from error
        return seen.st_dev, seen.st_ino


def _make_private(file: Path) -> None:
    """Create the database file, if there is none, before SQLite would create it for everybody to read."""
    try:
        if not file.exists():
            file.touch(mode=0o600)
    except OSError as error:
        raise StoreAway(
            f"database file {file}: {error.strerror}; is its disk there, and not full?"
        ) from error


def _begin_sqlite(connection: Connection) -> None:
    """Begin by ourselves: Python's sqlite3 would begin at the first write only.

    The reads of a batch decide its writes, so the lock is taken at once: taking it later could fail.
    """
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _sqlite_connection(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
