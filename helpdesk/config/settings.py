"""The settings as typed, frozen data. What each means to a sysadmin stands in ``template.toml``."""

from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from pathlib import Path

from helpdesk.config.secret import NO_SECRET, Secret
from helpdesk.config.suspicionsection import SuspicionSettings
from helpdesk.core.jobs import JobPlan
from helpdesk.core.keys import Keys
from helpdesk.core.mail import Caps
from helpdesk.core.people import Language
from helpdesk.core.sessions import LoginLimits
from helpdesk.core.tickets import DueHours
from helpdesk.core.trust import Trust


class Tls(StrEnum):
    """How a connection is protected. PLAIN is allowed to this machine only."""

    TLS = "tls"
    STARTTLS = "starttls"
    PLAIN = "plain"


class Level(StrEnum):
    """From which level on events are logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """Who the desk is. ``addresses``: its own in lower case, the first one its main one.

    ``blob_dir``: one for all daemons of a desk, whereas each has a ``state_dir`` of its own.
    """

    name: str
    addresses: tuple[str, ...]
    language: Language
    timezone: tzinfo
    state_dir: Path
    blob_dir: Path
    reopen_days: int
    plus_addressing: bool

    @property
    def address(self) -> str:
        """The main address, which letters come from."""
        return self.addresses[0]


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the data is. ``url`` is SQLAlchemy's and may hold a password."""

    url: Secret
    ca_file: Path | None


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """One mailbox that mail is taken from."""

    name: str
    host: str
    port: int
    tls: Tls
    ca_file: Path | None
    user: str
    password: Secret
    folder: str
    done_folder: str
    held_folder: str
    quarantine_folder: str
    poll_seconds: int
    idle: bool
    batch_mails: int
    batch_bytes: int
    timeout_seconds: int
    trust: Trust


@dataclass(frozen=True, slots=True)
class DnsSettings:
    """Which resolvers to ask; none: those of the machine."""

    nameservers: tuple[str, ...] = ()
    port: int = 53


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The relay for letters. ``user`` is empty where it wants no login."""

    host: str
    port: int
    tls: Tls
    ca_file: Path | None
    user: str
    password: Secret
    connections: int
    timeout_seconds: int
    bounce_address: str


@dataclass(frozen=True, slots=True)
class LetterCaps:
    """How many confirmations may go out; those above wait."""

    per_address_hour: int
    per_address_day: int
    per_domain_hour: int
    overall_hour: int


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Who is told when something needs a person."""

    to: tuple[str, ...]
    per_hour: int


@dataclass(frozen=True, slots=True)
class TicketSettings:
    """How tickets are worked on. ``undo_seconds``: how long an answer waits before it can go out."""

    due: DueHours
    undo_seconds: int


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """What becomes of the audit trail. ``folder``: this daemon's daily copies; both go after ``keep_days``."""

    folder: Path
    keep_days: int


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """How much of one mail is looked at, and what the processes that look may use."""

    caps: Caps = field(default_factory=Caps)
    workers: int = 2
    worker_memory_mib: int = 1024
    worker_seconds: int = 20


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Where figures for Prometheus go: to no file where ``file`` is None, to no port where it is 0."""

    file: Path | None = None
    port: int = 0

    @property
    def wanted(self) -> bool:
        """Whether anybody looks at them."""
        return self.file is not None or self.port != 0


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything, complete and checked. ``file`` is None where all came from the environment."""

    file: Path | None
    desk: DeskSettings
    database: DatabaseSettings
    mailboxes: tuple[ImapSettings, ...]
    dns: DnsSettings
    smtp: SmtpSettings
    caps: LetterCaps
    alerts: AlertSettings
    limits: LimitSettings
    log_level: Level
    keys: Keys
    tickets: TicketSettings
    login: LoginLimits
    suspicion: SuspicionSettings
    audit: AuditSettings
    jobs: JobPlan
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    sentry_dsn: Secret = NO_SECRET


@dataclass(frozen=True, slots=True)
class InspectSettings:
    """What looking at a mail file needs: no secret, and all of it with a default.

    ``addresses`` are the desk's own, none where there are no settings. ``install_id`` is empty where the key
    that it comes from cannot be read.
    """

    limits: LimitSettings = field(default_factory=LimitSettings)
    dns: DnsSettings = field(default_factory=DnsSettings)
    trust: dict[str, Trust] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    install_id: str = ""
