"""Runs of jobs: one row for each slot, made by whoever is first."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, insert, select, update

from helpdesk.core.jobs import Run, RunState
from helpdesk.store.ids import new_id
from helpdesk.store.tables import job_runs

MAX_TOLD = 500


class Runs:
    """Queries on the runs of jobs, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def at(self, slots: Collection[datetime]) -> list[Run]:
        """Return the runs of these slots, whatever their jobs."""
        return self._read(select(job_runs).where(job_runs.c.slot.in_(slots))) if slots else []

    def open_ones(self) -> list[Run]:
        """Return the runs that have not ended, the oldest slot first."""
        return self._read(select(job_runs).where(job_runs.c.ended_at.is_(None)).order_by(job_runs.c.slot))

    def newest(self, limit: int, job: str = "") -> list[Run]:
        """Return the last runs, of one *job* or of all, newest slot first."""
        query = select(job_runs).order_by(job_runs.c.slot.desc(), job_runs.c.id.desc()).limit(limit)
        return self._read(query.where(job_runs.c.job == job) if job else query)

    def given_up(self, since: datetime) -> list[Run]:
        """Return the runs that were given up at *since* or later, the last one at the end."""
        failed = and_(job_runs.c.ended_at >= since, job_runs.c.state == RunState.FAILED.value)
        return self._read(select(job_runs).where(failed).order_by(job_runs.c.ended_at))

    def last_of(self, job: str, scope: str) -> Run | None:
        """Return the last run of a job that has ended."""
        return self._last(job, scope, job_runs.c.ended_at.is_not(None))

    def last_done(self, job: str, scope: str, until: datetime | None = None) -> Run | None:
        """Return the last run of a job that did what it should; *until*: the last one that had ended then."""
        done = job_runs.c.state == RunState.DONE.value
        return self._last(job, scope, and_(done, job_runs.c.ended_at <= until) if until else done)

    def _last(self, job: str, scope: str, which: ColumnElement[bool]) -> Run | None:
        mine = select(job_runs).where(job_runs.c.job == job, job_runs.c.scope == scope, which)
        backwards = (job_runs.c.job.desc(), job_runs.c.scope.desc(), job_runs.c.slot.desc())  # as its index
        found = self._read(mine.order_by(*backwards).limit(1))
        return found[0] if found else None

    def add(self, job: str, scope: str, slot: datetime, owner: str, started_at: datetime | None) -> Run:
        """Make the run of a slot: begun by *owner*, or asked for only. Refused where the slot has one already."""
        state = RunState.RUNNING if started_at else RunState.ASKED
        run = Run(new_id(), job, scope, slot, state, owner, int(bool(started_at)), started_at, None, "")
        row = {name: getattr(run, name) for name in _COLUMNS} | {"state": state.value}
        self._connection.execute(insert(job_runs), row)
        return run

    def take(self, run: Run, owner: str, now: datetime) -> Run | None:
        """Begin one more attempt; None where it has ended, or another has begun one since it was read."""
        attempts = run.attempts + 1
        values = {"state": RunState.RUNNING.value, "owner": owner, "attempts": attempts, "started_at": now}
        return self._changed(run, values)

    def give_back(self, run: Run) -> None:
        """Let a run that was cut off on purpose be as if its attempt had not been."""
        attempts = run.attempts - 1
        self._changed(run, {"state": RunState.ASKED.value, "attempts": attempts, "started_at": None})

    def note(self, run: Run, told: str) -> None:
        """Note why an attempt failed that is not the last."""
        self._changed(run, {"told": told[:MAX_TOLD]})

    def end(self, run: Run, state: RunState, told: str, now: datetime) -> bool:
        """Note how a run ended; False where it has ended, or another has begun an attempt since."""
        return (
            self._changed(run, {"state": state.value, "told": told[:MAX_TOLD], "ended_at": now}) is not None
        )

    def end_asked(self, run: Run, told: str, now: datetime) -> None:
        """Note that what was asked for before *run* began is done with it."""
        asked = and_(
            job_runs.c.ended_at.is_(None),
            job_runs.c.job == run.job,
            job_runs.c.scope == run.scope,
            job_runs.c.attempts == 0,
            job_runs.c.slot <= run.started_at,
        )
        done = update(job_runs).where(asked).values(state=RunState.DONE.value, told=told, ended_at=now)
        self._connection.execute(done)

    def forget_before(self, slot: datetime) -> int:
        """Remove the runs of older slots; return how many there were."""
        return self._connection.execute(delete(job_runs).where(job_runs.c.slot < slot)).rowcount

    def _changed(self, run: Run, values: dict[str, Any]) -> Run | None:
        """The number of attempts tells whether the run is still ours: each attempt has another."""
        ours = and_(
            job_runs.c.id == run.id, job_runs.c.attempts == run.attempts, job_runs.c.ended_at.is_(None)
        )
        if not self._connection.execute(update(job_runs).where(ours).values(**values)).rowcount:
            return None
        return self._one(job_runs.c.id == run.id)

    def _one(self, which: ColumnElement[bool]) -> Run:
        return self._read(select(job_runs).where(which))[0]

    def _read(self, query: Select[Any]) -> list[Run]:
        return [
            Run(**{name: getattr(row, name) for name in _COLUMNS} | {"state": RunState(row.state)})
            for row in self._connection.execute(query)
        ]


_COLUMNS = ("id", "job", "scope", "slot", "state", "owner", "attempts", "started_at", "ended_at", "told")
