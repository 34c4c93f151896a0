"""What stands in [jobs]: when what runs by the clock."""

from collections.abc import Callable

from helpdesk.config.section import Section
from helpdesk.config.values import TRUTH, Kind, Unfit, number
from helpdesk.core.jobs import JobPlan
from helpdesk.core.slots import Daily, daily, weekly


def _rhythm(expected: str, read: Callable[[str], Daily], stand_in: Daily) -> Kind[Daily]:
    def fitting(value: object) -> Daily:
        try:
            return read(value if isinstance(value, str) else "")
        except ValueError:
            raise Unfit(value) from None

    return Kind(expected, fitting, stand_in)


DAILY = _rhythm("a time like 03:30", daily, daily("00:00"))
WEEKLY = _rhythm("a weekday and a time like monday 07:00", weekly, weekly("monday 00:00"))


def jobs(section: Section, audit_days: int) -> JobPlan:
    """Read [jobs]; *audit_days* stand in [audit]."""
    usual = JobPlan()
    return JobPlan(
        nightly=section.optional("nightly", DAILY, usual.nightly),
        morning=section.optional("morning", DAILY, usual.morning),
        report=section.optional("report", WEEKLY, usual.report),
        close_after_days=section.optional("close_after_days", number(0, 3650), usual.close_after_days),
        canary=section.optional("canary", TRUTH, usual.canary),
        canary_minutes=section.optional("canary_minutes", number(5, 55), usual.canary_minutes),
        held_days=section.optional("held_days", number(8, 3650), usual.held_days),
        audit_days=audit_days,
    )
