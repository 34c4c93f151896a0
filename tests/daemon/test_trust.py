"""`trust calibrate` and `trust explain`: what they say, what they write, and what they leave alone."""

import io
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daemon.evidence import judged
from daemon.trust import calibrate, explain
from daemon.trustfile import TrustNotWritten, settings_of, with_settings, write_settings
from helpdesk.core.calibrate import propose
from helpdesk.core.dkimcheck import NO_ANSWER, TxtAnswer
from helpdesk.core.mail import Caps
from helpdesk.core.trust import Placement, Trust
from helpdesk.core.verdicts import Verdict
from tests.core.dkimsigner import answers_for
from tests.core.test_calibrate import GENERAL, some_of
from tests.core.test_providers import MAILS, NOW, OUR_BORDER, as_on_the_wire, trust_of

CAPS = Caps()
TODAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NEW = {"border_by": ["mx.a.example"], "placement": "below", "border_strips": False}
TEMPLATE = Path(__file__).parent.parent.parent / "helpdesk" / "config" / "template.toml"


class FixedLookups:
    """Stands for TxtLookups: every name holds the key of the test, or there is no answer."""

    def __init__(self, known: bool = True) -> None:
        self._known = known
        self.asked: list[str] = []

    def answers_for(self, names: Iterable[str]) -> dict[str, TxtAnswer]:
        asked = tuple(names)
        self.asked += asked
        return dict(answers_for(asked)) if self._known else dict.fromkeys(asked, NO_ANSWER)


def said_by_calibrate(
    raws: list[bytes], current: Trust, write_to: Path | None, answer: bool
) -> tuple[int, str]:
    out = io.StringIO()
    status = calibrate(raws, current, write_to, lambda question: answer, out)
    return status, out.getvalue()


def said_by_explain(name: str, trust: Trust | None = None, lookups: FixedLookups | None = None) -> str:
    out = io.StringIO()
    raw = as_on_the_wire(MAILS / f"{name}.eml")
    used = trust or trust_of(name.removesuffix("-forged"))
    assert explain(raw, used, CAPS, lookups, TODAY, out) == 0
    return out.getvalue()


def test_calibration_shows_the_ways_and_the_table() -> None:
    status, said = said_by_calibrate(some_of("ovh"), Trust(), None, True)
    assert status == 0
    assert "1 atelier.example.org: localhost 192.168.9.40 out1.mail.ovh.net" in said
    assert "in1.mail.ovh.net >> {mx.mail.ovh.net}" in said
    table = said[said.index("[imap.trust]") : said.index("Note:")]
    assert tomllib.loads(table)["imap"]["trust"] == settings_of(GENERAL["ovh"])


def test_calibration_reads_files_as_they_are_stored() -> None:
    stored = [raw.replace(b"\r\n", b"\n") for raw in some_of("zoho")]
    assert said_by_calibrate(stored, Trust(), None, True)[0] == 0


@pytest.mark.parametrize(
    ("raws", "text"),
    [
        pytest.param(some_of("ovh", [0, 1]), "Not proposed: 2 mails", id="too few"),
        pytest.param(some_of("ovh", [0, 0, 0]), "could have written these lines", id="one sender"),
    ],
)
def test_doubtful_settings_are_never_written(raws: list[bytes], text: str, tmp_path: Path) -> None:
    path = tmp_path / "helpdesk.toml"
    path.write_text("[imap]\n")
    status, said = said_by_calibrate(raws, Trust(), path, True)
    assert (status, text in said, path.read_text()) == (1, True, "[imap]\n")


def test_nothing_is_asked_where_the_settings_are_right_already(tmp_path: Path) -> None:
    status, said = said_by_calibrate(some_of("zoho"), GENERAL["zoho"], tmp_path / "none.toml", True)
    assert (status, "the settings you have" in said) == (0, True)


@pytest.mark.parametrize(
    ("answer", "status", "written"),
    [pytest.param(True, 0, True, id="yes"), pytest.param(False, 0, False, id="no")],
)
def test_settings_are_written_only_after_a_yes(
    answer: bool, status: int, written: bool, tmp_path: Path
) -> None:
    path = tmp_path / "helpdesk.toml"
    path.write_bytes(TEMPLATE.read_bytes())
    assert said_by_calibrate(some_of("zoho"), Trust(), path, answer)[0] == status
    assert (path.read_bytes() != TEMPLATE.read_bytes()) == written
    assert (tmp_path / "helpdesk.toml.bak").exists() == written


