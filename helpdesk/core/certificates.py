"""Certificates: how long each is still good, and when somebody should hear of its end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

STEPS_DAYS = (1, 7, 21)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate. ``where``: whose it is, as people call it; ``fingerprint``: its SHA-256 in hex."""

    where: str
    ends_at: datetime
    fingerprint: str


def step_days(ends_at: datetime, now: datetime) -> int | None:
    """Return of how many days before its end somebody should hear now; None while it is longer than the most."""
    left = ends_at - now
    return next((days for days in STEPS_DAYS if left <= timedelta(days=days)), None)


def ending(certificates: Iterable[Certificate], now: datetime) -> list[tuple[Certificate, int]]:
    """Return those that end soon, the one that ends first at the front, each with its step in days."""
    found = [(one, step) for one in certificates if (step := step_days(one.ends_at, now)) is not None]
    return sorted(found, key=lambda pair: pair[0].ends_at)
