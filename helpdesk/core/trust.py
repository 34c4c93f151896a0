"""What the settings say about the border of a mailbox, and what the DKIM re-check found."""

from dataclasses import dataclass
from enum import StrEnum


class Placement(StrEnum):
    """Where the border writes its Authentication-Results, seen from its own Received line."""

    ABOVE = "above"
    BELOW = "below"
    BOTTOM = "bottom"  # at the very end of the header, as mail.ru does


class Profile(StrEnum):
    """How the border writes it: with an authserv-id (RFC 8601), or without one as Microsoft 365 does."""

    RFC8601 = "rfc8601"
    M365 = "m365"


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose word about a sender counts, for one mailbox. Nothing configured: nobody is proven.

    ``border_by``, ``inner_by``: names after "by" in Received lines, each exact, ``*.example.org`` for any
    host below that domain, or ``2002:*`` for addresses that begin so. ``border_strips``: the border removes
    every Authentication-Results that comes from outside. ``recheck_dkim``: off only without DNS.
    ``accept_without_dmarc``: aligned DKIM is enough for a domain without a DMARC record.
    """

    authserv_ids: tuple[str, ...] = ()
    border_by: tuple[str, ...] = ()
    inner_by: tuple[str, ...] = ()
    placement: Placement = Placement.ABOVE
    profile: Profile = Profile.RFC8601
    border_strips: bool = False
    recheck_dkim: bool = True
    accept_without_dmarc: bool = True
    max_age_days: int = 14

    @property
    def configured(self) -> bool:
        """Say whether anybody can be proven at all."""
        return bool(self.border_by) and (bool(self.authserv_ids) or self.profile is Profile.M365)

    @property
    def border_believed(self) -> bool:
        """Say whether a result in the zone can only be the border's own (not so ``below`` and at the bottom)."""
        return self.placement is Placement.ABOVE or self.border_strips


class DkimOutcome(StrEnum):
    """What our own look at the DKIM signatures found; aligned: ``d=`` is the domain in From."""

    NOT_CHECKED = "not-checked"
    NONE = "none"  # no aligned signature, or none that would prove enough
    PASSED = "passed"
    BAD = "bad"  # an aligned signature is there and does not verify
    TEMPORARY = "temporary"  # DNS did not answer


@dataclass(frozen=True, slots=True)
class DkimCheck:
    """The outcome, in plain words why, and the ``t=`` of the signature that passed (seconds since 1970)."""

    outcome: DkimOutcome
    reason: str = ""
    signed_at: int | None = None
