"""Alarms about the desk itself: a row for the journal and the file, since mail may be what is broken, and letters."""

from helpdesk.actions.alarms import alarm_row
from helpdesk.actions.desk import Desk
from helpdesk.actions.reachable import contacts_of
from helpdesk.core.letters import Worded, alert, dedupe_key
from helpdesk.store.alerts import NewAlert
from helpdesk.store.work import Work


def tell_contacts(
    work: Work, desk: Desk, kind: str, about: str, worded: Worded, is_event: bool = False
) -> bool:
    """Raise an alarm of a *kind*, once for all that *about* names, its window included; return whether it is new.

    *is_event*: what comes again is counted again; a state that lasts is only found again. Apart from the other
    alerts and their budget: a flood of forged mail must not hush it up. Refused as a whole where another process
    was quicker.
    """
    now = desk.clock(work)
    cause, count = dedupe_key("contacts", kind, about), worded(desk.language).count
    if work.alerts.known([cause]):
        work.alerts.repeat({cause: count} if is_event else {})
        return False
    letters = [
        alert(desk.stationery, to, worded(to.language), dedupe_key(cause, to.address), now)
        for to in contacts_of(work, desk)
    ]
    work.letters.add([alarm_row(letter, now) for letter in letters])
    work.alerts.add([NewAlert(cause, kind, None, count, len(letters), 0)], now)
    return True
