"""A private MariaDB."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymysql

from tests.servers.certificates import Certificates, Flaw
from tests.servers.ports import HOST, free_port
from tests.servers.process import PrivateServer, program

PACKAGES = "mariadb-server"
USER, TLS_USER, PASSWORD = "desk", "desk_tls", "correct-horse"
DATABASE = "helpdesk"
SETUP = (
    "CREATE DATABASE IF NOT EXISTS {database}",
    "CREATE USER IF NOT EXISTS '{user}'@'127.0.0.1' IDENTIFIED BY '{password}'",
    "CREATE USER IF NOT EXISTS '{tls_user}'@'127.0.0.1' IDENTIFIED BY '{password}' REQUIRE SSL",
    "GRANT ALL PRIVILEGES ON *.* TO '{user}'@'127.0.0.1' WITH GRANT OPTION",
    "GRANT ALL PRIVILEGES ON *.* TO '{tls_user}'@'127.0.0.1'",
)
# A commit still reaches the kernel, so it outlives kill -9 of the server, but not a power cut.
NOT_DURABLE = ("--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=OFF")


class MariaDb(PrivateServer):
    """MariaDB on ``host``:``port``, utf8mb4, TLS offered. *durable* keeps the server's safe defaults."""

    name = "mariadb"

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

    def tls_url(self, url: str) -> str:
        """Return *url* for an account that the server lets in over TLS only."""
        return url.replace(f"//{USER}:", f"//{TLS_USER}:", 1)

    def drop_database(self, url: str) -> None:
        """Drop a database made by ``fresh_database``; do nothing if it is gone."""
        self.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]}")

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as the server's superuser and return the rows of the last one."""
        with (
            pymysql.connect(
                host=self.host, port=self.port, user="root", connect_timeout=5, autocommit=True
            ) as connection,
            connection.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def _url(self, database: str) -> str:
        return f"mariadb+pymysql://{USER}:{PASSWORD}@{self.host}:{self.port}/{database}"

    def _check_installed(self) -> None:
        program("mariadbd", PACKAGES)
        program("mariadb-install-db", PACKAGES)

    def _prepare(self) -> None:
        (self.folder / "tmp").mkdir(exist_ok=True)
        self.ca_file.write_bytes(self._certificates.ca_pem)
        self._certificates.issue(self._flaw).write_to(self.folder)
        if not (self.folder / "data").exists():
            self._owner.own(self.folder)
            self._owner.run(
                [
                    program("mariadb-install-db", PACKAGES),
                    "--no-defaults",
                    f"--datadir={self.folder}/data",
                    f"--tmpdir={self.folder}/tmp",  # its temporary tables have the same names in every run
                    "--auth-root-authentication-method=normal",
                    "--skip-test-db",
                    "--innodb-flush-log-at-trx-commit=0",
                    "--innodb-doublewrite=OFF",
                ],
                self.folder,
            )

    def _take_ports(self) -> None:
        self.port = free_port()

    def _start_first(self) -> None:
        super()._start_first()
        names = {"database": DATABASE, "user": USER, "tls_user": TLS_USER, "password": PASSWORD}
        self.execute(*(statement.format(**names) for statement in SETUP))

    def _command(self) -> Sequence[str | Path]:
        return [
            program("mariadbd", PACKAGES),
            "--no-defaults",
            f"--datadir={self.folder}/data",
            f"--socket={self.folder}/sock",
            f"--pid-file={self.folder}/pid",
            f"--tmpdir={self.folder}/tmp",
            f"--bind-address={self.host}",
            f"--port={self.port}",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_unicode_ci",
            "--skip-name-resolve",
            f"--ssl-ca={self.ca_file}",
            f"--ssl-cert={self.folder}/cert.pem",
            f"--ssl-key={self.folder}/key.pem",
            *(() if self._durable else NOT_DURABLE),
        ]

    def _answers(self) -> bool:
        try:
            return self.execute("SELECT 1") == [(1,)]
        except pymysql.err.OperationalError:
            return False
