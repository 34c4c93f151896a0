"""How a desk is doing, as data, and what of it somebody should look at."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from helpdesk.core.people import Language

LATE = timedelta(minutes=5)  # a mail on its way out of the inbox, a letter that is due: seconds, usually
NEWLY_DEAD = timedelta(hours=24)  # an older dead letter was seen by then; it is listed, and no alarm for ever
ALL_LETTERS = "hour:all"
ALARMED_WITHIN = timedelta(hours=24)
DAEMON = "daemon:"  # how the lease of a running daemon is called, before its owner
JOB = "job:"  # how that of a job is called, before its name
SILENT_DAYS = 7  # then a daemon that stopped is no longer shown
GIVEN_UP = timedelta(days=7)  # for how long a job is shown that was given up
ENDS_SOON = timedelta(days=7)  # its contacts have known of a certificate for two weeks then


@dataclass(frozen=True, slots=True)
class LeaseSeen:
    """A lease: held by ``owner`` until ``ends_at``, or run out then."""

    name: str
    owner: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class BreakerSeen:
    """An open breaker: ``words`` say whose letters wait, ``letters`` how many do because of it."""

    scope: str
    words: str
    reason: str
    opened_at: datetime
    closes_at: datetime
    letters: int


@dataclass(frozen=True, slots=True)
class MailboxSeen:
    """One mailbox. ``inbox``: mails in it, None where the server is ``away``, which says why.

    ``in_hand`` are being filed, ``deferred`` wait in the inbox for a verdict; ``oldest_unsettled``: when the first
    mail was seen that has a fate and may still be in the inbox; ``oldest_unfiled``: when the first one came that lies
    in the inbox without a fate, deferred ones left out.
    """

    name: str
    inbox: int | None
    away: str
    in_hand: int
    deferred: int
    oldest_unsettled: datetime | None
    oldest_unfiled: datetime | None = None


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A job of which runs were given up, ``times`` within GIVEN_UP. ``at`` and ``told``: when and why the last was.

    ``mended``: a later run did what it should.
    """

    job: str
    times: int
    at: datetime
    told: str
    mended: bool


@dataclass(frozen=True, slots=True)
class CertificateSeen:
    """The certificate that ends first, as of the last look."""

    where: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Health:
    """One desk at the moment ``now``, by the database's clock, which all times are by.

    ``letters``: how many by state, those sent left out. ``due_since``: when the first letter became due that nobody
    has taken yet, in the future where none is due. ``newly_dead``: letters given up within a day. ``bouncing``: how
    many addresses let letters come back. ``canary_lost``: the last letter of the desk to itself did not come back.
    ``alarms``: how often people had to be alerted within a day, by kind. ``untold_since``: when the first alarm was
    raised that does not stand in the file of alarms yet.
    """

    now: datetime
    leases: tuple[LeaseSeen, ...] = ()
    mailboxes: tuple[MailboxSeen, ...] = ()
    letters: Mapping[str, int] = field(default_factory=dict)
    oldest_unsent: datetime | None = None
    due_since: datetime | None = None
    newly_dead: int = 0
    bouncing: int = 0
    breakers: tuple[BreakerSeen, ...] = ()
    given_up: tuple[GivenUp, ...] = ()
    canary_lost: bool = False
    certificate: CertificateSeen | None = None
    alarms: Mapping[str, int] = field(default_factory=dict)
    untold_since: datetime | None = None

    @property
    def daemons(self) -> tuple[LeaseSeen, ...]:
        """The daemons that run, or ran within a week, by name."""
        last = self.now - timedelta(days=SILENT_DAYS)
        return tuple(one for one in self.leases if one.name.startswith(DAEMON) and one.ends_at > last)

    @property
    def work(self) -> tuple[LeaseSeen, ...]:
        """The leases on work, by name; those on jobs only while somebody is at one."""
        return tuple(
            one
            for one in self.leases
            if not one.name.startswith(DAEMON) and not (one.name.startswith(JOB) and one.ends_at <= self.now)
        )


