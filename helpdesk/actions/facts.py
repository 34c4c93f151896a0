"""Step 4, gather: what the database knows about a batch of mails, in a fixed number of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from helpdesk.actions.arrival import Arrival, Source
from helpdesk.actions.desk import Desk
from helpdesk.core.admission import Admission, Age, Entry, admit, desk_addressing
from helpdesk.core.kept import Word
from helpdesk.core.mail import Mail
from helpdesk.core.merging import surviving
from helpdesk.core.people import AddressState, KnownAddress
from helpdesk.core.replytokens import Claim, claims_in_addresses, claims_in_ids, genuine
from helpdesk.core.returned import Pointers, SentLetter, letter_of, pointers_in
from helpdesk.core.rules import Facts, Reference
from helpdesk.core.standing import standing
from helpdesk.core.subjects import ticket_numbers
from helpdesk.core.tickets import Ticket
from helpdesk.core.verdicts import Verdict
from helpdesk.store.rows import Effect, HeldMail, LedgerRow
from helpdesk.store.work import Work

MAX_REFERENCES = 20  # ids looked at in one mail, the newest ones: more would let one mail slow a batch
ANSWERING = (Verdict.PASS, Verdict.PASS_DKIM, Verdict.WEAK)  # as good as the mail in question, or better


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
    held: dict[int, HeldMail]
    returned: list[SentLetter]

    def number_of(self, ticket_id: int | None) -> int | None:
        """Return a ticket's number where this batch has to do with the ticket."""
        ticket = self.tickets.get(ticket_id) if ticket_id else None
        return ticket.number if ticket else None

    def note(self, arrival: Arrival, mail_id: int, known: KnownAddress, ticket: Ticket) -> None:
        """Remember that *arrival*, from *known*, opened or joined *ticket*, which is so from now on."""
        self.tickets[ticket.id] = ticket
        self.effects[arrival.seen.fingerprint] = Effect(mail_id, ticket.id)
        if not arrival.vouched:  # a person's word is no proof that mail could be measured by
            before = self.known[known.address]
            self.known[known.address] = replace(before, best_verdict=arrival.judgement.verdict.value)
        if isinstance(arrival.seen, Mail) and arrival.seen.message_id:
            # The first one counts: who repeats another's id does not draw the answers to it.
            self.tickets_by_message_id.setdefault(arrival.seen.message_id, ticket.id)


def gather(work: Work, desk: Desk, source: Source, batch: Sequence[Arrival]) -> Gathered:
    """Return all that the rules may ask about *batch*: ten queries, however long it is.

    One more for bounces, and one where a ticket was merged into another.
    """
    mails = [arrival.seen for arrival in batch if isinstance(arrival.seen, Mail)]
    claims = {claim for arrival in batch for claim in arrival.judgement.claims}
    claims |= {arrival.word.address for arrival in batch if arrival.word}
    known = work.people.known_addresses(claims)
    ids = {message_id for mail in mails for message_id in _referenced_ids(mail)}
    by_id = work.mails.tickets_by_message_ids(ids) | work.letters.tickets_by_message_ids(ids)
    numbers = {number for mail in mails for number in ticket_numbers(mail.subject)}
    marks = [claim.mark for mail in mails for claim in _claims(desk, mail)]
    numbers |= {mark.number for mark in marks if mark.kind == "t"}
    in_question = {mark.number for mark in marks if mark.kind == "h"}
    returned = work.letters.pointed_at([_pointers(desk, mail) for mail in mails])
    effects = work.mails.effects(source.mailbox_id, {arrival.seen.fingerprint for arrival in batch})
    ticket_ids = {*by_id.values(), *(effect.ticket_id for effect in effects.values() if effect.ticket_id)}
    ticket_ids |= {letter.ticket_id for letter in returned if letter.ticket_id}
    tickets = _with_takers(work, work.tickets.by_ids(ticket_ids) | work.tickets.by_numbers(numbers))
    return Gathered(
        now=desk.clock(work),
        rows=work.mails.rows_of(source.mailbox_id, source.uidvalidity, [arrival.uid for arrival in batch]),
        effects=effects,
        known=known,
        teams=work.people.teams_of({entry.person.id for entry in known.values()}),
        tickets=tickets,
        tickets_by_message_id=by_id,
        held=work.mails.held(in_question),
        returned=returned,
    )


def _with_takers(work: Work, tickets: dict[int, Ticket]) -> dict[int, Ticket]:
    """Add the tickets that took others over."""
    while missing := {ticket.merged_into_id for ticket in tickets.values()} - {None, *tickets}:
        found = work.tickets.by_ids({ticket_id for ticket_id in missing if ticket_id is not None})
        if not found:
            break
        tickets = tickets | found
    return tickets


