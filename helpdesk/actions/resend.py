"""Letters in the outbox: list them, and send dead ones again."""

from collections.abc import Sequence
from functools import partial

from helpdesk.core.audit import Action
from helpdesk.core.audit import Outcome as AuditOutcome
from helpdesk.errors import Refused
from helpdesk.store.audit import Event
from helpdesk.store.chunks import chunks
from helpdesk.store.engine import Database
from helpdesk.store.letters import DEAD
from helpdesk.store.rows import ListedLetter
from helpdesk.store.work import Work, in_work

AT_ONCE = 200  # letters in one transaction


def listed_letters(database: Database, state: str, limit: int) -> list[ListedLetter]:
    """Return the newest letters in a state other than sent, at most *limit*."""
    with Work(database, read_only=True) as work:
        return work.letters.listed(state, limit)


def send_again(database: Database, letter_id: int) -> None:
    """Queue a dead letter again, as it is, with its Message-ID. Raises Refused for any other letter."""
    if _again(database, [letter_id]) == 0:
        with Work(database, read_only=True) as work:
            state = work.letters.state_of(letter_id)
        raise Refused(
            f"there is no letter {letter_id}"
            if state is None
            else f"letter {letter_id} is {state}; only a dead letter is sent again"
        )


def send_all_again(database: Database) -> int:
    """Queue all dead letters again; return how many."""
    with Work(database, read_only=True) as work:
        dead = work.letters.ids_of(DEAD)
    return sum(_again(database, some) for some in chunks(dead, AT_ONCE))


def _again(database: Database, letter_ids: Sequence[int]) -> int:
    return in_work(database, partial(_revive, letter_ids))


def _revive(letter_ids: Sequence[int], work: Work) -> int:
    now = work.database_now()
    revived = [letter_id for letter_id in letter_ids if work.letters.revive(letter_id, now)]
    work.audit.add(
        [
            Event(Action.LETTER_SENT_AGAIN, AuditOutcome.SUCCESS, now, detail={"letter": letter_id})
            for letter_id in revived
        ]
    )
    return len(revived)
