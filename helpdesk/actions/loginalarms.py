"""Failed logins and logins from elsewhere: counted, put on record, told of."""

from datetime import datetime, timedelta

from helpdesk.actions.alarms import raise_alarms
from helpdesk.actions.door import Door, Place, door_event, login_alarm
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.people import KnownAddress
from helpdesk.core.suspicion import Novelty, Thresholds, just_failed_often, wary
from helpdesk.store.work import Work, in_work


def note_failure(door: Door, account: str, owner: KnownAddress | None, place: Place, why: str) -> None:
    """Put a failed login to *account* on record, and alarm people where there were too many within a short time.

    *owner*: the address that was named; None costs the same work.
    """
    limits = door.desk.thresholds
    person_id = owner.person.id if owner else None

    def job(work: Work) -> None:
        now = work.database_now()
        events = [door_event(Action.LOGIN, Outcome.FAIL, now, person_id, place, {"why": why})]
        times = work.logins.add_failure(account, now, _remembered_since(now, limits))
        if just_failed_often(times, limits):
            detail = {"count": limits.failed_logins, "minutes": limits.failed_minutes}
            events.append(door_event(Action.LOGIN_FAILED_OFTEN, Outcome.FAIL, now, person_id, place, detail))
            raise_alarms(
                work, door.desk, [login_alarm(Action.LOGIN_FAILED_OFTEN, account, owner, place)], now
            )
        work.audit.add(events)

    in_work(door.desk.database, job)


def is_wary(work: Work, account: str, limits: Thresholds) -> bool:
    """Say whether logins to *account* failed so often lately that the right password is not enough."""
    now = work.database_now()
    return wary(work.logins.failures(account, _remembered_since(now, limits)), now, limits)


def note_new_place(
    work: Work, door: Door, owner: KnownAddress, place: Place, new: tuple[Novelty, ...], first: bool
) -> None:
    """Put a login from a new place on record and tell of it; of the *first* one of all nobody is told."""
    now = work.database_now()
    detail = {"new": [one.value for one in new]}
    event = door_event(Action.LOGIN_FROM_NEW_PLACE, Outcome.SUCCESS, now, owner.person.id, place, detail)
    work.audit.add([event])
    if not first:
        alarm = login_alarm(Action.LOGIN_FROM_NEW_PLACE, f"{owner.person.id}:{place.key}", owner, place)
        raise_alarms(work, door.desk, [alarm], now)


def _remembered_since(now: datetime, limits: Thresholds) -> datetime:
    return now - timedelta(minutes=limits.wary_minutes + limits.failed_minutes)
