"""Refused changes of roles: whoever is refused leaves a row on record, and the daemon looks at those rows."""

from collections.abc import Sequence
from datetime import timedelta

from helpdesk.actions.alarms import cause_of, raise_new
from helpdesk.actions.desk import Desk
from helpdesk.core.alertwords import refused_change
from helpdesk.core.audit import Action
from helpdesk.core.suspicion import Alarm, Thresholds, refused_often
from helpdesk.store.trail import TrailFilter, TrailRow
from helpdesk.store.work import Refusal, Work, in_work

LOOKED_BACK = timedelta(days=1)  # a daemon that was down for a day tells of what it missed
MOST_ROWS = 500


def alarm_of_role_changes(desk: Desk) -> bool:
    """Alarm the contacts of whoever was refused changes of roles too often; return whether there was anybody new.

    Looks at the newest rows only: a flood of them is told of all the same. Raises StoreAway.
    """
    try:
        return in_work(desk.database, lambda work: _alarm(work, desk))
    except Refusal:  # another daemon was quicker
        return False


def _alarm(work: Work, desk: Desk) -> bool:
    now = desk.clock(work)
    wanted = TrailFilter(
        action=Action.UNAUTHORIZED_ROLE_CHANGE.value, since=now - LOOKED_BACK, limit=MOST_ROWS
    )
    found = {cause_of(alarm, now): alarm for alarm in _alarms(work.trail.listed(wanted), desk.thresholds)}
    known = work.alerts.known(found)
    fresh = {cause: alarm for cause, alarm in found.items() if cause not in known}
    if fresh:
        raise_new(work, desk, fresh, now)  # not once more where another daemon was quicker
    return bool(fresh)


def _alarms(rows: Sequence[TrailRow], limits: Thresholds) -> list[Alarm]:
    """Return an alarm for each row, newest first in *rows*, that makes a person's refusals too many."""
    by_person: dict[int, list[TrailRow]] = {}
    for row in reversed(rows):
        by_person.setdefault(row.user_id or 0, []).append(row)
    return [
        Alarm(
            Action.UNAUTHORIZED_ROLE_CHANGE,
            str(person_id),
            place=row.ip_address,
            client=row.user_agent,
            reason=refused_change(row.person),
            at=row.at,
        )
        for person_id, theirs in by_person.items()
        for number, row in enumerate(theirs, 1)
        if refused_often([one.at for one in theirs[:number]], limits)
    ]
