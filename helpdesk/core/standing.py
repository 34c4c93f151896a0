"""What a registered address may do at a moment, and how staff may change that."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from helpdesk.core.people import AddressState, KnownAddress


class Measure(StrEnum):
    """What staff may do to an address."""

    VERIFY = "verify"  # it is theirs: from now on its mail opens tickets
    FREEZE = "freeze"  # for the time being
    UNFREEZE = "unfreeze"
    BLOCK = "block"  # until somebody verifies it again


_PENDING, _VERIFIED, _SUSPENDED, _BLOCKED = (
    AddressState.PENDING,
    AddressState.VERIFIED,
    AddressState.SUSPENDED,
    AddressState.BLOCKED,
)
_MEASURES: Mapping[Measure, tuple[tuple[AddressState, ...], AddressState]] = {
    Measure.VERIFY: ((_PENDING, _BLOCKED), _VERIFIED),
    Measure.FREEZE: ((_VERIFIED,), _SUSPENDED),
    Measure.UNFREEZE: ((_SUSPENDED,), _VERIFIED),
    Measure.BLOCK: ((_PENDING, _VERIFIED, _SUSPENDED), _BLOCKED),
}


def after(measure: Measure, state: AddressState) -> AddressState | None:
    """Return the state that *measure* makes of another, None where it does not apply to it."""
    from_these, to = _MEASURES[measure]
    return to if state in from_these else None


def standing(entry: KnownAddress, moment: datetime) -> AddressState:
    """Return what an address may do at *moment*: nothing, whatever its state, once its owner's account is closed."""
    if entry.state is AddressState.BLOCKED:
        return entry.state
    if not entry.person.active:
        return AddressState.SUSPENDED
    if entry.state is not AddressState.VERIFIED:
        return entry.state
    if entry.valid_from is not None and moment < entry.valid_from:
        return AddressState.NOT_YET
    if entry.valid_until is not None and moment >= entry.valid_until:
        return AddressState.EXPIRED
    return AddressState.VERIFIED


def frozen_if_disowned(state: AddressState, disowned_at: datetime | None) -> AddressState:
    """Return the state of an address whose owner may have said that mail from there was not theirs."""
    frozen = disowned_at is not None and state is AddressState.VERIFIED
    return AddressState.SUSPENDED if frozen else state


def login_standing(entry: KnownAddress, moment: datetime) -> AddressState:
    """Return what an address is good for at a login: what its owner disowned is mail, which forges no password."""
    if entry.disowned_at is not None and entry.state is AddressState.SUSPENDED:
        entry = replace(entry, state=AddressState.VERIFIED)
    return standing(entry, moment)


def best_standing(entries: Sequence[KnownAddress], moment: datetime) -> AddressState:
    """Return what a person may do at *moment* with the best of their addresses, the oldest first."""
    found = [standing(entry, moment) for entry in entries]
    return AddressState.VERIFIED if AddressState.VERIFIED in found else (found or [AddressState.UNKNOWN])[0]


def day_begins(day: date, zone: tzinfo) -> datetime:
    """Return the first moment of a day in a zone."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def day_ends(day: date, zone: tzinfo) -> datetime:
    """Return the first moment after a day in a zone."""
    return day_begins(day + timedelta(days=1), zone)


def first_day(valid_from: datetime | None, zone: tzinfo) -> date | None:
    """Return the first day on which an address is valid."""
    return valid_from.astimezone(zone).date() if valid_from else None


def last_day(valid_until: datetime | None, zone: tzinfo) -> date | None:
    """Return the last day on which an address is valid."""
    return (valid_until - timedelta(microseconds=1)).astimezone(zone).date() if valid_until else None
