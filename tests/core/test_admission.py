"""Verdict and register of addresses, row by row, from the bytes of a mail to how far it may go."""

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.core.admission import Admission, Age, Alert, DeskAddressing, Entry, admit, desk_addressing
from helpdesk.core.people import AddressState
from helpdesk.core.trust import DkimCheck, Trust
from helpdesk.core.verdict import Judgement, bomb
from helpdesk.core.verdicts import Verdict
from tests.core.makers import (
    ABOVE,
    BAD,
    DKIM_PASS,
    DMARC_FAIL,
    DMARC_NONE,
    DMARC_PASS,
    PASSED,
    SPF_PASS,
    UNCHECKED,
    a_mail,
    judged,
    results,
)

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FRESH = Age(NOW, NOW - timedelta(minutes=5))
UNKNOWN, PENDING, VERIFIED, SUSPENDED, BLOCKED, NOT_YET, EXPIRED = AddressState
ACCEPT, TOKEN_ONLY, HOLD, DEFER = Entry


def verdict_of(*found: str, trust: Trust = ABOVE, dkim: DkimCheck = UNCHECKED) -> Judgement:
    return judged(a_mail(above=[results(*found)]), trust, dkim)


PASS = verdict_of(DMARC_PASS, DKIM_PASS, dkim=PASSED)
PASS_DKIM = verdict_of(DMARC_NONE, DKIM_PASS, dkim=PASSED)
WEAK = verdict_of(DMARC_NONE, SPF_PASS)
BOMB = bomb("501 parts; the limit is 500")
MALFORMED = judged(a_mail(sender="a@b.example, c@d.example"))
UNKNOWN_HOP = judged(a_mail(hops=["mx.attack.example"]))
NO_VERDICT = judged(a_mail())
TEMP = verdict_of("dmarc=temperror")
SPOOF = verdict_of(DMARC_FAIL)
OTHER_DOMAIN = verdict_of("dmarc=pass header.from=other.example")
CONTRADICTION = verdict_of(DMARC_PASS, DKIM_PASS, dkim=BAD)
UNAUTHENTICATED = verdict_of(DMARC_NONE)


def admission(
    judgement: Judgement,
    state: AddressState,
    best: str = "",
    delivered: DeskAddressing = DeskAddressing.NAMED,
    age: Age = FRESH,
) -> Admission:
    return admit(judgement, state, best, delivered, age)


def test_the_makers_give_each_verdict() -> None:
    made = (
        BOMB,
        MALFORMED,
        UNKNOWN_HOP,
        NO_VERDICT,
        TEMP,
        SPOOF,
        OTHER_DOMAIN,
        CONTRADICTION,
        PASS,
        PASS_DKIM,
        WEAK,
    )
    assert [judgement.row for judgement in (*made, UNAUTHENTICATED)] == list(range(1, 13))


