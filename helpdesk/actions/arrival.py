"""What passes between the mailbox and the desk: mails that arrived, and what became of them."""

from dataclasses import dataclass, field
from datetime import datetime

from helpdesk.actions.leases import Lease
from helpdesk.core.kept import Word
from helpdesk.core.mail import Mail, Unreadable
from helpdesk.core.tickets import KEPT, Fate
from helpdesk.core.verdict import Judgement


@dataclass(frozen=True, slots=True)
class Source:
    """One mailbox as the ledger knows it; a UID means something only together with its uidvalidity.

    ``max_age_days``: mail dated or signed longer ago is held as a possible replay. ``lease``: without it nothing
    is filed; None where nobody else can be at work.
    """

    mailbox_id: int
    name: str
    uidvalidity: int
    max_age_days: int = 14
    lease: Lease | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One mail with what was read out of it. ``signed_at`` is the DKIM time, in seconds since 1970.

    ``reached_at``: when our border took it, None where that is not known for certain.
    ``confirmed``: it was held, and its owner said since that it is theirs. ``again``: it was held or quarantined,
    and somebody wants it filed by today's rules; ``word``: and answers for it. ``route``: see ``core.routes``.
    """

    uid: int
    raw: bytes = field(repr=False)
    seen: Mail | Unreadable
    judgement: Judgement
    signed_at: int | None = None
    reached_at: datetime | None = None
    confirmed: bool = False
    again: bool = False
    word: Word | None = None
    route: str = ""

    @property
    def vouched(self) -> bool:
        """Whether somebody's word stands in for the proof of the sender."""
        return self.confirmed or self.word is not None

    @property
    def kept_as(self) -> tuple[Fate, ...]:
        """The fates that this filing may take the place of: no other mail's fate ever changes."""
        if self.again:
            return KEPT
        return (Fate.HELD,) if self.confirmed else ()

    @property
    def sender(self) -> str:
        """The address that the mail claims to come from, or nothing where it could not be read."""
        return self.judgement.sender.address if self.judgement.sender else ""


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of one mail. No ``fate``: it was deferred and stays in the inbox.

    ``error``: why it could not be filed as it should; it is in quarantine then.
    """

    uid: int
    mail_id: int
    fate: Fate | None
    rule: str
    verdict: str
    sender: str = ""
    ticket_id: int | None = None
    ticket_number: int | None = None
    error: str | None = None
