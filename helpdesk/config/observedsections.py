"""The sections about how the desk is watched from outside."""

from urllib.parse import urlsplit

from helpdesk.config.secret import Credentials, Secret
from helpdesk.config.section import Section
from helpdesk.config.settings import MetricsSettings
from helpdesk.config.values import is_loopback, number


def metrics(section: Section) -> MetricsSettings:
    """Read [metrics]."""
    return MetricsSettings(section.path("file"), section.optional("port", number(0, 65535), 0))


def sentry_dsn(section: Section, credentials: Credentials) -> Secret:
    """Read [sentry], which is a credential alone: who knows the DSN can write to the project."""
    variable = section.variable("dsn")
    secret = credentials.secret("sentry_dsn", variable)
    if secret and not _is_dsn(secret.reveal()):
        where = credentials.where("sentry_dsn", variable)
        section.complain("dsn", f"{where}: expected https://KEY@HOST/NUMBER, as Sentry shows it")
    return secret


def _is_dsn(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host, number_at_end = parts.hostname or "", parts.path.rpartition("/")[2]
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    plain = port != 0 and text.isascii() and text.isprintable()
    return safe and plain and bool(host and parts.username) and number_at_end.isdecimal()
