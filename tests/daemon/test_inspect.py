"""``inspect`` tells what the daemon would see in mail files, each isolated from the others."""

import hashlib
import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from daemon import inspect as inspecting
from daemon.inspect import BATCH_FILES, inspect_files, wire_form
from daemon.parsers import ParsePool
from helpdesk.config.settings import InspectSettings, LimitSettings
from helpdesk.core.mail import Caps
from helpdesk.core.trust import Trust

MAILS = Path(__file__).parents[1] / "mails"
NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)
BORDER = Trust(authserv_ids=("mx.ecole.example",), border_by=("mx.ecole.example",), recheck_dkim=False)
KEYS = (
    *(
        "file",
        "subject",
        "from",
        "from_name",
        "date",
        "message_id",
        "references",
        "text",
        "visible_text",
        "class",
    ),
    *("suppress_reply", "attachments", "bounce_recipients", "verdict", "verdict_reason", "proven", "problem"),
)
Keep = Callable[[str, str | bytes], Path]


def settings(trust: Trust = BORDER, caps: Caps = Caps(), seconds: int = 20) -> InspectSettings:  # noqa: B008
    return InspectSettings(LimitSettings(caps=caps, worker_seconds=seconds), trust={"desk": trust})


def told(*paths: Path, given: InspectSettings | None = None) -> list[dict[str, Any]]:
    out = io.StringIO()
    inspect_files(paths, True, given or settings(), NOW, out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def shown(*paths: Path) -> str:
    out = io.StringIO()
    inspect_files(paths, False, settings(), NOW, out)
    return out.getvalue()


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def a_proven_mail(results: str = "dmarc=pass header.from=eleve.example") -> str:
    return (
        f"Authentication-Results: mx.ecole.example; {results}\r\n"
        "Received: from mail.eleve.example by mx.ecole.example with ESMTPS; Mon, 3 Mar 2025 10:12:05 +0100\r\n"
        "From: =?UTF-8?Q?L=C3=A9a_Martin?= <Lea.Martin@eleve.example>\r\n"
        "To: desk@ecole.example\r\n"
        "Subject: =?UTF-8?Q?Re=3A_=C3=A9cran_noir?=\r\n"
        "Date: Mon, 3 Mar 2025 10:12:00 +0100\r\n"
        "Message-ID: <2@eleve.example>\r\n"
        "References: <0@eleve.example> <1@ecole.example>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        "Toujours noir.\r\n\r\nLe 03/03/2025 à 09:00, Assistance a écrit :\r\n> Est-ce réglé ?\r\n"
        "--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=noir.png\r\n\r\n"
        "PNG\r\n--b--\r\n"
    )


def test_a_line_has_exactly_the_promised_keys_and_values(keep: Keep) -> None:
    path = keep("proven.eml", a_proven_mail())

    (line,) = told(path)

    assert tuple(line) == KEYS
    assert line == {
        "file": str(path),
        "subject": "Re: écran noir",
        "from": "lea.martin@eleve.example",
        "from_name": "Léa Martin",
        "date": "2025-03-03T09:12:00+00:00",
        "message_id": "<2@eleve.example>",
        "references": ["<0@eleve.example>", "<1@ecole.example>"],
        "text": line["text"],
        "visible_text": "Toujours noir.",
        "class": "normal",
        "suppress_reply": False,
        "attachments": [
            {
                "name": "noir.png",
                "size": 3,
                "sha256": hashlib.sha256(b"PNG").hexdigest(),
                "content_type": "image/png",
            }
        ],
        "bounce_recipients": [],
        "verdict": "pass",
        "verdict_reason": line["verdict_reason"],
        "proven": True,
        "problem": None,
    }
    assert line["text"].endswith("> Est-ce réglé ?")
    assert line["verdict_reason"]


@pytest.mark.parametrize(
    ("results", "verdict", "proven"),
    [
        pytest.param("dmarc=pass header.from=eleve.example", "pass", True, id="dmarc passes"),
        pytest.param("dmarc=fail header.from=eleve.example", "spoof", False, id="dmarc fails"),
        pytest.param("dmarc=none header.from=eleve.example", "unauthenticated", False, id="no dmarc"),
        pytest.param("dmarc=pass header.from=attack.example", "untrusted-route", False, id="another domain"),
    ],
)
def test_the_verdict_is_the_daemons(keep: Keep, results: str, verdict: str, proven: bool) -> None:
    (line,) = told(keep("mail.eml", a_proven_mail(results)))

    assert (line["verdict"], line["proven"]) == (verdict, proven)


def test_without_settings_nobody_is_proven(keep: Keep) -> None:
    (line,) = told(keep("mail.eml", a_proven_mail()), given=InspectSettings())

    assert line["proven"] is False


def test_a_from_that_is_refused_is_still_shown_with_the_refusal(keep: Keep) -> None:
    mail = a_proven_mail().replace("<Lea.Martin@eleve.example>", "<lea@eleve.example>, <tom@eleve.example>")

    (line,) = told(keep("two.eml", mail))

    assert (line["from"], line["verdict"], line["proven"]) == ("lea@eleve.example", "malformed-from", False)
    assert line["verdict_reason"]


@pytest.mark.parametrize(
    ("file", "kind", "silent"),
    [
        pytest.param("auto/normal/plain-question.eml", "normal", False, id="normal"),
        pytest.param(
            "auto/silent/suppression-header-of-a-person.eml", "normal", True, id="normal but silent"
        ),
        pytest.param("auto/auto_reply/gmail-vacation.eml", "auto_reply", True, id="auto reply"),
        pytest.param("auto/bulk/mailing-list.eml", "bulk", True, id="bulk"),
        pytest.param("auto/feedback/abuse-report-of-a-provider.eml", "feedback", True, id="feedback"),
        pytest.param("auto/loop/own-loop-mark-beside-another.eml", "loop", True, id="loop"),
        pytest.param("bounces/qmail.eml", "bounce", True, id="bounce"),
    ],
)
def test_the_class_says_what_kind_of_sender_wrote(file: str, kind: str, silent: bool) -> None:
    (line,) = told(MAILS / file)

    assert (line["class"], line["suppress_reply"]) == (kind, silent)


def test_people_at_the_large_providers_are_people_and_may_be_answered() -> None:
    paths = sorted((MAILS / "providers").rglob("*.eml"))
    assert len(paths) > 10

    for line in told(*paths):
        assert (line["class"], line["suppress_reply"]) == ("normal", False), line["file"]


def test_our_own_marks_tell_our_letters_from_another_desks(keep: Keep) -> None:
    path = keep("letter.eml", "From: desk@ecole.example\nX-Helpdesk-Loop: ours\n\nBonjour\n")
    kinds = []
    for install_id, address in (("ours", "desk@ecole.example"), ("theirs", "desk@autre.example")):
        out = io.StringIO()
        own = replace(settings(), install_id=install_id, addresses=(address,))
        inspect_files([path], True, own, NOW, out)
        kinds.append(json.loads(out.getvalue())["class"])

    assert kinds == ["loop", "auto_reply"]


def test_a_bounce_names_whom_it_missed() -> None:
    (line,) = told(MAILS / "bounces" / "several-recipients-one-delivered.eml")

    assert line["bounce_recipients"] == ["lea@eleve.example", "eva@eleve.example"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        pytest.param("missing.eml", "No such file or directory", id="no such file"),
        pytest.param("folder", "is a directory", id="a directory"),
        pytest.param("pipe", "is no regular file", id="a pipe that nobody writes into"),
    ],
)
def test_a_file_that_cannot_be_read_has_its_line_and_the_others_go_on(
    keep: Keep, tmp_path: Path, name: str, problem: str
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    good = keep("good.eml", a_proven_mail())
    out = io.StringIO()

    status = inspect_files([good, tmp_path / name, good], True, settings(), NOW, out)

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert status == 1
    assert [line["subject"] for line in lines] == ["Re: écran noir", "", "Re: écran noir"]
    assert tuple(lines[1]) == KEYS
    assert (lines[1]["problem"], lines[1]["verdict"], lines[1]["proven"]) == (problem, None, False)


@pytest.mark.parametrize(
    ("caps", "reason"),
    [
        pytest.param(Caps(max_bytes=500), "bytes; the limit is 500", id="too large to be opened"),
        pytest.param(Caps(max_parts=2), "more than 2 parts", id="too many parts"),
        pytest.param(Caps(max_attachments=0), "1 attachments; the limit is 0", id="too many attachments"),
    ],
)
def test_a_mail_over_a_cap_has_its_line_and_is_no_failure(keep: Keep, caps: Caps, reason: str) -> None:
    out = io.StringIO()
    status = inspect_files([keep("bomb.eml", a_proven_mail())], True, settings(caps=caps), NOW, out)

    line = json.loads(out.getvalue())
    assert status == 0
    assert (line["verdict"], line["proven"], line["text"]) == ("bomb", False, "")
    assert reason in line["problem"]


def test_a_file_far_too_large_is_told_by_its_size_and_not_read(keep: Keep) -> None:
    path = keep("huge.eml", a_proven_mail())
    os.truncate(path, 1024**4)

    (line,) = told(path)

    assert line["problem"] == f"{1024**4} bytes; the limit is {Caps().max_bytes}"


def test_a_mail_that_hangs_its_worker_does_not_stop_the_others(
    keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = "tests.daemon.troublemakers:obedient"
    monkeypatch.setattr(inspecting, "ParsePool", partial(ParsePool, maker=maker))
    orders = ["a", "hang", "b", "kill", "c", "eat"]
    paths = [keep(f"{order}.eml", f"From: a@b.example\nSubject: {order}\n\nx\n") for order in orders]

    lines = told(*paths, given=settings(seconds=1))

    assert [line["subject"] for line in lines] == ["a", "", "b", "", "c", ""]
    assert [line["problem"] is None for line in lines] == [True, False, True, False, True, False]


def test_thousands_of_files_come_in_the_order_given_with_flat_memory(keep: Keep) -> None:
    paths = [keep(f"{n}.eml", f"From: a@b.example\nSubject: mail {n}\n\n{'x' * 20_000}\n") for n in range(4)]
    many = paths * 400

    class Counter(io.StringIO):
        seen = 0

        def write(self, text: str, /) -> int:
            assert json.loads(text)["subject"] == f"mail {self.seen % 4}"
            self.seen += 1
            return len(text)

    out = Counter()
    inspect_files(many[: 2 * BATCH_FILES], True, settings(), NOW, Counter())
    before = psutil.Process().memory_info().rss
    assert inspect_files(many, True, settings(), NOW, out) == 0

    assert out.seen == len(many)
    assert psutil.Process().memory_info().rss - before < 16 * 1024 * 1024


def test_json_is_pure_ascii_so_that_a_terminal_stays_calm(keep: Keep) -> None:
    out = io.StringIO()
    inspect_files(
        [keep("\x1b[2J\u202e.eml", "From: a@b.example\n\n\x1b]0;x\x07 é\u202e\n")], True, settings(), NOW, out
    )

    assert out.getvalue().isascii()
    assert "\x1b" not in out.getvalue()


def test_no_file_at_all_is_no_failure() -> None:
    assert inspect_files([], True, settings(), NOW, io.StringIO()) == 0


@pytest.mark.parametrize(
    ("stored", "wire"),
    [
        pytest.param(b"A: b\n\nc\n", b"A: b\r\n\r\nc\r\n", id="a Maildir file"),
        pytest.param(b"From a@b Mon Mar 3\nA: b\n\nc\n", b"A: b\r\n\r\nc\r\n", id="an mbox"),
        pytest.param(b"A: b\r\n\r\nc\nd\n", b"A: b\r\n\r\nc\nd\n", id="any CRLF means wire bytes, exactly"),
        pytest.param(
            b"From a@b Mon\r\nA: b\r\n\r\n",
            b"From a@b Mon\r\nA: b\r\n\r\n",
            id="nothing is cut from wire bytes",
        ),
        pytest.param(b"A: b\rc\n\n", b"A: b\rc\r\n\r\n", id="a lone CR stays"),
        pytest.param(b"From: a@b\n\n", b"From: a@b\r\n\r\n", id="a From field is no mbox line"),
        pytest.param(b"", b"", id="empty"),
    ],
)
def test_a_local_file_becomes_what_a_server_would_send(stored: bytes, wire: bytes) -> None:
    assert wire_form(stored) == wire


@pytest.mark.parametrize("form", ["crlf", "lf", "mbox"])
def test_each_form_of_file_gives_the_same_line(keep: Keep, form: str) -> None:
    mail = a_proven_mail()
    forms = {
        "crlf": mail,
        "lf": mail.replace("\r\n", "\n"),
        "mbox": "From x Mon\n" + mail.replace("\r\n", "\n"),
    }
    reference, line = told(keep("reference.eml", mail), keep("stored.eml", forms[form]))

    assert {**line, "file": ""} == {**reference, "file": ""}


def test_people_get_a_block_per_file_without_anything_that_steers_the_terminal(keep: Keep) -> None:
    mail = (
        a_proven_mail()
        .replace("Toujours noir.", "Toujours \x1b[2Jnoir.\u202e")
        .replace("=C3=A9cran", "=1B]0;x=07cran")
    )

    text = shown(
        keep("proven.eml", mail),
        keep("x\x1b.eml", "nonsense"),
        Path("/missing"),
        MAILS / "bounces" / "qmail.eml",
    )

    assert all(character == "\n" or character.isprintable() for character in text)
    assert "lea.martin@eleve.example (proven)" in text
    assert "  | Toujours \\x1b[2Jnoir.\\u202e\n" in text
    assert "2 lines folded" in text
    assert "Est-ce réglé" not in text
    assert "noir.png (image/png, 3 bytes, sha256" in text
    assert "  Problem:     No such file or directory" in text
    assert "  Bounced:     lea@eleve.example, tom@eleve.example" in text
    assert "  No answer:   a mail system" in text
