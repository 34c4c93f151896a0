"""Statistics about tickets within reach, and tickets as rows for a file."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from helpdesk.actions.desk import Desk
from helpdesk.actions.permits import require_right
from helpdesk.actions.trail import note_export
from helpdesk.core.audit import Action
from helpdesk.core.figures import TicketFigures, figures_of
from helpdesk.core.permissions import Actor, Right
from helpdesk.errors import Refused
from helpdesk.store.figures import ExportedTicket, Span
from helpdesk.store.work import Work

MAX_DAYS = 3660


def statistics(
    desk: Desk, actor: Actor, since: datetime, until: datetime, zone: tzinfo | None
) -> TicketFigures:
    """Return the figures of the tickets opened from *since* until *until* that *actor* has a right to count.

    Days begin by the clock of *zone*. Raises NotAllowed, and Refused for a span that is none.
    """
    far = require_right(desk.database, actor, Right.STATISTICS)
    if not since < until or (until - since).days > MAX_DAYS:
        raise Refused(
            f"the span must begin before it ends and have {MAX_DAYS} days at most",
            f"la période doit commencer avant sa fin et avoir {MAX_DAYS} jours au plus",
        )
    with Work(desk.database, read_only=True) as work:
        times = work.figures.times(Span(since, until), actor.person.id, actor.team_ids, far)
        return figures_of(times, since, until, zone)


def exported_tickets(
    desk: Desk, actor: Actor, since: datetime, until: datetime, status: str, name: str
) -> Iterator[Sequence[ExportedTicket]]:
    """Yield tickets for a file called *name*, oldest first; that they are exported is on record before.

    Raises NotAllowed at the call.
    """
    require_right(desk.database, actor, Right.EXPORT)
    note_export(desk, actor, Action.TICKETS_EXPORTED, name, since, until)
    return _pages(desk, Span(since, until), status)


def _pages(desk: Desk, span: Span, status: str) -> Iterator[Sequence[ExportedTicket]]:
    with Work(desk.database, read_only=True) as work:
        yield from work.figures.pages(span, status)
