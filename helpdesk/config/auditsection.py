"""[audit]: where the copies of the audit trail lie, and for how long it is kept."""

from pathlib import Path

from helpdesk.config.section import Section
from helpdesk.config.settings import AuditSettings
from helpdesk.config.values import number

KEEP_DAYS = 90  # the database's triggers keep each row for as long


def audit(section: Section, state_dir: Path) -> AuditSettings:
    """Read [audit]."""
    return AuditSettings(
        folder=section.path("folder") or state_dir / "audit",
        keep_days=section.optional("keep_days", number(KEEP_DAYS, 3650), KEEP_DAYS),
    )
