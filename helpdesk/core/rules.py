"""What becomes of one mail: a table of small rules, the first with an opinion wins.

Their order is a security property: whatever could answer or write comes after whatever can refuse.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.core.admission import Admission, Alert, Entry
from helpdesk.core.answers import says_not_me, says_yes
from helpdesk.core.folds import visible_text
from helpdesk.core.mail import Bounce, Mail, MailClass, Unreadable
from helpdesk.core.people import KnownAddress
from helpdesk.core.permissions import sees
from helpdesk.core.policy import Policy
from helpdesk.core.returned import SentLetter
from helpdesk.core.tickets import Status, Ticket
from helpdesk.core.verdict import Judgement
from helpdesk.core.verdicts import Verdict

MACHINES = (MailClass.AUTO_REPLY, MailClass.BULK, MailClass.FEEDBACK)
FIRST_DEFER = timedelta(minutes=5)
LONGEST_DEFER = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Reference:
    """A ticket that a mail points at, and ``by`` what: message-id, reply address or number."""

    ticket: Ticket
    by: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database knows about one mail. ``references``: in order of trust, best first.

    ``confirms``: the id of a held mail of the same sender, whose signed mark this mail brings back; ``disowns``: the
    same of a forged one, where this mail is proven.
    ``returned``: the letter of ours that a delivery report is about, by a mark that nobody else can know.
    """

    now: datetime
    judgement: Judgement
    admission: Admission
    known: KnownAddress | None = None
    filed_before: bool = False
    ticket_of_first: int | None = None
    references: tuple[Reference, ...] = ()
    team_ids: frozenset[int] = frozenset()
    first_seen: datetime | None = None
    confirms: int | None = None
    disowns: int | None = None
    returned: SentLetter | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same mail has had its effect already, perhaps under another UID."""

    reason: str
    ticket_id: int | None


@dataclass(frozen=True, slots=True)
class Ignore:
    """Filed away without effect."""

    reason: str


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Too dangerous to read as a mail; kept whole for an admin."""

    reason: str
    alert: Alert = Alert.NONE


@dataclass(frozen=True, slots=True)
class Hold:
    """Kept for a person to look at; ``confirm`` asks the registered owner whether the mail is theirs."""

    reason: str
    alert: Alert = Alert.NONE
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class Defer:
    """Left in the inbox and looked at again at ``again_at``."""

    reason: str
    again_at: datetime
    alert: Alert = Alert.NONE


@dataclass(frozen=True, slots=True)
class NoteBounce:
    """A delivery report, perhaps about one of our letters; it never answers or opens."""

    bounce: Bounce | None
    letter: SentLetter | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """The owner of an address says that a held mail is theirs: it is filed as if it had been proven."""

    mail_id: int


@dataclass(frozen=True, slots=True)
class Disown:
    """The owner of an address says that a forged mail is not theirs: mail from there is held from now on."""

    mail_id: int


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A new ticket; ``note`` is for staff; no confirmation where ``silent`` says why."""

    note: str = ""
    silent: str = ""


@dataclass(frozen=True, slots=True)
class Append:
    """A new post in ``ticket``, which it reopens where ``reopens``."""

    ticket: Ticket
    by: str
    reopens: bool = False


Decision = (
    Duplicate | Ignore | Quarantine | Hold | Defer | NoteBounce | Release | Disown | OpenTicket | Append
)
Rule = Callable[[Mail, Facts, Policy], Decision | None]


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision with the name of the rule that made it."""

    rule: str
    decision: Decision


def already_filed(_mail: Mail, facts: Facts, _policy: Policy) -> Decision | None:
    """A second delivery of the same mail has no second effect."""
    if not facts.filed_before:
        return None
    return Duplicate("a mail with the same fingerprint was filed before", facts.ticket_of_first)


def our_own_echo(mail: Mail, _facts: Facts, _policy: Policy) -> Decision | None:
    """Our own letter came back."""
    return Ignore("our own letter came back") if mail.kind is MailClass.LOOP else None


def bounce(mail: Mail, facts: Facts, _policy: Policy) -> Decision | None:
    """A delivery report concerns a letter, never a ticket."""
    return NoteBounce(mail.bounce, facts.returned) if mail.kind is MailClass.BOUNCE else None


def machine_of_a_stranger(mail: Mail, facts: Facts, _policy: Policy) -> Decision | None:
    """Newsletters and automatic answers of nobody we know."""
    if mail.kind not in MACHINES or facts.known is not None or facts.judgement.sender is None:
        return None
    return Ignore(f"{mail.kind.value} mail of a sender who is not registered")


def answers_our_question(mail: Mail, facts: Facts, _policy: Policy) -> Decision | None:
    """The answer to « was this mail yours? » or to the note about a forged one: only its owner has read those.

    The signed mark in it is the proof, so the answer itself may be as weak as the mail in question. A machine
    would say yes to whatever is asked: what may have been written by one does not count.
    """
    if mail.kind is not MailClass.NORMAL or mail.return_path == "":
        return None
    if facts.disowns is not None and says_not_me(visible_text(mail.text, mail.folds)):
        return Disown(facts.disowns)
    if facts.confirms is None:
        return None
    said = says_yes(visible_text(mail.text, mail.folds))
    if said:
        return Release(facts.confirms)
    return None if said is None else Hold("its owner says that a held mail is not theirs", Alert.AT_ONCE)


