"""Both decision tables of docs/security.md, row by row, from the bytes of a mail to all that it leaves behind."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from helpdesk.core.people import AddressState
from helpdesk.core.tickets import Fate
from helpdesk.core.trust import DkimCheck, DkimOutcome, Placement, Trust
from helpdesk.store.tables import audit_logs, budgets, letters, posts, tickets
from tests.actions.intakes import ADMIN, DESK, JEAN, NOW, TRUST, ZOE, IntakeBench, a_mail, bench
from tests.core.makers import (
    BAD,
    DKIM_PASS,
    DMARC_NONE,
    DMARC_PASS,
    DOMAIN,
    NO_DNS_ANSWER,
    NO_SIGNATURE,
    PASSED,
    SPF_PASS,
    UNCHECKED,
    results,
)

PENDING, VERIFIED = AddressState.PENDING, AddressState.VERIFIED
SUSPENDED, BLOCKED = AddressState.SUSPENDED, AddressState.BLOCKED
UNKNOWN = AddressState.UNKNOWN
DAY = timedelta(days=1)
RECHECKED = replace(TRUST, recheck_dkim=True)
BELOW = replace(RECHECKED, placement=Placement.BELOW)
ONLY_DMARC = replace(TRUST, accept_without_dmarc=False)
DMARC_FAIL = f"dmarc=fail header.from={DOMAIN}"
CONFIRMED = [("ticket_opened", JEAN)]
ASKED = [("confirm_sender", JEAN)]
ALERTED = [("alert", ADMIN)]


@dataclass(frozen=True)
class Left:
    """What a mail leaves behind. A ticket and an audit row of its opening go with the fate opened."""

    fate: str | None
    rule: str
    verdict: str
    letters: Sequence[tuple[str, str]] = ()
    audit: str = ""


def opened(verdict: str = "pass") -> Left:
    return Left("opened", "new_ticket", verdict, CONFIRMED, "TICKET_OPENED")


def held(verdict: str, sent: Sequence[tuple[str, str]] = (), audit: str = "MAIL_HELD") -> Left:
    return Left("held", "sender_not_admitted", verdict, sent, audit)


def quarantined(verdict: str, rule: str, sent: Sequence[tuple[str, str]] = ()) -> Left:
    return Left("quarantined", rule, verdict, sent, "MAIL_QUARANTINED")


def deferred(verdict: str) -> Left:
    return Left(None, "sender_not_admitted", verdict)


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(sqlite_url, tmp_path)
    yield made
    made.close()


def found(desk: IntakeBench) -> Left:
    """Return what one mail left behind, having looked that nothing contradicts it."""
    (row,) = desk.ledger()
    events = [(action, status) for action, status in desk.column(audit_logs, "action", "status")]
    audited = [event for event in events if event[0] != "PERSON_ADDED"]
    is_open = row["fate"] == "opened"
    assert len(desk.rows(tickets)) == (1 if is_open else 0)
    assert bool(desk.rows(posts)) is is_open
    assert [status for _action, status in audited] == ["SUCCESS" if is_open else "DENIED"] * len(audited)
    assert (row["raw_sha256"] is not None) is (row["fate"] in ("held", "quarantined"))
    assert (row["effect"] is not None) is is_open
    assert row["reason"] or is_open, "whatever is not filed is explained"
    return Left(
        row["fate"],
        row["rule"],
        row["verdict"],
        tuple(desk.letters()),
        audited[0][0] if audited else "",
    )


def says(*lines: str) -> bytes:
    return a_mail(says=lines)


def below(*lines: str) -> bytes:
    return a_mail(above=[], below=[results(*one.split("; ")) for one in lines])


def fields(count: int) -> bytes:
    """Return a proven mail with that many header fields in all."""
    plain = a_mail()
    has = plain.partition(b"\r\n\r\n")[0].count(b"\r\n") + 1 - plain.count(b"\r\n\t")
    return a_mail(extra=[f"X-{number}: x" for number in range(count - has)])


def parts(count: int, kind: str = "text/plain") -> bytes:
    """Return a proven mail of that many parts, the multipart itself and its text among them."""
    more = "".join(f"--b\r\nContent-Type: {kind}\r\n\r\nx\r\n" for _ in range(count - 2))
    body = f"--b\r\nContent-Type: text/plain\r\n\r\nVoici.\r\n{more}--b--"
    return a_mail(text=body, extra=["Content-Type: multipart/mixed; boundary=b"])


def deep(levels: int) -> bytes:
    """Return a proven mail of nested multiparts."""
    text = "Content-Type: text/plain\r\n\r\nVoici.\r\n"
    for level in range(levels - 1):
        text = f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n{text}--b{level}--\r\n"
    head, _, body = text.partition("\r\n\r\n")
    return a_mail(text=body, extra=[head])


TWO_SENDERS = f"Jean <{JEAN}>, x@elsewhere.example"
SPOOF = held("spoof", ALERTED, "SENDER_FORGED")
SPOOF_TOLD = held("spoof", [*ALERTED, ("sender_forged", JEAN)], "SENDER_FORGED")  # to its owner
Row = tuple[bytes, Trust, DkimCheck, Left]
TABLE_6: dict[str, Row] = {
    "1: 500 header fields": (fields(500), TRUST, UNCHECKED, opened()),
    "1: 501 header fields": (fields(501), TRUST, UNCHECKED, quarantined("bomb", "over_a_cap")),
    "1: 25 levels below the top": (deep(26), TRUST, UNCHECKED, opened()),
    "1: 26 levels below the top": (deep(27), TRUST, UNCHECKED, quarantined("bomb", "over_a_cap")),
    "1: 50 attachments": (parts(52, "image/png"), TRUST, UNCHECKED, opened()),
    "1: 51 attachments": (parts(53, "image/png"), TRUST, UNCHECKED, quarantined("bomb", "over_a_cap")),
    "1: 500 parts": (parts(500), TRUST, UNCHECKED, opened()),
    "1: 501 parts": (parts(501), TRUST, UNCHECKED, quarantined("bomb", "over_a_cap")),
    "2: two addresses in From, one registered": (
        a_mail(sender=TWO_SENDERS),
        TRUST,
        UNCHECKED,
        quarantined("malformed-from", "sender_not_admitted", ALERTED),
    ),
    "2: two addresses in From, neither registered": (
        a_mail(sender="a@elsewhere.example, b@elsewhere.example"),
        TRUST,
        UNCHECKED,
        quarantined("malformed-from", "sender_not_admitted"),
    ),
    "2: a second Subject": (
        a_mail(extra=["Subject: x"]),
        TRUST,
        UNCHECKED,
        quarantined("malformed-from", "sender_not_admitted", ALERTED),
    ),
    "2: a registered address in the display name only": (
        a_mail(sender=f'"{JEAN}" <x@elsewhere.example>', says=["dmarc=pass header.from=elsewhere.example"]),
        TRUST,
        UNCHECKED,
        held("pass"),
    ),
    "3: an unknown hop": (
        a_mail(hops=["mx.attack.example"]),
        TRUST,
        UNCHECKED,
        held("untrusted-route", ALERTED),
    ),
    "3: a known hop": (
        a_mail(hops=["imap.desk.example"]),
        replace(TRUST, inner_by=("imap.desk.example",)),
        UNCHECKED,
        opened(),
    ),
    "3: nothing configured": (a_mail(), Trust(), UNCHECKED, held("untrusted-route", ALERTED)),
    "3: results that cannot be read": (
        a_mail(above=[results("dmarc=pass (")]),
        TRUST,
        UNCHECKED,
        held("untrusted-route", ALERTED),
    ),
    "3: two dmarc results": (
        says(DMARC_PASS, DMARC_PASS),
        TRUST,
        UNCHECKED,
        held("untrusted-route", ALERTED),
    ),
    "3: two results below": (
        below(f"{DMARC_PASS}; {DKIM_PASS}", SPF_PASS, DMARC_PASS),
        BELOW,
        PASSED,
        held("untrusted-route", ALERTED),
    ),
    "4: no results of ours": (
        a_mail(above=[results(DMARC_PASS, by="mx.other.example")]),
        TRUST,
        UNCHECKED,
        deferred("no-verdict"),
    ),
    "4: forged below the border, which wrote none": (
        a_mail(above=[], below=[results(DMARC_PASS)]),
        TRUST,
        UNCHECKED,
        deferred("no-verdict"),
    ),
    "5: dmarc=temperror": (says("dmarc=temperror", SPF_PASS), TRUST, UNCHECKED, deferred("temp")),
    "5: dkim=temperror": (
        says(DMARC_NONE, f"dkim=temperror header.d={DOMAIN}"),
        TRUST,
        UNCHECKED,
        deferred("temp"),
    ),
    "5: the DNS does not answer us": (
        says(DMARC_PASS, DKIM_PASS),
        RECHECKED,
        NO_DNS_ANSWER,
        deferred("temp"),
    ),
    "6: dmarc=fail": (says(DMARC_FAIL), TRUST, UNCHECKED, SPOOF_TOLD),
    "6: dmarc=permerror": (says("dmarc=permerror"), TRUST, UNCHECKED, SPOOF_TOLD),
    "6: dmarc=fail in a stranger's name": (
        a_mail(sender="x@elsewhere.example", says=["dmarc=fail header.from=elsewhere.example"]),
        TRUST,
        UNCHECKED,
        held("spoof"),
    ),
    "7: the border checked another domain": (
        says("dmarc=pass header.from=elsewhere.example"),
        TRUST,
        UNCHECKED,
        held("untrusted-route", ALERTED),
    ),
    "8: the signature that the border saw is bad": (
        says(DMARC_PASS, DKIM_PASS),
        RECHECKED,
        BAD,
        held("contradiction", ALERTED),
    ),
    "9: the signature is good": (says(DMARC_PASS, DKIM_PASS), RECHECKED, PASSED, opened()),
    "9: SPF only, above": (says(DMARC_PASS, SPF_PASS), RECHECKED, UNCHECKED, opened()),
    "9: no DNS, above": (says(DMARC_PASS, DKIM_PASS), TRUST, UNCHECKED, opened()),
    "9: below, the signature is good": (below(f"{DMARC_PASS}; {DKIM_PASS}"), BELOW, PASSED, opened()),
    "10: no DMARC, the signature is good": (
        says(DMARC_NONE, DKIM_PASS),
        RECHECKED,
        PASSED,
        opened("pass-dkim"),
    ),
    "10: bestguesspass counts as none": (
        says("dmarc=bestguesspass", DKIM_PASS),
        RECHECKED,
        PASSED,
        opened("pass-dkim"),
    ),
    "10: no DMARC, the signature is bad": (
        says(DMARC_NONE, DKIM_PASS),
        RECHECKED,
        BAD,
        held("unauthenticated"),
    ),
    "10: not accepted without DMARC": (
        says(DMARC_NONE, DKIM_PASS),
        ONLY_DMARC,
        UNCHECKED,
        held("unauthenticated"),
    ),
    "11: only SPF": (says(DMARC_NONE, SPF_PASS), TRUST, UNCHECKED, held("weak", ASKED)),
    "11: SPF only, below": (
        below(f"{DMARC_PASS}; {SPF_PASS}"),
        BELOW,
        NO_SIGNATURE,
        held("weak", ASKED),
    ),
    "11: SPF of another domain": (
        says(DMARC_NONE, "spf=pass smtp.mailfrom=x@relay.example"),
        TRUST,
        UNCHECKED,
        held("unauthenticated"),
    ),
    "12: nothing aligned": (says(DMARC_NONE), TRUST, UNCHECKED, held("unauthenticated")),
    "12: compauth and arc count as nothing": (
        says("compauth=pass", "arc=pass"),
        TRUST,
        UNCHECKED,
        held("unauthenticated"),
    ),
}


@pytest.mark.parametrize(("raw", "trust", "dkim", "left"), TABLE_6.values(), ids=TABLE_6)
def test_what_a_mail_of_a_registered_sender_leaves_behind(
    desk: IntakeBench, monkeypatch: pytest.MonkeyPatch, raw: bytes, trust: Trust, dkim: DkimCheck, left: Left
) -> None:
    monkeypatch.setattr("daemon.evidence.dkim_seen", lambda *_: dkim)
    desk.person()
    desk.file(raw, trust=trust)
    assert found(desk) == replace(left, letters=tuple(left.letters))


PASS = says(DMARC_PASS, SPF_PASS)
PASS_DKIM = says(DMARC_NONE, DKIM_PASS)
WEAK = says(DMARC_NONE, SPF_PASS)
NOTHING = says(DMARC_NONE)
FORGED = says(DMARC_FAIL)
TABLE_7: dict[str, tuple[bytes, AddressState, str, Left]] = {
    "verified, pass": (PASS, VERIFIED, "", opened()),
    "verified, pass-dkim": (PASS_DKIM, VERIFIED, "", opened("pass-dkim")),
    "verified, weak": (WEAK, VERIFIED, "", held("weak", ASKED)),
    "verified, nothing": (NOTHING, VERIFIED, "", held("unauthenticated")),
    "verified, forged": (FORGED, VERIFIED, "", SPOOF_TOLD),
    "pass before, pass now": (PASS, VERIFIED, "pass", opened()),
    "pass-dkim before, pass now": (PASS, VERIFIED, "pass-dkim", opened()),
    "pass-dkim before, pass-dkim now": (PASS_DKIM, VERIFIED, "pass-dkim", opened("pass-dkim")),
    "pass before, pass-dkim now": (PASS_DKIM, VERIFIED, "pass", held("pass-dkim", ALERTED)),
    "pass before, weak now": (WEAK, VERIFIED, "pass", held("weak", ALERTED)),
    "pass before, nothing now": (NOTHING, VERIFIED, "pass", held("unauthenticated")),
    "pending, pass": (PASS, PENDING, "", held("pass")),
    "pending, pass-dkim": (PASS_DKIM, PENDING, "", held("pass-dkim")),
    "pending, weak": (WEAK, PENDING, "", held("weak")),
    "pending, nothing": (NOTHING, PENDING, "", held("unauthenticated")),
    "pending, forged": (FORGED, PENDING, "", SPOOF),
    "unknown, pass": (PASS, UNKNOWN, "", held("pass")),
    "unknown, weak": (WEAK, UNKNOWN, "", held("weak")),
    "unknown, nothing": (NOTHING, UNKNOWN, "", held("unauthenticated")),
    "unknown, forged": (FORGED, UNKNOWN, "", held("spoof")),
    "suspended, pass": (PASS, SUSPENDED, "", held("pass")),
    "suspended, weak": (WEAK, SUSPENDED, "", held("weak")),
    "suspended, forged": (FORGED, SUSPENDED, "", SPOOF),
    "blocked, pass": (PASS, BLOCKED, "", held("pass")),
    "blocked, weak": (WEAK, BLOCKED, "", held("weak")),
    "blocked, nothing": (NOTHING, BLOCKED, "", held("unauthenticated")),
}


@pytest.mark.parametrize(("raw", "state", "best", "left"), TABLE_7.values(), ids=TABLE_7)
def test_what_a_mail_leaves_behind_by_the_state_of_its_address(
    desk: IntakeBench, raw: bytes, state: AddressState, best: str, left: Left
) -> None:
    if state is not UNKNOWN:
        desk.person(state=state, best=best)
    desk.file(raw)
    assert found(desk) == replace(left, letters=tuple(left.letters))
    refused = 0 if left.fate == "opened" else 1
    counted = [row["used"] for row in desk.rows(budgets) if row["scope"].startswith("refused:")]
    assert sum(counted) == refused, "what is refused is counted"


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        pytest.param(PENDING, "pass: the address is not confirmed yet", id="pending"),
        pytest.param(UNKNOWN, "pass: the address is not registered", id="unknown"),
        pytest.param(SUSPENDED, "pass: the address is suspended", id="suspended"),
        pytest.param(BLOCKED, "pass: the address is blocked", id="blocked"),
    ],
)
def test_the_ledger_says_why_a_proven_mail_is_held(
    desk: IntakeBench, state: AddressState, reason: str
) -> None:
    if state is not UNKNOWN:
        desk.person(state=state)
    desk.file(PASS)
    assert desk.ledger()[0]["reason"] == reason


@pytest.mark.parametrize(
    ("raw", "left", "reason"),
    [
        pytest.param(a_mail(to=f"x@y.example, {DESK}"), opened(), "", id="named in To"),
        pytest.param(a_mail(to="x@y.example", extra=[f"Cc: {DESK}"]), opened(), "", id="named in Cc"),
        pytest.param(a_mail(to="x@y.example", extra=[f"Delivered-To: {DESK}"]), opened(), "", id="bcc"),
        pytest.param(a_mail(to=None, extra=[f"Delivered-To: {DESK}"]), opened(), "", id="no To at all"),
        pytest.param(
            a_mail(to="other@desk.example"),
            held("pass"),
            "pass: possibly an old mail sent again: it is not addressed to the desk",
            id="signed for somebody else",
        ),
        pytest.param(a_mail(date=NOW - 14 * DAY), opened(), "", id="14 days old"),
        pytest.param(
            a_mail(date=NOW - 14 * DAY - timedelta(seconds=1)),
            held("pass"),
            "pass: possibly an old mail sent again: its Date is of 2026-11-06, over 14 days ago",
            id="older",
        ),
        pytest.param(
            a_mail(date=None),
            held("pass"),
            "pass: possibly an old mail sent again: no date says how old it is",
            id="no date",
        ),
    ],
)
def test_a_mail_that_somebody_may_be_sending_again_is_held(
    desk: IntakeBench, raw: bytes, left: Left, reason: str
) -> None:
    desk.person()
    desk.file(raw)
    assert found(desk) == replace(left, letters=tuple(left.letters))
    assert desk.ledger()[0]["reason"] == reason


WRITTEN = "Fri, 20 Nov 2026 10:00:01 +0100"  # by every hop of a mail, unless changed
LONG_AGO = NOW - 30 * DAY


@pytest.mark.parametrize(
    ("changed", "fate"),
    [
        pytest.param(1, "opened", id="by the border: it waited for us"),
        pytest.param(2, "opened", id="by all hops"),
        pytest.param(0, "held", id="by nobody"),
        pytest.param(-1, "held", id="by a hop that the sender may have made up"),
    ],
)
def test_a_mail_is_as_old_as_it_was_when_our_border_took_it(
    desk: IntakeBench, changed: int, fate: str
) -> None:
    before, border, sender = a_mail(date=LONG_AGO).decode().split(WRITTEN)
    then = format_datetime(LONG_AGO)
    raw = (
        f"{before}{then if changed > 0 else WRITTEN}{border}{WRITTEN if changed in (0, 1) else then}{sender}"
    )
    desk.person()
    (filed,) = desk.file(raw.encode())
    assert (filed.fate and filed.fate.value) == fate


def test_a_border_whose_clock_is_ahead_does_not_make_a_mail_older(desk: IntakeBench) -> None:
    raw = a_mail(date=NOW - 14 * DAY).replace(WRITTEN.encode(), format_datetime(NOW + DAY).encode())
    desk.person()
    (filed,) = desk.file(raw)
    assert filed.fate is Fate.OPENED


@pytest.mark.parametrize(
    ("signed_ago", "fate"),
    [
        pytest.param(14 * DAY, "opened", id="signed 14 days ago"),
        pytest.param(14 * DAY + timedelta(seconds=1), "held", id="before that, whatever Date says"),
    ],
)
def test_the_time_of_the_signature_counts_too(
    desk: IntakeBench, monkeypatch: pytest.MonkeyPatch, signed_ago: timedelta, fate: str
) -> None:
    signed = DkimCheck(DkimOutcome.PASSED, "good", int((NOW - signed_ago).timestamp()))
    monkeypatch.setattr("daemon.evidence.dkim_seen", lambda *_: signed)
    desk.person()
    (filed,) = desk.file(says(DMARC_PASS, DKIM_PASS), trust=RECHECKED)
    assert (filed.fate and filed.fate.value) == fate


def test_a_mail_that_names_the_desk_in_delivered_to_only_is_marked_for_staff(desk: IntakeBench) -> None:
    desk.person()
    desk.file(a_mail(to="x@y.example", extra=[f"Delivered-To: {DESK}"]))
    desk.file(a_mail(message_id="<2@x>"))
    assert [(row["internal"], row["text"].strip()) for row in desk.rows(posts)] == [
        (False, "Il ne marche plus."),
        (True, "the desk is not named in To or Cc"),
        (False, "Il ne marche plus."),
    ]


def test_a_mail_of_somebody_else_who_is_registered_proves_nothing_for_the_name_it_shows(
    desk: IntakeBench,
) -> None:
    desk.person()
    zoe = desk.person(ZOE)
    desk.file(a_mail(sender=f'"{JEAN}" <{ZOE}>'))
    (ticket,) = desk.rows(tickets)
    assert ticket["requester_id"] == zoe.person.id
    assert desk.letters() == [("ticket_opened", ZOE)]


def test_replies_never_go_where_the_mail_says_but_to_the_registered_address(desk: IntakeBench) -> None:
    desk.person()
    elsewhere = ["Reply-To: evil@attack.example", "Return-Path: <evil@attack.example>"]
    desk.file(a_mail(extra=[*elsewhere, "Sender: evil@attack.example"]))
    assert desk.letters() == CONFIRMED
    assert b"evil@" not in desk.rows(letters)[0]["content"]
