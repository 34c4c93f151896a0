"""Each night: files that no row names are removed, what a crash between writing and committing left over."""

from helpdesk.actions.desk import Desk
from helpdesk.core.jobs import JobPlan, Turn
from helpdesk.errors import LeaseLost
from helpdesk.store.work import Work


def collect_blobs(desk: Desk, _plan: JobPlan, turn: Turn) -> str:
    """Remove blobs that are older than a day and that nothing refers to; return how many.

    Raises StoreAway and LeaseLost.
    """
    count = 0
    with Work(desk.database, read_only=True) as work:
        kept = work.upkeep.kept_blobs()  # what is kept from now on is put from now on, and so is not old
    for names in desk.blobs.old_ones():
        with Work(desk.database, read_only=True) as work:
            attached = work.upkeep.attached(names)
        count += sum(
            desk.blobs.remove_if_old(name) for name in names if name not in kept and name not in attached
        )
        if not turn.going():
            raise LeaseLost("collecting was stopped before its end; the rest is collected another time")
    return f"{count} blobs removed" if count else ""
