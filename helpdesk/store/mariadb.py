"""How we speak to MariaDB and MySQL."""

import ssl
from typing import Any

from helpdesk.errors import BadSettings

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
