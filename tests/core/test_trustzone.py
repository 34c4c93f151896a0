"""Only what our own border wrote is believed, and only where it writes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.headers import Field, HeaderBlock, read_headers
from helpdesk.core.trust import Trust
from helpdesk.core.trustzone import Untrusted, Zone, by_host, matches, received_at, zone_of
from tests.core.makers import (
    ABOVE,
    BELOW,
    BELOW_STRIPPED,
    BORDER,
    BOTTOM,
    CAPS,
    DMARC_PASS,
    INNER,
    M365,
    SPF_PASS,
    a_mail,
    received,
    results,
)

OURS = results(DMARC_PASS)
OTHER = results(DMARC_PASS, by="mx.elsewhere.example")
MICROSOFT = "Authentication-Results: dmarc=pass action=none header.from=univ.example"
EDGE = "DU2PEPF00028D0D.mail.protection.outlook.com"


def zone(raw: bytes, trust: Trust) -> Zone | Untrusted:
    return zone_of(read_headers(raw, CAPS), trust)


def count_in(raw: bytes, trust: Trust) -> int:
    found = zone(raw, trust)
    assert isinstance(found, Zone), found
    return len(found.results)


@pytest.mark.parametrize(
    ("raw", "trust", "count"),
    [
        pytest.param(a_mail(above=[OURS]), ABOVE, 1, id="above, where it should be"),
        pytest.param(a_mail(above=[OURS, results(SPF_PASS)]), ABOVE, 2, id="above, split"),
        pytest.param(a_mail(above=[OTHER, OURS]), ABOVE, 1, id="above, another's beside it"),
        pytest.param(a_mail(above=["X-Spam: no", OURS, "X-Other: y"]), ABOVE, 1, id="above, among others"),
        pytest.param(a_mail(below=[OURS]), ABOVE, 0, id="above, but written below"),
        pytest.param(a_mail(more=[OURS]), ABOVE, 0, id="above, but written by the sender"),
        pytest.param(a_mail(below=[OURS]), BELOW, 1, id="below, where it should be"),
        pytest.param(
            a_mail(below=["Received-SPF: pass", "ARC-Seal: i=1", OURS]), BELOW, 1, id="below, in a run"
        ),
        pytest.param(a_mail(below=["X-Rspamd-Queue-Id: 4", OURS]), BELOW, 1, id="below, after rspamd's own"),
        pytest.param(a_mail(below=[OURS, "X-Other: y", OURS]), BELOW, 1, id="below, a second after the run"),
        pytest.param(a_mail(below=["X-Other: y", OURS]), BELOW, 0, id="below, but the run has ended"),
        pytest.param(a_mail(below=[OTHER, OURS]), BELOW, 1, id="below, another's beside it"),
        pytest.param(a_mail(above=[OURS]), BELOW, 0, id="below, but written above"),
        pytest.param(a_mail(more=[OURS]), BELOW, 0, id="below, but after the next hop"),
        pytest.param(
            a_mail(below=["X-Other: y", OURS, OURS]), BELOW_STRIPPED, 2, id="stripped: all to the next hop"
        ),
        pytest.param(a_mail(more=[OURS]), BELOW_STRIPPED, 0, id="stripped, but after the next hop"),
        pytest.param(a_mail(below=[OURS, results(SPF_PASS)]), BELOW, 2, id="below, one verdict in parts"),
        pytest.param(a_mail(last=[OURS]), BOTTOM, 1, id="bottom, where it should be"),
        pytest.param(a_mail(last=["X-A: 1", OURS, "X-B: 2"]), BOTTOM, 1, id="bottom, among X- fields"),
        pytest.param(
            a_mail(last=[OURS, "List-Id: x"]), BOTTOM, 0, id="bottom, but another field ends the header"
        ),
        pytest.param(a_mail(more=[OURS]), BOTTOM, 0, id="bottom, but written before From"),
        pytest.param(a_mail(hops=[], above=[OURS]), ABOVE, 1, id="no inner hop"),
        pytest.param(a_mail(hops=[INNER, INNER], above=[OURS]), ABOVE, 1, id="two inner hops"),
        pytest.param(a_mail(above=[OURS.upper()]), ABOVE, 1, id="in capitals"),
        pytest.param(a_mail(border=EDGE, hops=[], above=[MICROSOFT]), M365, 1, id="Microsoft 365"),
        pytest.param(
            a_mail(border=EDGE, hops=[], above=[OURS]), M365, 0, id="Microsoft 365, a field with an id"
        ),
    ],
)
def test_the_zone_holds_our_results_and_no_others(raw: bytes, trust: Trust, count: int) -> None:
    assert count_in(raw, trust) == count


@pytest.mark.parametrize(
    ("raw", "trust", "reason"),
    [
        pytest.param(a_mail(above=[OURS]), Trust(), "the settings name no border", id="nothing configured"),
        pytest.param(a_mail(above=[OURS]), Trust(border_by=(BORDER,)), "name no border", id="no authserv-id"),
        pytest.param(
            a_mail(above=[OURS]), Trust(authserv_ids=(BORDER,)), "name no border", id="no border host"
        ),
        pytest.param(
            a_mail(above=[OURS]), replace(M365, border_by=()), "name no border", id="Microsoft, no border"
        ),
        pytest.param(
            a_mail(hops=["mx.attack.example"], above=[OURS]),
            ABOVE,
            "hop 1 from the top is mx.attack.example, which is not known here",
            id="an unknown hop on top",
        ),
        pytest.param(
            a_mail(hops=[INNER, "imap2.desk.example"], above=[OURS]),
            ABOVE,
            "hop 2 from the top is imap2.desk.example, which is not known here",
            id="an unknown hop in the middle",
        ),
        pytest.param(
            a_mail(border=INNER, hops=[]), ABOVE, "hop 2 from the top is mail.univ.example", id="no border"
        ),
        pytest.param(
            b"From: a@b.example\r\n\r\n", ABOVE, "no Received line of the border", id="no hop at all"
        ),
        pytest.param(
            b"Received: (qmail 81728 invoked by uid 89); 2 Sep 2026 09:43:51 -0000\r\n" + a_mail(),
            ABOVE,
            "hop 1 from the top does not plainly say who received the mail",
            id="a hop without by",
        ),
        pytest.param(
            a_mail(below=[OURS, OURS]),
            BELOW,
            "2 Authentication-Results where mx.desk.example writes one",
            id="two below",
        ),
        pytest.param(a_mail(last=[OURS, OURS]), BOTTOM, "2 Authentication-Results", id="two at the bottom"),
        pytest.param(
            a_mail(below=[OURS, "Authentication-Results: (never closed"]),
            BELOW,
            "2 Authentication-Results",
            id="one of them unreadable",
        ),
        pytest.param(
            a_mail(border=EDGE, hops=[], above=[MICROSOFT, MICROSOFT]),
            M365,
            "2 Authentication-Results",
            id="two of Microsoft",
        ),
    ],
)
def test_a_mail_that_came_another_way_is_not_trusted(raw: bytes, trust: Trust, reason: str) -> None:
    found = zone(raw, trust)

    assert isinstance(found, Untrusted)
    assert reason in found.reason


def test_a_forged_border_hop_further_down_does_not_move_the_zone() -> None:
    forged = [OURS, received(BORDER)]

    assert count_in(a_mail(below=forged), ABOVE) == 0
    assert count_in(a_mail(more=forged), ABOVE) == 0


def test_a_client_cannot_name_itself_so_that_the_border_looks_like_an_inner_hop() -> None:
    named = f"x by {INNER}"
    raw = a_mail(above=[], below=[OURS, received(BORDER)]).replace(
        received(BORDER).encode(), received(BORDER, named).encode(), 1
    )

    assert zone(raw, ABOVE) == Untrusted("hop 2 from the top does not plainly say who received the mail")


@pytest.mark.parametrize(
    ("value", "host"),
    [
        pytest.param(
            "from a (b [192.0.2.1])\r\n\tby MX.desk.example (Postfix) with ESMTPS id 1; date",
            "mx.desk.example",
            id="Postfix",
        ),
        pytest.param(
            "by 2002:a17:906:4cd6:b0:a91 with SMTP id q22; date", "2002:a17:906:4cd6:b0:a91", id="Gmail"
        ),
        pytest.param("by 10.31.3.33 with SMTP id q22; date", "10.31.3.33", id="an address"),
        pytest.param(
            "from a (LHLO\r\n b) (172.20.243.166) by\r\n z.proxad.net with LMTP; date",
            "z.proxad.net",
            id="Zimbra",
        ),
        pytest.param(
            "from a ([192.0.2.1])\r\n\tby mx1.free.fr (MXproxy) for x@free.fr ;\r\n\tdate",
            "mx1.free.fr",
            id="Free",
        ),
        pytest.param(
            'from x (x [192.0.2.1]:5 "EHLO x" rhost-flags-OK) by vger.kernel.org\r\n with ESMTP; d',
            "vger.kernel.org",
            id="quotes in a comment",
        ),
        pytest.param(
            "from [192.0.2.1] (port=5 helo=x) by mx5.mail.ru with local (Exim (4.9 (x))) id 1; date",
            "mx5.mail.ru",
            id="Exim",
        ),
        pytest.param(
            "from a by mx.b.example. (x [192.0.2.1]) with ESMTP",
            "mx.b.example",
            id="a dot at the end, no date",
        ),
        pytest.param(
            "from a by p00-icloudmta-smtpin-2a (Postfix) id 1", "p00-icloudmta-smtpin-2a", id="no dots"
        ),
        pytest.param("from a by [192.0.2.9] with SMTP; date", "[192.0.2.9]", id="a literal"),
        pytest.param("from a (with\\) by x) by mx.example id 1", "mx.example", id="an escaped bracket"),
        pytest.param("FROM a BY mx.example", "mx.example", id="capitals"),
        pytest.param("from by by mx.example", None, id="by twice"),
        pytest.param("from a by x.example by mx.example", None, id="two hosts"),
        pytest.param("from a (b by mx.example", None, id="a comment never closed"),
        pytest.param("from a) by mx.example", None, id="a comment never opened"),
        pytest.param("from a (((by x))) by mx.example; d", "mx.example", id="comments three deep"),
        pytest.param("from a ((((b)))) by mx.example; d", None, id="comments four deep"),
        pytest.param("from a; by mx.example", None, id="by after the semicolon"),
        pytest.param("with SMTP by mx.example", None, id="begins with neither from nor by"),
        pytest.param("from a by", None, id="nothing after by"),
        pytest.param("from a by mx,example; d", None, id="no host after by"),
        pytest.param("from a by é.example; d", None, id="not ASCII"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_receiving_host_is_read_strictly(value: str, host: str | None) -> None:
    assert by_host(value.encode()) == host


@pytest.mark.parametrize(
    ("value", "day"),
    [
        pytest.param("from a by mx.example; Fri, 20 Nov 2026 10:00:01 +0100 (CET)", 20, id="as it should be"),
        pytest.param("by mx.example\r\n\t;\r\n\tFri, 20 Nov 2026 10:00:01 +0100", 20, id="folded"),
        pytest.param("from a (x; y) by mx.example; 20 Nov 2026 10:00:01 +0100", 20, id="one in a comment"),
        pytest.param("from a by mx.example", None, id="no date"),
        pytest.param("from a by mx.example; soon", None, id="no date that can be read"),
        pytest.param(
            'by mx.example for <"d+; Thu, 1 Jan 2026 00:00:00 +0000 "@x>; Fri, 20 Nov 2026 10:00:01 +0100',
            None,
            id="two, one of them the recipient's",
        ),
        pytest.param("from a (b by mx.example; 20 Nov 2026 10:00:01 +0100)", None, id="all in a comment"),
    ],
)
def test_the_date_of_a_hop_is_read_strictly(value: str, day: int | None) -> None:
    found = received_at(value.encode())
    assert (found and found.day) == day


def test_the_zone_tells_when_the_border_took_the_mail_and_asks_no_other_hop() -> None:
    of_hops = "Fri, 20 Nov 2026 10:00:01 +0100"
    before, border, rest = a_mail(above=[OURS], hops=[]).decode().split(of_hops)
    raw = f"{received(INNER)}\r\n{before}Mon, 16 Nov 2026 08:00:00 +0000{border}{of_hops}{rest}"
    found = zone(raw.encode(), ABOVE)
    assert isinstance(found, Zone)
    assert found.received_at == datetime(2026, 11, 16, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "pattern", "fits"),
    [
        pytest.param("mx.example", "mx.example", True, id="the same"),
        pytest.param("mx.example", "MX.Example", True, id="a pattern in capitals"),
        pytest.param("mx.example.attack.example", "mx.example", False, id="longer"),
        pytest.param("a.mail.example", "*.mail.example", True, id="a host below"),
        pytest.param("mail.example", "*.mail.example", False, id="the domain itself"),
        pytest.param("amail.example", "*.mail.example", False, id="no dot between"),
        pytest.param("a.mail.example.attack.example", "*.mail.example", False, id="more behind"),
        pytest.param("2002:a17::1", "2002:*", True, id="an address that begins so"),
        pytest.param("2003:a17::1", "2002:*", False, id="another address"),
        pytest.param("in31.mail.ovh.net", "in*.mail.ovh.net", True, id="a number inside"),
        pytest.param("in.mail.ovh.net", "in*.mail.ovh.net", True, id="nothing inside"),
        pytest.param("p00-icloudmta-smtpin-a-1", "p*-icloudmta-smtpin-*", True, id="two stars"),
        pytest.param("p00-smtpin-a-1", "p*-icloudmta-smtpin-*", False, id="the middle is missing"),
        pytest.param("ab", "ab*ab", False, id="head and tail do not share letters"),
        pytest.param("aba", "a*b*b*a", False, id="a part is not used twice"),
    ],
)
def test_a_star_stands_for_any_characters(name: str, pattern: str, fits: bool) -> None:
    assert matches(name, (pattern,)) is fits


PARTS = st.sampled_from(
    [
        "from ",
        "by ",
        " by mx.desk.example",
        "(",
        ")",
        ";",
        "\\",
        '"',
        "\r\n ",
        "x",
        " ",
        "imap.desk.example",
        "é",
    ]
)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["received", "authentication-results"]), st.lists(PARTS, max_size=8)))
)
def test_any_fields_give_a_zone_or_a_reason(fields: list[tuple[str, list[str]]]) -> None:
    block = HeaderBlock(tuple(Field(name, "".join(parts).encode()) for name, parts in fields), 0)

    for trust in (ABOVE, BELOW, BELOW_STRIPPED, M365):
        found = zone_of(block, trust)
        assert isinstance(found, Zone) or found.reason


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("(" * 65536, id="brackets"),
        pytest.param("()" * 32768, id="comments"),
        pytest.param("(\\" * 32768, id="escapes"),
        pytest.param("from " * 13107, id="words"),
        pytest.param("by " * 21845, id="by"),
        pytest.param("\r\n " * 21845, id="folds"),
    ],
)
def test_hostile_received_lines_of_64_kib_name_no_host(value: str) -> None:
    assert by_host(value.encode()) is None