def facts_about(arrival: Arrival, gathered: Gathered, desk: Desk, source: Source) -> Facts:
    """Return the facts of one mail."""
    judgement, seen = arrival.judgement, arrival.seen
    claimed = [gathered.known[claim] for claim in judgement.claims if claim in gathered.known]
    known = claimed[0] if judgement.sender and claimed else None
    if arrival.word is not None:
        known = gathered.known.get(arrival.word.address)
    mail = seen if isinstance(seen, Mail) else None
    row = gathered.rows.get(arrival.uid)
    came_at = row.seen_at if row else gathered.now
    moment = arrival.reached_at or came_at  # a mail that waited for us does not outlive its sender's dates
    state = standing(claimed[0], moment) if claimed else AddressState.UNKNOWN
    admission = admit(
        judgement,
        state,
        known.best_verdict if known else "",
        desk_addressing(
            desk.addresses, (*mail.to, *mail.cc) if mail else (), mail.delivered_to if mail else ()
        ),
        Age(came_at, mail.date if mail else None, arrival.signed_at, source.max_age_days, arrival.reached_at),
    )
    if arrival.confirmed and known is not None and state is AddressState.VERIFIED:
        admission = Admission(Entry.ACCEPT, "its owner said that it is theirs")
    if arrival.word is not None:
        admission = _on_the_word_of(arrival.word, known, moment)
    answers = judgement.verdict in ANSWERING and state is AddressState.VERIFIED
    proven = answers and admission.entry is Entry.ACCEPT and not arrival.vouched
    effect = gathered.effects.get(seen.fingerprint)
    claims = _claims(desk, mail) if mail and known else ()
    return Facts(
        now=gathered.now,
        judgement=judgement,
        admission=admission,
        known=known,
        filed_before=effect is not None,
        ticket_of_first=effect.ticket_id if effect else None,
        references=_references(mail, claims, known, gathered, desk) if mail and known else (),
        team_ids=gathered.teams.get(known.person.id, frozenset()) if known else frozenset(),
        first_seen=row.seen_at if row else None,
        confirms=_in_question(claims, known, gathered, desk, Verdict.WEAK) if known and answers else None,
        disowns=_in_question(claims, known, gathered, desk, Verdict.SPOOF) if known and proven else None,
        returned=letter_of(_pointers(desk, mail), mail.bounce, gathered.returned) if mail else None,
    )


def _on_the_word_of(word: Word, known: KnownAddress | None, moment: datetime) -> Admission:
    if known is not None and standing(known, moment) is AddressState.VERIFIED:
        return Admission(Entry.ACCEPT, f"on the word of {word.by}")
    return Admission(Entry.HOLD, f"{word.address} may not write to the desk any more")


def _pointers(desk: Desk, mail: Mail) -> Pointers:
    return pointers_in(mail, desk.reply_keys, desk.stationery.desk_address)


def _in_question(
    claims: tuple[Claim, ...], known: KnownAddress, gathered: Gathered, desk: Desk, verdict: Verdict
) -> int | None:
    """Return the held mail of the same verified address, with that verdict, whose signed mark came back."""
    for claim in claims:
        held = gathered.held.get(claim.mark.number) if claim.mark.kind == "h" else None
        if held is None or held.sender != known.address or held.verdict != verdict:
            continue
        if genuine(desk.reply_keys, claim, known.person.id):
            return held.id
    return None


def _references(
    mail: Mail, claims: tuple[Claim, ...], known: KnownAddress, gathered: Gathered, desk: Desk
) -> tuple[Reference, ...]:
    """Return the tickets a mail points at: by Message-IDs, then by signed marks, then by number.

    A mark that was not signed for this sender is no more than the number in it. What points at a ticket that was
    merged into another points at that one.
    """
    by_number = {ticket.number: ticket for ticket in gathered.tickets.values()}
    found: list[Reference] = []
    for message_id in _referenced_ids(mail):
        ticket_id = gathered.tickets_by_message_id.get(message_id)
        if ticket_id in gathered.tickets:
            found.append(Reference(gathered.tickets[ticket_id], "message-id"))
    hinted: list[int] = []
    for claim in claims:
        number = claim.mark.number
        if claim.mark.kind != "t" or number not in by_number:
            continue
        if genuine(desk.reply_keys, claim, known.person.id):
            found.append(Reference(by_number[number], "reply address"))
        else:
            hinted.append(number)
    numbers = (*hinted, *ticket_numbers(mail.subject))
    found.extend(Reference(by_number[number], "number") for number in numbers if number in by_number)
    where_now = (Reference(surviving(one.ticket, gathered.tickets), one.by) for one in found)
    return tuple(dict.fromkeys(where_now))


def _referenced_ids(mail: Mail) -> Iterable[str]:
    """Return the Message-IDs that *mail* answers, nearest first."""
    nearest = (*mail.in_reply_to, *reversed(mail.references))
    return list(dict.fromkeys(nearest))[:MAX_REFERENCES]


def _claims(desk: Desk, mail: Mail) -> tuple[Claim, ...]:
    addresses = (*mail.to, *mail.cc, *mail.delivered_to)
    ids = tuple(_referenced_ids(mail))
    return claims_in_ids(ids, desk.stationery.domain) + claims_in_addresses(addresses, desk.addresses[0])
