"""Step 4, gather: what the database knows about a batch of mails, in a fixed number of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.actions.arrival import Arrival, Source
from helpdesk.actions.desk import Desk
from helpdesk.core.admission import Age, admit, desk_addressing
from helpdesk.core.mail import Mail
from helpdesk.core.people import AddressState, KnownAddress
from helpdesk.core.replytokens import Claim, claims_in_addresses, claims_in_ids, genuine
from helpdesk.core.rules import Facts, Reference
from helpdesk.core.subjects import ticket_numbers
from helpdesk.core.tickets import Ticket
from helpdesk.store.rows import Effect, LedgerRow
from helpdesk.store.work import Work

MAX_REFERENCES = 20  # ids looked at in one mail, the newest ones: more would let one mail slow a batch
STRENGTH = (AddressState.VERIFIED, AddressState.PENDING, AddressState.SUSPENDED, AddressState.BLOCKED)


@dataclass(slots=True)
class Gathered:
    """The facts of a batch. What its first mails change is noted here, so that its later ones see it."""

    now: datetime
    rows: dict[int, LedgerRow]
    effects: dict[str, Effect]
    known: dict[str, KnownAddress]
    teams: dict[int, frozenset[int]]
    tickets: dict[int, Ticket]
    tickets_by_message_id: dict[str, int]

    def note(self, arrival: Arrival, mail_id: int, ticket: Ticket) -> None:
        """Remember that *arrival* opened or joined *ticket*."""
        self.tickets[ticket.id] = ticket
        self.effects[arrival.seen.fingerprint] = Effect(mail_id, ticket.id)
        if isinstance(arrival.seen, Mail) and arrival.seen.message_id:
            self.tickets_by_message_id[arrival.seen.message_id] = ticket.id


def gather(work: Work, desk: Desk, source: Source, batch: Sequence[Arrival]) -> Gathered:
    """Return all that the rules may ask about *batch*: nine queries, however long it is."""
    mails = [arrival.seen for arrival in batch if isinstance(arrival.seen, Mail)]
    known = work.people.known_addresses({claim for arrival in batch for claim in arrival.judgement.claims})
    ids = {message_id for mail in mails for message_id in _referenced_ids(mail)}
    by_id = work.mails.tickets_by_message_ids(ids) | work.letters.tickets_by_message_ids(ids)
    numbers = {number for mail in mails for number in ticket_numbers(mail.subject)}
    numbers |= {
        claim.mark.number for mail in mails for claim in _claims(desk, mail) if claim.mark.kind == "t"
    }
    tickets = work.tickets.by_ids(set(by_id.values())) | work.tickets.by_numbers(numbers)
    return Gathered(
        now=desk.clock(),
        rows=work.mails.rows_of(source.mailbox_id, source.uidvalidity, [arrival.uid for arrival in batch]),
        effects=work.mails.effects(source.mailbox_id, {arrival.seen.fingerprint for arrival in batch}),
        known=known,
        teams=work.people.teams_of({entry.person.id for entry in known.values()}),
        tickets=tickets,
        tickets_by_message_id=by_id,
    )


def facts_about(arrival: Arrival, gathered: Gathered, desk: Desk, source: Source) -> Facts:
    """Return the facts of one mail."""
    judgement, seen = arrival.judgement, arrival.seen
    claimed = [gathered.known[claim] for claim in judgement.claims if claim in gathered.known]
    known = claimed[0] if judgement.sender and claimed else None
    mail = seen if isinstance(seen, Mail) else None
    admission = admit(
        judgement,
        min((entry.state for entry in claimed), key=STRENGTH.index, default=AddressState.UNKNOWN),
        known.best_verdict if known else "",
        desk_addressing(
            desk.addresses, (*mail.to, *mail.cc) if mail else (), mail.delivered_to if mail else ()
        ),
        Age(gathered.now, mail.date if mail else None, arrival.signed_at, source.max_age_days),
    )
    row = gathered.rows.get(arrival.uid)
    effect = gathered.effects.get(seen.fingerprint)
    return Facts(
        now=gathered.now,
        judgement=judgement,
        admission=admission,
        known=known,
        filed_before=effect is not None,
        ticket_of_first=effect.ticket_id if effect else None,
        references=_references(mail, known, gathered, desk) if mail and known else (),
        team_ids=gathered.teams.get(known.person.id, frozenset()) if known else frozenset(),
        first_seen=row.seen_at if row else None,
    )


def _references(mail: Mail, known: KnownAddress, gathered: Gathered, desk: Desk) -> tuple[Reference, ...]:
    """Return the tickets a mail points at: by Message-IDs, then by signed marks, then by number."""
    by_number = {ticket.number: ticket for ticket in gathered.tickets.values()}
    found: list[Reference] = []
    for message_id in _referenced_ids(mail):
        ticket_id = gathered.tickets_by_message_id.get(message_id)
        if ticket_id in gathered.tickets:
            found.append(Reference(gathered.tickets[ticket_id], "message-id"))
    for claim in _claims(desk, mail):
        signed = claim.mark.kind == "t" and genuine(desk.reply_keys, claim, known.person.id)
        if signed and claim.mark.number in by_number:
            found.append(Reference(by_number[claim.mark.number], "reply address"))
    numbers = ticket_numbers(mail.subject)
    found.extend(Reference(by_number[number], "number") for number in numbers if number in by_number)
    return tuple(dict.fromkeys(found))


def _referenced_ids(mail: Mail) -> Iterable[str]:
    """Return the Message-IDs that *mail* answers, nearest first."""
    nearest = (*mail.in_reply_to, *reversed(mail.references))
    return list(dict.fromkeys(nearest))[:MAX_REFERENCES]


def _claims(desk: Desk, mail: Mail) -> tuple[Claim, ...]:
    addresses = (*mail.to, *mail.cc, *mail.delivered_to)
    ids = tuple(_referenced_ids(mail))
    return claims_in_ids(ids, desk.stationery.domain) + claims_in_addresses(addresses, desk.addresses[0])
