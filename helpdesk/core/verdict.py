"""Whether we believe a mail's sender: evidence first, then one table of small rules (docs/security.md)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from helpdesk.core.address import BadSender, Sender, sender_of
from helpdesk.core.authresults import BadResults, Result, check_together, read_results
from helpdesk.core.headers import HeaderBlock, read_headers
from helpdesk.core.mail import Caps
from helpdesk.core.trust import DkimCheck, DkimOutcome, Trust
from helpdesk.core.trustzone import Untrusted, Zone, zone_of
from helpdesk.core.verdicts import Verdict

UNCHECKED = DkimCheck(DkimOutcome.NOT_CHECKED)
MAX_MENTIONS = 10
MENTION_BYTES = 4096
_MENTION = re.compile(rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}+@[A-Za-z0-9.-]{1,253}+")


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that speaks for or against a sender. ``results`` is a text where they cannot be read.

    ``problem``: what is wrong with the header block, empty when nothing. ``mentions``: where From cannot be
    read without doubt, whatever in its bytes looks like an address, in lower case.
    """

    problem: str
    sender: Sender | BadSender
    zone: Zone | Untrusted
    results: tuple[Result, ...] | str = ()
    dkim: DkimCheck = UNCHECKED
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, why in plain words, and the row of the table (1 to 12) that gave it.

    ``sender`` is None where From cannot be read without doubt. ``mentions`` as in Evidence.
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
    block = read_headers(raw, caps)
    sender = sender_of(block)
    zone = zone_of(block, trust)
    results = _results_in(zone, trust) if isinstance(zone, Zone) else ()
    doubtful = block.problem or isinstance(sender, BadSender)
    return Evidence(block.problem, sender, zone, results, mentions=_mentions(block) if doubtful else ())


def _results_in(zone: Zone, trust: Trust) -> tuple[Result, ...] | str:
    found: list[Result] = []
    try:
        for value in zone.results:
            found += read_results(value, trust.profile).results
        check_together(found)
    except BadResults as error:
        return str(error)
    return tuple(found)


def _mentions(block: HeaderBlock) -> tuple[str, ...]:
    written = b"\n".join(block.values("from"))[:MENTION_BYTES].replace(b"\0", b" ")
    found = dict.fromkeys(address.decode("ascii").lower() for address in _MENTION.findall(written))
    return tuple(found)[:MAX_MENTIONS]


@dataclass(frozen=True, slots=True)
class _Case:
    """Evidence that came as far as the results: who is claimed, and what the border says about it."""

    sender: Sender
    results: tuple[Result, ...]
    dkim: DkimCheck
    trust: Trust

    @property
    def dmarc(self) -> str:
        return next((result.value for result in self.results if result.method == "dmarc"), "")

    @property
    def dmarc_domain(self) -> str:
        """The domain that the border checked; some write a whole address there."""
        domains = (result.property("header.from") for result in self.results if result.method == "dmarc")
        return _domain_in(next(domains, ""))

    def says(self, method: str, value: str, *properties: str) -> bool:
        """Say whether a result has *value* for the very domain in From, in the first property that is there."""
        for result in self.results:
            if result.method != method or result.value != value:
                continue
            written = next(filter(None, map(result.property, properties)), "")
            if _domain_in(written) == self.sender.domain:
                return True
        return False

    @property
    def dkim_passed(self) -> bool:
        return self.says("dkim", "pass", "header.d", "header.i")

    @property
    def spf_passed(self) -> bool:
        return self.says("spf", "pass", "smtp.mailfrom")


def _domain_in(written: str) -> str:
    return written.rpartition("@")[2].strip("<> ").lower()


Opinion = tuple[Verdict, str]
Early = Callable[[Evidence], Opinion | None]
Late = Callable[[_Case], Opinion | None]


def _malformed(evidence: Evidence) -> Opinion | None:
    if evidence.problem:
        return Verdict.MALFORMED_FROM, evidence.problem
    sender = evidence.sender
    return (Verdict.MALFORMED_FROM, sender.reason) if isinstance(sender, BadSender) else None


def _untrusted(evidence: Evidence) -> Opinion | None:
    if isinstance(evidence.zone, Untrusted):
        return Verdict.UNTRUSTED_ROUTE, evidence.zone.reason
    if isinstance(evidence.results, str):
        return (
            Verdict.UNTRUSTED_ROUTE,
            f"Authentication-Results of {evidence.zone.border}: {evidence.results}",
        )
    return None


def _no_verdict(evidence: Evidence) -> Opinion | None:
    if isinstance(evidence.zone, Zone) and not evidence.zone.results:
        return Verdict.NO_VERDICT, f"{evidence.zone.border} wrote no Authentication-Results"
    return None


def _temporary(case: _Case) -> Opinion | None:
    if case.dmarc == "temperror":
        return Verdict.TEMP, "the border could not look up the sender's DMARC record"
    unsure = case.says("dkim", "temperror", "header.d", "header.i") and not case.dkim_passed
    if case.dmarc != "pass" and unsure:
        return Verdict.TEMP, "the border could not look up the sender's DKIM key"
    if not _recheck_counts(case):
        return None
    if case.dkim.outcome is DkimOutcome.TEMPORARY:
        return Verdict.TEMP, f"the DKIM signature could not be checked again: {case.dkim.reason}"
    if case.dkim.outcome is DkimOutcome.NOT_CHECKED:
        return Verdict.TEMP, "the DKIM signature was not checked again"
    return None


