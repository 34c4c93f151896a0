"""Certificates: how long each is still good, and when somebody should hear of its end."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

STEPS_DAYS = (1, 7, 21)
_FIRST = re.compile(r", the first (\d{4}-\d\d-\d\d \d\d:\d\d) UTC: (.*)", re.DOTALL)
_MINUTE = "%Y-%m-%d %H:%M"


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


def in_short(certificates: Sequence[Certificate], now: datetime) -> str:
    """Return what was seen in one line, which the row of the job keeps; ``first_end`` reads it again."""
    told = f"{len(certificates)} looked at, {len(ending(certificates, now))} end soon"
    if not certificates:
        return told
    first = min(certificates, key=lambda one: one.ends_at)
    return f"{told}, the first {first.ends_at.astimezone(UTC):{_MINUTE}} UTC: {first.where}"


def first_end(told: str) -> tuple[datetime, str] | None:
    """Return which certificate ends first, and whose it is, by what ``in_short`` told; None where it saw none."""
    found = _FIRST.search(told)
    return (datetime.strptime(found[1], _MINUTE).replace(tzinfo=UTC), found[2]) if found else None
