"""The decision table of docs/security.md, row by row, from the bytes of a mail to the verdict."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.trust import DkimCheck, Trust
from helpdesk.core.verdict import bomb, evidence_of, needs_dkim
from helpdesk.core.verdicts import Verdict
from tests.core.makers import (
    ABOVE,
    ABOVE_NO_DNS,
    BAD,
    BELOW,
    BELOW_NO_DNS,
    BELOW_STRIPPED,
    BELOW_STRIPPED_NO_DNS,
    BOTTOM,
    CAPS,
    DKIM_PASS,
    DMARC_FAIL,
    DMARC_NONE,
    DMARC_PASS,
    DOMAIN,
    JEAN,
    M365,
    NO_DNS_ANSWER,
    NO_SIGNATURE,
    PASSED,
    SPF_PASS,
    UNCHECKED,
    a_mail,
    judged,
    received,
    results,
)

ROWS = {
    2: Verdict.MALFORMED_FROM,
    3: Verdict.UNTRUSTED_ROUTE,
    4: Verdict.NO_VERDICT,
    5: Verdict.TEMP,
    6: Verdict.SPOOF,
    7: Verdict.UNTRUSTED_ROUTE,
    8: Verdict.CONTRADICTION,
    9: Verdict.PASS,
    10: Verdict.PASS_DKIM,
    11: Verdict.WEAK,
    12: Verdict.UNAUTHENTICATED,
}
STRICT = replace(ABOVE, accept_without_dmarc=False)
DKIM_BY_I = f"dkim=pass header.i=@{DOMAIN} header.s=s1"
DKIM_OF_PARENT = "dkim=pass header.d=example"
DKIM_OF_OTHER = "dkim=pass header.d=relay.example"
DKIM_FAIL = f"dkim=fail header.d={DOMAIN}"
SPF_OF_OTHER = "spf=pass smtp.mailfrom=bounce@relay.example"


def above(*found: str) -> bytes:
    return a_mail(above=[results(*found)])


def below(*found: str) -> bytes:
    return a_mail(below=[results(*found)])


def row(number: int, raw: bytes, trust: Trust, dkim: DkimCheck, id: str) -> object:  # noqa: A002
    return pytest.param(raw, trust, dkim, number, id=f"{number}: {id}")


ALL_PASS = (DMARC_PASS, DKIM_PASS, SPF_PASS)
TABLE = [
    row(
        2,
        a_mail(sender=f"{JEAN}, x@y.example", above=[results(*ALL_PASS)]),
        ABOVE,
        PASSED,
        "two addresses in From",
    ),
    row(2, a_mail(above=[results(*ALL_PASS)], more=["Subject: x"]), ABOVE, PASSED, "a second subject"),
    row(2, a_mail(hops=["mx.attack.example"], sender="x"), ABOVE, PASSED, "malformed before an unknown hop"),
    row(3, a_mail(hops=["mx.attack.example"], above=[results(*ALL_PASS)]), ABOVE, PASSED, "an unknown hop"),
    row(3, above(*ALL_PASS), Trust(), PASSED, "nothing configured"),
    row(3, above(*ALL_PASS, DMARC_PASS), ABOVE, PASSED, "two dmarc in one field"),
    row(3, a_mail(above=[results(*ALL_PASS), results(DMARC_PASS)]), ABOVE, PASSED, "two dmarc in two fields"),
    row(3, a_mail(above=[results(*ALL_PASS), results("(")]), ABOVE, PASSED, "one field unreadable"),
    row(3, a_mail(below=[results(*ALL_PASS), results(SPF_PASS)]), BELOW, PASSED, "two results below"),
    row(
        9,
        a_mail(below=[results(*ALL_PASS), results(SPF_PASS)]),
        BELOW_STRIPPED,
        PASSED,
        "two results below a border that strips",
    ),
    row(9, a_mail(below=[results(DMARC_PASS), results(DKIM_PASS)]), BELOW, PASSED, "in parts, checked again"),
    row(
        11, a_mail(below=[results(DMARC_PASS), results(SPF_PASS)]), BELOW, NO_SIGNATURE, "in parts, unsigned"
    ),
    row(
        9,
        a_mail(above=[results(DMARC_PASS), results(DKIM_PASS), results(SPF_PASS)]),
        ABOVE,
        PASSED,
        "three fields",
    ),
    row(4, a_mail(), ABOVE, PASSED, "no results"),
    row(
        4,
        a_mail(above=[results(*ALL_PASS, by="mx.elsewhere.example")]),
        ABOVE,
        PASSED,
        "another's results only",
    ),
    row(4, below(*ALL_PASS), ABOVE, PASSED, "forged below the border, which wrote none"),
    row(4, a_mail(more=[results(*ALL_PASS)]), BELOW, PASSED, "forged further down, border wrote none"),
    row(12, above(), ABOVE, PASSED, "results without a result"),
    row(5, above("dmarc=temperror", DKIM_PASS), ABOVE, UNCHECKED, "dmarc=temperror"),
    row(5, above(DMARC_NONE, f"dkim=temperror header.d={DOMAIN}"), ABOVE, UNCHECKED, "dkim=temperror"),
    row(5, above(DMARC_FAIL, f"dkim=temperror header.d={DOMAIN}"), ABOVE, UNCHECKED, "temperror before fail"),
    row(
        6, above(DMARC_FAIL, "dkim=temperror header.d=relay.example"), ABOVE, UNCHECKED, "another's temperror"
    ),
    row(
        9, above(*ALL_PASS, "dkim=temperror header.d=relay.example"), ABOVE, PASSED, "another's beside a pass"
    ),
    row(
        10,
        above(DKIM_PASS, f"dkim=temperror header.d={DOMAIN}"),
        ABOVE,
        PASSED,
        "a second key of the same domain",
    ),
    row(5, above(*ALL_PASS), ABOVE, NO_DNS_ANSWER, "DNS does not answer"),
    row(5, above(*ALL_PASS), ABOVE, UNCHECKED, "not checked again though it should be"),
    row(5, above(DMARC_NONE, DKIM_PASS), ABOVE, NO_DNS_ANSWER, "no dmarc, DNS does not answer"),
    row(5, below(DMARC_PASS, SPF_PASS), BELOW, NO_DNS_ANSWER, "below, all hangs on DNS"),
    row(9, above(DMARC_PASS, SPF_PASS), ABOVE, NO_DNS_ANSWER, "SPF only, so DNS does not matter"),
    row(6, above(DMARC_FAIL, SPF_OF_OTHER), ABOVE, NO_DNS_ANSWER, "a forgery does not hang on DNS"),
    row(6, above(DMARC_FAIL, SPF_PASS), ABOVE, UNCHECKED, "dmarc=fail"),
    row(6, above("dmarc=permerror"), ABOVE, UNCHECKED, "dmarc=permerror"),
    row(6, above(DMARC_FAIL, DKIM_PASS), ABOVE, PASSED, "fail beats a good signature"),
    row(7, above("dmarc=pass header.from=other.example", DKIM_PASS), ABOVE, PASSED, "another domain"),
    row(7, above("dmarc=pass header.from=example", DKIM_PASS), ABOVE, PASSED, "the parent domain"),
    row(7, above("dmarc=pass", DKIM_PASS), ABOVE, PASSED, "no domain"),
    row(9, above("dmarc=pass header.from=UNIV.Example", DKIM_PASS), ABOVE, PASSED, "the domain in capitals"),
    row(9, above(f"dmarc=pass header.from={JEAN}", DKIM_PASS), ABOVE, PASSED, "a whole address"),
    row(8, above(*ALL_PASS), ABOVE, BAD, "a bad signature, although SPF passed"),
    row(8, above(DMARC_PASS, DKIM_BY_I), ABOVE, BAD, "named by header.i"),
    row(8, below(*ALL_PASS), BELOW, BAD, "below"),
    row(11, above(DMARC_PASS, DKIM_PASS), ABOVE, NO_SIGNATURE, "no signature that is enough"),
    row(9, above(*ALL_PASS), ABOVE, NO_SIGNATURE, "the same, but SPF passed"),
    row(9, above(DMARC_PASS, DKIM_BY_I), ABOVE, NO_SIGNATURE, "by header.i it may be the parent's"),
    row(9, above(DMARC_PASS, DKIM_FAIL, SPF_PASS), ABOVE, BAD, "the border saw that too, SPF carried it"),
    row(9, above(*ALL_PASS), ABOVE, PASSED, "checked again"),
    row(9, above(DMARC_PASS, SPF_PASS), ABOVE, UNCHECKED, "SPF only, above"),
    row(9, above(DMARC_PASS, DKIM_OF_PARENT), ABOVE, UNCHECKED, "a signature of the parent domain, above"),
    row(9, above(DMARC_PASS), ABOVE, UNCHECKED, "dmarc alone, above"),
    row(9, above(*ALL_PASS), ABOVE_NO_DNS, UNCHECKED, "no DNS, above"),
    row(9, below(*ALL_PASS), BELOW, PASSED, "below, checked again"),
    row(9, below(DMARC_PASS, SPF_PASS), BELOW_STRIPPED, UNCHECKED, "SPF only, below a border that strips"),
    row(9, below(*ALL_PASS), BELOW_STRIPPED_NO_DNS, UNCHECKED, "no DNS, below a border that strips"),
    row(11, below(DMARC_PASS, SPF_PASS), BELOW, NO_SIGNATURE, "SPF only, below"),
    row(11, below(*ALL_PASS), BELOW_NO_DNS, UNCHECKED, "no DNS, below"),
    row(11, below(*ALL_PASS), BELOW, NO_SIGNATURE, "below, exactly one, forged"),
    row(11, below(DMARC_PASS), BELOW, NO_SIGNATURE, "below, exactly one, forged in short"),
    row(10, above(DMARC_NONE, DKIM_PASS), ABOVE, PASSED, "dmarc=none"),
    row(10, above(DKIM_PASS), ABOVE, PASSED, "no dmarc at all"),
    row(10, above("dmarc=bestguesspass", DKIM_PASS), ABOVE, PASSED, "dmarc=bestguesspass"),
    row(10, above("dmarc=unknown", DKIM_BY_I), ABOVE, PASSED, "a word of Yahoo's"),
    row(10, above(DMARC_NONE, DKIM_PASS), ABOVE_NO_DNS, UNCHECKED, "no DNS, above"),
    row(10, below(DMARC_NONE, DKIM_PASS), BELOW, PASSED, "below, checked again"),
    row(12, above(DMARC_NONE, DKIM_PASS), STRICT, PASSED, "not accepted without dmarc"),
    row(11, above(DMARC_NONE, DKIM_PASS, SPF_PASS), STRICT, PASSED, "the same with SPF"),
    row(12, above(DMARC_NONE, DKIM_PASS), ABOVE, NO_SIGNATURE, "no signature"),
    row(12, above(DMARC_NONE, DKIM_PASS), ABOVE, BAD, "a bad signature"),
    row(12, below(DMARC_NONE, DKIM_PASS), BELOW_NO_DNS, UNCHECKED, "no DNS, below"),
    row(
        12,
        above(DMARC_NONE, DKIM_OF_PARENT),
        ABOVE,
        PASSED,
        "a signature of the parent, no dmarc to align it",
    ),
    row(12, above(DMARC_NONE, DKIM_OF_OTHER), ABOVE, PASSED, "a signature of another"),
    row(
        12,
        above(DMARC_NONE, f"dkim=pass header.d=relay.example header.i=@{DOMAIN}"),
        ABOVE,
        PASSED,
        "d= counts",
    ),
    row(12, above(DMARC_NONE, "dkim=pass"), ABOVE, PASSED, "a signature of nobody"),
    row(11, above(DMARC_NONE, SPF_PASS), ABOVE, UNCHECKED, "SPF alone"),
    row(11, above(f"spf=pass smtp.mailfrom={DOMAIN}"), ABOVE, UNCHECKED, "SPF alone, a bare domain"),
    row(12, above(DMARC_NONE, SPF_OF_OTHER), ABOVE, UNCHECKED, "SPF of another"),
    row(12, above(DMARC_NONE, f"spf=softfail smtp.mailfrom={JEAN}"), ABOVE, UNCHECKED, "SPF softfail"),
    row(12, above(DMARC_NONE, f"spf=pass smtp.helo={DOMAIN}"), ABOVE, UNCHECKED, "SPF of the greeting"),
    row(
        12,
        above("arc=pass", "compauth=pass", "auth=pass", "iprev=pass"),
        ABOVE,
        PASSED,
        "what counts as nothing",
    ),
]


@pytest.mark.parametrize(("raw", "trust", "dkim", "number"), TABLE)
def test_the_first_row_that_applies_gives_the_verdict(
    raw: bytes, trust: Trust, dkim: DkimCheck, number: int
) -> None:
    judgement = judged(raw, trust, dkim)

    assert judgement.row == number, judgement.reason
    assert judgement.verdict is ROWS[number]
    assert judgement.reason
    assert (judgement.sender is None) is (number == 2)


@pytest.mark.parametrize(
    "dkim", [UNCHECKED, NO_SIGNATURE, BAD, NO_DNS_ANSWER], ids=lambda dkim: dkim.outcome.value
)
@pytest.mark.parametrize("trust", [BELOW, BELOW_NO_DNS, BOTTOM], ids=["below", "below, no DNS", "bottom"])
@pytest.mark.parametrize("place", ["below", "last"])
def test_where_a_sender_can_write_nobody_passes_without_a_good_signature(
    place: str, trust: Trust, dkim: DkimCheck
) -> None:
    for found in (ALL_PASS, (DMARC_PASS, SPF_PASS), (DMARC_NONE, DKIM_PASS), (DMARC_PASS,)):
        raw = a_mail(below=[results(*found)]) if place == "below" else a_mail(last=[results(*found)])
        assert judged(raw, trust, dkim).verdict not in (Verdict.PASS, Verdict.PASS_DKIM)


def test_a_mail_over_a_cap_is_the_first_row() -> None:
    judgement = bomb("501 parts; the limit is 500")

    assert (judgement.verdict, judgement.row, judgement.sender) == (Verdict.BOMB, 1, None)


@pytest.mark.parametrize(
    ("raw", "trust", "needed"),
    [
        pytest.param(above(*ALL_PASS), ABOVE, True, id="a signature carries the pass"),
        pytest.param(above(DMARC_PASS, SPF_PASS), ABOVE, False, id="SPF carries it"),
        pytest.param(below(DMARC_PASS, SPF_PASS), BELOW, True, id="below, anything may be forged"),
        pytest.param(below(DMARC_PASS, SPF_PASS), BELOW_STRIPPED, False, id="below a border that strips"),
        pytest.param(above(*ALL_PASS), ABOVE_NO_DNS, False, id="switched off"),
        pytest.param(above(DMARC_NONE, DKIM_PASS), ABOVE, True, id="no dmarc"),
        pytest.param(above(DMARC_NONE, DKIM_PASS), STRICT, False, id="no dmarc, and not accepted without"),
        pytest.param(above(DMARC_NONE, SPF_PASS), ABOVE, False, id="no signature"),
        pytest.param(above(DMARC_FAIL, DKIM_PASS), ABOVE, False, id="a forgery"),
        pytest.param(above("dmarc=temperror", DKIM_PASS), ABOVE, False, id="temperror"),
        pytest.param(above("dmarc=pass header.from=x.example", DKIM_PASS), ABOVE, False, id="another domain"),
        pytest.param(a_mail(), ABOVE, False, id="no results"),
        pytest.param(a_mail(sender="x", above=[results(*ALL_PASS)]), ABOVE, False, id="malformed"),
    ],
)
def test_dns_is_asked_only_where_the_verdict_hangs_on_it(raw: bytes, trust: Trust, needed: bool) -> None:
    assert needs_dkim(evidence_of(raw, CAPS, trust), trust) is needed


@pytest.mark.parametrize(
    ("sender", "claims"),
    [
        pytest.param(f"Jean <{JEAN}>", (JEAN,), id="a plain From"),
        pytest.param(f'"admin@legitimate.example" <{JEAN}>', (JEAN,), id="a deceptive one"),
        pytest.param(
            f"Admin@Legitimate.example, {JEAN}", ("admin@legitimate.example", JEAN), id="two addresses"
        ),
        pytest.param("admin@legitimate.example\0@attack.example", ("admin@legitimate.example",), id="NUL"),
        pytest.param("nobody", (), id="none"),
        pytest.param(
            ",".join(f"a{i}@x.example" for i in range(12)),
            tuple(f"a{i}@x.example" for i in range(10)),
            id="more than ten",
        ),
    ],
)
def test_a_judgement_names_the_addresses_to_look_up(sender: str, claims: tuple[str, ...]) -> None:
    assert judged(a_mail(sender=sender, above=[results(*ALL_PASS)])).claims == claims


def test_a_broken_header_takes_away_the_sender_but_not_the_addresses_it_mentions() -> None:
    judgement = judged(a_mail(above=[results(*ALL_PASS)], more=["Subject: x"]))

    assert judgement.sender is None
    assert judgement.claims == (JEAN,)


FORGED = [results(*ALL_PASS), results(DKIM_PASS), received("mx.desk.example"), "X-Other: y"]


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(FORGED), max_size=5), st.lists(st.sampled_from(FORGED), max_size=5))
def test_no_lines_that_a_sender_can_write_prove_a_forgery(below_hop: list[str], more: list[str]) -> None:
    """Above, the border says fail; below, it wrote nothing; the signature is never the victim's."""
    mail = a_mail(above=[results(DMARC_FAIL)], below=below_hop, more=more)
    assert judged(mail, ABOVE, NO_SIGNATURE).verdict is Verdict.SPOOF

    mail = a_mail(below=below_hop, more=more)
    assert judged(mail, BELOW, NO_SIGNATURE).verdict not in (Verdict.PASS, Verdict.PASS_DKIM)
    assert judged(mail, ABOVE, NO_SIGNATURE).verdict is Verdict.NO_VERDICT


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([ABOVE, BELOW, M365, Trust()]))
def test_any_bytes_get_a_judgement(raw: bytes, trust: Trust) -> None:
    assert judged(raw, trust).reason
    assert judged(a_mail(above=[results(*ALL_PASS)])[:-40] + raw, trust).reason


def test_microsoft_counts_its_own_guess_as_nothing() -> None:
    border = "DU2PEPF00028D0D.mail.protection.outlook.com"
    guess = "Authentication-Results: spf=none; dkim=none; dmarc=none action=none; compauth=pass reason=109"

    assert judged(a_mail(border=border, hops=[], above=[guess]), M365).verdict is Verdict.UNAUTHENTICATED
