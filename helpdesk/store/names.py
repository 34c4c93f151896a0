"""Which databases there are, and which of them are on this machine."""

import ipaddress

from sqlalchemy import URL

MYSQL = ("mysql", "mariadb")


def is_on_this_machine(url: URL) -> bool:
    """Say whether the way to a database server never leaves this machine: loopback or a Unix socket."""
    if "unix_socket" in url.query:
        return True
    # Where both are given, PostgreSQL's driver takes the host of the query.
    host = url.query.get("host") or url.host or ""
    if not isinstance(host, str) or "," in host:  # PostgreSQL takes several
        return False
    if host in ("", "localhost") or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
