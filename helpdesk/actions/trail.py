"""Read and export the audit trail, and what in it looks suspicious. For admins alone."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from helpdesk.actions.desk import Desk
from helpdesk.actions.permits import event_by, require_right
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.permissions import Actor, Right
from helpdesk.errors import Refused
from helpdesk.store.audit import Event
from helpdesk.store.trail import Refusals, TrailFilter, TrailRow
from helpdesk.store.work import Work, in_work

OF_MAILS = "mail:"  # begins the kinds of refusals that are mails


def trail_rows(desk: Desk, actor: Actor, wanted: TrailFilter) -> list[TrailRow]:
    """Return rows of the audit trail, newest first. Raises NotAllowed."""
    require_right(desk.database, actor, Right.AUDIT)
    with Work(desk.database, read_only=True) as work:
        return work.trail.listed(wanted)


def rows_since(desk: Desk, actor: Actor, wanted: TrailFilter) -> list[TrailRow]:
    """Return all rows that *wanted* asks for, oldest first: those of the last seconds. Raises NotAllowed."""
    require_right(desk.database, actor, Right.AUDIT)
    return [row for page in _pages(desk, wanted) for row in page]


def exported_trail(desk: Desk, actor: Actor, wanted: TrailFilter, name: str) -> Iterator[Sequence[TrailRow]]:
    """Yield the audit trail for a file called *name*, oldest first; that it is exported is on record before.

    What happens after the beginning is left out. Raises NotAllowed at the call.
    """
    require_right(desk.database, actor, Right.AUDIT)
    require_right(desk.database, actor, Right.EXPORT)
    note_export(desk, actor, Action.AUDIT_EXPORTED, name, wanted.since, wanted.until)
    return _pages(desk, wanted)


def _pages(desk: Desk, wanted: TrailFilter) -> Iterator[Sequence[TrailRow]]:
    with Work(desk.database, read_only=True) as work:
        yield from work.trail.pages(wanted)


def note_export(
    desk: Desk, actor: Actor, action: Action, name: str, since: datetime | None, until: datetime | None
) -> None:
    """Put on record that rows leave the desk in a file."""
    span = {"since": since and since.isoformat(), "until": until and until.isoformat()}

    def job(work: Work) -> None:
        row = event_by(actor, action, Outcome.SUCCESS, work.database_now(), file=name[:200], **span)
        work.audit.add([row])

    in_work(desk.database, job)


def note_settings(desk: Desk, owner: str, keys: Sequence[str] | None) -> None:
    """Put on record which settings a daemon found changed; None: it has never seen them before. Raises StoreAway."""
    told: dict[str, object] = (
        {"daemon": owner, "first": True} if keys is None else {"daemon": owner, "keys": [*keys]}
    )

    def job(work: Work) -> None:
        work.audit.add([Event(Action.SETTINGS_CHANGED, Outcome.SUCCESS, work.database_now(), detail=told)])

    in_work(desk.database, job)


def person_id_of(desk: Desk, address: str) -> int:
    """Return whose an address is. Raises Refused where nobody is registered with it."""
    with Work(desk.database, read_only=True) as work:
        known = work.people.known_addresses([address]).get(address)
    if known is None:
        raise Refused(f"nobody is registered with {address}", f"personne n'est inscrit avec {address}")
    return known.person.id


def suspicious(desk: Desk, actor: Actor, since: datetime, limit: int) -> list[Refusals]:
    """Return what was refused since then, by kind and by who: first what was done, then the mails that were kept.

    Each part holds at most *limit* lines, the most frequent first. Raises NotAllowed.
    """
    require_right(desk.database, actor, Right.AUDIT)
    with Work(desk.database, read_only=True) as work:
        done = work.trail.refusals(since, limit)
        mails = work.quarantine.suspicious(since, limit)
    return done + [
        Refusals(f"{OF_MAILS}{verdict}", sender, "", count, first_at, last_at)
        for verdict, sender, count, first_at, last_at in mails
    ]
