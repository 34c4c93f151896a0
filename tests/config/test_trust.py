"""By whose word a mailbox believes a sender: all of it is given, or nothing."""

from pathlib import Path

import pytest

from helpdesk.core.trust import Placement, Profile, Trust
from tests.config.made import MINIMAL, loaded, problems

TRUST = """
[imap.trust]
authserv_ids = ["mx.example.org"]
border_by = ["mx.example.org", "*.mail.protection.outlook.com", "2002:*"]
inner_by = ["dovecot.example.org"]
placement = "below"
border_strips = true
recheck_dkim = false
accept_without_dmarc = false
max_age_days = 7
"""


def test_trust_is_read_whole(tmp_path: Path) -> None:
    assert loaded(tmp_path, MINIMAL + TRUST).mailboxes[0].trust == Trust(
        authserv_ids=("mx.example.org",),
        border_by=("mx.example.org", "*.mail.protection.outlook.com", "2002:*"),
        inner_by=("dovecot.example.org",),
        placement=Placement.BELOW,
        profile=Profile.RFC8601,
        border_strips=True,
        recheck_dkim=False,
        accept_without_dmarc=False,
        max_age_days=7,
    )


@pytest.mark.parametrize(
    ("without", "problem"),
    [
        ("authserv_ids", "authserv_ids: missing, and border_by alone proves nobody; see `trust calibrate`"),
        ("border_by", "border_by: missing, and authserv_ids alone proves nobody; see `trust calibrate`"),
        ("placement", "placement: missing: a wrong guess lets forgeries in; see `trust calibrate`"),
    ],
)
def test_half_a_trust_is_refused(tmp_path: Path, without: str, problem: str) -> None:
    lines = [line for line in TRUST.splitlines() if not line.startswith(without)]
    assert problems(tmp_path, MINIMAL + "\n".join(lines)) == [f"FILE: [imap.trust] {problem}"]


def test_microsoft_365_writes_no_id_so_none_is_wanted(tmp_path: Path) -> None:
    text = (
        MINIMAL
        + '[imap.trust]\nprofile = "m365"\nplacement = "above"\nborder_by = ["*.protection.outlook.com"]'
    )
    assert loaded(tmp_path, text).mailboxes[0].trust.configured


@pytest.mark.parametrize("pattern", ["*", "xy*", "mx.example.*", "*.", "a b"])
def test_a_border_pattern_that_matches_too_much_or_never_is_refused(tmp_path: Path, pattern: str) -> None:
    text = MINIMAL + TRUST.replace('"mx.example.org", "*.mail', f'"{pattern}", "*.mail')
    assert len(problems(tmp_path, text)) == 1
