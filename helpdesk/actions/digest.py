"""Once an hour: tell the security contacts together what was refused and not told one by one."""

from datetime import timedelta

from helpdesk.actions.alerts import REFUSED, hour_of
from helpdesk.actions.desk import Desk
from helpdesk.actions.outbox import letter_row
from helpdesk.core.alertwords import LAST_HOUR
from helpdesk.core.letters import Addressee, Notice, alert, dedupe_key
from helpdesk.store.work import Refusal, Work, in_work

KEPT = timedelta(days=2)  # no cap looks further back


def hourly(desk: Desk) -> bool:
    """Queue the digest of the last whole hour, once for all daemons; return whether there was one.

    Forgets budgets that no cap looks at any more. Raises StoreAway.
    """
    try:
        return in_work(desk.database, lambda work: _digest(work, desk))
    except Refusal:  # another daemon was quicker
        return False


def _digest(work: Work, desk: Desk) -> bool:
    now = desk.clock(work)
    hour = hour_of(now) - timedelta(hours=1)
    keys = {address: dedupe_key("digest", hour.isoformat(), address) for address in desk.alert_addresses}
    if work.letters.known(keys.values()):
        return False
    work.budgets.forget_before(now - KEPT)
    refused = work.budgets.used_below(REFUSED, hour)
    told = work.budgets.used([("alerts", hour)]).get(("alerts", hour), 0)
    total = sum(refused.values())
    if total <= told:
        return False
    kinds = ", ".join(f"{count} {scope.removeprefix(REFUSED)}" for scope, count in sorted(refused.items()))
    notice = Notice(LAST_HOUR[desk.language], hour, total, kinds)
    work.letters.add(
        [
            letter_row(alert(desk.stationery, Addressee(address, desk.language), notice, dedupe, now), now)
            for address, dedupe in keys.items()
        ]
    )
    return True