@pytest.mark.parametrize(
    ("judgement", "state", "entry", "alert", "confirm"),
    [
        pytest.param(PASS, VERIFIED, ACCEPT, Alert.NONE, False, id="pass, verified"),
        pytest.param(PASS, PENDING, TOKEN_ONLY, Alert.NONE, False, id="pass, pending"),
        pytest.param(PASS, UNKNOWN, HOLD, Alert.NONE, False, id="pass, unknown"),
        pytest.param(PASS, SUSPENDED, HOLD, Alert.NONE, False, id="pass, suspended"),
        pytest.param(PASS, BLOCKED, HOLD, Alert.NONE, False, id="pass, blocked"),
        pytest.param(PASS, NOT_YET, HOLD, Alert.NONE, False, id="pass, before its first day"),
        pytest.param(PASS, EXPIRED, HOLD, Alert.NONE, False, id="pass, after its last day"),
        pytest.param(
            WEAK, EXPIRED, HOLD, Alert.DIGEST, False, id="weak, after its last day: nobody is asked"
        ),
        pytest.param(SPOOF, EXPIRED, HOLD, Alert.AT_ONCE, False, id="spoof of an address after its last day"),
        pytest.param(PASS_DKIM, VERIFIED, ACCEPT, Alert.NONE, False, id="pass-dkim, verified"),
        pytest.param(PASS_DKIM, PENDING, TOKEN_ONLY, Alert.NONE, False, id="pass-dkim, pending"),
        pytest.param(PASS_DKIM, UNKNOWN, HOLD, Alert.NONE, False, id="pass-dkim, unknown"),
        pytest.param(PASS_DKIM, BLOCKED, HOLD, Alert.NONE, False, id="pass-dkim, blocked"),
        pytest.param(WEAK, VERIFIED, HOLD, Alert.DIGEST, True, id="weak, verified: ask the owner"),
        pytest.param(WEAK, PENDING, HOLD, Alert.DIGEST, False, id="weak, pending"),
        pytest.param(WEAK, UNKNOWN, HOLD, Alert.DIGEST, False, id="weak, unknown"),
        pytest.param(WEAK, SUSPENDED, HOLD, Alert.DIGEST, False, id="weak, suspended"),
        pytest.param(BOMB, VERIFIED, HOLD, Alert.DIGEST_UNLESS_MANY, False, id="bomb"),
        pytest.param(
            MALFORMED, VERIFIED, HOLD, Alert.AT_ONCE, False, id="malformed, mentions a verified address"
        ),
        pytest.param(
            MALFORMED, BLOCKED, HOLD, Alert.AT_ONCE, False, id="malformed, mentions a blocked address"
        ),
        pytest.param(MALFORMED, UNKNOWN, HOLD, Alert.NONE, False, id="malformed, mentions nobody"),
        pytest.param(UNKNOWN_HOP, VERIFIED, HOLD, Alert.ONCE_AN_HOUR, False, id="unknown hop, verified"),
        pytest.param(UNKNOWN_HOP, UNKNOWN, HOLD, Alert.ONCE_AN_HOUR, False, id="unknown hop, unknown"),
        pytest.param(NO_VERDICT, VERIFIED, DEFER, Alert.AFTER_15_MINUTES, False, id="no verdict, verified"),
        pytest.param(NO_VERDICT, UNKNOWN, DEFER, Alert.AFTER_15_MINUTES, False, id="no verdict, unknown"),
        pytest.param(TEMP, VERIFIED, DEFER, Alert.AFTER_4_HOURS, False, id="temp, verified"),
        pytest.param(TEMP, PENDING, DEFER, Alert.AFTER_4_HOURS, False, id="temp, pending"),
        pytest.param(SPOOF, VERIFIED, HOLD, Alert.AT_ONCE, False, id="spoof of a verified address"),
        pytest.param(SPOOF, PENDING, HOLD, Alert.AT_ONCE, False, id="spoof of a pending address"),
        pytest.param(SPOOF, SUSPENDED, HOLD, Alert.AT_ONCE, False, id="spoof of a suspended address"),
        pytest.param(SPOOF, UNKNOWN, HOLD, Alert.NONE, False, id="spoof of a stranger"),
        pytest.param(OTHER_DOMAIN, VERIFIED, HOLD, Alert.AT_ONCE, False, id="another domain, verified"),
        pytest.param(OTHER_DOMAIN, UNKNOWN, HOLD, Alert.AT_ONCE, False, id="another domain, unknown"),
        pytest.param(CONTRADICTION, VERIFIED, HOLD, Alert.AT_ONCE, False, id="contradiction, verified"),
        pytest.param(CONTRADICTION, UNKNOWN, HOLD, Alert.AT_ONCE, False, id="contradiction, unknown"),
        pytest.param(UNAUTHENTICATED, VERIFIED, HOLD, Alert.DIGEST, False, id="unauthenticated, verified"),
        pytest.param(UNAUTHENTICATED, PENDING, HOLD, Alert.DIGEST, False, id="unauthenticated, pending"),
    ],
)
def test_verdict_and_state_decide_together(
    judgement: Judgement, state: AddressState, entry: Entry, alert: Alert, confirm: bool
) -> None:
    result = admission(judgement, state)

    assert (result.entry, result.alert, result.confirm) == (entry, alert, confirm)
    assert result.reason
    assert not result.bcc


