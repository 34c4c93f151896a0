"""May this mail act? The verdict on its sender met with the register of addresses (docs/security.md)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from helpdesk.core.people import AddressState
from helpdesk.core.verdict import Judgement
from helpdesk.core.verdicts import Verdict, stronger_than

MAX_AHEAD = timedelta(days=1)  # a wrong zone in a learner's clock, not a mail of next week


class Entry(StrEnum):
    """How far a mail may go."""

    ACCEPT = "accept"
    TOKEN_ONLY = "token-only"  # noqa: S105  # only a confirmation token in it is looked at
    HOLD = "hold"
    DEFER = "defer"


class Alert(StrEnum):
    """When the sysadmins hear of it. What finds no place in its hour joins the digest."""

    NONE = "none"
    DIGEST = "digest"
    DIGEST_UNLESS_MANY = "digest-unless-many"  # at once when more than 5 came within an hour
    AT_ONCE = "at-once"
    ONCE_AN_HOUR = "once-an-hour"
    AFTER_15_MINUTES = "after-15-minutes"  # when the mail is still deferred then
    AFTER_4_HOURS = "after-4-hours"


class DeskAddressing(StrEnum):
    """Where the desk's address stands in a mail."""

    NAMED = "named"  # in To or Cc
    BCC = "bcc"  # in Delivered-To only
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Age:
    """What is known of a mail's age.

    ``signed_at``: the ``t=`` of the DKIM signature that passed, in seconds since 1970; where there is one, it
    decides and not the sender's own clock in ``date``. ``reached_at``: when our border took the mail; where that
    is known, the time that it waited for us does not make it old.
    """

    now: datetime
    date: datetime | None
    signed_at: int | None = None
    max_days: int = 14
    reached_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """``confirm``: ask the registered owner, at the registered address, whether the mail is theirs.

    ``bcc``: accepted although the desk is named in Delivered-To only; staff should see it.
    """

    entry: Entry
    reason: str
    alert: Alert = Alert.NONE
    confirm: bool = False
    bcc: bool = False


_PROVEN = (Verdict.PASS, Verdict.PASS_DKIM)
_FATES: dict[Verdict, tuple[Entry, Alert]] = {
    Verdict.BOMB: (Entry.HOLD, Alert.DIGEST_UNLESS_MANY),
    Verdict.MALFORMED_FROM: (Entry.HOLD, Alert.NONE),
    Verdict.UNTRUSTED_ROUTE: (Entry.HOLD, Alert.ONCE_AN_HOUR),
    Verdict.NO_VERDICT: (Entry.DEFER, Alert.AFTER_15_MINUTES),
    Verdict.TEMP: (Entry.DEFER, Alert.AFTER_4_HOURS),
    Verdict.SPOOF: (Entry.HOLD, Alert.NONE),
    Verdict.CONTRADICTION: (Entry.HOLD, Alert.AT_ONCE),
    Verdict.UNAUTHENTICATED: (Entry.HOLD, Alert.DIGEST),
}
_AT_ONCE_IF_REGISTERED = (Verdict.MALFORMED_FROM, Verdict.SPOOF)
_ROW_OF_ANOTHER_DOMAIN = 7
_NO_ENTRY = {
    AddressState.UNKNOWN: "the address is not registered",
    AddressState.SUSPENDED: "the address is suspended",
    AddressState.BLOCKED: "the address is blocked",
    AddressState.NOT_YET: "the address is not valid yet",
    AddressState.EXPIRED: "the address is not valid any more",
}


def desk_addressing(
    desk: Collection[str], to_and_cc: Collection[str], delivered_to: Collection[str]
) -> DeskAddressing:
    """Say where an address of the *desk* (lower case) stands; ``desk+anything@`` counts as ``desk@``."""
    if any(is_one_of(desk, address) for address in to_and_cc):
        return DeskAddressing.NAMED
    if any(is_one_of(desk, address) for address in delivered_to):
        return DeskAddressing.BCC
    return DeskAddressing.ABSENT


def admit(
    judgement: Judgement,
    state: AddressState,
    best_verdict: str,
    delivered: DeskAddressing,
    age: Age,
) -> Admission:
    """Return how far a mail may go.

    *state*: of the sender's address; where the judgement has none, of any registered one of its ``claims``.
    *best_verdict*: the strongest one ever accepted from the address, empty when none was.
    """
    verdict = judgement.verdict
    if verdict not in _PROVEN and verdict is not Verdict.WEAK:
        return _unproven(judgement, state)
    if state is AddressState.VERIFIED and best_verdict in stronger_than(verdict):
        reason = f"{judgement.reason}; mail from this address has been {best_verdict} before"
        return Admission(Entry.HOLD, reason, Alert.AT_ONCE)
    if verdict is Verdict.WEAK:
        confirm = state is AddressState.VERIFIED
        return Admission(Entry.HOLD, judgement.reason, Alert.DIGEST, confirm)
    if state is AddressState.PENDING:
        return Admission(Entry.TOKEN_ONLY, "the address is not confirmed yet")
    if state is not AddressState.VERIFIED:
        return Admission(Entry.HOLD, _NO_ENTRY[state])
    if problem := _replayed(delivered, age):
        return Admission(Entry.HOLD, f"possibly an old mail sent again: {problem}", Alert.DIGEST)
    return Admission(Entry.ACCEPT, judgement.reason, bcc=delivered is DeskAddressing.BCC)


def _unproven(judgement: Judgement, state: AddressState) -> Admission:
    entry, alert = _FATES[judgement.verdict]
    registered = state is not AddressState.UNKNOWN
    if registered and judgement.verdict in _AT_ONCE_IF_REGISTERED:
        alert = Alert.AT_ONCE
    if judgement.row == _ROW_OF_ANOTHER_DOMAIN:
        alert = Alert.AT_ONCE
    return Admission(entry, judgement.reason, alert)


def _replayed(delivered: DeskAddressing, age: Age) -> str:
    """Return what speaks for a signed mail that somebody else sends again, empty when nothing does."""
    if delivered is DeskAddressing.ABSENT:
        return "it is not addressed to the desk"
    what, when = ("Date", age.date) if age.signed_at is None else ("DKIM signature", _time_of(age.signed_at))
    if when is None and age.signed_at is None:
        return "no date says how old it is"
    if when is None:
        return f"its DKIM signature is of the time {age.signed_at}, which is no date"
    if (age.reached_at or age.now) - when > timedelta(days=age.max_days):
        return f"its {what} is of {when:%Y-%m-%d}, over {age.max_days} days ago"
    if when - age.now > MAX_AHEAD:
        return f"its {what} is of {when:%Y-%m-%d}, over a day ahead"
    return ""


def _time_of(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def is_one_of(desk: Collection[str], address: str) -> bool:
    """Say whether an address is the *desk*'s (lower case); ``desk+anything@`` is ``desk@``."""
    local, _, domain = address.lower().rpartition("@")
    return address.lower() in desk or f"{local.partition('+')[0]}@{domain}" in desk
