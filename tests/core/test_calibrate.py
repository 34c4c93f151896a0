"""Settings learned from mails: what is proposed for whom, and when nothing is."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.calibrate import MIN_MAILS, propose
from helpdesk.core.headers import read_headers
from helpdesk.core.hops import Hop, Way, Written, organisation_of, way_of
from helpdesk.core.hostpatterns import patterns_for
from helpdesk.core.mail import Caps
from helpdesk.core.trust import Placement, Profile, Trust
from tests.core.test_providers import INDEX, MAILS, SENDERS

# Who sends, and the host and address that hand the mail over.
STRANGERS = (
    ("atelier.example.org", "mx-out.atelier.example.org", "192.0.2.41"),
    ("lycee.example.com", "relay.lycee.example.com", "198.51.100.7"),
    ("ferme.example.net", "smtp7.ferme.example.net", "203.0.113.9"),
    ("mairie.example.fr", "out.mairie.example.fr", "203.0.113.77"),
    ("cfa.example.de", "mout.cfa.example.de", "198.51.100.99"),
)
# Hosts of which a provider has many, as they stand in the files.
NUMBERED = re.compile(
    r"(?<=phl-mx-)04|(?<=\bin)42|(?<=\bin)31|(?<=\bvr)25|(?<=\bout)43|(?<=R1PEPF00000)4|(?<=mailin)043|"
    r"(?<=qukt0502170)1|(?<=mx28)5(?=\.i)|(?<=10\.)197(?=\.37)|(?<=2002:a0)5(?=:6022)|(?<=MB890)1|(?<=slot)ai03"
)


def sent_by(name: str, stranger: int) -> bytes:
    """Return a provider's genuine mail as if another stranger had sent it through another of its hosts."""
    domain, host, address = STRANGERS[stranger]
    text = (MAILS / f"{name}.eml").read_text()
    text = text.replace("mx-out.atelier.example.org", "\0").replace("atelier.example.org", domain)
    text = NUMBERED.sub(str(stranger + 1), text.replace("\0", host).replace("192.0.2.41", address))
    return text.replace("\n", "\r\n").encode()


def some_of(name: str, strangers: Sequence[int] = range(5)) -> list[bytes]:
    return [sent_by(name, stranger) for stranger in strangers]


def a_mail(*fields: str, domain: str = "a.example") -> bytes:
    return "".join(f"{field}\r\n" for field in (*fields, f"From: x@{domain}", "Subject: s", "")).encode()


DAY = "Fri, 20 Nov 2026 10:00:00 +0000"
GENERAL = {
    "gmail": Trust(("mx.google.com",), ("mx.google.com",), ("2002:*",), Placement.BELOW),
    "yahoo": Trust(
        ("atlas-production.v2-mail-prod1-gq1.omega.yahoo.com",),
        ("10.*",),
        ("atlas-production.v2-mail-prod1-gq1.omega.yahoo.com",),
    ),
    "fastmail": Trust(
        ("phl-mx-*.messagingengine.com",),
        ("phl-mx-*.messagingengine.com",),
        ("slot*", "phl-compute-02.internal", "mailmx.phl.internal"),
        Placement.BELOW,
        border_strips=True,
    ),
    "mail-ru": Trust(("mxs.mail.ru",), ("mx*.i.mail.ru",), (), Placement.BOTTOM),
    "ovh": Trust(
        ("mx.mail.ovh.net",),
        ("in*.mail.ovh.net",),
        ("localhost", "192.168.9.40", "out*.mail.ovh.net", "vr*.mail.ovh.net"),
        Placement.BELOW,
    ),
    "gmx": Trust(("gmx.net",), ("mx-ha.gmx.net",)),
    "icloud": Trust(
        tuple(f"{one}.icloud.com" for one in ("arc", "bimi", "dkim-verifier", "dmarc", "spf")),
        ("st43p00im-qukt*.me.com",),
        ("p44-mailgateway-smtp-778464bd6-glqrh",),
        Placement.BELOW,
    ),
    "proton": Trust(("mail.protonmail.ch",), ("mailin*.protonmail.ch",), (), Placement.BELOW),
    "zoho": Trust(("mx.zohomail.com",), ("mx.zohomail.com",)),
    "postfix-opendmarc": Trust(("mx.desk.example.net",), ("mx.desk.example.net",)),
    "postfix-opendmarc-dovecot": Trust(
        ("mx.desk.example.net",), ("mx.desk.example.net",), ("imap.desk.example.net",)
    ),
    "postfix-rspamd-dovecot": Trust(
        ("mx.desk.example.net",), ("mx.desk.example.net",), ("imap.desk.example.net",), Placement.BELOW
    ),
}


