"""Mails as bytes, made from what a test cares about; the rest is a learner's ordinary mail."""

from collections.abc import Iterable
from dataclasses import replace

from helpdesk.core.fields import OverCap
from helpdesk.core.mail import Caps
from helpdesk.core.mimewalk import walk
from helpdesk.core.trust import DkimCheck, DkimOutcome, Placement, Profile, Trust
from helpdesk.core.verdict import Judgement, evidence_of, judge

CAPS = Caps()
BORDER = "mx.desk.example"
INNER = "imap.desk.example"
DOMAIN = "univ.example"
JEAN = f"jean@{DOMAIN}"

ABOVE = Trust(authserv_ids=(BORDER,), border_by=(BORDER,), inner_by=(INNER,))
BELOW = replace(ABOVE, placement=Placement.BELOW)
BELOW_STRIPPED = replace(BELOW, border_strips=True)
BOTTOM = replace(ABOVE, placement=Placement.BOTTOM)
ABOVE_NO_DNS = replace(ABOVE, recheck_dkim=False)
BELOW_NO_DNS = replace(BELOW, recheck_dkim=False)
BELOW_STRIPPED_NO_DNS = replace(BELOW_STRIPPED, recheck_dkim=False)
M365 = Trust(
    border_by=("*.mail.protection.outlook.com",), inner_by=("*.prod.outlook.com",), profile=Profile.M365
)

PASSED = DkimCheck(DkimOutcome.PASSED, "good")
BAD = DkimCheck(DkimOutcome.BAD, "the body hash differs")
NO_SIGNATURE = DkimCheck(DkimOutcome.NONE, "no aligned signature")
NO_DNS_ANSWER = DkimCheck(DkimOutcome.TEMPORARY, "no answer in time")
UNCHECKED = DkimCheck(DkimOutcome.NOT_CHECKED)

DMARC_PASS = f"dmarc=pass (p=none dis=none) header.from={DOMAIN}"
DMARC_FAIL = f"dmarc=fail (p=none dis=none) header.from={DOMAIN}"
DMARC_NONE = f"dmarc=none header.from={DOMAIN}"
DKIM_PASS = f"dkim=pass (2048-bit key) header.d={DOMAIN} header.i=@{DOMAIN} header.b=abcdefgh"
SPF_PASS = f"spf=pass smtp.mailfrom={JEAN}"


def received(by: str, client: str = "mail.univ.example") -> str:
    """Return a Received line as Postfix writes it."""
    return (
        f"Received: from {client} ({client} [192.0.2.7])\r\n\tby {by} (Postfix) with ESMTPS id 4ABCDEF\r\n"
        "\tfor <desk@desk.example>; Fri, 20 Nov 2026 10:00:01 +0100 (CET)"
    )


def results(*found: str, by: str = BORDER) -> str:
    """Return an Authentication-Results field."""
    return f"Authentication-Results: {'; '.join((by, *found))}"


def a_mail(
    *,
    sender: str = f"Jean Dupont <{JEAN}>",
    above: Iterable[str] = (),
    below: Iterable[str] = (),
    hops: Iterable[str] = (INNER,),
    border: str = BORDER,
    to: str = "desk@desk.example",
    more: Iterable[str] = (),
    last: Iterable[str] = (),
) -> bytes:
    """Return a mail that came over *hops* (top first) and *border*, with lines *above* and *below* its hop."""
    lines = [
        *(received(hop) for hop in hops),
        *above,
        received(border),
        *below,
        received("mail.univ.example", "laptop.univ.example"),
        *more,
        f"From: {sender}",
        f"To: {to}",
        "Subject: Mon chargeur ne marche plus",
        "Date: Fri, 20 Nov 2026 09:59:58 +0100",
        f"Message-ID: <1@{DOMAIN}>",
        *last,
    ]
    return "\r\n".join([*lines, "", "Il ne marche plus.", ""]).encode()


def measure(raw: bytes, caps: Caps) -> str:
    """Return why *raw* is not read, empty where it is."""
    try:
        walk(raw, caps)
    except OverCap as over:
        return str(over)
    return ""


def judged(raw: bytes, trust: Trust = ABOVE, dkim: DkimCheck = UNCHECKED) -> Judgement:
    """Return what the table says about *raw*, when the DKIM re-check found *dkim*."""
    return judge(replace(evidence_of(raw, CAPS, trust), dkim=dkim), trust)
