"""How long a login lasts, and when it is locked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from helpdesk.core.people import Role


class SessionKind(StrEnum):
    """A shell at a keyboard, or a token that scripts remember."""

    SHELL = "shell"
    REMEMBERED = "remembered"


@dataclass(frozen=True, slots=True)
class LoginLimits:
    """What a login may cost and how long it lasts. Minutes are of the database's clock.

    ``tries_per_source``: wrong passwords for one account from one source within ``window_minutes`` that lock that
    way in; ``tries_per_account``: the same from everywhere, which locks the account. Both for ``lock_minutes``.
    ``editor_roles``: who may use an editor of their own, which can run any command as the shell's user.
    """

    tries_per_source: int = 5
    tries_per_account: int = 20
    window_minutes: int = 15
    lock_minutes: int = 15
    idle_minutes: int = 15
    session_hours: int = 8
    remembered_days: int = 30
    code_minutes: int = 15
    codes_per_hour: int = 5
    fresh_minutes: int = 5
    editor_roles: tuple[Role, ...] = ()

    def expires_at(self, kind: SessionKind, now: datetime) -> datetime:
        """Return when a session that begins now ends, however busy it is."""
        if kind is SessionKind.REMEMBERED:
            return now + timedelta(days=self.remembered_days)
        return now + timedelta(hours=self.session_hours)


def code_is_over(sent_at: datetime, now: datetime) -> bool:
    """Say whether a login code that was queued at *sent_at* lets nobody in any more."""
    return now >= sent_at + timedelta(minutes=LoginLimits().code_minutes)


def session_problem(
    kind: SessionKind, used_at: datetime, expires_at: datetime, now: datetime, limits: LoginLimits
) -> tuple[str, str] | None:
    """Return why a session that was not revoked cannot be used any more, in English and French, or None."""
    if now >= expires_at:
        return (
            "your session has ended; log in again",
            "votre session est terminée ; reconnectez-vous",
        )
    idle = timedelta(minutes=limits.idle_minutes)
    if kind is SessionKind.SHELL and now - used_at >= idle:
        return (
            f"your session was idle for {limits.idle_minutes} minutes; log in again",
            f"votre session est restée inactive {limits.idle_minutes} minutes ; reconnectez-vous",
        )
    return None
