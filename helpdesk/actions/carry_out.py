"""Step 6, carry out: turn the rulings of a batch into rows, in the order in which the mails came."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from helpdesk.actions.arrival import Arrival, Filed, Source
from helpdesk.actions.facts import Gathered
from helpdesk.actions.noticing import Noticed, note_disowned, note_route, note_sender
from helpdesk.actions.outbox import Confirmation
from helpdesk.actions.rows import TEXT_CHARS, Outcome, attachment_rows, ledger_row, note_row, post_row
from helpdesk.core import rules
from helpdesk.core.audit import Action
from helpdesk.core.audit import Outcome as AuditOutcome
from helpdesk.core.mail import Bounce, Mail, Unreadable
from helpdesk.core.people import KnownAddress
from helpdesk.core.returned import SentLetter, in_words
from helpdesk.core.rules import Decision, Facts, Ruling
from helpdesk.core.tickets import DueHours, Fate, Status, Ticket, Urgency
from helpdesk.core.verdicts import Verdict
from helpdesk.store.audit import Event
from helpdesk.store.ids import new_id
from helpdesk.store.rows import Row


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A mail that was refused: what an alert may tell, and whether its owner is asked."""

    arrival: Arrival
    mail_id: int
    facts: Facts
    decision: rules.Hold | rules.Quarantine | rules.Defer


@dataclass(frozen=True, slots=True)
class Returned:
    """A delivery report, the mail ``mail_id``, that is about ``letter``."""

    letter: SentLetter
    bounce: Bounce | None
    mail_id: int


@dataclass(frozen=True, slots=True)
class Reopening:
    """What an answer by ``person_id`` did to a ticket that was ``before``."""

    before: Status
    person_id: int


@dataclass(slots=True)
class Changes:
    """All that a batch writes. ``numbers`` gives the tickets their numbers, in order; ``words`` are by post."""

    numbers: Iterator[int]
    due: DueHours = field(default_factory=DueHours)

    mails: list[Row] = field(default_factory=list)
    mails_again: list[Row] = field(default_factory=list)
    tickets: list[Row] = field(default_factory=list)
    posts: list[Row] = field(default_factory=list)
    words: dict[int, frozenset[bytes]] = field(default_factory=dict)
    attachments: list[Row] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    confirmations: list[Confirmation] = field(default_factory=list)
    suspicions: list[Suspicion] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    reopened: dict[int, Reopening] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    best_verdicts: dict[int, str] = field(default_factory=dict)
    released: set[int] = field(default_factory=set)
    returned: list[Returned] = field(default_factory=list)
    well_again: set[str] = field(default_factory=set)
    noticed: Noticed = field(default_factory=Noticed)
    filed: list[Filed] = field(default_factory=list)


def carry_out(
    batch: Sequence[Arrival],
    source: Source,
    gathered: Gathered,
    facts_of: Callable[[Arrival], Facts],
    ruling_of: Callable[[Arrival, Facts], Ruling],
    numbers: Iterator[int],
    due: DueHours,
) -> Changes:
    """Decide each mail of *batch* and return all that is to be written; later mails see the earlier ones."""
    changes = Changes(numbers, due)
    for arrival in batch:
        facts = facts_of(arrival)
        ruling = ruling_of(arrival, facts)
        row = gathered.rows.get(arrival.uid)
        mail_id = row.id if row else new_id()
        outcome = _apply(changes, gathered, arrival, mail_id, facts, ruling.decision)
        note_sender(changes.noticed, arrival, facts, mail_id, outcome.fate)
        ledger = ledger_row(source, gathered.now, arrival, mail_id, facts, ruling.rule, outcome)
        if outcome.keep_raw:
            ledger["raw_sha256"] = hashlib.sha256(arrival.raw).hexdigest()
            changes.blobs[ledger["raw_sha256"]] = arrival.raw
        if row:
            del ledger["seen_at"]
            changes.mails_again.append(ledger)
        else:
            changes.mails.append(ledger)
        changes.filed.append(
            Filed(
                arrival.uid,
                mail_id,
                outcome.fate,
                ruling.rule,
                arrival.judgement.verdict.value,
                arrival.sender,
                outcome.ticket_id,
                gathered.number_of(outcome.ticket_id),
            )
        )
    return changes


