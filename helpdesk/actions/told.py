"""Which alarms stand in the journal already."""

from collections.abc import Collection

from helpdesk.actions.desk import Desk
from helpdesk.store.alerts import Alerted
from helpdesk.store.work import Work, in_work


def untold(desk: Desk, limit: int) -> list[Alerted]:
    """Return the alarms that stand in no journal yet, oldest first. Raises StoreAway."""
    with Work(desk.database, read_only=True) as work:
        return work.alerts.untold(limit)


def mark_told(desk: Desk, ids: Collection[int]) -> None:
    """Note that these stand in a journal. Raises StoreAway."""
    in_work(desk.database, lambda work: work.alerts.mark_told(ids, desk.clock(work)))
