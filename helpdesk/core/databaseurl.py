"""The database's URL, looked at before anything is opened. It may hold a password: no message shows a part of it."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

# What may stand after the question mark: other options could change how the server is spoken to, or end TLS.
OPTIONS: dict[str, tuple[str, ...]] = {
    "sqlite": (),
    "mariadb": ("unix_socket",),
    "mysql": ("unix_socket",),
    "postgresql": ("host",),
}
POSTGRESQL = "postgresql"
_KIND = re.compile(r"([a-z]++)(?>(?:\+[a-z0-9_]++)?)://")
_SERVER = re.compile(
    r"(?>(?:[^:/?@]*+(?>(?::[^@]*+)?)@)?)"  # the user, with a password or without
    r"(?P<host>\[[0-9A-Fa-f:.%]++\]|[^@:/?\[\]]*+)(?>(?::(?P<port>[0-9]{1,5}+))?)"
    r"/[^?/]++(?>(?:\?(?P<options>.*+))?)"
)
_FILE = re.compile(r"//[^?]*[^?/](?>(?:\?(?P<options>.*+))?)")
# What leads PostgreSQL's library to another server whatever the URL says (libpq: Environment Variables).
_REDIRECTING = ("PGHOSTADDR", "PGSERVICE")


def url_problem(url: str) -> str:
    """Return what is wrong with a database URL, in words for a person; empty when nothing is."""
    begin = _KIND.match(url)
    kind = begin[1] if begin else ""
    if not begin or kind not in OPTIONS:
        return f"expected a URL that begins with {' or '.join(f'{name}://' for name in OPTIONS)}"
    if kind == "sqlite":
        found = _FILE.fullmatch(url, begin.end())
        if not found:
            return "expected the absolute path of a file, with four slashes: sqlite:////var/lib/…"
    else:
        found = _SERVER.fullmatch(url, begin.end())
        if not found:
            return f"expected {kind}://user@host/database; in a password, @ : / ? are written %40 %3A %2F %3F"
        if found["port"] is not None and not 1 <= int(found["port"]) <= 65535:
            return "expected a port from 1 to 65535"
    return options_problem(
        kind, (name for name, _ in parse_qsl(found["options"] or "", keep_blank_values=True))
    )


def options_problem(kind: str, names: Iterable[str]) -> str:
    """Return what is wrong with the options in a URL of this *kind*; empty when nothing is."""
    allowed = OPTIONS[kind]
    if set(names) <= set(allowed):
        return ""
    return f"expected {' or '.join(f'{name}=' for name in allowed) or 'nothing'} after the question mark"


def redirecting(url: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the environment variables that would lead a sound *url* to another server than it names.

    Only PostgreSQL's library listens to such.
    """
    if not url.startswith(POSTGRESQL):
        return ()
    begin = _KIND.match(url)
    found = _SERVER.fullmatch(url, begin.end()) if begin else None
    names_host = found is not None and bool(found["host"] or found["options"])
    variables = _REDIRECTING if names_host else (*_REDIRECTING, "PGHOST")
    return tuple(variable for variable in variables if environ.get(variable))