def troubles(health: Health, language: Language = Language.EN, program: str = "helpdeskd.py ") -> list[str]:
    """Return what somebody should look at, in words; nothing where all is well.

    *program* stands before a command that is named: nothing where the shell itself has it.
    """
    return [french if language is Language.FR else english for english, french in _troubles(health, program)]


def _troubles(health: Health, program: str) -> Iterator[tuple[str, str]]:
    if not any(one.ends_at > health.now for one in health.daemons):
        yield "no daemon is running", "aucun service ne tourne"
    for mailbox in health.mailboxes:
        name = mailbox.name
        if mailbox.away:
            yield f"mailbox {name} is away: {mailbox.away}", f"la boîte {name} est absente : {mailbox.away}"
        if mailbox.oldest_unsettled and health.now - mailbox.oldest_unsettled > LATE:
            since = shown(mailbox.oldest_unsettled)
            yield (
                f"mailbox {name}: a mail of {since} is filed and not known to have left the inbox",
                f"boîte {name} : un mail du {since} est classé et n'a peut-être pas quitté la boîte",
            )
        if mailbox.oldest_unfiled and health.now - mailbox.oldest_unfiled > LATE:
            since = shown(mailbox.oldest_unfiled)
            yield (
                f"mailbox {name}: a mail of {since} waits in the inbox and is not filed",
                f"boîte {name} : un mail du {since} attend en réception et n'est pas classé",
            )
    if health.due_since and health.now - health.due_since > LATE:
        since = shown(health.due_since)
        yield (
            f"a letter is due since {since} and was not sent",
            f"une lettre est due depuis {since} et n'est pas partie",
        )
    if health.newly_dead:
        count = health.newly_dead
        yield (
            f"{'a letter was' if count == 1 else f'{count} letters were'} given up within a day: "
            f"{program}letter list",
            f"{count} lettre(s) abandonnée(s) en un jour : {program}letter list",
        )
    for one in health.breakers:
        if one.scope == ALL_LETTERS:
            until = shown(one.closes_at)
            yield (
                f"all letters wait until {until}: {one.reason}",
                f"toutes les lettres attendent jusqu'à {until} : {one.reason}",
            )
    if health.untold_since and health.now - health.untold_since > LATE:
        since = shown(health.untold_since)
        yield (
            f"alarms are not written to their file since {since}: the log of the daemon says why",
            f"des alertes manquent dans leur fichier depuis {since} : le journal du service dit pourquoi",
        )
    yield from _troubles_of_jobs(health)


def _troubles_of_jobs(health: Health) -> Iterator[tuple[str, str]]:
    for one in health.given_up:
        if not one.mended:
            since = shown(one.at)
            yield (
                f"job {one.job} was given up {since}: {one.told}",
                f"la tâche {one.job} a été abandonnée le {since} : {one.told}",
            )
    if health.canary_lost:
        yield (
            "mail does not flow: the letter of the desk to itself did not come back",
            "le courrier ne circule plus : la lettre du service à lui-même n'est pas revenue",
        )
    if (certificate := health.certificate) and certificate.ends_at - health.now <= ENDS_SOON:
        ends = shown(certificate.ends_at)
        yield (
            f"a certificate ends {ends}: {certificate.where}",
            f"un certificat expire le {ends} : {certificate.where}",
        )


def days_left(certificate: CertificateSeen, now: datetime) -> int:
    """Return for how many whole days a certificate is still good; 0 where it has ended."""
    return max(0, (certificate.ends_at - now).days)


def shown(moment: datetime) -> str:
    """Return a time (aware, in UTC) as commands show it."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def seconds_left(lease: LeaseSeen, now: datetime) -> int:
    """Return for how long a lease is still held; 0 where it has run out."""
    return max(0, round((lease.ends_at - now).total_seconds()))