@pytest.mark.parametrize("name", GENERAL)
def test_the_settings_of_a_provider_are_found_from_five_strangers_mails(name: str) -> None:
    proposal = propose(some_of(name))
    assert (proposal.trust, proposal.doubts, proposal.agreeing) == (GENERAL[name], (), 5)


@pytest.mark.parametrize("name", ["m365", "m365-names-the-tenant", "outlook-com"])
def test_microsoft_is_known_by_results_without_an_id(name: str) -> None:
    trust = propose(some_of(name)).trust
    assert trust is not None
    assert (trust.profile, trust.placement, trust.recheck_dkim) == (Profile.M365, Placement.ABOVE, False)
    assert trust.authserv_ids == ()
    assert all(pattern.endswith(".mail.protection.outlook.com") for pattern in trust.border_by)


@pytest.mark.parametrize("name", sorted(INDEX))
def test_every_providers_border_is_found(name: str) -> None:
    proposal = propose(some_of(name))
    assert (proposal.trust is not None, proposal.doubts) == (True, ()), proposal.doubts


def test_our_own_border_is_found_from_mails_of_the_large_providers() -> None:
    mails = [(MAILS / "senders" / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n") for name in SENDERS]
    assert propose(mails).trust == GENERAL["postfix-rspamd-dovecot"]


@pytest.mark.parametrize(
    ("mails", "doubt"),
    [
        pytest.param([], "0 mails; at least 3", id="nothing"),
        pytest.param(some_of("ovh", [0, 1]), "2 mails; at least 3", id="two mails"),
        pytest.param([b""] * 3, "different ways", id="empty mails"),
        pytest.param([b"\xff\0"] * 3, "different ways", id="no mails at all"),
        pytest.param(
            [a_mail(f"Received: from a.b.example (a.b.example [192.0.2.1]) by mx.desk.example; {DAY}")] * 3,
            "no mail has",
            id="a silent border",
        ),
        pytest.param(
            [a_mail(f"Received: from pc7 by mx.desk.example; {DAY}")] * 3,
            "no mail came from outside",
            id="mail among colleagues",
        ),
        pytest.param(
            [a_mail("Authentication-Results: mx.desk.example; none", f"Received: from pc7 by mx.desk.example; {DAY}")]
            * 3,
            "no mail came from outside",
            id="mail among colleagues, with results",
        ),
        pytest.param(
            [*some_of("ovh", [0, 1]), *some_of("gmail", [2, 3])], "different ways", id="two borders, half each"
        ),
        pytest.param(some_of("gmail", [0, 0, 0, 0]), "all mails are from example.org", id="one sender"),
        pytest.param(
            [mail.replace(b"mx-out.atelier", b"x.google").replace(b"relay.lycee.example.com", b"y.example.org")
             for mail in some_of("postfix-opendmarc", [0, 1, 0])],
            "handed over by example.org",
            id="one client",
        ),
    ],
)  # fmt: skip
def test_it_says_plainly_why_nothing_is_proposed(mails: list[bytes], doubt: str) -> None:
    proposal = propose(mails)
    assert len(proposal.doubts) == 1
    assert doubt in proposal.doubts[0]


def test_one_more_mail_makes_enough() -> None:
    assert propose(some_of("ovh", range(MIN_MAILS - 1))).trust is None
    assert propose(some_of("ovh", range(MIN_MAILS))).trust is not None


def test_a_few_mails_that_came_another_way_do_not_matter() -> None:
    odd = a_mail("Received: from localhost by localhost; x", "Authentication-Results: localhost; dmarc=pass")
    proposal = propose([*some_of("zoho"), odd])
    assert (proposal.trust, proposal.agreeing) == (GENERAL["zoho"], 5)
    assert any("1 of 6 mails" in note for note in proposal.notes)


def test_a_forger_among_the_senders_changes_nothing() -> None:
    forged = (MAILS / "postfix-rspamd-dovecot-forged.eml").read_bytes().replace(b"\n", b"\r\n")
    honest = some_of("postfix-rspamd-dovecot")
    assert propose([*honest, forged]).trust == GENERAL["postfix-rspamd-dovecot"]


def test_the_relay_that_most_senders_use_is_not_taken_for_the_border() -> None:
    # Eight in ten write from Free, whose relay then stands in the same place in most mails, and a forger has
    # put results above that line. The border itself writes below its own.
    free = (
        (MAILS / "senders" / "free.eml")
        .read_text()
        .replace("unknown [172.20.243.151]", "x.isp.example [203.0.113.5]")
    )
    others = [(MAILS / "senders" / f"{name}.eml").read_text() for name in ("gmx", "yahoo")]
    mails = [text.replace("\n", "\r\n").encode() for text in [free] * 8 + others]
    proposal = propose(mails)
    assert proposal.trust is not None
    assert proposal.trust.border_by == ("mx.desk.example.net",)
    assert proposal.trust.placement is Placement.BELOW


def test_one_senders_word_that_mail_came_in_further_down_is_not_enough() -> None:
    def mail(domain: str, further_down: str) -> bytes:
        return a_mail(
            f"Received: from out.{domain} ([192.0.2.1]) by mx.desk.example.net; d",
            "Authentication-Results: checker.example.com; dmarc=pass header.from=x.example",
            f"Received: {further_down}by relay.example.org; d",
            domain=domain,
        )

    mails = [mail(f"firm{number}.example", "") for number in range(4)]
    forged = mail("forger.example", "from out.forger.example ([198.51.100.66]) ")
    trust = propose([*mails, forged]).trust
    assert trust is not None
    assert trust.border_by == ("mx.desk.example.net",)


def test_a_border_with_another_name_than_its_results_is_doubted() -> None:
    mails = [mail.replace(b"Results: mx.desk.example.net", b"Results: checker.example.com")
             for mail in some_of("postfix-opendmarc")]  # fmt: skip
    proposal = propose(mails)
    assert proposal.trust == replace(GENERAL["postfix-opendmarc"], authserv_ids=("checker.example.com",))
    assert "does not bear the name" in proposal.doubts[0]


def test_a_place_where_senders_can_write_is_noted() -> None:
    assert any("a sender can write" in note for note in propose(some_of("gmail")).notes)
    assert not any("a sender can write" in note for note in propose(some_of("zoho")).notes)


@given(st.lists(st.binary(max_size=200), max_size=6))
def test_no_bytes_make_it_raise(mails: list[bytes]) -> None:
    propose(mails)


@pytest.mark.parametrize(
    ("names", "least", "patterns"),
    [
        pytest.param([], 1, None, id="none"),
        pytest.param(["a.b.example"], 1, ("a.b.example",), id="one"),
        pytest.param(["a.b.example"] * 4 + ["x.y"], 4, ("a.b.example",), id="one and a stranger"),
        pytest.param(["a.b.example"] * 4 + ["x.y"], 5, None, id="a stranger too many"),
        pytest.param(["mx1.b.example", "mx2.b.example"] * 2, 4, ("mx1.b.example", "mx2.b.example"), id="two twice"),
        pytest.param(["mx1.b.example", "mx2.b.example", "mx2.b.example"], 3, ("mx*.b.example",), id="two, one once"),
        pytest.param(["in42.m.example.net", "in7.m.example.net"], 2, ("in*.m.example.net",), id="a common beginning"),
        pytest.param(["a.m.example.net", "b.m.example.net"], 2, ("*.m.example.net",), id="no common beginning"),
        pytest.param(["a.example.net", "b.c.example.net"], 2, ("*.example.net",), id="of different depth"),
        pytest.param(["a.co.uk", "b.co.uk"], 2, None, id="two firms of one country"),
        pytest.param(["a.x.co.uk", "b.x.co.uk"], 2, ("*.x.co.uk",), id="one firm of that country"),
        pytest.param(["10.1.2.3", "10.9.2.3"], 2, ("10.*",), id="addresses"),
        pytest.param(["10.1.2.3", "192.168.2.3"], 2, None, id="addresses of two networks"),
        pytest.param(["2002:a05:1::1", "2002:a06::1"], 2, ("2002:*",), id="new addresses"),
        pytest.param(["sloti36n09", "slotai03m05"], 2, ("slot*",), id="names without a domain"),
        pytest.param(["ab1", "ac2"], 2, None, id="names with nothing in common"),
    ],
)  # fmt: skip
def test_patterns_are_as_narrow_as_the_names_allow(
    names: list[str], least: int, patterns: tuple[str, ...] | None
) -> None:
    assert patterns_for(names, least) == patterns


@pytest.mark.parametrize(
    ("received", "hop"),
    [
        pytest.param("from a.b.example (x.c.example [192.0.2.1]) by mx.d.example; d",
                     Hop("mx.d.example", "x.c.example", True), id="a stranger"),
        pytest.param("from a.b.example (unknown [192.0.2.1]) by mx.d.example; d",
                     Hop("mx.d.example", "a.b.example", True), id="a stranger without a name"),
        pytest.param("from a.d.example (a.d.example [192.0.2.1]) by mx.d.example; d",
                     Hop("mx.d.example", "a.d.example", False), id="the same organisation"),
        pytest.param("from a.b.example (a.b.example [10.1.2.3]) by mx.d.example; d",
                     Hop("mx.d.example", "a.b.example", False), id="a private address"),
        pytest.param("from x ([IPv6:2001:db8::1]) by mx.d.example; d",
                     Hop("mx.d.example", "x", True), id="a new address"),
        pytest.param("from 192.0.2.1 (EHLO a.b.example) by 10.1.2.3 with SMTPs; d",
                     Hop("10.1.2.3", "192.0.2.1", True), id="an address for a name"),
        pytest.param("from a.b.example ([192.0.2.1]) by mx.d.example (mx103 [212.227.17.5]); d",
                     Hop("mx.d.example", "a.b.example", True), id="the border's own address comes later"),
        pytest.param("from phl-mx-04 by c.internal; d", Hop("c.internal", "phl-mx-04", False), id="a bare name"),
        pytest.param("by mx.d.example with SMTP; d", Hop("mx.d.example", "", False), id="no client"),
        pytest.param("(qmail 1 invoked by uid 5); d", Hop(None, "", False), id="no host"),
        pytest.param("from x.outlook.com (2603:10a6:d10:96::7) by y.office365.com; d",
                     Hop("y.office365.com", "x.outlook.com", False), id="one organisation of two names"),
    ],
)  # fmt: skip
def test_a_hop_says_who_took_the_mail_and_whether_it_came_from_outside(received: str, hop: Hop) -> None:
    assert way_of(read_headers(a_mail(f"Received: {received}"), Caps())).hops == (hop,)


def test_a_way_says_between_which_hops_results_stand() -> None:
    raw = a_mail(
        "Authentication-Results: a.example; none",
        "Received: by a.example; d",
        "Authentication-Results: spf=pass",
        "Authentication-Results: (",
    ).replace(b"Subject: s\r\n", b"Subject: s\r\nAuthentication-Results: z.example; none\r\nX-Y: z\r\n")
    assert way_of(read_headers(raw, Caps())) == Way(
        (Hop("a.example", "", False),),
        (
            Written(0, "a.example", False),
            Written(1, "", False),
            Written(1, None, False),
            Written(1, "z.example", True),
        ),
    )


@pytest.mark.parametrize(
    ("host", "organisation"),
    [
        pytest.param("mx.a.example", "a.example", id="two labels"),
        pytest.param("a.b.c.co.uk", "c.co.uk", id="three labels"),
        pytest.param("co.uk", "co.uk", id="too short for three"),
        pytest.param("MX.A.Example.", "a.example", id="capitals and a final dot"),
        pytest.param("localhost", "localhost", id="one label"),
        pytest.param("192.0.2.1", "192.0.2.1", id="an address"),
        pytest.param("st43.me.com", "icloud.com", id="a second name"),
    ],
)
def test_an_organisation_is_told_by_the_end_of_a_host_name(host: str, organisation: str) -> None:
    assert organisation_of(host) == organisation
