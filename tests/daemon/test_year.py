"""A year of jobs with a clock that is moved by hand: two daemons that are down on some days, and die in some jobs.

The year ends now: the triggers of some tables go by the real clock.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from daemon.jobs import Job, Jobs
from helpdesk.actions.jobs import TASKS
from helpdesk.actions.runs import OVERTAKEN, runs_of
from helpdesk.actions.sealing import seal_next
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.jobs import JobName, JobPlan, Planned, Run, RunState, Turn, planned
from helpdesk.core.letters import LetterKind
from helpdesk.core.people import Role
from helpdesk.core.slots import Daily, Hourly, Rhythm
from helpdesk.store.audit import Event
from helpdesk.store.tables import audit_logs, letters
from helpdesk.store.work import in_work
from tests.actions.intakes import IntakeBench, bench

PARIS, SYDNEY = ZoneInfo("Europe/Paris"), ZoneInfo("Australia/Sydney")
NIGHT, MONDAY = (
    time(2, 30),
    time(7, 0),
)  # half past two comes twice in one night of the year, and not in another
RHYTHMS: dict[str, Rhythm] = {"nightly": Daily(NIGHT), "weekly": Daily(MONDAY, 0)}
Slots = dict[str, list[datetime]]
KEPT = timedelta(days=90)


class Killed(BaseException):
    """The whole process is gone, in the middle of a job."""


@dataclass
class Year:
    """A desk with its daemons. ``done``: what had its effect, in order; ``looks``: when anybody looked."""

    desk: IntakeBench
    chance: random.Random
    deadly: float = 0.0
    done: list[tuple[str, datetime]] = field(default_factory=list)
    looks: list[datetime] = field(default_factory=list)

    def work(self, turn: Turn) -> str:
        """Do a job, or die before its effect."""
        if self.chance.random() < self.deadly:
            raise Killed
        self.done.append((turn.run.scope, turn.run.slot))
        return ""

    def jobs(self, rhythms: dict[str, Rhythm]) -> list[Job]:
        return [Job(Planned(JobName.DIGEST, name, rhythm), self.work) for name, rhythm in rhythms.items()]

    def pass_by(
        self, until: datetime, step: timedelta, jobs: list[Job], each_day: Callable[[], None] = lambda: None
    ) -> None:
        """Let time pass. Each daemon is down on one day in seven, both together now and then for days."""
        daemons = [Jobs(self.desk.desk, name, jobs) for name in ("one", "two")]
        today, up, holiday_ends = date.min, [True, True], date.min
        while self.desk.now < until:
            if self.desk.now.date() != today:
                today = self.desk.now.date()
                each_day()
                up = [self.chance.random() > 1 / 7 for _ in daemons]
                if self.chance.random() < 1 / 40:
                    holiday_ends = today + timedelta(days=self.chance.randrange(1, 6))
            for daemon, is_up in zip(daemons, up, strict=True):
                if is_up and today >= holiday_ends:
                    self.looks.append(self.desk.now)
                    with suppress(Killed):
                        daemon.look()
            self.desk.later(step + timedelta(seconds=self.chance.randrange(600)))


@pytest.fixture
def year(each_url: str, tmp_path: Path) -> Iterator[Year]:
    made = bench(each_url, tmp_path)
    yield Year(made, random.Random(20261126))
    made.close()


def in_zone(year: Year, zone: ZoneInfo, days: int) -> datetime:
    """Let the desk be in a zone, and time begin *days* before the last Sunday noon; return that noon."""
    year.desk.desk = replace(year.desk.desk, stationery=replace(year.desk.desk.stationery, zone=zone))
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    end = noon - timedelta(days=noon.isoweekday())
    year.desk.clock[0] = end - timedelta(days=days)
    return end


def every_slot(since: datetime, until: datetime, zone: ZoneInfo) -> Slots:
    """Return all slots of a span, counted on a calendar of days: a second way to come to them."""
    slots: Slots = {"nightly": [], "weekly": []}
    day = since.date() - timedelta(days=8)
    while day <= until.date() + timedelta(days=8):
        slots["nightly"].append(datetime.combine(day, NIGHT, zone).astimezone(UTC))
        if day.isoweekday() == 1:
            slots["weekly"].append(datetime.combine(day, MONDAY, zone).astimezone(UTC))
        day += timedelta(days=1)
    return slots


def faults(year: Year, slots: Slots, since: datetime, until: datetime) -> Iterator[str]:
    """Yield each slot that ran twice, or not although somebody looked before the next one."""
    given_up = {(run.scope, run.slot) for run in all_runs(year) if run.state is RunState.FAILED}
    for name, of_job in slots.items():
        for slot, following in pairwise(of_job):
            if slot <= since or following > until:
                continue
            ran = year.done.count((name, slot))
            looked = any(slot <= look < following for look in year.looks)
            if ran != int(looked and (name, slot) not in given_up):
                yield f"{name} {slot}: ran {ran} times, looked: {looked}"


def all_runs(year: Year) -> list[Run]:
    return runs_of(year.desk.desk, 100_000)


@pytest.mark.parametrize("zone", [PARIS, SYDNEY], ids=str)
def test_in_a_year_every_slot_ran_once_or_was_caught_up_once(year: Year, zone: ZoneInfo) -> None:
    days = 365 if year.desk.desk.database.kind == "sqlite" else 40
    end = in_zone(year, zone, days)
    since = year.desk.now
    year.pass_by(end, timedelta(hours=5), year.jobs(RHYTHMS))
    slots = every_slot(since, end, zone)
    assert list(faults(year, slots, since, end)) == []
    assert len(year.done) == len(set(year.done))
    assert {run.state for run in all_runs(year)} == {RunState.DONE}
    assert len(all_runs(year)) == len(year.done)
    if days == 365:
        assert sum(name == "weekly" and slot > since for name, slot in year.done) == 52
        missed = sum(since < slot <= end for slot in slots["nightly"]) - sum(
            name == "nightly" and slot > since for name, slot in year.done
        )
        assert 0 < missed < 60, "nights of which nothing was to be caught up but the last"


def test_a_daemon_that_dies_in_a_job_leaves_it_to_be_done_once_all_the_same(year: Year) -> None:
    days = 120 if year.desk.desk.database.kind == "sqlite" else 40
    year.deadly = 0.2
    end = in_zone(year, PARIS, days)
    since = year.desk.now
    year.pass_by(end, timedelta(hours=5), year.jobs(RHYTHMS))
    assert list(faults(year, every_slot(since, end, PARIS), since, end)) == []
    assert len(year.done) == len(set(year.done))
    assert max(run.attempts for run in all_runs(year)) > 1
    failed = [run for run in all_runs(year) if run.state is RunState.FAILED]
    assert {run.told for run in failed} <= {OVERTAKEN, "ended with its whole process each time"}


def test_every_hour_of_both_changes_of_summer_time_ran_once(year: Year) -> None:
    in_zone(year, PARIS, 0)
    changes = {  # when the clocks change, and the nights around it: 02:30 that is left out, and 02:30 twice
        datetime(2026, 3, 29, 1, tzinfo=UTC): ["03-27 01:30", "03-28 01:30", "03-29 01:30", "03-30 00:30"],
        datetime(2026, 10, 25, 1, tzinfo=UTC): ["10-24 00:30", "10-25 00:30"],
    }
    rhythms: dict[str, Rhythm] = {"nightly": Daily(NIGHT), "hourly": Hourly()}
    daemons = [Jobs(year.desk.desk, name, year.jobs(rhythms)) for name in ("one", "two")]
    for change, nights in changes.items():
        year.done.clear()
        year.desk.clock[0] = change - timedelta(days=1)
        for _ in range(48 * 4):
            for daemon in daemons:
                daemon.look()
            year.desk.later(timedelta(minutes=15))
        hours = [slot for name, slot in year.done if name == "hourly"]
        assert hours == [change + timedelta(hours=hour) for hour in range(-24, 24)]
        assert [f"{slot:%m-%d %H:%M}" for name, slot in year.done if name == "nightly"] == nights


@dataclass
class Trail:
    """The audit trail of a desk over a year. ``written``: when each row of ours was."""

    year: Year
    plan: JobPlan = field(default_factory=JobPlan)
    written: list[datetime] = field(default_factory=list)
    purges: int = 0

    def rows(self) -> list[datetime]:
        return list(self.year.desk.column(audit_logs, "created_at"))

    def another_day(self) -> None:
        """Write a row and seal it; nothing younger than 90 days may be missing."""
        desk, now = self.year.desk.desk, self.year.desk.now
        event = Event(Action.TICKET_SEEN, Outcome.SUCCESS, now)
        in_work(desk.database, lambda work: work.audit.add([event]))
        self.written.append(now)
        while seal_next(desk):
            pass
        assert {one for one in self.written if one > now - KEPT} <= set(self.rows())

    def purge(self, turn: Turn) -> str:
        """Do as the daemon does; nothing older than 90 days may be left."""
        told = TASKS[JobName.PURGE_AUDIT](self.year.desk.desk, self.plan, turn)
        assert min(self.rows()) >= self.year.desk.now - KEPT
        self.purges += bool(told)
        return told

    def report(self, turn: Turn) -> str:
        return TASKS[JobName.WEEKLY_REPORT](self.year.desk.desk, self.plan, turn)


@pytest.mark.parametrize("each_url", ["sqlite"], indirect=True)
def test_for_a_year_the_trail_has_its_ninety_days_and_each_week_its_report(year: Year) -> None:
    end = in_zone(year, PARIS, 365)
    year.desk.person("boss@univ.example", role=Role.ADMIN)
    trail = Trail(year)
    works = {JobName.PURGE_AUDIT: trail.purge, JobName.WEEKLY_REPORT: trail.report}
    jobs = [Job(one, works[one.job]) for one in planned(trail.plan, ()) if one.job in works]
    year.pass_by(end, timedelta(hours=5), jobs, trail.another_day)
    assert {run.state for run in all_runs(year)} == {RunState.DONE}
    assert trail.purges > 200
    reports = year.desk.column(letters, "kind").count(LetterKind.WEEKLY_REPORT.value)
    assert reports == 52