def sender_not_admitted(_mail: Mail, facts: Facts, policy: Policy) -> Decision | None:
    """Only a registered address with its proof goes on; the tables stand in verdict and admission."""
    admission = facts.admission
    if admission.entry is Entry.ACCEPT:
        return None
    reason = f"{facts.judgement.verdict.value}: {admission.reason}"
    if facts.known is not None and not facts.known.person.active:
        reason = f"{reason}; its owner's account is closed"
    if admission.entry is Entry.DEFER:
        waited = facts.now - (facts.first_seen or facts.now)
        if waited < timedelta(hours=policy.defer_hours):
            step = min(max(waited, FIRST_DEFER), LONGEST_DEFER)  # waits as long again as it has waited
            return Defer(reason, facts.now + step, admission.alert)
        reason = f"{reason}; no better after {policy.defer_hours} hours"
    if facts.judgement.verdict in (Verdict.BOMB, Verdict.MALFORMED_FROM):
        return Quarantine(reason, admission.alert)
    return Hold(reason, admission.alert, admission.confirm)


def feedback(mail: Mail, _facts: Facts, _policy: Policy) -> Decision | None:
    """An abuse or read report of a registered sender's provider."""
    return Ignore("a feedback report") if mail.kind is MailClass.FEEDBACK else None


def reply_to_ticket(mail: Mail, facts: Facts, policy: Policy) -> Decision | None:
    """A mail joins the ticket it names when its sender may see that ticket.

    Several at the same level of trust never make us guess: the newest that is open. An automatic mail reopens
    nothing: the absence note that answers « your ticket is resolved » is no news.
    """
    mine = [reference for reference in facts.references if _may_join(facts, reference.ticket)]
    joinable = [reference for reference in mine if not _long_resolved(reference.ticket, facts, policy)]
    if not joinable:
        return None
    level = [reference for reference in joinable if reference.by == joinable[0].by]
    best = max(level, key=lambda r: (r.ticket.status is not Status.RESOLVED, r.ticket.number))
    resolved = best.ticket.status is Status.RESOLVED
    return Append(best.ticket, best.by, reopens=resolved and mail.kind is not MailClass.AUTO_REPLY)


def automatic_without_ticket(mail: Mail, _facts: Facts, _policy: Policy) -> Decision | None:
    """Out-of-office answers may join a ticket; they never open one."""
    return Ignore("an automatic mail opens no ticket") if mail.kind is MailClass.AUTO_REPLY else None


def new_ticket(mail: Mail, facts: Facts, policy: Policy) -> Decision | None:
    """Whoever comes this far is proven, registered and has something new to say."""
    tickets = dict.fromkeys(reference.ticket for reference in facts.references)
    notes = (_why_apart(ticket, facts, policy) for ticket in tickets)
    return OpenTicket("; ".join(filter(None, notes)), mail.suppress_reply)


RULES: tuple[Rule, ...] = (
    already_filed,
    our_own_echo,  # before every rule that can answer: a loop dies here
    bounce,
    machine_of_a_stranger,
    answers_our_question,
    sender_not_admitted,  # below this line the sender is registered and proven
    feedback,
    reply_to_ticket,
    automatic_without_ticket,
    new_ticket,  # always answers, so decide() always returns
)


def decide(seen: Mail | Unreadable, facts: Facts, policy: Policy) -> Ruling:
    """Return the first rule's opinion, with the name of that rule for the ledger."""
    if isinstance(seen, Unreadable):
        if facts.filed_before:
            reason = "a mail with the same fingerprint was filed before"
            return Ruling("already_filed", Duplicate(reason, facts.ticket_of_first))
        if seen.deadly:
            return Ruling("poison", Quarantine(seen.reason, Alert.AT_ONCE))
        # Somebody we know waits for an answer to what we could not file: that is no attack but our trouble.
        alert = Alert.AT_ONCE if facts.known is not None else facts.admission.alert
        return Ruling("over_a_cap", Quarantine(seen.reason, alert))
    for rule in RULES:
        if (decision := rule(seen, facts, policy)) is not None:
            return Ruling(rule.__name__, decision)
    raise AssertionError("new_ticket must always answer")


def _may_join(facts: Facts, ticket: Ticket) -> bool:
    return facts.known is not None and not ticket.deleted and sees(facts.known.person, facts.team_ids, ticket)


def _why_apart(ticket: Ticket, facts: Facts, policy: Policy) -> str:
    """Return, for staff, why a mail that names *ticket* did not join it; nothing where it could have."""
    if ticket.deleted:
        return f"this mail names ticket {ticket.number}, which is deleted"
    if not _may_join(facts, ticket):
        return f"this mail names ticket {ticket.number}, which its sender may not see"
    if ticket.closed_at is not None:
        return f"follows ticket {ticket.number}, which is closed"
    if _long_resolved(ticket, facts, policy):
        return f"follows ticket {ticket.number}, resolved over {policy.reopen_days} days ago"
    return ""


def _long_resolved(ticket: Ticket, facts: Facts, policy: Policy) -> bool:
    if ticket.status is Status.RESOLVED and ticket.closed_at is not None:
        return True
    if ticket.status is not Status.RESOLVED or ticket.resolved_at is None:
        return False
    return facts.now - ticket.resolved_at > timedelta(days=policy.reopen_days)
