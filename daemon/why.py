"""``why``: what became of a mail, in lines for people or as JSON."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TextIO

from helpdesk.actions.why import Story, stories
from helpdesk.core.asked import Asked
from helpdesk.core.jsontext import json_text
from helpdesk.core.terminal import term_safe
from helpdesk.errors import EXIT_FAILED
from helpdesk.store.engine import Database
from helpdesk.store.ledger import LedgerLetter, LedgerMail
from helpdesk.store.letters import QUEUED, SENDING

LABEL_CHARS = 12
VALUE_CHARS = 500
Line = tuple[str, str]


def why(database: Database, question: Asked, last: int, as_json: bool, out: TextIO) -> int:
    """Write what is known of the mails that *question* can mean; return 1 when there are none.

    *as_json*: one object for each mail and line, ASCII only, always with the same keys.
    """
    told = stories(database, question, last)
    found = told.stories
    for story in found:
        if as_json:
            out.write(json_text(_as_json(story)) + "\n")
        else:
            out.writelines(f"{line}\n" for line in lines_of(story))
    if not found and not as_json:
        out.write("Nothing is known of it: no mail in the ledger, no ticket and no letter.\n")
    if told.more and not as_json:
        out.write(f"There are others, older ones; these are the newest {last}: ask for more with --last.\n")
    return 0 if found else EXIT_FAILED


def lines_of(story: Story) -> list[str]:
    """Return a story as lines for a terminal, the last one empty."""
    mail = story.mail
    title = f"mail {mail.id}" if mail else f"letter {story.letters[0].id}"
    lines = [
        f"{title}, found by {term_safe(story.found_by)}",
        *(_line(*one) for one in (_about_mail(story, mail) if mail else ())),
        *(_line(*one) for letter in story.letters for one in _about_letter(letter)),
    ]
    return [*lines, ""]


def _line(label: str, value: str) -> str:
    return f"  {label:<{LABEL_CHARS}}{term_safe(value, VALUE_CHARS)}".rstrip()


def _about_mail(story: Story, mail: LedgerMail) -> Iterator[Line]:
    of = f" of {mail.uidvalidity}" if mail.uidvalidity > 0 else "; the UID is another mail's since"
    yield "seen", f"{_time(mail.seen_at)} in {mail.mailbox}, UID {mail.uid}{of}"
    yield "sender", f"{mail.sender or '(cannot be read)'}{f' ({story.person})' if story.person else ''}"
    yield "subject", mail.subject or "(none)"
    yield "Message-ID", mail.message_id or "(none, or not read)"
    yield "size", f"{mail.size} bytes{f', dated {_time(mail.dated_at)}' if mail.dated_at else ''}"
    yield "fate", _fate(mail)
    if mail.reason:
        yield "reason", mail.reason
    if mail.verdict:
        yield "verdict", f"{mail.verdict}: {mail.verdict_reason}"
    if story.ticket:
        deleted = ", deleted" if story.ticket.deleted else ""
        yield "ticket", f"{story.ticket.number}, {story.ticket.status.value}{deleted}"
    if story.post:
        yield "post", f"{story.post.id}, written {_time(story.post.created_at)}"
    if mail.raw_sha256:
        yield "kept", f"as blob {mail.raw_sha256}"
    if mail.attempts:
        yield "attempts", f"{mail.attempts} begun and not ended"
    if mail.look_again_at:
        yield "again", f"looked at again at {_time(mail.look_again_at)}"
    if mail.settled_at:
        yield "settled", f"left the inbox, noted {_time(mail.settled_at)}"
    elif mail.fate:
        yield "settled", "not yet: perhaps it is still in the inbox"


def _fate(mail: LedgerMail) -> str:
    if mail.fate:
        return f"{mail.fate}, by the rule {mail.rule}"
    return f"none yet, deferred by the rule {mail.rule}" if mail.rule else "none yet: it is being read"


def _about_letter(letter: LedgerLetter) -> Iterator[Line]:
    yield "letter", f"{letter.kind} to {letter.recipient}: {_state(letter)}"
    yield "", f"queued {_time(letter.queued_at)}, {letter.message_id}"
    if letter.bounced_at:
        yield "", f"came back {_time(letter.bounced_at)}: its recipient did not get it"
    if letter.last_error:
        yield "", letter.last_error


def _state(letter: LedgerLetter) -> str:
    tries = f"{letter.attempts} attempt{'s' if letter.attempts != 1 else ''}"
    if letter.sent_at:
        return f"sent {_time(letter.sent_at)}, {tries}"
    if letter.state == QUEUED:
        return f"waits until {_time(letter.next_at)}, {tries}"
    if letter.state == SENDING:
        return f"being sent, ours until {_time(letter.next_at)}, {tries}"
    return f"{letter.state}, {tries}"


def _as_json(story: Story) -> dict[str, object]:
    mail, ticket = story.mail, story.ticket
    return {
        "found_by": story.found_by,
        "mail": mail.id if mail else None,
        "mailbox": mail.mailbox if mail else None,
        "uidvalidity": mail.uidvalidity if mail else None,
        "uid": mail.uid if mail else None,
        "message_id": mail.message_id if mail else None,
        "sender": mail.sender if mail else None,
        "person": story.person or None,
        "subject": mail.subject if mail else None,
        "size": mail.size if mail else None,
        "dated_at": _iso(mail.dated_at) if mail else None,
        "seen_at": _iso(mail.seen_at) if mail else None,
        "fate": mail.fate if mail else None,
        "rule": mail.rule if mail else None,
        "reason": mail.reason if mail else None,
        "verdict": mail.verdict if mail else None,
        "verdict_reason": mail.verdict_reason if mail else None,
        "ticket": ticket.number if ticket else None,
        "ticket_status": ticket.status.value if ticket else None,
        "post": story.post.id if story.post else None,
        "raw_sha256": mail.raw_sha256 if mail else None,
        "attempts": mail.attempts if mail else None,
        "look_again_at": _iso(mail.look_again_at) if mail else None,
        "settled_at": _iso(mail.settled_at) if mail else None,
        "letters": [_letter_as_json(letter) for letter in story.letters],
    }


def _letter_as_json(letter: LedgerLetter) -> dict[str, object]:
    return {
        "letter": letter.id,
        "kind": letter.kind,
        "message_id": letter.message_id,
        "recipient": letter.recipient,
        "state": letter.state,
        "attempts": letter.attempts,
        "queued_at": _iso(letter.queued_at),
        "next_at": _iso(letter.next_at),
        "sent_at": _iso(letter.sent_at),
        "bounced_at": _iso(letter.bounced_at),
        "last_error": letter.last_error,
    }


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
