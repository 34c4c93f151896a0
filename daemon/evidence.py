"""One mail and what the DNS says about it, made into a judgement on its sender."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from helpdesk.core.address import Sender
from helpdesk.core.dkimcheck import TxtAnswer, arrived_at, dkim_queries, recheck
from helpdesk.core.headers import read_headers
from helpdesk.core.mail import Caps
from helpdesk.core.routes import route_of
from helpdesk.core.trust import DkimCheck, Trust
from helpdesk.core.trustzone import Zone
from helpdesk.core.verdict import Evidence, Judgement, evidence_of, judge, needs_dkim


class Lookups(Protocol):
    """Whoever can answer for TXT records: ``daemon.dnsfacts.TxtLookups``, which takes long to load."""

    def answers_for(self, names: Iterable[str]) -> Mapping[str, TxtAnswer]:
        """Return an answer for each of *names*; never raises."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement, and when the DKIM signature that passed was made (seconds since 1970).

    ``reached_at``: when our own border took the mail; None where no line that we believe says so. ``route``: see
    ``core.routes``.
    """

    judgement: Judgement
    signed_at: int | None
    reached_at: datetime | None = None
    route: str = ""


def judged(raw: bytes, caps: Caps, trust: Trust, lookups: Lookups | None, now_epoch: int) -> Judged:
    """Judge the sender of *raw*; asks the DNS only where the verdict hangs on it, and never raises for a mail."""
    evidence = evidence_of(raw, caps, trust)
    if needs_dkim(evidence, trust) and lookups is not None and isinstance(evidence.sender, Sender):
        check = dkim_seen(raw, caps, evidence.sender.domain, lookups, now_epoch)
        evidence = replace(evidence, dkim=check)
    now = datetime.fromtimestamp(now_epoch, UTC)
    judgement = judge(evidence, trust)
    return Judged(
        judgement, evidence.dkim.signed_at, reached_at(evidence, now), route_of(evidence, judgement)
    )


def reached_at(evidence: Evidence, now: datetime) -> datetime | None:
    """Return when our border took the mail, never later than *now*; None where no line that we believe says so."""
    when = evidence.zone.received_at if isinstance(evidence.zone, Zone) else None
    return min(when, now) if when else None


def dkim_seen(raw: bytes, caps: Caps, domain: str, lookups: Lookups, now_epoch: int) -> DkimCheck:
    """Return what our own look at the signatures of *domain* finds, with keys from the DNS."""
    block = read_headers(raw, caps)
    names = dkim_queries(block, domain)
    answers: Mapping[str, TxtAnswer] = lookups.answers_for(names) if names else {}
    return recheck(raw, block, domain, answers, arrived_at(block, now_epoch))
