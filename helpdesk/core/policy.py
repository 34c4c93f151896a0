"""What the settings say about filing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings say about filing."""

    reopen_days: int = 14
    defer_hours: int = 48
