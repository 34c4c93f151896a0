"""How we speak to PostgreSQL."""

import ssl
from pathlib import Path
from typing import Any

from helpdesk.errors import BadSettings

CONNECT_SECONDS = 10
LOCK_WAIT_SECONDS = 10
# A daemon that is stopped, or whose machine is gone, keeps no lock for longer: less than a lease lasts.
IDLE_TRANSACTION_SECONDS = 20
AUTHORITIES = (  # where systems keep theirs: Debian, Fedora, SUSE
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
)


def options(with_tls: bool, ca_file: str | None, statement_seconds: int) -> dict[str, Any]:
    """Return libpq's arguments. *with_tls*: verified, or no connection at all."""
    given: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "client_encoding": "utf8",
        "options": f"-c timezone=UTC -c statement_timeout={statement_seconds * 1000}"
        f" -c lock_timeout={LOCK_WAIT_SECONDS * 1000}"
        f" -c idle_in_transaction_session_timeout={IDLE_TRANSACTION_SECONDS * 1000}",
        "keepalives_idle": 60,
        "tcp_user_timeout": statement_seconds * 1000,
    }
    if with_tls:
        given |= {
            "sslmode": "verify-full",
            "sslrootcert": ca_file or system_authorities(),
            "ssl_min_protocol_version": "TLSv1.2",
        }
    return given


def system_authorities() -> str:
    """Return the file of the authorities that this machine trusts: libpq's own build may look elsewhere."""
    usual = ssl.get_default_verify_paths().cafile
    return next((path for path in (usual, *AUTHORITIES) if path and Path(path).is_file()), "system")


def prepare(connection: Any, _record: object) -> None:
    """Look at a new connection. Raises BadSettings when the database cannot hold what mail brings."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise BadSettings(
            [
                f"database {connection.info.dbname} has the encoding {encoding}; needed is UTF8:"
                " create it with ENCODING 'UTF8'"
            ]
        )