@pytest.mark.parametrize("state", AddressState)
@pytest.mark.parametrize("verdict", Verdict)
def test_only_a_proven_verified_address_is_accepted(verdict: Verdict, state: AddressState) -> None:
    result = admission(Judgement(verdict, "why", PASS.sender, 0), state)

    proven = verdict in (Verdict.PASS, Verdict.PASS_DKIM)
    assert (result.entry is ACCEPT) is (proven and state is VERIFIED)
    assert (result.entry is TOKEN_ONLY) is (proven and state is PENDING)
    assert (result.entry is DEFER) is (verdict in (Verdict.NO_VERDICT, Verdict.TEMP))
    assert result.confirm is (verdict is Verdict.WEAK and state is VERIFIED)


@pytest.mark.parametrize(
    ("judgement", "best", "entry", "alert", "confirm"),
    [
        pytest.param(PASS, "", ACCEPT, Alert.NONE, False, id="pass after nothing"),
        pytest.param(PASS, "pass", ACCEPT, Alert.NONE, False, id="pass after pass"),
        pytest.param(PASS, "pass-dkim", ACCEPT, Alert.NONE, False, id="pass after pass-dkim"),
        pytest.param(PASS_DKIM, "weak", ACCEPT, Alert.NONE, False, id="pass-dkim after weak"),
        pytest.param(PASS_DKIM, "pass-dkim", ACCEPT, Alert.NONE, False, id="pass-dkim after pass-dkim"),
        pytest.param(PASS_DKIM, "pass", HOLD, Alert.AT_ONCE, False, id="pass-dkim after pass"),
        pytest.param(WEAK, "weak", HOLD, Alert.DIGEST, True, id="weak after weak"),
        pytest.param(WEAK, "pass-dkim", HOLD, Alert.AT_ONCE, False, id="weak after pass-dkim"),
        pytest.param(WEAK, "pass", HOLD, Alert.AT_ONCE, False, id="weak after pass"),
        pytest.param(UNAUTHENTICATED, "pass", HOLD, Alert.DIGEST, False, id="nothing after pass"),
    ],
)
def test_an_address_that_was_proven_better_before_is_held(
    judgement: Judgement, best: str, entry: Entry, alert: Alert, confirm: bool
) -> None:
    result = admission(judgement, VERIFIED, best)

    assert (result.entry, result.alert, result.confirm) == (entry, alert, confirm)


@pytest.mark.parametrize("state", [UNKNOWN, PENDING, SUSPENDED, BLOCKED])
def test_a_downgrade_concerns_verified_addresses_only(state: AddressState) -> None:
    assert admission(PASS_DKIM, state, "pass").alert is Alert.NONE


@pytest.mark.parametrize(
    ("delivered", "entry", "bcc"),
    [
        pytest.param(DeskAddressing.NAMED, ACCEPT, False, id="named in To or Cc"),
        pytest.param(DeskAddressing.BCC, ACCEPT, True, id="named in Delivered-To only"),
        pytest.param(DeskAddressing.ABSENT, HOLD, False, id="named nowhere"),
    ],
)
def test_a_mail_signed_for_somebody_else_is_held(delivered: DeskAddressing, entry: Entry, bcc: bool) -> None:
    result = admission(PASS, VERIFIED, delivered=delivered)

    assert (result.entry, result.bcc) == (entry, bcc)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


