"""Whether we believe a mail's sender: evidence first, then one table of small rules."""

from dataclasses import dataclass
from enum import StrEnum

from helpdesk.core.address import BadSender, Sender
from helpdesk.core.authresults import Result
from helpdesk.core.mail import Caps
from helpdesk.core.trust import DkimCheck, Trust
from helpdesk.core.trustzone import Untrusted, Zone


class Verdict(StrEnum):
    """Whether we believe the sender, and if not, why not."""

    BOMB = "bomb"
    MALFORMED_FROM = "malformed-from"
    UNTRUSTED_ROUTE = "untrusted-route"
    NO_VERDICT = "no-verdict"
    TEMP = "temp"
    SPOOF = "spoof"
    CONTRADICTION = "contradiction"
    PASS = "pass"  # noqa: S105
    PASS_DKIM = "pass-dkim"  # noqa: S105
    WEAK = "weak"
    UNAUTHENTICATED = "unauthenticated"


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that speaks for or against a sender. ``results`` is a text where they cannot be read.

    ``mentions``: where From is malformed, whatever in its bytes looks like an address, in lower case.
    """

    problem: str
    sender: Sender | BadSender
    zone: Zone | Untrusted
    results: tuple[Result, ...] | str
    dkim: DkimCheck
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, why in plain words, and the row of the table (1 to 12) that gave it.

    ``sender`` is None where From cannot be read. ``mentions`` as in Evidence.
    """

    verdict: Verdict
    reason: str
    sender: Sender | None
    row: int
    mentions: tuple[str, ...] = ()

    @property
    def claims(self) -> tuple[str, ...]:
        """The addresses to look up in the register: the sender's, or those that a bad From mentions."""
        return (self.sender.address,) if self.sender else self.mentions


def evidence_of(raw: bytes, caps: Caps, trust: Trust) -> Evidence:
    """Return what the bytes of a mail say about its sender; DKIM is not checked here. Never raises."""
    raise NotImplementedError


def needs_dkim(evidence: Evidence, trust: Trust) -> bool:
    """Say whether the verdict depends on a DKIM re-check, which costs DNS questions."""
    raise NotImplementedError


def judge(evidence: Evidence, trust: Trust) -> Judgement:
    """Return the first row of the table that applies."""
    raise NotImplementedError


def bomb(reason: str) -> Judgement:
    """Return the judgement on a mail that breaks a cap and was not read."""
    return Judgement(Verdict.BOMB, reason, None, 1)
