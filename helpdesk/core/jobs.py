"""The jobs that run by the clock: which there are, when each is due, and what to do about a run that was begun."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum, StrEnum

from helpdesk.core.slots import MONDAY, Daily, Hourly, Rhythm

MAX_ATTEMPTS = 3
RETRY_AFTER = timedelta(minutes=15)  # time for a server to come back


class JobName(StrEnum):
    """What runs by the clock."""

    DIGEST = "digest"
    OVERDUE = "overdue"
    RECONCILE = "reconcile"
    CLOSE = "close"
    EXPIRE = "expire"
    COLLECT_BLOBS = "collect-blobs"
    PURGE_AUDIT = "purge-audit"
    WEEKLY_REPORT = "weekly-report"
    ENDINGS = "endings"
    CERTIFICATES = "certificates"
    CANARY = "canary"
    CANARY_BACK = "canary-back"


class RunState(StrEnum):
    """Where one run of a job stands. ASKED: nobody has begun it yet; OVERTAKEN: left to the run of a later slot."""

    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class JobPlan:
    """When jobs run, by the clocks of the desk's zone, and after how long something is over.

    ``close_after_days``: without a word about a resolved ticket; 0: never. ``held_days``: kept mail is kept so long,
    ``audit_days``: audit rows likewise, 90 or more. ``canary``: whether the desk writes to itself each hour; the
    letter must be back within ``canary_minutes``.
    """

    nightly: Daily = Daily(time(3, 30))  # noqa: RUF009 - frozen, as this is
    morning: Daily = Daily(time(8))  # noqa: RUF009
    report: Daily = Daily(time(7), MONDAY)  # noqa: RUF009
    close_after_days: int = 30
    held_days: int = 30
    audit_days: int = 90
    canary: bool = False
    canary_minutes: int = 15


@dataclass(frozen=True, slots=True)
class Planned:
    """One job, of one ``scope`` where it has one: a mailbox by its name."""

    job: JobName
    scope: str
    rhythm: Rhythm


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job. ``slot``: the moment that it is for. ``attempts``: those that were begun.

    ``started_at``: when the last one was; None before the first, and where it was given back. ``told``: what came
    of it, in a few words.
    """

    id: int
    job: str
    scope: str
    slot: datetime
    state: RunState
    owner: str
    attempts: int
    started_at: datetime | None
    ended_at: datetime | None
    told: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One attempt in hand. ``going``: whether to go on; a job that takes long asks before each step."""

    run: Run
    going: Callable[[], bool]


class Step(Enum):
    """What a daemon does about a slot that is due."""

    NOTHING = "it has ended"
    WAIT = "its last attempt was begun just now"
    TAKE = "begin an attempt"
    GIVE_UP = "there were enough attempts"
    OVERTAKEN = "the next slot is due, whose run does the work of this one"


def planned(plan: JobPlan, mailboxes: Sequence[str]) -> list[Planned]:
    """Return the jobs of a desk with these mailboxes."""
    return [
        Planned(JobName.DIGEST, "", Hourly()),
        Planned(JobName.OVERDUE, "", Hourly()),
        *(Planned(JobName.RECONCILE, name, plan.nightly) for name in mailboxes),
        Planned(JobName.CLOSE, "", plan.nightly),
        Planned(JobName.EXPIRE, "", plan.nightly),
        Planned(JobName.COLLECT_BLOBS, "", plan.nightly),
        Planned(JobName.PURGE_AUDIT, "", plan.nightly),
        Planned(JobName.WEEKLY_REPORT, "", plan.report),
        Planned(JobName.ENDINGS, "", plan.morning),
        Planned(JobName.CERTIFICATES, "", plan.morning),
        *(_canary(plan) if plan.canary else ()),
    ]


def _canary(plan: JobPlan) -> list[Planned]:
    return [
        Planned(JobName.CANARY, "", Hourly()),
        Planned(JobName.CANARY_BACK, "", Hourly(plan.canary_minutes)),
    ]


def next_step(run: Run | None, latest: datetime, now: datetime) -> Step:
    """Return what to do about a run, None where there is none yet; *latest*: the slot of its job that is due now.

    Whoever takes it, or ends it, holds the job's lease: then nobody works on it any more.
    """
    if run is None:
        return Step.TAKE
    if run.ended_at is not None:
        return Step.NOTHING
    if run.started_at is not None and run.started_at <= now < run.started_at + RETRY_AFTER:
        return Step.WAIT
    if run.attempts >= MAX_ATTEMPTS:
        return Step.GIVE_UP
    return Step.OVERTAKEN if run.attempts and run.slot < latest else Step.TAKE


def is_last_attempt(run: Run) -> bool:
    """Say whether a run that fails now is not tried again."""
    return run.attempts >= MAX_ATTEMPTS
