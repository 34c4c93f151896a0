"""May this mail act? The verdict on its sender met with the register of addresses."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from helpdesk.core.people import AddressState
from helpdesk.core.verdict import Judgement


class Entry(StrEnum):
    """How far a mail may go."""

    ACCEPT = "accept"
    TOKEN_ONLY = "token-only"  # noqa: S105  # only a confirmation token in it is looked at
    HOLD = "hold"
    DEFER = "defer"


class Alert(StrEnum):
    """When the sysadmins hear of it. AT_ONCE is capped at 5 an hour, the rest joins the digest."""

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
    """What is known of a mail's age. ``now``: when it reached the mailbox, where that is known.

    ``signed_at``: the ``t=`` of the DKIM signature that passed, in seconds since 1970.
    """

    now: datetime
    date: datetime | None
    signed_at: int | None = None
    max_days: int = 14


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


def desk_addressing(
    desk: Collection[str], to_and_cc: Collection[str], delivered_to: Collection[str]
) -> DeskAddressing:
    """Say where an address of the *desk* (lower case) stands; ``desk+anything@`` counts as ``desk@``."""
    raise NotImplementedError


def admit(
    judgement: Judgement,
    state: AddressState,
    best_verdict: str,
    delivered: DeskAddressing,
    age: Age,
) -> Admission:
    """Return how far a mail may go.

    *state*: of the sender's address; where the judgement has none, the strongest state among its ``claims``.
    *best_verdict*: the strongest one ever accepted from the address, empty when none was.
    """
    raise NotImplementedError
