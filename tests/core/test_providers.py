"""The large providers, as border of a mailbox and as senders: genuine mail is believed, forged mail is not."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dkim
import pytest

from helpdesk.core.address import Sender
from helpdesk.core.dkimcheck import arrived_at, dkim_queries, recheck
from helpdesk.core.headers import read_headers
from helpdesk.core.mail import Caps
from helpdesk.core.trust import DkimOutcome, Placement, Profile, Trust
from helpdesk.core.verdict import Judgement, evidence_of, judge, needs_dkim
from helpdesk.core.verdicts import Verdict
from tests.core.dkimsigner import a_key, answers_for, record_of, signed

MAILS = Path(__file__).parent.parent / "mails" / "providers"
INDEX: dict[str, dict[str, Any]] = tomllib.loads((MAILS / "index.toml").read_text())
SENDERS = sorted(path.stem for path in (MAILS / "senders").glob("*.eml"))
NOW = int(
    datetime(2026, 11, 23, 8, 0, tzinfo=UTC).timestamp()
)  # the Monday after: some signatures lasted an hour
CAPS = Caps()
OUR_BORDER = Trust(
    authserv_ids=("mx.desk.example.net",),
    border_by=("mx.desk.example.net",),
    inner_by=("imap.desk.example.net",),
    placement=Placement.BELOW,
)


def as_on_the_wire(path: Path) -> bytes:
    return signed(path.read_bytes().replace(b"\n", b"\r\n"))


def trust_of(name: str) -> Trust:
    given = dict(INDEX[name]["trust"])
    given["placement"] = Placement(given["placement"])
    given["profile"] = Profile(given.get("profile", "rfc8601"))
    lists = {key: tuple(value) for key, value in given.items() if isinstance(value, list)}
    return Trust(**(given | lists))


def judged(raw: bytes, trust: Trust) -> Judgement:
    evidence = evidence_of(raw, CAPS, trust)
    if needs_dkim(evidence, trust):
        assert isinstance(evidence.sender, Sender)
        block, domain = read_headers(raw, CAPS), evidence.sender.domain
        answers = answers_for(dkim_queries(block, domain))
        check = recheck(raw, block, domain, answers, arrived_at(block, NOW))
        evidence = replace(evidence, dkim=check)
    return judge(evidence, trust)


@pytest.mark.parametrize("name", sorted(INDEX))
def test_genuine_mail_of_a_provider_is_believed(name: str) -> None:
    judgement = judged(as_on_the_wire(MAILS / f"{name}.eml"), trust_of(name))
    assert (judgement.verdict, judgement.sender is not None) == (INDEX[name]["verdict"], True), judgement


@pytest.mark.parametrize("name", sorted(INDEX))
def test_a_forgers_results_are_not_believed(name: str) -> None:
    judgement = judged(as_on_the_wire(MAILS / f"{name}-forged.eml"), trust_of(name))
    assert judgement.verdict == INDEX[name]["forged"], judgement
    assert judgement.verdict not in (Verdict.PASS, Verdict.PASS_DKIM)


@pytest.mark.parametrize("name", sorted(INDEX))
def test_no_mail_is_believed_with_the_settings_of_another_kind_of_border(name: str) -> None:
    raw = as_on_the_wire(MAILS / f"{name}.eml")
    other = Trust(authserv_ids=("mx.other.example",), border_by=("mx.other.example",))
    assert judged(raw, other).verdict is Verdict.UNTRUSTED_ROUTE


@pytest.mark.parametrize("name", SENDERS)
def test_a_learner_at_a_provider_is_believed(name: str) -> None:
    border = replace(OUR_BORDER, border_strips=True) if name == "ovh" else OUR_BORDER
    judgement = judged(as_on_the_wire(MAILS / "senders" / f"{name}.eml"), border)
    assert judgement.verdict is Verdict.PASS, judgement
    assert judgement.sender is not None
    assert judgement.sender.address == f"lea.martin@{name}.example.org"


@pytest.mark.parametrize("name", [name for name in SENDERS if name != "ovh"])
def test_a_providers_signature_verifies_here_as_it_does_with_dkimpy(name: str) -> None:
    raw = as_on_the_wire(MAILS / "senders" / f"{name}.eml")
    block = read_headers(raw, CAPS)
    domain = f"{name}.example.org"
    check = recheck(raw, block, domain, answers_for(dkim_queries(block, domain)), arrived_at(block, NOW))
    assert check.outcome is DkimOutcome.PASSED, check
    tampered = raw.replace(b"Mon chargeur", b"Mon argent")
    answers = answers_for(dkim_queries(block, domain))
    check = recheck(tampered, read_headers(tampered, CAPS), domain, answers, arrived_at(block, NOW))
    assert check.outcome is DkimOutcome.BAD


def test_ovh_signs_from_alone_which_proves_nothing_and_is_no_forgery() -> None:
    raw = as_on_the_wire(MAILS / "senders" / "ovh.eml")
    block = read_headers(raw, CAPS)
    answers = answers_for(dkim_queries(block, "ovh.example.org"))
    check = recheck(raw, block, "ovh.example.org", answers, NOW)
    assert (check.outcome, "Subject is not signed" in check.reason) == (DkimOutcome.NONE, True)
    assert judged(raw, OUR_BORDER).verdict is Verdict.WEAK
    assert dkim.verify(raw, dnsfunc=lambda name, timeout: record_of(a_key()))