def _apply(
    changes: Changes, gathered: Gathered, arrival: Arrival, mail_id: int, facts: Facts, decision: Decision
) -> Outcome:
    match decision:
        case rules.Duplicate():
            return Outcome(Fate.DUPLICATE, decision.reason, about_ticket_id=decision.ticket_id)
        case rules.Ignore():
            return Outcome(Fate.IGNORED, decision.reason)
        case rules.NoteBounce():
            return _came_back(changes, mail_id, decision)
        case rules.Defer():
            if facts.first_seen is not None:  # an alert tells of waiting, so never at the first look
                changes.suspicions.append(Suspicion(arrival, mail_id, facts, decision))
            return Outcome(None, decision.reason, again_at=decision.again_at)
        case rules.Hold() | rules.Quarantine():
            changes.suspicions.append(Suspicion(arrival, mail_id, facts, decision))
            held = isinstance(decision, rules.Hold)
            changes.events.append(_refusal(arrival, mail_id, facts, held))
            fate = Fate.HELD if held else Fate.QUARANTINED
            return Outcome(fate, decision.reason, keep_raw=bool(arrival.raw))
        case rules.Release():
            changes.released.add(decision.mail_id)
            changes.events.append(_released(arrival, mail_id, facts, decision.mail_id))
            return Outcome(Fate.COMMAND, "its sender says that a held mail is theirs")
        case rules.Disown():
            _, known = _admitted(arrival, facts)
            note_disowned(changes.noticed, gathered, known, mail_id, decision.mail_id)
            return Outcome(Fate.COMMAND, "its owner says that mail in their name was not theirs")
        case rules.OpenTicket():
            ticket = _open(changes, gathered, arrival, mail_id, facts, decision)
            return Outcome(Fate.OPENED, decision.silent and f"not answered: {decision.silent}", ticket)
        case rules.Append():
            _append(changes, gathered, arrival, mail_id, facts, decision)
            return Outcome(Fate.APPENDED, f"by {decision.by}", decision.ticket)
        case _:
            assert_never(decision)


def _came_back(changes: Changes, mail_id: int, decision: rules.NoteBounce) -> Outcome:
    if decision.letter is None:
        return Outcome(Fate.BOUNCE, "a delivery report that proves no letter of ours")
    changes.returned.append(Returned(decision.letter, decision.bounce, mail_id))
    reason = f"our letter {in_words(decision.bounce)}"
    return Outcome(Fate.BOUNCE, reason, about_ticket_id=decision.letter.ticket_id)


def _open(
    changes: Changes,
    gathered: Gathered,
    arrival: Arrival,
    mail_id: int,
    facts: Facts,
    decision: rules.OpenTicket,
) -> Ticket:
    mail, known = _admitted(arrival, facts)
    ticket = Ticket(
        new_id(), next(changes.numbers), mail.subject[:TEXT_CHARS], Status.WAITING, known.person.id
    )
    changes.tickets.append(
        {
            "id": ticket.id,
            "number": ticket.number,
            "subject": ticket.subject,
            "status": Status.WAITING.value,
            "urgency": Urgency.NORMAL.value,
            "requester_id": known.person.id,
            "opened_at": gathered.now,
            "updated_at": gathered.now,
            "due_at": changes.due.due_at(Urgency.NORMAL, gathered.now),
        }
    )
    _post(changes, gathered.now, ticket.id, mail, mail_id, known.person.id)
    named = "the desk is not named in To or Cc" if facts.admission.bcc else ""
    if note := "; ".join(filter(None, (decision.note, named, _vouched(arrival)))):
        changes.posts.append(note_row(gathered.now, ticket.id, note))
    changes.events.append(_event(Action.TICKET_OPENED, gathered.now, known, mail_id))
    if not decision.silent:
        changes.confirmations.append(Confirmation(known, ticket, mail, mail_id, reopened=False))
    _accepted(changes, gathered, arrival, mail_id, known, ticket)
    return ticket