def _spoof(case: _Case) -> Opinion | None:
    if case.dmarc in ("fail", "permerror"):
        return Verdict.SPOOF, f"dmarc={case.dmarc} for {case.sender.domain}"
    return None


def _other_domain(case: _Case) -> Opinion | None:
    if case.dmarc != "pass" or case.dmarc_domain == case.sender.domain:
        return None
    checked = case.dmarc_domain or "nothing"
    return Verdict.UNTRUSTED_ROUTE, f"the border checked {checked}, but From says {case.sender.domain}"


def _contradiction(case: _Case) -> Opinion | None:
    if case.dmarc != "pass" or not case.dkim_passed or case.dkim.outcome is not DkimOutcome.BAD:
        return None
    claim = f"the border says that the DKIM signature of {case.sender.domain} is good"
    return Verdict.CONTRADICTION, f"{claim}, but it is not: {case.dkim.reason}"


def _passed(case: _Case) -> Opinion | None:
    if case.dmarc != "pass":
        return None
    if case.dkim.outcome is DkimOutcome.PASSED:
        return Verdict.PASS, f"dmarc=pass for {case.sender.domain}, DKIM checked again"
    if not case.trust.border_believed:
        return None  # a sender can have written it: nothing but a good signature proves otherwise
    own_signature = case.says("dkim", "pass", "header.d")  # header.i may name the parent domain's
    if own_signature and case.dkim.outcome is DkimOutcome.NONE and not case.spf_passed:
        return None  # what carried the pass is not enough for us, or not in the mail
    return Verdict.PASS, f"dmarc=pass for {case.sender.domain}, by the border's word"


def _passed_without_dmarc(case: _Case) -> Opinion | None:
    trust = case.trust
    if case.dmarc == "pass" or not trust.accept_without_dmarc or not case.dkim_passed:
        return None
    if case.dkim.outcome is DkimOutcome.PASSED:
        return Verdict.PASS_DKIM, f"a good DKIM signature of {case.sender.domain}, which has no DMARC record"
    if not trust.recheck_dkim and trust.border_believed:
        return Verdict.PASS_DKIM, f"dkim=pass for {case.sender.domain}, by the border's word; no DMARC record"
    return None


def _weak(case: _Case) -> Opinion | None:
    if case.dmarc == "pass":
        why = case.dkim.reason or "it was not checked again"
        return Verdict.WEAK, f"dmarc=pass, but no DKIM signature confirms it: {why}"
    if case.spf_passed:
        return Verdict.WEAK, f"only SPF speaks for {case.sender.domain}"
    return None


def _unauthenticated(case: _Case) -> Opinion | None:
    return Verdict.UNAUTHENTICATED, f"nothing proves that the mail comes from {case.sender.domain}"


# The numbers are the rows of the table in docs/security.md; row 1, the bomb, is never read this far.
EARLY: tuple[tuple[int, Early], ...] = ((2, _malformed), (3, _untrusted), (4, _no_verdict))
LATE: tuple[tuple[int, Late], ...] = (
    (5, _temporary),
    (6, _spoof),
    (7, _other_domain),
    (8, _contradiction),
    (9, _passed),
    (10, _passed_without_dmarc),
    (11, _weak),
    (12, _unauthenticated),  # always answers, so judge() always returns
)


def judge(evidence: Evidence, trust: Trust) -> Judgement:
    """Return the first row of the table that applies."""
    sender = evidence.sender if isinstance(evidence.sender, Sender) and not evidence.problem else None
    for row, early in EARLY:
        if (opinion := early(evidence)) is not None:
            return Judgement(*opinion, sender, row, evidence.mentions)
    case = _case(evidence, trust)
    for row, late in LATE:
        if case is not None and (opinion := late(case)) is not None:
            return Judgement(*opinion, sender, row)
    raise AssertionError("the last row always answers")


def needs_dkim(evidence: Evidence, trust: Trust) -> bool:
    """Say whether the verdict depends on a DKIM re-check, which costs DNS questions."""
    if any(early(evidence) is not None for _, early in EARLY):
        return False
    case = _case(evidence, trust)
    return case is not None and _recheck_counts(case)


def bomb(reason: str) -> Judgement:
    """Return the judgement on a mail that breaks a cap and was not read."""
    return Judgement(Verdict.BOMB, reason, None, 1)


def _case(evidence: Evidence, trust: Trust) -> _Case | None:
    if isinstance(evidence.sender, BadSender) or isinstance(evidence.results, str):
        return None
    return _Case(evidence.sender, evidence.results, evidence.dkim, trust)


def _recheck_counts(case: _Case) -> bool:
    """Say whether a signature of the very domain in From can make a difference."""
    if not case.trust.recheck_dkim:
        return False
    if case.dmarc == "pass":
        named = case.dmarc_domain == case.sender.domain
        return named and (case.dkim_passed or not case.trust.border_believed)
    if case.dmarc in ("fail", "permerror", "temperror"):
        return False
    return case.dkim_passed and case.trust.accept_without_dmarc