def test_a_file_that_cannot_be_changed_is_a_failure_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "helpdesk.toml"
    path.write_text('[[imap]]\nname = "other"\n')
    status, said = said_by_calibrate(some_of("zoho"), Trust(), path, True)
    assert (status, "there is no [imap] called main; there are: other" in said) == (1, True)
    assert said_by_calibrate(some_of("zoho"), Trust(), tmp_path / "none", True)[0] == 1


def test_settings_that_the_daemon_would_refuse_are_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "helpdesk.toml"
    path.write_bytes(TEMPLATE.read_bytes())
    too_wide = replace(propose(some_of("zoho")), trust=replace(GENERAL["zoho"], border_by=("*",)))
    monkeypatch.setattr("daemon.trust.propose", lambda raws: too_wide)
    status, said = said_by_calibrate(some_of("zoho"), Trust(), path, True)
    assert (status, "border_by" in said, path.read_bytes()) == (1, True, TEMPLATE.read_bytes())


BASE = 'a = 1\n\n[imap]\nhost = "x" # c\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            BASE + "\n[smtp]\n",
            BASE
            + '\n[imap.trust]\nborder_by = ["mx.a.example"]\nplacement = "below"\nborder_strips = false\n\n[smtp]\n',
            id="a table that is missing",
        ),
        pytest.param(
            BASE
            + "[imap.trust]  # why\n#border_by = []\nplacement = 'above' # x\nother = 1\n\n# about\n[smtp]\n",
            BASE
            + '[imap.trust]  # why\n#border_by = []\nborder_by = ["mx.a.example"]\nplacement = "below"\nother = 1\n'
            + "border_strips = false\n\n# about\n[smtp]\n",
            id="replaced, under its comment, at the end",
        ),
        pytest.param(
            BASE + '[imap.trust]\nborder_by = [\n  "b", # one\n  "c",\n]\nplacement = "above"\n',
            BASE + '[imap.trust]\nborder_by = ["mx.a.example"]\nplacement = "below"\nborder_strips = false\n',
            id="a list over several lines",
        ),
        pytest.param(
            "[imap]\r\n[imap.trust]\r\nplacement = 'above'\r\n",
            '[imap]\r\n[imap.trust]\r\nplacement = "below"\r\nborder_by = ["mx.a.example"]\r\n'
            "border_strips = false\r\n",
            id="line ends of another system",
        ),
    ],
)
def test_one_table_is_changed_and_all_else_stays_byte_for_byte(before: str, after: str) -> None:
    assert with_settings(before, "main", NEW) == after


def test_of_several_mailboxes_the_one_that_was_meant_is_changed() -> None:
    one = '[[imap]]\nname = "a"\n[imap.trust]\nplacement = "above"\n'
    two = '[[imap]]\nname = "b"\n[imap.trust]\nplacement = "above"\n'
    changed = with_settings(one + two, "b", {"placement": "below"})
    assert changed == one + two.replace("above", "below")


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        pytest.param("[imap\n", "main", id="no TOML"),
        pytest.param("[smtp]\n", "main", id="no mailbox"),
        pytest.param("[imap]\n", "other", id="another mailbox"),
        pytest.param("imap = { host = 'x' }\n", "main", id="a table in one line"),
        pytest.param("[imap]\ntrust = { placement = 'above' }\n", "main", id="trust in one line"),
        pytest.param("[imap]\ntrust.placement = 'above'\n", "main", id="dotted"),
        pytest.param('x = """\n[imap]\n"""\n[imap]\n[imap.trust]\n', "main", id="a table inside a text"),
    ],
)
def test_a_layout_that_cannot_be_changed_safely_is_refused(text: str, mailbox: str) -> None:
    with pytest.raises(TrustNotWritten):
        with_settings(text, mailbox, NEW)


def test_odd_characters_survive() -> None:
    odd = {"authserv_ids": ['a"b\\c\n\u202e\U0001f600']}
    assert tomllib.loads(with_settings("[imap]\n", "main", odd))["imap"]["trust"] == odd


def test_the_file_keeps_its_mode_and_a_copy_stays(tmp_path: Path) -> None:
    path = tmp_path / "helpdesk.toml"
    path.write_text("[imap]\n")
    path.chmod(0o640)
    copy = write_settings(path, "main", NEW)
    assert (copy.read_text(), copy.name) == ("[imap]\n", "helpdesk.toml.bak")
    assert {stat.S_IMODE(one.stat().st_mode) for one in (path, copy)} == {0o640}
    assert sorted(one.name for one in tmp_path.iterdir()) == ["helpdesk.toml", "helpdesk.toml.bak"]
    assert tomllib.loads(path.read_text())["imap"]["trust"] == NEW


