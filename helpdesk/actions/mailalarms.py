"""Count what a batch of mails shows, and put on record what passes a threshold.

Each count is spent first and read afterwards, so that of several daemons one sees that a threshold is passed; a
batch costs the same few queries however long it is.
"""

from datetime import datetime

from helpdesk.actions.desk import Desk
from helpdesk.actions.noticing import Noticed, flood_event
from helpdesk.core.alertwords import flood_of, unknown_senders
from helpdesk.core.audit import Action
from helpdesk.core.suspicion import Alarm, crossed, minutes_back
from helpdesk.store.work import Work

UNKNOWN = "unknown"  # the scope of mails of people whom nobody registered
SENDER = "sender:"


def count_noticed(work: Work, desk: Desk, noticed: Noticed, now: datetime) -> None:
    """Write all that was *noticed* in a batch but the alarms, to which those about floods are added."""
    work.people.disown(noticed.disowned, now)
    work.people.set_routes(noticed.routes)
    added = {f"{SENDER}{address}": count for address, count in noticed.senders.items()}
    if noticed.unknown:
        added[UNKNOWN] = noticed.unknown
    minute = minutes_back(now, 1)[0]
    work.budgets.spend({(scope, minute): count for scope, count in added.items()})
    _note_floods(work, desk, noticed, now)
    _note_unknown(work, desk, noticed, now)
    work.audit.add(noticed.events)


def _note_floods(work: Work, desk: Desk, noticed: Noticed, now: datetime) -> None:
    limits = desk.thresholds
    minutes = minutes_back(now, limits.sender_minutes)
    used = work.budgets.used(
        [(f"{SENDER}{address}", start) for address in noticed.senders for start in minutes]
    )
    for address, added in noticed.senders.items():
        count = sum(used.get((f"{SENDER}{address}", start), 0) for start in minutes)
        if crossed(count - added, added, limits.sender_mails):
            owner = noticed.owners[address]
            person_id = owner.person.id
            noticed.events.append(
                flood_event(Action.SENDER_FLOOD, now, count, limits.sender_minutes, person_id)
            )
            reason = flood_of(address, count, limits.sender_minutes)
            noticed.alarms.append(Alarm(Action.SENDER_FLOOD, address, owner, reason=reason))


def _note_unknown(work: Work, desk: Desk, noticed: Noticed, now: datetime) -> None:
    if not noticed.unknown:
        return
    limits = desk.thresholds
    minutes = minutes_back(now, limits.unknown_minutes)
    count = sum(work.budgets.used([(UNKNOWN, start) for start in minutes]).values())
    if crossed(count - noticed.unknown, noticed.unknown, limits.unknown_mails):
        event = flood_event(Action.MANY_UNKNOWN_SENDERS, now, count, limits.unknown_minutes, None)
        noticed.events.append(event)
        reason = unknown_senders(count, limits.unknown_minutes)
        noticed.alarms.append(Alarm(Action.MANY_UNKNOWN_SENDERS, "", reason=reason))
