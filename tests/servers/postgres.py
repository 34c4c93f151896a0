"""A private PostgreSQL."""

import itertools
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from tests.servers.certificates import Certificates, Flaw
from tests.servers.ports import HOST, free_port
from tests.servers.process import PrivateServer, ServerMissing

PACKAGES = "postgresql"
VERSIONS = Path("/usr/lib/postgresql")  # Debian keeps each version's programs apart, and out of PATH
USER = "desk"
DATABASE = "helpdesk"
# A commit still reaches the kernel, so it outlives kill -9 of the server, but not a power cut.
NOT_DURABLE = ("-c", "fsync=off", "-c", "full_page_writes=off")


class Postgres(PrivateServer):
    """PostgreSQL on ``host``:``port``, UTF-8, TLS offered. *durable* keeps the server's safe defaults."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": connections are ended, not waited for

    def __init__(
        self,
        folder: Path | None = None,
        *,
        certificates: Certificates | None = None,
        flaw: Flaw = Flaw.NONE,
        durable: bool = False,
    ) -> None:
        super().__init__(folder)
        self.host, self.port = HOST, 0
        self._certificates = certificates or Certificates()
        self._flaw = flaw
        self._durable = durable
        self._numbers = itertools.count(1)

    @property
    def ca_file(self) -> Path:
        """The certificate of the CA that a client of this server has to trust."""
        return self.folder / "ca.pem"

    @property
    def url(self) -> str:
        """SQLAlchemy's URL of a database that is always there."""
        return self._url(DATABASE)

    def certify(self, flaw: Flaw = Flaw.NONE) -> None:
        """Show another certificate, from the next ``start`` on."""
        self._certificates.issue(flaw).write_to(self.folder)

    def fresh_database(self) -> str:
        """Create an empty database of its own and return its URL."""
        name = f"desk_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self._url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database made by ``fresh_database``, cutting its connections; do nothing if it is gone."""
        self.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement as the server's superuser and return its rows."""
        where = f"host={self.host} port={self.port} user={USER} dbname=postgres connect_timeout=5"
        with psycopg.connect(where, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}@{self.host}:{self.port}/{database}"

    def _check_installed(self) -> None:
        _binaries()

    def _prepare(self) -> None:
        self.ca_file.write_bytes(self._certificates.ca_pem)
        self._certificates.issue(self._flaw).write_to(self.folder)
        if not (self.folder / "data").exists():
            self._owner.own(self.folder)
            account = ("-U", USER, "-A", "trust")
            content = ("-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
            self._owner.run(
                [_binaries() / "initdb", "-D", self.folder / "data", *account, *content], self.folder
            )

    def _take_ports(self) -> None:
        self.port = free_port()

    def _start_first(self) -> None:
        super()._start_first()
        if not self.execute(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):
            self.execute(f"CREATE DATABASE {DATABASE}")

    def _command(self) -> Sequence[str | Path]:
        options = {
            "listen_addresses": self.host,
            "unix_socket_directories": "",
            "ssl": "on",
            "ssl_cert_file": self.folder / "cert.pem",
            "ssl_key_file": self.folder / "key.pem",
        }
        given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        fast = () if self._durable else NOT_DURABLE
        return [_binaries() / "postgres", "-D", self.folder / "data", "-p", str(self.port), *given, *fast]

    def _answers(self) -> bool:
        try:
            return self.execute("SELECT 1") == [(1,)]
        except psycopg.OperationalError:
            return False


def _binaries() -> Path:
    found = [folder.parent for folder in VERSIONS.glob("*/bin/initdb")]
    if not found:
        raise ServerMissing(f"{VERSIONS}/*/bin/initdb is not installed (apt-get install {PACKAGES})")
    return max(found, key=lambda folder: int(folder.parent.name))
