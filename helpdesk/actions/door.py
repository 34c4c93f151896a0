"""What a login needs: the desk with its limits, from where somebody comes, and the count of what was tried."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from helpdesk.actions import passwords
from helpdesk.actions.alarms import raise_alarms, usual_owner
from helpdesk.actions.desk import Desk
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.people import KnownAddress
from helpdesk.core.sessions import LoginLimits
from helpdesk.core.suspicion import Alarm
from helpdesk.store.audit import Event
from helpdesk.store.work import Work, in_work

SCOPE_HEX = 32  # enough of a hash to keep two sources, or two names, apart


@dataclass(frozen=True, slots=True)
class Place:
    """From where somebody logs in. ``key`` (64 hex) is what makes it the same place again, ``source`` who is locked.

    ``remote``: the host that they come from; ``client``: as whom, on which machine; ``country``: two letters. Each is
    empty where it is not known. All of it comes from the machine, not from the person.
    """

    key: str
    source: str
    shown: str
    ip_address: str = ""
    user_agent: str = ""
    remote: str = ""
    client: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """What a login needs besides the desk. ``totp_key`` seals the second factors."""

    desk: Desk
    limits: LoginLimits
    totp_key: bytes = field(repr=False)


def account_scope(person_id: int) -> str:
    """Return under what the attempts on an account are counted, whoever makes them."""
    return f"account:{person_id}"


def nobody_scope(address: str) -> str:
    """Return under what the attempts on an address are counted with which nobody can log in.

    They cost what attempts on an account cost, so that neither their time nor a lock tells the two apart.
    """
    return f"nobody:{passwords.token_hash(address.strip().lower())[:SCOPE_HEX]}"


def source_scope(account: str, place: Place) -> str:
    """Return under what the attempts on an account from one source are counted."""
    return f"{account}:from:{passwords.token_hash(place.source)[:SCOPE_HEX]}"


def codes_scope(person_id: int) -> str:
    """Return under what the codes that are sent to somebody by mail are counted."""
    return f"{account_scope(person_id)}:codes"


def charge(door: Door, account: str, place: Place, person_id: int | None = None) -> bool:
    """Count one attempt on an account's secrets from *place*; False where that way in is locked."""
    limits = door.limits
    window, lock = timedelta(minutes=limits.window_minutes), timedelta(minutes=limits.lock_minutes)
    scopes = (
        (source_scope(account, place), limits.tries_per_source),
        (account, limits.tries_per_account),
    )

    def job(work: Work) -> bool:
        now = work.database_now()
        free, alarms = True, []
        for scope, tries in scopes:
            if not (free := work.logins.charge(scope, tries, window, lock, now)):
                break
            if work.logins.locked_until(scope, now):
                detail = {"scope": "account" if scope == account else "from"}
                row = door_event(Action.LOGIN_LOCKED, Outcome.DENIED, now, person_id, place, detail)
                work.audit.add([row])
                owner = usual_owner(work, person_id, now)
                alarms.append(login_alarm(Action.LOGIN_LOCKED, scope, owner, place))
        raise_alarms(work, door.desk, alarms, now)  # all counts are locked before the gate of alarms
        return free

    return in_work(door.desk.database, job)


def login_alarm(action: Action, about: str, owner: KnownAddress | None, place: Place) -> Alarm:
    """Return the alarm about a login from *place*; *owner* is None where nobody has such an account."""
    where = f"{place.shown}{f', {place.country}' if place.country else ''}"
    return Alarm(action, about, owner, where, place.user_agent)


def forgive(door: Door, account: str, place: Place) -> None:
    """Begin the counts anew after a success."""
    scopes = (source_scope(account, place), account)
    in_work(door.desk.database, lambda work: work.logins.forgive(scopes, work.database_now()))


def note(door: Door, action: Action, outcome: Outcome, person_id: int | None, place: Place, why: str) -> None:
    """Put on record what became of an attempt."""

    def job(work: Work) -> None:
        work.audit.add([door_event(action, outcome, work.database_now(), person_id, place, {"why": why})])

    in_work(door.desk.database, job)


def door_event(
    action: Action,
    outcome: Outcome,
    at: datetime,
    person_id: int | None,
    place: Place,
    detail: Mapping[str, object] | None = None,
) -> Event:
    """Return an audit row about somebody at the door, from where they stand."""
    return Event(action, outcome, at, person_id, detail or {}, place.ip_address, place.user_agent)
