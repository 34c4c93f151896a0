"""Some admin can always log in: whatever would take the last one away is refused."""

from collections.abc import Callable
from typing import TypeVar

from helpdesk.actions.permits import event_by
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.permissions import Actor
from helpdesk.errors import Refused
from helpdesk.store.engine import Database
from helpdesk.store.work import Work, in_work

Result = TypeVar("Result")


class LastAdmin(Refused):
    """Nobody could log in as an admin any more."""


def in_work_with_an_admin(
    database: Database, actor: Actor, person_id: int, job: Callable[[Work], Result]
) -> Result:
    """Run *job*, which changes what *person_id* may do, as ``in_work`` does; undo it where no admin would be left.

    Changes of this kind wait for each other: of two admins who demote each other at once the second is refused.
    The refusal is on record. Before anybody who is an admin has a password nothing is guarded.
    """

    def guarded(work: Work) -> Result:
        work.directory.change_admins()
        now = work.database_now()
        before = work.directory.admins_who_can_log_in(now)
        result = job(work)
        if before and not work.directory.admins_who_can_log_in(now):
            raise LastAdmin(
                "nobody could log in as an admin any more: make somebody else an admin first",
                "plus personne ne pourrait se connecter comme admin : nommez d'abord quelqu'un d'autre",
            )
        return result

    try:
        return in_work(database, guarded)
    except LastAdmin:
        in_work(database, lambda work: _note(work, actor, person_id))
        raise


def _note(work: Work, actor: Actor, person_id: int) -> None:
    """Put the refusal on record under a name of its own: whoever had the right to ask raises no alarm."""
    now = work.database_now()
    work.audit.add([event_by(actor, Action.LAST_ADMIN_KEPT, Outcome.DENIED, now, person=person_id)])
