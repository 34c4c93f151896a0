"""When jobs are due: at the second, on both sides of it, and across the changes of summer time."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.core.slots import Daily, Hourly, Rhythm, daily, weekly

PARIS = ZoneInfo("Europe/Paris")
SYDNEY = ZoneInfo("Australia/Sydney")
SECOND = timedelta(seconds=1)
NIGHT, MONDAY = daily("02:30"), weekly("monday 07:00")


def utc(month: int, day: int, hour: int, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


# Each slot, the one before it, and where it stands.
CASES = [
    pytest.param(Hourly(), PARIS, utc(5, 4, 9), utc(5, 4, 8), id="every hour"),
    pytest.param(Hourly(), PARIS, utc(5, 4, 0), utc(5, 3, 23), id="every hour, over midnight"),
    pytest.param(Hourly(20), PARIS, utc(5, 4, 9, 20), utc(5, 4, 8, 20), id="every hour at twenty past"),
    pytest.param(NIGHT, UTC, utc(5, 4, 2, 30), utc(5, 3, 2, 30), id="every night in UTC"),
    pytest.param(NIGHT, PARIS, utc(1, 4, 1, 30), utc(1, 3, 1, 30), id="every night in winter"),
    pytest.param(NIGHT, PARIS, utc(7, 4, 0, 30), utc(7, 3, 0, 30), id="every night in summer"),
    pytest.param(MONDAY, PARIS, utc(5, 4, 5), utc(4, 27, 5), id="every week"),
    pytest.param(MONDAY, PARIS, utc(3, 30, 5), utc(3, 23, 6), id="every week, into summer time"),
    pytest.param(MONDAY, PARIS, utc(10, 26, 6), utc(10, 19, 5), id="every week, out of summer time"),
    pytest.param(NIGHT, PARIS, utc(3, 29, 1, 30), utc(3, 28, 1, 30), id="02:30 that does not exist is 03:30"),
    pytest.param(NIGHT, PARIS, utc(3, 30, 0, 30), utc(3, 29, 1, 30), id="the night after it"),
    pytest.param(NIGHT, PARIS, utc(10, 25, 0, 30), utc(10, 24, 0, 30), id="of 02:30 twice the first"),
    pytest.param(NIGHT, PARIS, utc(10, 26, 1, 30), utc(10, 25, 0, 30), id="and not the second"),
    pytest.param(NIGHT, SYDNEY, utc(10, 3, 16, 30), utc(10, 2, 16, 30), id="in the south: left out"),
    pytest.param(NIGHT, SYDNEY, utc(10, 4, 15, 30), utc(10, 3, 16, 30), id="in the south: after that"),
    pytest.param(NIGHT, SYDNEY, utc(4, 4, 15, 30), utc(4, 3, 15, 30), id="in the south: the first of two"),
    pytest.param(NIGHT, SYDNEY, utc(4, 5, 16, 30), utc(4, 4, 15, 30), id="in the south: after both"),
    pytest.param(
        daily("03:30"), ZoneInfo("Pacific/Apia"), utc(12, 30, 13, 30, 2011), utc(12, 29, 13, 30, 2011),
        id="a whole day that does not exist has no slot of its own",
    ),
    pytest.param(
        Daily(time(0, 0)), ZoneInfo("America/St_Johns"), utc(11, 7, 2, 30, 2010), utc(11, 6, 2, 30, 2010),
        id="clocks that go back over midnight: tomorrow begins once",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rhythm", "zone", "slot", "before"), CASES)
def test_a_slot_is_due_from_its_second_until_the_next_one(
    rhythm: Rhythm, zone: ZoneInfo, slot: datetime, before: datetime
) -> None:
    assert rhythm.latest(slot - SECOND, zone) == before
    assert rhythm.latest(slot, zone) == slot
    assert rhythm.after(before, zone) == slot
    assert rhythm.after(slot - SECOND, zone) == slot
    assert rhythm.after(slot, zone) > slot


def test_clocks_that_were_set_back_over_midnight_do_not_bring_yesterdays_slot_again() -> None:
    midnight = Daily(time(0, 0))
    zone = ZoneInfo("America/St_Johns")  # at 00:01 the clocks went back to 23:01 of the day before
    assert midnight.latest(utc(11, 7, 2, 45, 2010), zone) == utc(11, 7, 2, 30, 2010)


@pytest.mark.parametrize("zone", [PARIS, SYDNEY, UTC], ids=str)
@pytest.mark.parametrize(
    ("rhythm", "slots"),
    [(NIGHT, 365), (MONDAY, 52), (Hourly(), 365 * 24)],
    ids=["nightly", "weekly", "hourly"],
)
def test_a_year_has_as_many_slots_as_days_weeks_and_hours(rhythm: Rhythm, slots: int, zone: ZoneInfo) -> None:
    """Asked every quarter of an hour, as a daemon asks; time never goes back."""
    now = utc(1, 1, 12)
    seen = [rhythm.latest(now, zone)]
    while now < utc(1, 1, 12, year=2027):
        now += timedelta(minutes=15)
        slot = rhythm.latest(now, zone)
        if slot != seen[-1]:
            assert slot > seen[-1]
            assert rhythm.after(seen[-1], zone) == slot
            seen.append(slot)
    assert len(seen) - 1 == slots


@pytest.mark.parametrize("text", ["", "3:30", "24:00", "03:60", "03:30 ", "03.30", "٠٣:30", "monday 07:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a time like 03:30"):
        daily(text)


@pytest.mark.parametrize("text", ["", "07:00", "Monday 07:00", "lundi 07:00", "monday", "monday  07:00"])
def test_what_is_no_weekday_with_a_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a"):
        weekly(text)


@pytest.mark.parametrize(("text", "at"), [("00:00", time(0, 0)), ("23:59", time(23, 59))])
def test_the_first_and_the_last_time_of_a_day_are_times(text: str, at: time) -> None:
    assert daily(text) == Daily(at)
    assert weekly(f"sunday {text}") == Daily(at, 6)