def test_a_believed_mail_is_explained_step_by_step() -> None:
    said = said_by_explain("ovh", lookups=FixedLookups())
    for line in (
        "Identity: lea.martin@atelier.example.org.",
        "  5. received by in42.mail.ovh.net: the border",
        "  dmarc=pass policy.published-domain-policy=quarantine",
        "  of atelier.example.org, selector s1",
        "Verified once more here: passed, signature of atelier.example.org verified, selector s1.",
        "Verdict: pass (row 9 of the table): ",
        "  a registered address: accept",
        "  an unknown address: hold (the address is not registered)",
    ):
        assert line in said


@pytest.mark.parametrize(
    ("name", "line"),
    [
        pytest.param("m365-forged", "  1 more in the mail do not count", id="results elsewhere"),
        pytest.param("m365-forged", "Not verified once more: recheck_dkim is off.", id="no re-check wanted"),
        pytest.param("ovh", "Not verified once more: no DNS.", id="no DNS"),
        pytest.param("ovh-forged", "Not verified once more: ", id="no re-check needed"),
        pytest.param("ovh-forged", "Route not trusted: 2 Authentication-Results", id="two results"),
        pytest.param("mail-ru", "wrote at the end of the header", id="at the end"),
    ],
)
def test_each_step_says_what_is_special(name: str, line: str) -> None:
    assert line in said_by_explain(name)


def test_an_unknown_hop_is_named() -> None:
    said = said_by_explain("ovh", Trust(("x",), ("mx.desk.example.net",), ("localhost",)), FixedLookups())
    assert "  2. received by 192.168.9.40: not known here" in said
    assert "  3. " not in said


def test_nothing_in_a_mail_can_steer_the_terminal() -> None:
    raw = b"Received: by \x1b[2J; d\r\nFrom: =?\x1b]0;x\x07?= <a@b.example>\r\n"
    raw += b"DKIM-Signature: d=\xe2\x80\xae\x1b; s=\x9b\r\n\r\n"
    out = io.StringIO()
    explain(raw, OUR_BORDER, CAPS, None, TODAY, out)
    calibrate([raw] * 3, OUR_BORDER, None, lambda question: True, out)
    assert out.getvalue().replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("known", "verdict", "signed_at"),
    [
        pytest.param(True, Verdict.PASS, 1_795_164_074, id="a key"),
        pytest.param(False, Verdict.TEMP, None, id="no answer"),
    ],
)
def test_a_judged_mail_carries_when_it_was_signed(
    known: bool, verdict: Verdict, signed_at: int | None
) -> None:
    raw = as_on_the_wire(MAILS / "senders" / "gmail.eml")
    found = judged(raw, CAPS, OUR_BORDER, FixedLookups(known), NOW)
    assert (found.judgement.verdict, found.signed_at) == (verdict, signed_at)


@pytest.mark.parametrize(
    ("name", "trust"),
    [
        pytest.param("gmail", Trust(), id="nothing configured"),
        pytest.param("gmail-forged", trust_of("gmail"), id="another route"),
        pytest.param("postfix-opendmarc-dovecot", trust_of("postfix-opendmarc-dovecot"), id="no signature"),
        pytest.param(
            "postfix-opendmarc-dovecot-forged", trust_of("postfix-opendmarc-dovecot"), id="dmarc=fail"
        ),
        pytest.param("m365", trust_of("m365"), id="no re-check wanted"),
        pytest.param("mail-ru-on-top-forged", trust_of("mail-ru-on-top"), id="nothing to confirm"),
    ],
)
def test_the_dns_is_not_asked_where_it_would_change_nothing(name: str, trust: Trust) -> None:
    lookups = FixedLookups()
    judged(as_on_the_wire(MAILS / f"{name}.eml"), CAPS, trust, lookups, NOW)
    assert lookups.asked == []


def test_without_dns_no_mail_is_believed_for_a_signature() -> None:
    raw = as_on_the_wire(MAILS / "gmail.eml")
    assert judged(raw, CAPS, trust_of("gmail"), None, NOW).judgement.verdict is Verdict.TEMP
    assert trust_of("gmail").placement is Placement.BELOW


def test_judging_loads_neither_dns_nor_cryptography_before_a_mail_needs_them() -> None:
    code = "import sys, daemon.evidence; print(sorted({'dns', 'dkim', 'cryptography'} & set(sys.modules)))"
    root = Path(__file__).parent.parent.parent
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