@pytest.mark.parametrize(
    ("age", "entry", "reason"),
    [
        pytest.param(Age(NOW, ago(days=14)), ACCEPT, "", id="14 days old"),
        pytest.param(
            Age(NOW, ago(days=14, seconds=1)), HOLD, "its Date is of 2026-11-06, over 14 days", id="older"
        ),
        pytest.param(
            Age(NOW, ago(days=3), max_days=2), HOLD, "over 2 days", id="older than the settings allow"
        ),
        pytest.param(
            Age(NOW, ago(days=20), reached_at=ago(days=6)), ACCEPT, "", id="14 days old when it came"
        ),
        pytest.param(
            Age(NOW, ago(days=20, seconds=1), reached_at=ago(days=6)),
            HOLD,
            "over 14 days ago",
            id="older when it came",
        ),
        pytest.param(Age(NOW, ago(days=0), reached_at=ago(days=6)), ACCEPT, "", id="dated after it came"),
        pytest.param(Age(NOW, ago(days=-1)), ACCEPT, "", id="a day ahead"),
        pytest.param(
            Age(NOW, ago(days=-1, seconds=-1)), HOLD, "2026-11-21, over a day ahead", id="more ahead"
        ),
        pytest.param(Age(NOW, None), HOLD, "no date says how old it is", id="no date"),
        pytest.param(Age(NOW, None, int(NOW.timestamp())), ACCEPT, "", id="no date but a signed one"),
        pytest.param(Age(NOW, NOW, int(ago(days=14).timestamp())), ACCEPT, "", id="signed 14 days ago"),
        pytest.param(
            Age(NOW, NOW, int(ago(days=14, seconds=1).timestamp())),
            HOLD,
            "its DKIM signature is of 2026-11-06",
            id="signed before that, whatever Date says",
        ),
        pytest.param(
            Age(NOW, NOW, int(ago(days=-2).timestamp())), HOLD, "over a day ahead", id="signed ahead"
        ),
        pytest.param(Age(NOW, NOW, 10**18), HOLD, "which is no date", id="signed at an impossible time"),
        pytest.param(
            Age(NOW, ago(days=400), int(ago(days=14).timestamp())),
            ACCEPT,
            "",
            id="signed 14 days ago, by a clock that is behind",
        ),
        pytest.param(
            Age(NOW, ago(days=-400), int(NOW.timestamp())), ACCEPT, "", id="signed now, by a clock ahead"
        ),
        pytest.param(
            Age(NOW, ago(days=20), int(ago(days=20).timestamp()), reached_at=ago(days=6)),
            ACCEPT,
            "",
            id="signed 14 days before it came",
        ),
    ],
)
def test_an_old_mail_may_be_a_replay_and_is_held(age: Age, entry: Entry, reason: str) -> None:
    result = admission(PASS, VERIFIED, age=age)

    assert result.entry is entry
    assert reason in result.reason
    assert result.alert is (Alert.NONE if entry is ACCEPT else Alert.DIGEST)


DESK = frozenset({"desk@desk.example", "help+fr@desk.example"})


@pytest.mark.parametrize(
    ("to_and_cc", "delivered_to", "where"),
    [
        pytest.param(["desk@desk.example"], [], DeskAddressing.NAMED, id="in To"),
        pytest.param(["x@y.example", "DESK@Desk.example"], [], DeskAddressing.NAMED, id="in Cc, in capitals"),
        pytest.param(["desk+k7f3@desk.example"], [], DeskAddressing.NAMED, id="with a tag"),
        pytest.param(["help+fr@desk.example"], [], DeskAddressing.NAMED, id="the desk's own plus address"),
        pytest.param(["help@desk.example"], [], DeskAddressing.ABSENT, id="that without its plus"),
        pytest.param(["x@y.example"], ["desk@desk.example"], DeskAddressing.BCC, id="in Delivered-To only"),
        pytest.param([], ["desk+k7f3@desk.example"], DeskAddressing.BCC, id="in Delivered-To with a tag"),
        pytest.param(["x@y.example"], ["x@y.example"], DeskAddressing.ABSENT, id="nowhere"),
        pytest.param(["desk@desk.example.attack.example"], [], DeskAddressing.ABSENT, id="a longer domain"),
        pytest.param(["notdesk@desk.example"], [], DeskAddressing.ABSENT, id="a longer local part"),
        pytest.param([], [], DeskAddressing.ABSENT, id="no recipients"),
    ],
)
def test_the_desk_is_found_among_the_recipients(
    to_and_cc: list[str], delivered_to: list[str], where: DeskAddressing
) -> None:
    assert desk_addressing(DESK, to_and_cc, delivered_to) is where
