"""What an address may do at a moment, and what staff can make of it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.core.people import STORED, AddressState, KnownAddress, Language, Person, Role
from helpdesk.core.standing import Measure, after, day_begins, day_ends, first_day, last_day, standing

FROM = datetime(2026, 9, 1, tzinfo=UTC)
UNTIL = datetime(2027, 7, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
PARIS = ZoneInfo("Europe/Paris")
UNKNOWN, PENDING, VERIFIED, SUSPENDED, BLOCKED, NOT_YET, EXPIRED = AddressState
VERIFY, FREEZE, UNFREEZE, BLOCK = Measure


def entry(
    state: AddressState = VERIFIED,
    begins: datetime | None = FROM,
    ends: datetime | None = UNTIL,
    active: bool = True,
) -> KnownAddress:
    person = Person(1, "Jean", Role.USER, Language.FR, active)
    return KnownAddress(2, "jean@univ.example", state, person, "", 0, begins, ends)


@pytest.mark.parametrize(
    ("known", "moment", "expected"),
    [
        pytest.param(entry(), FROM - TICK, NOT_YET, id="a tick before its first moment"),
        pytest.param(entry(), FROM, VERIFIED, id="its first moment"),
        pytest.param(entry(), UNTIL - TICK, VERIFIED, id="its last moment"),
        pytest.param(entry(), UNTIL, EXPIRED, id="the moment after"),
        pytest.param(entry(begins=None), FROM - TICK, VERIFIED, id="without a beginning"),
        pytest.param(entry(ends=None), UNTIL, VERIFIED, id="without an end"),
        pytest.param(entry(PENDING), UNTIL, PENDING, id="dates make nothing of a pending address"),
        pytest.param(entry(SUSPENDED), FROM, SUSPENDED, id="frozen within its dates"),
        pytest.param(entry(BLOCKED), FROM - TICK, BLOCKED, id="blocked before its dates"),
        pytest.param(entry(active=False), FROM, SUSPENDED, id="of a closed account"),
        pytest.param(entry(PENDING, active=False), FROM, SUSPENDED, id="pending, of a closed account"),
        pytest.param(entry(BLOCKED, active=False), FROM, BLOCKED, id="blocked, of a closed account"),
    ],
)
def test_an_address_is_good_within_its_dates_only(
    known: KnownAddress, moment: datetime, expected: AddressState
) -> None:
    assert standing(known, moment) is expected


@pytest.mark.parametrize(
    ("measure", "becomes"),
    [
        pytest.param(VERIFY, {PENDING: VERIFIED, BLOCKED: VERIFIED}, id="verify"),
        pytest.param(FREEZE, {VERIFIED: SUSPENDED}, id="freeze: what is pending stays so"),
        pytest.param(UNFREEZE, {SUSPENDED: VERIFIED}, id="unfreeze verifies nothing that was not"),
        pytest.param(
            BLOCK, {PENDING: BLOCKED, VERIFIED: BLOCKED, SUSPENDED: BLOCKED}, id="block: whatever it was"
        ),
    ],
)
def test_each_measure_makes_its_state_of_some_states_and_leaves_the_others(
    measure: Measure, becomes: dict[AddressState, AddressState]
) -> None:
    assert {state: after(measure, state) for state in STORED} == {
        state: becomes.get(state) for state in STORED
    }


@pytest.mark.parametrize(
    ("day", "begins", "ends"),
    [
        pytest.param(date(2026, 9, 1), "2026-08-31T22:00", "2026-09-01T22:00", id="in summer"),
        pytest.param(date(2026, 10, 25), "2026-10-24T22:00", "2026-10-25T23:00", id="a day of 25 hours"),
        pytest.param(date(2027, 3, 28), "2027-03-27T23:00", "2027-03-28T22:00", id="a day of 23 hours"),
    ],
)
def test_a_day_begins_and_ends_by_the_clock_of_the_desk(day: date, begins: str, ends: str) -> None:
    assert day_begins(day, PARIS).isoformat() == f"{begins}:00+00:00"
    assert day_ends(day, PARIS).isoformat() == f"{ends}:00+00:00"
    assert first_day(day_begins(day, PARIS), PARIS) == day
    assert last_day(day_ends(day, PARIS), PARIS) == day


def test_no_dates_are_no_days() -> None:
    assert (first_day(None, PARIS), last_day(None, PARIS)) == (None, None)
