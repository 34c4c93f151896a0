"""What stands in each section: its keys, their kinds, ranges and defaults."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, tzinfo
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from helpdesk.config.secret import Credentials, Secret
from helpdesk.config.section import Section
from helpdesk.config.settings import (
    AlertSettings,
    DatabaseSettings,
    DeskSettings,
    DnsSettings,
    ImapSettings,
    LetterCaps,
    Level,
    LimitSettings,
    SmtpSettings,
    TicketSettings,
    Tls,
)
from helpdesk.config.trustsection import trust
from helpdesk.config.values import (
    ADDRESS,
    HOST,
    IP,
    TEXT,
    TRUTH,
    fitting,
    is_loopback,
    list_of,
    number,
    one_of,
)
from helpdesk.core.admission import is_one_of
from helpdesk.core.databaseurl import redirecting, url_problem
from helpdesk.core.mail import Caps
from helpdesk.core.people import Language, Role
from helpdesk.core.sessions import LoginLimits
from helpdesk.core.suspicion import FEWEST_PLACES
from helpdesk.core.tickets import DueHours

KIB = 1024
MIB = 1024 * KIB
STATE_DIR = Path("/var/lib/helpdesk")
ZONE_NAME = "Europe/Paris"
IMAP_PORTS = {Tls.TLS: 993, Tls.STARTTLS: 143, Tls.PLAIN: 143}
SMTP_PORTS = {Tls.TLS: 465, Tls.STARTTLS: 587, Tls.PLAIN: 25}
PORT = number(1, 65535)
MAILBOX_NAME = fitting("lower-case letters, digits and hyphens, 32 at most", r"[a-z0-9][a-z0-9-]{0,31}")
Taken = dict[tuple[str, ...], tuple[str, str]]  # host, user and folder: which mailbox has it, by which key
ROLE = fitting(" or ".join(Role), "|".join(Role))
# Below the lower end ordinary mail would be refused, above the upper one a mail could exhaust a worker.
CAP_RANGES = {
    "max_bytes": (64 * KIB, 200 * MIB),
    "max_header_bytes": (16 * KIB, 1 * MIB),
    "max_header_fields": (50, 2000),
    "max_field_bytes": (1 * KIB, 256 * KIB),
    "max_parts": (10, 2000),
    "max_depth": (3, 50),
    "max_text_bytes": (16 * KIB, 16 * MIB),
    "max_attachments": (1, 500),
    "max_encoded_words": (10, 1000),
    "max_subject_bytes": (200, 16 * KIB),
}


def desk(section: Section) -> DeskSettings:
    """Read [desk]."""
    address = section.required("address", ADDRESS).lower()
    state_dir = section.path("state_dir") or STATE_DIR
    aliases = [alias.lower() for alias in section.optional("aliases", list_of(ADDRESS), ())]
    return DeskSettings(
        name=section.required("name", TEXT),
        addresses=tuple(dict.fromkeys((address, *aliases))),
        language=section.optional("language", one_of(Language), Language.FR),
        timezone=_zone(section),
        state_dir=state_dir,
        blob_dir=section.path("blob_dir") or state_dir / "blobs",
        reopen_days=section.optional("reopen_days", number(0, 3650), 14),
        plus_addressing=section.optional("plus_addressing", TRUTH, False),
    )


def _zone(section: Section) -> tzinfo:
    name = section.optional("timezone", TEXT, ZONE_NAME)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # a path, a folder, no such zone or no zones at all
        section.refuse("timezone", f"this machine knows no zone {name} (Debian: package tzdata)")
        return UTC


def database(section: Section, credentials: Credentials, state_dir: Path) -> DatabaseSettings:
    """Read [database]. A URL with a password is taken from the credentials or the environment only."""
    variable = section.variable("url")
    secret = credentials.secret("db_url", variable)
    written = section.optional("url", TEXT, f"sqlite:///{state_dir}/helpdesk.sqlite3")
    url = secret.reveal() or written
    if not secret and _has_password(written):
        section.refuse(
            "url", "a password never stands in this file: write the whole URL to the credential db_url"
        )
    elif section.sound and (problem := url_problem(url)):
        in_credential = secret and not (variable and credentials.environ.get(variable))
        section.refuse("url", f"{problem}{' in the credential db_url' if in_credential else ''}")
    for name in redirecting(url, credentials.environ):
        section.complain(
            "url", f"${name} in the environment would lead PostgreSQL's library to another server; unset it"
        )
    return DatabaseSettings(url=Secret(url), ca_file=section.existing_file("ca_file"))


def _has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return True  # what cannot be read is not shown either
    return bool(parts.password) or any(name == "password" for name, _ in parse_qsl(parts.query))


def mailbox(section: Section, credentials: Credentials, alone: bool) -> ImapSettings:
    """Read [imap], or one of several [[imap]]."""
    name = section.optional("name", MAILBOX_NAME, "main") if alone else section.required("name", MAILBOX_NAME)
    tls, port, host = _server(section, IMAP_PORTS)
    file_name = "imap_password" if alone else f"imap_password.{name}"
    settings = ImapSettings(
        name=name,
        host=host,
        port=port,
        tls=tls,
        ca_file=section.existing_file("ca_file"),
        user=section.required("user", TEXT),
        password=credentials.required(file_name, section.variable("password"), f"{section.label} password"),
        folder=section.optional("folder", TEXT, "INBOX"),
        done_folder=section.optional("done_folder", TEXT, "Done"),
        held_folder=section.optional("held_folder", TEXT, "Held"),
        quarantine_folder=section.optional("quarantine_folder", TEXT, "Quarantine"),
        poll_seconds=section.optional("poll_seconds", number(1, 3600), 60),
        idle=section.optional("idle", TRUTH, True),
        batch_mails=section.optional("batch_mails", number(1, 500), 200),
        batch_bytes=section.optional("batch_bytes", number(64 * KIB, 500 * MIB), 32 * MIB),
        timeout_seconds=section.optional("timeout_seconds", number(5, 600), 60),
        trust=trust(section.child("trust")),
    )
    _check_folders(section, settings)
    return settings


def _check_folders(section: Section, settings: ImapSettings) -> None:
    """A mail settled into its own inbox would come back for ever."""
    seen = [settings.folder.upper()]
    for key in ("done_folder", "held_folder", "quarantine_folder"):
        folder = str(getattr(settings, key))
        if folder.upper() in seen:
            section.refuse(key, f'"{folder}" is already used; each folder of a mailbox needs its own name')
        seen.append(folder.upper())


def check_shared(section: Section, settings: ImapSettings, taken: Taken) -> None:
    """Refuse folders that are *taken* by other mailboxes, and add this one's.

    Each mailbox has a ledger of its own: in a shared folder one would take the other's mail for lost, and file it.
    """
    if not (settings.host and settings.user):
        return
    for key in ("folder", "done_folder", "held_folder", "quarantine_folder"):
        folder = str(getattr(settings, key))
        place = (settings.host.lower(), settings.user.lower(), folder.upper())
        name, other = taken.setdefault(place, (settings.name, key))
        if name != settings.name:
            what = f'"{folder}" of this user is the {other} of the mailbox {name} already'
            section.refuse(key, f"{what}; each mailbox needs folders of its own")


def _server(section: Section, ports: dict[Tls, int]) -> tuple[Tls, int, str]:
    host = section.required("host", HOST)
    tls = section.optional("tls", one_of(Tls), Tls.TLS)
    if tls is Tls.PLAIN and host and not is_loopback(host):
        section.refuse("tls", f"plain is for this machine only, and {host} is another; use tls or starttls")
    return tls, section.optional("port", PORT, ports[tls]), host


def smtp(section: Section, credentials: Credentials, desk_address: str) -> SmtpSettings:
    """Read [smtp]."""
    tls, port, host = _server(section, SMTP_PORTS)
    user = section.optional("user", TEXT, "")
    variable = section.variable("password")
    if user:
        password = credentials.required("smtp_password", variable, f"{section.label} password")
    elif password := credentials.secret("smtp_password", variable):
        section.complain("user", "missing although there is a smtp_password; a login needs both")
    return SmtpSettings(
        host=host,
        port=port,
        tls=tls,
        ca_file=section.existing_file("ca_file"),
        user=user,
        password=password,
        connections=section.optional("connections", number(1, 20), 4),
        timeout_seconds=section.optional("timeout_seconds", number(5, 600), 60),
        bounce_address=section.optional("bounce_address", ADDRESS, desk_address),
    )


def dns(section: Section) -> DnsSettings:
    """Read [dns]."""
    return DnsSettings(
        nameservers=section.optional("nameservers", list_of(IP), ()), port=section.optional("port", PORT, 53)
    )


def letter_caps(section: Section) -> LetterCaps:
    """Read [caps]."""
    many = number(1, 1_000_000)
    return LetterCaps(
        per_address_hour=section.optional("per_address_hour", many, 10),
        per_address_day=section.optional("per_address_day", many, 40),
        per_domain_hour=section.optional("per_domain_hour", many, 200),
        overall_hour=section.optional("overall_hour", many, 600),
    )


def alerts(section: Section, own: Collection[str]) -> AlertSettings:
    """Read [alerts]. Without anyone to tell, trouble would go unseen: the addresses must be given.

    None may be the desk's *own*: the daemon puts its own letters aside, so nobody would read them.
    """
    to = section.required("to", list_of(ADDRESS, at_least=1))
    for address in to:
        if is_one_of(own, address):
            section.refuse(
                "to", f"{address} is the desk's own address, where nobody reads alerts; name a person's"
            )
    return AlertSettings(to=to, per_hour=section.optional("per_hour", number(FEWEST_PLACES, 1000), 5))


def limits(section: Section) -> LimitSettings:
    """Read [limits]."""
    caps = Caps()
    changes = {
        key: section.optional(key, number(low, high), getattr(caps, key))
        for key, (low, high) in CAP_RANGES.items()
    }
    return LimitSettings(
        caps=replace(caps, **changes),
        workers=section.optional("workers", number(1, 32), 2),
        worker_memory_mib=section.optional("worker_memory_mib", number(256, 16 * KIB), 1024),
        worker_seconds=section.optional("worker_seconds", number(1, 300), 20),
    )


def tickets(section: Section) -> TicketSettings:
    """Read [tickets]."""
    hours, usual = number(1, 8760), DueHours()
    due = DueHours(
        low=section.optional("due_hours_low", hours, usual.low),
        normal=section.optional("due_hours_normal", hours, usual.normal),
        high=section.optional("due_hours_high", hours, usual.high),
        critical=section.optional("due_hours_critical", hours, usual.critical),
    )
    return TicketSettings(due=due, undo_seconds=section.optional("undo_seconds", number(0, 3600), 30))


def login(section: Section) -> LoginLimits:
    """Read [login]."""
    usual, minutes = LoginLimits(), number(1, 1440)
    return LoginLimits(
        tries_per_source=section.optional("tries_per_source", number(1, 100), usual.tries_per_source),
        tries_per_account=section.optional("tries_per_account", number(1, 1000), usual.tries_per_account),
        window_minutes=section.optional("window_minutes", minutes, usual.window_minutes),
        lock_minutes=section.optional("lock_minutes", minutes, usual.lock_minutes),
        idle_minutes=section.optional("idle_minutes", minutes, usual.idle_minutes),
        session_hours=section.optional("session_hours", number(1, 24), usual.session_hours),
        remembered_days=section.optional("remembered_days", number(1, 365), usual.remembered_days),
        editor_roles=tuple(Role(role) for role in section.optional("editor_roles", list_of(ROLE), ())),
    )


def log_level(section: Section) -> Level:
    """Read [logs]."""
    return section.optional("level", one_of(Level), Level.INFO)
