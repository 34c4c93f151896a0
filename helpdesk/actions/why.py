"""What became of a mail: everything that the ledger, the outbox and the tickets know about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from helpdesk.core.asked import Asked
from helpdesk.core.tickets import Ticket
from helpdesk.store.engine import Database
from helpdesk.store.ledger import LedgerLetter, LedgerMail, LedgerPost
from helpdesk.store.work import Work


@dataclass(frozen=True, slots=True)
class Story:
    """One mail with what hangs on it, or, without ``mail``, letters that no mail caused.

    ``found_by``: what of the question led here, in words. Nothing in it is fit for a terminal yet.
    """

    found_by: str
    mail: LedgerMail | None
    person: str = ""
    ticket: Ticket | None = None
    post: LedgerPost | None = None
    letters: tuple[LedgerLetter, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """The stories that were asked for. ``more``: there are others, older ones."""

    stories: tuple[Story, ...]
    more: bool = False


_Found = dict[int, tuple[LedgerMail, list[str]]]


def stories(database: Database, question: Asked, last: int) -> Told:
    """Return what is known of the mails that *question* can mean, oldest first, the newest *last* of each kind.

    Letters that none of these mails caused come at the end. Raises StoreAway.
    """
    with Work(database, read_only=True) as work:
        found: _Found = {}
        loose = _loose_letters(work, question, found)
        more = False
        for found_by, mails in _mails(work, question, last + 1):
            _note(found, found_by, mails[:last])
            more |= len(mails) > last
        told = _told(work, found)
        for found_by, letters in _letters(work, question, last + 1):
            caused = [letter for letter in letters[-last:] if letter.mail_id not in found]
            loose += [(found_by, letter) for letter in caused]
            more |= len(letters) > last
    return Told((*told, *(Story(found_by, None, letters=(letter,)) for found_by, letter in loose)), more)


def _mails(work: Work, question: Asked, limit: int) -> Iterable[tuple[str, Sequence[LedgerMail]]]:
    if question.mail_id is not None:
        yield f"mail {question.mail_id}", work.ledger.by_ids([question.mail_id])
    if question.uid is not None:
        yield f"UID {question.uid}", work.ledger.by_uid(question.uid, question.mailbox)
    if question.ticket is not None:
        for ticket in work.tickets.by_numbers([question.ticket]).values():
            yield f"ticket {ticket.number}", work.ledger.by_ticket(ticket.id, limit)
    if question.message_id:
        yield "its Message-ID", work.ledger.by_message_id(question.message_id, limit)
    if question.address:
        yield "its sender", work.ledger.by_sender(question.address, limit)


def _letters(work: Work, question: Asked, limit: int) -> Iterable[tuple[str, Sequence[LedgerLetter]]]:
    if question.ticket is not None:
        for ticket in work.tickets.by_numbers([question.ticket]).values():
            yield f"ticket {ticket.number}", work.ledger.letters_about(ticket.id, limit)
    if question.address:
        yield "its recipient", work.ledger.letters_to(question.address, limit)


def _loose_letters(work: Work, question: Asked, found: _Found) -> list[tuple[str, LedgerLetter]]:
    """Return the letter with this Message-ID where no mail caused it, and note the mail that caused it."""
    loose: list[tuple[str, LedgerLetter]] = []
    if question.message_id:
        for letter in work.ledger.letters_by_message_id(question.message_id):
            if letter.mail_id is None:
                loose.append(("its Message-ID", letter))
            else:
                _note(found, "the Message-ID of a letter", work.ledger.by_ids([letter.mail_id]))
    return loose


def _note(found: _Found, found_by: str, mails: Iterable[LedgerMail]) -> None:
    for mail in mails:
        found.setdefault(mail.id, (mail, []))[1].append(found_by)


def _told(work: Work, found: _Found) -> list[Story]:
    people = work.people.by_ids({mail.person_id for mail, _ in found.values() if mail.person_id})
    tickets = work.tickets.by_ids({mail.ticket_id for mail, _ in found.values() if mail.ticket_id})
    posts, letters = work.ledger.posts_of(found), work.ledger.letters_of(found)
    return [
        Story(
            ", ".join(found_by),
            mail,
            people[mail.person_id].name if mail.person_id in people else "",
            tickets.get(mail.ticket_id) if mail.ticket_id else None,
            posts.get(mail.id),
            tuple(letter for letter in letters if letter.mail_id == mail.id),
        )
        for mail, found_by in sorted(found.values(), key=lambda one: (one[0].seen_at, one[0].id))
    ]