def _append(
    changes: Changes, gathered: Gathered, arrival: Arrival, mail_id: int, facts: Facts, decision: rules.Append
) -> None:
    mail, known = _admitted(arrival, facts)
    ticket = decision.ticket
    _post(changes, gathered.now, ticket.id, mail, mail_id, known.person.id)
    if note := _vouched(arrival):
        changes.posts.append(note_row(gathered.now, ticket.id, note))
    event = _event(Action.POST_ADDED, gathered.now, known, mail_id)
    if decision.reopens:
        event = _event(Action.TICKET_REOPENED, gathered.now, known, mail_id, ticket=ticket.number)
        changes.reopened[ticket.id] = Reopening(ticket.status, known.person.id)
        ticket = replace(ticket, status=Status.WAITING, resolved_at=None)
        if not mail.suppress_reply:
            changes.confirmations.append(Confirmation(known, ticket, mail, mail_id, reopened=True))
    changes.touched.add(ticket.id)
    changes.events.append(event)
    _accepted(changes, gathered, arrival, mail_id, known, ticket)


def _vouched(arrival: Arrival) -> str:
    """Return, for staff, on whose word a mail was filed that was not proven; nothing where it was."""
    if arrival.word is None:
        return ""
    return f"this mail was kept ({arrival.judgement.verdict.value}) and is filed on the word of {arrival.word.by}"


def _admitted(arrival: Arrival, facts: Facts) -> tuple[Mail, KnownAddress]:
    if isinstance(arrival.seen, Unreadable) or facts.known is None:
        raise AssertionError("only a readable mail of a known sender opens or joins a ticket")
    return arrival.seen, facts.known


def _accepted(
    changes: Changes, gathered: Gathered, arrival: Arrival, mail_id: int, known: KnownAddress, ticket: Ticket
) -> None:
    """Remember the effect for the mails behind, and the strongest proof that this address ever gave."""
    gathered.note(arrival, mail_id, known, ticket)
    note_route(changes.noticed, gathered, arrival, known, mail_id)
    if known.bounces and arrival.word is None:
        changes.well_again.add(known.address)
    proven = gathered.known[known.address].best_verdict
    if known.best_verdict != proven:  # a weaker one is never accepted behind a stronger one
        changes.best_verdicts[known.id] = proven


def _post(changes: Changes, now: datetime, ticket_id: int, mail: Mail, mail_id: int, author_id: int) -> None:
    row = post_row(now, ticket_id, mail, mail_id, author_id)
    changes.posts.append(row)
    if mail.words is not None:
        changes.words[row["id"]] = mail.words
    changes.attachments += attachment_rows(row["id"], mail)
    changes.blobs |= {attachment.sha256: attachment.content for attachment in mail.attachments}


def _event(action: Action, now: datetime, known: KnownAddress, mail_id: int, **detail: object) -> Event:
    return Event(action, AuditOutcome.SUCCESS, now, known.person.id, {"mail": mail_id} | detail)


def _released(arrival: Arrival, mail_id: int, facts: Facts, held_id: int) -> Event:
    detail = {"mail": mail_id, "held": held_id, "verdict": arrival.judgement.verdict.value}
    person_id = facts.known.person.id if facts.known else None
    return Event(Action.HELD_MAIL_CONFIRMED, AuditOutcome.SUCCESS, facts.now, person_id, detail)


def _refusal(arrival: Arrival, mail_id: int, facts: Facts, held: bool) -> Event:
    forged = arrival.judgement.verdict is Verdict.SPOOF and facts.known is not None
    refused = Action.MAIL_HELD if held else Action.MAIL_QUARANTINED
    detail = {"mail": mail_id, "verdict": arrival.judgement.verdict.value, "row": arrival.judgement.row}
    if arrival.judgement.sender and arrival.judgement.sender.deceptive:
        detail["display_name"] = "deceptive"  # it shows another address than the mail's own
    return Event(
        Action.SENDER_FORGED if forged else refused,
        AuditOutcome.DENIED,
        facts.now,
        facts.known.person.id if facts.known else None,
        detail,
    )
