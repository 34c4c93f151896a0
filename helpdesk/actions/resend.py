"""Letters in the outbox: list them, and send dead ones again."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from helpdesk.actions.permits import event_by, require_right
from helpdesk.core.audit import Action
from helpdesk.core.audit import Outcome as AuditOutcome
from helpdesk.core.letters import LetterKind
from helpdesk.core.permissions import Actor, Right
from helpdesk.core.sessions import code_is_over
from helpdesk.errors import Refused
from helpdesk.store.audit import Event
from helpdesk.store.chunks import chunks
from helpdesk.store.engine import Database
from helpdesk.store.letters import DEAD
from helpdesk.store.rows import ListedLetter
from helpdesk.store.work import Work, in_work

AT_ONCE = 200  # letters in one transaction
SECRET_KINDS = (LetterKind.LOGIN_CODE.value,)


def listed_letters(
    database: Database, state: str, limit: int, by: Actor | None = None, *, before: int | None = None
) -> list[ListedLetter]:
    """Return the newest letters in a state, at most *limit*; *before*: those behind this one.

    Raises Refused where that one is in another state, so that its place is not known.
    """
    require_letters(database, by)
    with Work(database, read_only=True) as work:
        if before is not None and (now := work.letters.state_of(before)) != state:
            raise Refused(
                f"letter {before} is {now or 'not there'}, not {state} any more: list from the beginning",
                f"la lettre {before} n'est pas, ou n'est plus, dans cette liste : reprenez du début",
            )
        return work.letters.listed(state, limit, before)


def send_again(database: Database, letter_id: int, by: Actor | None = None) -> None:
    """Queue a dead letter again, as it is, with its Message-ID. Raises Refused for any other letter.

    *by*: None for the daemon's own command line.
    """
    require_letters(database, by)
    if _again(database, [letter_id], by) == 0:
        with Work(database, read_only=True) as work:
            state = work.letters.state_of(letter_id)
        raise Refused(
            f"there is no letter {letter_id}"
            if state is None
            else f"letter {letter_id} is {state}; only a dead letter is sent again",
            f"il n'y a pas de lettre {letter_id}"
            if state is None
            else f"la lettre {letter_id} est {state} ; seule une lettre morte repart",
        )


def send_all_again(database: Database, by: Actor | None = None) -> tuple[int, int]:
    """Queue all dead letters again; return how many, and how many were left: login codes that are over."""
    require_letters(database, by)
    with Work(database, read_only=True) as work:
        now = work.database_now()
        dead = work.letters.all_in(DEAD)
    of_use = [one for one, kind, at in dead if kind != LetterKind.LOGIN_CODE or not code_is_over(at, now)]
    return sum(_again(database, some, by) for some in chunks(of_use, AT_ONCE)), len(dead) - len(of_use)


def require_letters(database: Database, by: Actor | None) -> None:
    """Raise NotAllowed unless *by* may see to letters."""
    if by is not None:
        require_right(database, by, Right.LETTERS)


def shown_letter(database: Database, by: Actor, letter_id: int) -> bytes:
    """Return a letter as it goes out; that it was looked at is on record.

    Of one that lets somebody in only the header: who reads it could be them. Raises Refused.
    """
    require_letters(database, by)

    def job(work: Work) -> bytes:
        found = work.letters.content_of(letter_id)
        if found is None:
            raise Refused(f"there is no letter {letter_id}", f"il n'y a pas de lettre {letter_id}")
        kind, content = found
        now = work.database_now()
        row = event_by(by, Action.LETTER_SEEN, AuditOutcome.SUCCESS, now, letter=letter_id, kind=kind)
        work.audit.add([row])
        head, end, _body = content.partition(b"\r\n\r\n")
        return head + end if kind in SECRET_KINDS else content

    return in_work(database, job)


def _again(database: Database, letter_ids: Sequence[int], by: Actor | None) -> int:
    return in_work(database, partial(_revive, letter_ids, by))


def _revive(letter_ids: Sequence[int], by: Actor | None, work: Work) -> int:
    now = work.database_now()
    revived = [letter_id for letter_id in letter_ids if work.letters.revive(letter_id, now)]
    work.audit.add([_revived(by, letter_id, now) for letter_id in revived])
    return len(revived)


def _revived(by: Actor | None, letter_id: int, now: datetime) -> Event:
    if by is not None:
        return event_by(by, Action.LETTER_SENT_AGAIN, AuditOutcome.SUCCESS, now, letter=letter_id)
    return Event(Action.LETTER_SENT_AGAIN, AuditOutcome.SUCCESS, now, detail={"letter": letter_id})
