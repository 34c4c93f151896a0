"""How a desk is doing, as data, and what of it somebody should look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LATE = timedelta(minutes=5)  # a mail on its way out of the inbox, a letter that is due: seconds, usually
NEWLY_DEAD = timedelta(hours=24)  # an older dead letter was seen by then; it is listed, and no alarm for ever
ALL_LETTERS = "hour:all"
DAEMON = "daemon:"  # how the lease of a running daemon is called, before its owner
SILENT_DAYS = 7  # then a daemon that stopped is no longer shown


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
    mail was seen that has a fate and may still be in the inbox.
    """

    name: str
    inbox: int | None
    away: str
    in_hand: int
    deferred: int
    oldest_unsettled: datetime | None


@dataclass(frozen=True, slots=True)
class Health:
    """One desk at the moment ``now``, by the database's clock, which all times are by.

    ``letters``: how many by state, those sent left out. ``due_since``: when the first letter became due that nobody
    has taken yet, in the future where none is due. ``newly_dead``: letters given up within a day. ``bouncing``: how
    many addresses let letters come back.
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

    @property
    def daemons(self) -> tuple[LeaseSeen, ...]:
        """The daemons that run, or ran within a week, by name."""
        last = self.now - timedelta(days=SILENT_DAYS)
        return tuple(one for one in self.leases if one.name.startswith(DAEMON) and one.ends_at > last)

    @property
    def work(self) -> tuple[LeaseSeen, ...]:
        """The leases on work, by name."""
        return tuple(one for one in self.leases if not one.name.startswith(DAEMON))


def troubles(health: Health) -> list[str]:
    """Return what somebody should look at, in words; nothing where all is well."""
    found = []
    if not any(one.ends_at > health.now for one in health.daemons):
        found.append("no daemon is running")
    for mailbox in health.mailboxes:
        if mailbox.away:
            found.append(f"mailbox {mailbox.name} is away: {mailbox.away}")
        if mailbox.oldest_unsettled and health.now - mailbox.oldest_unsettled > LATE:
            since = shown(mailbox.oldest_unsettled)
            found.append(
                f"mailbox {mailbox.name}: a mail of {since} is filed and not known to have left the inbox"
            )
    if health.due_since and health.now - health.due_since > LATE:
        found.append(f"a letter is due since {shown(health.due_since)} and was not sent")
    if health.newly_dead:
        letters = "a letter was" if health.newly_dead == 1 else f"{health.newly_dead} letters were"
        found.append(f"{letters} given up within a day: helpdeskd.py letter list")
    overall = [one for one in health.breakers if one.scope == ALL_LETTERS]
    return found + [f"all letters wait until {shown(one.closes_at)}: {one.reason}" for one in overall]


def shown(moment: datetime) -> str:
    """Return a time (aware, in UTC) as commands show it."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
