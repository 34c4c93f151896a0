"""How we speak to MariaDB and MySQL."""

import math
import socket
import ssl
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from pymysql import Connection
from pymysql.constants import CR
from pymysql.err import OperationalError

from helpdesk.errors import BadSettings

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CONNECT_SECONDS = 10
LOCK_WAIT_SECONDS = 10
# A daemon that is stopped, or whose machine is gone, keeps no lock for longer: less than a lease lasts.
IDLE_TRANSACTION_SECONDS = 20
SMALLEST_PACKET = 16 * 1024 * 1024
SQL_MODE = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
# A table is utf8mb4 by its own options; the database's charset decides for what others create in it.
CHARSET = "utf8mb4"


def options(with_tls: bool, ca_file: str | None, statement_seconds: int) -> dict[str, Any]:
    """Return PyMySQL's arguments. *with_tls*: verified, or no connection at all."""
    given: dict[str, Any] = {
        "charset": CHARSET,
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": statement_seconds,
        "write_timeout": statement_seconds,
    }
    if with_tls:
        context = ssl.create_default_context(cafile=ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        given["ssl"] = context
    return given


def connected(
    _dialect: object, _record: object, _arguments: object, parameters: dict[str, Any]
) -> Connection:
    """Return a new connection, or fail within CONNECT_SECONDS.

    PyMySQL itself gives each byte of the greeting its own time: a server that is silent, or says a byte a second,
    would keep us for minutes.
    """
    connection = _Connection(**parameters, defer_connect=True)
    if connection.unix_socket:
        connection.connect()
        return connection
    where = (connection.host, connection.port)
    try:
        sock = _Hurried(fileno=socket.create_connection(where, CONNECT_SECONDS).detach())
    except OSError as error:
        raise OperationalError(
            CR.CR_CONN_HOST_ERROR, f"Can't connect to MySQL server on {where[0]!r} ({error})"
        ) from error
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.connect(sock)
    sock.deadline = math.inf
    connection._sock.settimeout(parameters["read_timeout"])  # with TLS, another socket than ours by now
    return connection


class _Connection(Connection):  # type: ignore[misc]
    """One whose TLS is ours, not the library's guess.

    Where none is asked for, on this machine, it is used if the server offers it. PyMySQL would read all authorities
    of the system for that, at each connection, and believe any server all the same.
    """

    def _create_ssl_ctx(self, given: Any) -> ssl.SSLContext:
        return given if isinstance(given, ssl.SSLContext) else _unverified()


@cache
def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _Hurried(socket.socket):
    """Whatever comes on it has to come before its ``deadline``, on the monotonic clock."""

    def __init__(self, *, fileno: int) -> None:
        super().__init__(fileno=fileno)
        self.deadline = time.monotonic() + CONNECT_SECONDS

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0) -> int:
        if self.deadline < math.inf:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self.settimeout(left)
        return super().recv_into(buffer, nbytes, flags)


def prepare(connection: Any, _record: object) -> None:
    """Set a new connection up. Raises BadSettings when the server cannot hold what mail brings."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET SESSION time_zone = '+00:00', sql_mode = %s, innodb_lock_wait_timeout = %s",
            (SQL_MODE, LOCK_WAIT_SECONDS),
        )
        cursor.execute(
            "SHOW VARIABLES WHERE Variable_name IN"
            " ('character_set_database', 'max_allowed_packet', 'wsrep_on', 'idle_transaction_timeout')"
        )
        found = dict(cursor.fetchall())
        if "idle_transaction_timeout" in found:  # MySQL has none
            cursor.execute("SET SESSION idle_transaction_timeout = %s", (IDLE_TRANSACTION_SECONDS,))
        if found.get("wsrep_on") == "ON":  # Galera: a read that decides must see the other nodes' commits
            cursor.execute("SET SESSION wsrep_sync_wait = 1")
    _refuse_narrow(connection.db, found)


def _refuse_narrow(name: bytes | str, found: dict[str, str]) -> None:
    shown = name.decode() if isinstance(name, bytes) else name
    if found["character_set_database"] != CHARSET:
        raise BadSettings(
            [
                f"database {shown} has the character set {found['character_set_database']}; needed is utf8mb4:"
                f" ALTER DATABASE {shown} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
            ]
        )
    if int(found["max_allowed_packet"]) < SMALLEST_PACKET:
        raise BadSettings(
            [
                f"the server of database {shown} has max_allowed_packet = {found['max_allowed_packet']};"
                f" needed is {SMALLEST_PACKET} or more"
            ]
        )
