"""[suspicion]: from where on something is suspicious, and where alarms are written beside the letters."""

from dataclasses import dataclass, fields
from pathlib import Path

from helpdesk.config.section import Section
from helpdesk.config.values import number
from helpdesk.core.suspicion import FEWEST_PLACES, Thresholds

ALERT_FILE = "alerts.log"
RANGES = {
    "failed_logins": (2, 100),
    "failed_minutes": (1, 1440),
    "wary_minutes": (1, 1440),
    "unknown_mails": (1, 100_000),
    "unknown_minutes": (1, 1440),
    "sender_mails": (2, 100_000),
    "sender_minutes": (1, 1440),
    "refused_role_changes": (1, 100),
    "refused_minutes": (1, 1440),
    "owner_letters_per_hour": (FEWEST_PLACES, 100),
}


@dataclass(frozen=True, slots=True)
class SuspicionSettings:
    """``country_file``: in MaxMind's format; None: countries are not known. ``alert_file``: JSON lines."""

    thresholds: Thresholds
    country_file: Path | None
    alert_file: Path


def suspicion(section: Section, state_dir: Path) -> SuspicionSettings:
    """Read [suspicion]."""
    usual = Thresholds()
    given = {
        field.name: section.optional(field.name, number(*RANGES[field.name]), getattr(usual, field.name))
        for field in fields(Thresholds)
    }
    return SuspicionSettings(
        thresholds=Thresholds(**given),
        country_file=section.existing_file("country_file"),
        alert_file=section.path("alert_file") or state_dir / ALERT_FILE,
    )
