"""Servers for the tests, each started when the first test asks for it and once per run.

A server that is not installed skips its tests and is named at the end; with CI=true it fails them.
"""

import os
from collections.abc import Generator, Iterator
from typing import NoReturn

import pytest
from xdist.remote import Producer

from helpdesk.store.engine import Database, open_database
from helpdesk.store.schema import migrate
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.galera import Galera
from tests.servers.mariadb import MariaDb
from tests.servers.postgres import Postgres
from tests.servers.process import ServerMissing
from tests.servers.smtp_sink import SmtpSink, Tls
from tests.servers.sqlite import Sqlite
from tests.store.cleaning import empty_tables
from tests.together import Together

ENGINES = ("sqlite", "mariadb", "postgres")
SKIPPED_FOR = "server missing: "


def is_ci() -> bool:
    """Say whether a missing server is a failure."""
    return os.environ.get("CI", "").lower() in ("true", "1")


def without(missing: ServerMissing) -> NoReturn:
    """End a test or a fixture whose server is not installed: fail in CI, skip elsewhere."""
    if is_ci():
        pytest.fail(f"{SKIPPED_FOR}{missing}", pytrace=False)
    pytest.skip(f"{SKIPPED_FOR}{missing}")


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup() -> Generator[None, object, object]:
    """Let a fixture start any server without asking first whether it is there."""
    try:
        return (yield)
    except ServerMissing as missing:
        without(missing)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """Let a test start any server without asking first whether it is there."""
    try:
        return (yield)
    except ServerMissing as missing:
        without(missing)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """Let tests go to one process that share what takes long to make."""
    return Together(config, log)


@pytest.fixture(scope="session")
def certificates() -> Certificates:
    """One private CA for all servers of the run."""
    return Certificates()


@pytest.fixture(scope="session")
def dovecot_server(certificates: Certificates) -> Iterator[Dovecot]:
    """The run's Dovecot, whatever is in its mailboxes."""
    with Dovecot(certificates=certificates) as server:
        yield server


@pytest.fixture
def dovecot(dovecot_server: Dovecot) -> Dovecot:
    """The run's Dovecot with empty mailboxes."""
    for user in dovecot_server.users:
        dovecot_server.wipe(user)
    return dovecot_server


@pytest.fixture(scope="session")
def mariadb(certificates: Certificates) -> Iterator[MariaDb]:
    """The run's MariaDB."""
    with MariaDb(certificates=certificates) as server:
        yield server


@pytest.fixture(scope="session")
def galera_cluster(certificates: Certificates) -> Iterator[Galera]:
    """The run's Galera cluster, whichever of its nodes run."""
    with Galera(certificates) as cluster:
        yield cluster


@pytest.fixture
def galera(galera_cluster: Galera) -> Galera:
    """The run's Galera cluster, whole: nodes that an earlier test killed are back."""
    galera_cluster.make_whole()
    return galera_cluster


@pytest.fixture(scope="session")
def postgres(certificates: Certificates) -> Iterator[Postgres]:
    """The run's PostgreSQL."""
    with Postgres(certificates=certificates) as server:
        yield server


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Sqlite:
    """A folder of SQLite databases."""
    return Sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def sqlite_url(sqlite: Sqlite) -> str:
    """One SQLite database: making the tables takes longer than most tests. Each of them leaves it empty."""
    return sqlite.fresh_database()


@pytest.fixture(scope="session", params=ENGINES)
def each_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """One database on each engine in turn: making the tables takes longer than the tests do. Each leaves it empty."""
    engine: Sqlite | MariaDb | Postgres = request.getfixturevalue(request.param)
    made = engine.fresh_database()
    yield made
    engine.drop_database(made)


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of its own on each engine in turn; dropped afterwards."""
    engine: Sqlite | MariaDb | Postgres = request.getfixturevalue(request.param)
    url = engine.fresh_database()
    yield url
    engine.drop_database(url)


@pytest.fixture(scope="session", params=ENGINES)
def migrated(request: pytest.FixtureRequest) -> Iterator[Database]:
    """One migrated database on each engine in turn: making the tables takes longer than most tests."""
    engine: Sqlite | MariaDb | Postgres = request.getfixturevalue(request.param)
    url = engine.fresh_database()
    opened = open_database(url)
    migrate(opened)
    yield opened
    opened.close()
    engine.drop_database(url)


@pytest.fixture(scope="session")
def migrated_url(migrated: Database) -> str:
    """The URL of the migrated database on each engine in turn, whatever rows it has."""
    return migrated.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def database(migrated: Database) -> Database:
    """A database with the newest schema and no rows, on each engine in turn."""
    empty_tables(migrated)
    return migrated


@pytest.fixture(scope="session")
def smtp_sink_server(certificates: Certificates) -> Iterator[SmtpSink]:
    """The run's SMTP sink, whatever it holds."""
    with SmtpSink(tls=Tls.STARTTLS, certificates=certificates) as sink:
        yield sink


@pytest.fixture
def smtp_sink(smtp_sink_server: SmtpSink) -> SmtpSink:
    """The run's SMTP sink, empty and well-behaved; STARTTLS is demanded, no login."""
    smtp_sink_server.clear()
    return smtp_sink_server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was not tested for want of a server: a quiet skip would read as a pass."""
    lost: dict[str, int] = {}
    for report in terminalreporter.getreports("skipped"):
        if isinstance(report, pytest.TestReport) and isinstance(report.longrepr, tuple):
            _before, found, reason = report.longrepr[2].partition(SKIPPED_FOR)
            if found:
                lost[reason] = lost.get(reason, 0) + 1
    if lost:
        terminalreporter.section("NOT TESTED: servers are missing", red=True, bold=True)
        for reason, count in sorted(lost.items()):
            terminalreporter.line(f"{count} tests skipped: {reason}", red=True)
