"""A migrated database as its owner, the daemon's user and the shell's user see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from helpdesk.store.engine import Database, open_database
from helpdesk.store.schema import FOLDER, migrate
from tests.servers.mariadb import PASSWORD, MariaDb
from tests.servers.postgres import Postgres

USERS = ("helpdesk_daemon", "helpdesk_shell")


def script(name: str) -> list[str]:
    """Return the statements of a script in sql/."""
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    kept = "\n".join(line for line in lines if not line.startswith("--"))
    return [one.strip() for one in kept.split(";") if one.strip()]


@dataclass(frozen=True, slots=True)
class Granted:
    """One database as its owner, the daemon and the shell see it."""

    owner: Database
    daemon: Database
    shell: Database
    daemon_url: str
    shell_url: str


@contextmanager
def granted_on(server: MariaDb | Postgres) -> Iterator[Granted]:
    """Make a migrated database with both users, as the scripts make them; drop it afterwards."""
    url = server.fresh_database()
    owner = open_database(url)
    migrate(owner)
    urls = on_mariadb(server, url) if isinstance(server, MariaDb) else on_postgres(server, url)
    made = Granted(owner, open_database(urls[0]), open_database(urls[1]), urls[0], urls[1])
    yield made
    for database in (made.owner, made.daemon, made.shell):
        database.close()
    server.drop_database(url)


def on_mariadb(server: MariaDb, url: str) -> list[str]:
    name = url.rpartition("/")[2]
    here = [one.replace("'localhost'", "'127.0.0.1'") for one in script("grants-mariadb.sql")]
    made = [f"CREATE OR REPLACE USER '{user}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'" for user in USERS]
    server.execute(*made, f"USE {name}", *here)
    return [f"mariadb://{user}:{PASSWORD}@{server.host}:{server.port}/{name}" for user in USERS]


def on_postgres(server: Postgres, url: str) -> list[str]:
    name = url.rpartition("/")[2]
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for user in USERS:
            connection.execute(f"DROP ROLE IF EXISTS {user}".encode())
            connection.execute(f"CREATE ROLE {user} LOGIN".encode())
        for statement in script("grants-postgresql.sql"):
            connection.execute(statement.encode())
    return [f"postgresql://{user}@{server.host}:{server.port}/{name}" for user in USERS]
