"""By which route mail came, and when that is another one than before."""

from collections.abc import Sequence

import pytest

from helpdesk.core.routes import remembered_route, route_changed, route_of
from helpdesk.core.verdict import evidence_of, judge
from tests.core.makers import (
    ABOVE_NO_DNS,
    CAPS,
    DKIM_PASS,
    DMARC_FAIL,
    DMARC_PASS,
    SPF_PASS,
    a_mail,
    results,
)

SIGNED = f"{DKIM_PASS} header.s=Mail2026"
OTHER_DOMAIN = "dkim=pass header.d=news.example header.s=s1"


@pytest.mark.parametrize(
    ("says", "route"),
    [
        pytest.param((DMARC_PASS, SIGNED, SPF_PASS), "dkim=mail2026 spf=univ.example", id="both"),
        pytest.param((DMARC_PASS, DKIM_PASS), "dkim=?", id="a border that names no selector"),
        pytest.param((DMARC_PASS, OTHER_DOMAIN, SIGNED), "dkim=mail2026", id="whoever else has signed"),
        pytest.param((DMARC_PASS, SPF_PASS), "spf=univ.example", id="spf alone"),
        pytest.param((DMARC_PASS, "spf=fail smtp.mailfrom=x.example"), "", id="a failed result is no route"),
        pytest.param((DMARC_FAIL, SIGNED, SPF_PASS), "", id="not proven"),
    ],
)
def test_the_route_is_what_the_border_vouched_for(says: Sequence[str], route: str) -> None:
    evidence = evidence_of(a_mail(above=[results(*says)]), CAPS, ABOVE_NO_DNS)
    assert route_of(evidence, judge(evidence, ABOVE_NO_DNS)) == route


@pytest.mark.parametrize(
    ("before", "route", "changed", "remembered"),
    [
        pytest.param("", "dkim=a spf=x", False, "dkim=a spf=x", id="first sight is no change"),
        pytest.param("dkim=a spf=x", "dkim=a spf=x", False, "dkim=a spf=x", id="the same"),
        pytest.param("dkim=a spf=x", "dkim=b spf=x", True, "dkim=b spf=x", id="another signature"),
        pytest.param("dkim=a spf=x", "spf=x", True, "spf=x", id="no signature any more"),
        pytest.param("dkim=a spf=x", "dkim=a", False, "dkim=a spf=x", id="spf failed once"),
        pytest.param("dkim=a spf=x", "dkim=a spf=y", True, "dkim=a spf=y", id="another sending domain"),
        pytest.param("spf=x", "dkim=a spf=x", False, "dkim=a spf=x", id="signed from now on"),
        pytest.param("dkim=a", "", False, "dkim=a", id="nothing is known of this one"),
    ],
)
def test_another_route_is_one_that_contradicts_what_is_remembered(
    before: str, route: str, changed: bool, remembered: str
) -> None:
    assert route_changed(before, route) is changed
    assert remembered_route(before, route) == remembered
