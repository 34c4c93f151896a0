"""The verbs on tickets as they are typed: what they say, and that nothing hostile reaches the terminal."""

import json
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from helpdesk.core.people import Language, Role
from helpdesk.core.sessions import LoginLimits
from helpdesk.errors import Refused
from helpdesk.store.tables import letters
from shell import editor
from shell.nouns import NOUNS, TICKET_VERBS
from shell.verbs import Verb
from shell.words import Words
from tests.actions.intakes import JEAN, ZOE, a_mail, bench
from tests.actions.staff import ADMIN, AGENT, MANAGER, Staffed
from tests.actions.test_taken_attachments import with_files
from tests.shell.keyboards import TypedKeyboard, keyboard_of, parser_of, said, typed

UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]")
HOSTILE = "\x1b]52;c;aGE=\x07 \x9b2J \u202egnp.exe\u200b"
OURS = [
    *TICKET_VERBS,
    *(verb for noun in NOUNS if noun.name in ("attachment", "canned") for verb in noun.verbs),
]


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[Staffed]:
    """Jean's ticket 1, of the network team."""
    made = Staffed(bench(sqlite_url, tmp_path))
    made.bench.file(a_mail())
    made.change(1, team_id=made.teams["Network"])
    yield made
    made.bench.close()


@pytest.fixture
def agent(desk: Staffed, tmp_path: Path) -> TypedKeyboard:
    return keyboard_of(desk, AGENT, tmp_path)


@pytest.mark.parametrize("verb", OURS, ids=lambda verb: verb.full_name)
def test_each_example_can_be_typed_and_each_verb_speaks_both_languages(verb: Verb) -> None:
    words = shlex.split(verb.example)
    assert " ".join(words[:2]) == verb.full_name
    parser_of(verb, Words()).parse_args(words[2:])
    assert all(verb.help)


def test_a_mornings_work(desk: Staffed, agent: TypedKeyboard, tmp_path: Path) -> None:
    for line in (
        ["ticket", "take", "1"],
        ["ticket", "urgency", "1", "high"],
        ["ticket", "tag", "1", "wifi", "Bâtiment B"],
        ["canned", "set", "--language", "fr", "chargeur", "Un {chargeur} vous attend."],
        ["ticket", "reply", "1", "--canned", "chargeur", "--resolve", "À demain."],
    ):
        assert typed(agent, *line) == 0, said(agent)
    said(agent)
    assert typed(agent, "ticket", "show", "1", "--history") == 0
    shown = said(agent)
    assert "resolved, high, opened by jean, assigned to agent, team Network, #batiment-b, #wifi" in shown
    assert "[mail, pass: " in shown
    assert "    Un {chargeur} vous attend.\n\n    À demain." in shown
    assert "agent: status waiting → resolved" in shown
    letter = desk.bench.rows(letters)[-1]
    assert (letter["kind"], letter["recipient"]) == ("ticket_answered", JEAN)
    assert b"{chargeur}" in letter["content"]
    french = keyboard_of(desk, AGENT, tmp_path)
    french.words = Words(Language.FR, agent.words.zone)
    assert typed(french, "ticket", "show", "1", "--history") == 0
    assert "agent : statut en attente → résolu" in said(french)


def test_history_says_what_came_and_what_went(desk: Staffed, agent: TypedKeyboard, tmp_path: Path) -> None:
    for line in ("take 1", "tag 1 ete wifi", "untag 1 ete", "assign 1 --nobody"):
        assert typed(agent, "ticket", *line.split()) == 0, said(agent)
    french = keyboard_of(desk, AGENT, tmp_path)
    french.words = Words(Language.FR, agent.words.zone)
    for keyboard, told in (
        (agent, ("assignee — → agent", "tags added: ete wifi", "tags removed: ete", "assignee agent → —")),
        (french, ("attribué à — → agent", "étiquettes ajoutées : ete wifi", "étiquettes enlevées : ete",
                  "attribué à agent → —")),
    ):  # fmt: skip
        said(keyboard)
        assert typed(keyboard, "ticket", "show", "1", "--history") == 0
        lines = said(keyboard).splitlines()[-4:]
        assert [line.partition(f"agent{keyboard.words.colon}")[2] for line in lines] == list(told)


def test_a_learner_opens_closes_reopens_and_withdraws(desk: Staffed, tmp_path: Path) -> None:
    jean = keyboard_of(desk, JEAN, tmp_path)
    assert typed(jean, "ticket", "new", "--subject", "Écran", "Il est noir.") == 0
    assert said(jean) == "Ticket 2 is open.\n"
    for verb in ("close", "reopen", "delete"):
        assert typed(jean, "ticket", verb, "2") == 0
    said(jean)
    assert typed(jean, "ticket", "show", "2") == 1
    assert said(jean) == "helpdesk-admin: there is no ticket 2\n"
    assert typed(jean, "ticket", "show", "1") == 0
    assert "[mail," not in said(jean), "the verdict is for staff"


@pytest.mark.parametrize(
    "line",
    [
        "ticket urgency 1 high", "ticket assign 1 jean@univ.example", "ticket take 1", "ticket team 1 Network",
        "ticket tag 1 x", "ticket untag 1 x", "ticket merge 1 into 2", "ticket split 1 1", "ticket restore 1",
        "ticket note 1 x", "canned list", "canned show x", "canned set x y", "canned delete x",
        "ticket reply 1 --canned x", "ticket new --for zoe@univ.example --subject x y",
    ],
)  # fmt: skip
def test_a_learner_is_refused_what_staff_do(desk: Staffed, tmp_path: Path, line: str) -> None:
    desk.bench.file(a_mail("Deux", message_id="<2@x>"))
    jean = keyboard_of(desk, JEAN, tmp_path)
    assert typed(jean, *line.split()) == 1
    assert "helpdesk-admin: " in said(jean)
    assert len(desk.history(1)) == 0


def test_merge_and_split_at_the_keyboard(desk: Staffed, agent: TypedKeyboard) -> None:
    desk.bench.file(a_mail("Deux", sender=ZOE, message_id="<2@x>"), a_mail("Re: [#1]", message_id="<3@x>"))
    desk.change(2, team_id=desk.teams["Network"])
    assert typed(agent, "ticket", "merge", "1", "into", "2") == 0
    assert typed(agent, "ticket", "show", "2") == 0
    shown = said(agent)
    assert "It took over #1." in shown
    assert re.search(r"3\. \S+ \S+ jean \[#1\]:", shown)
    assert typed(agent, "ticket", "split", "2", "3", "--subject", "Autre") == 0
    assert said(agent) == "It is ticket 3 now.\n"


def test_assign_wants_an_address_or_nobody(desk: Staffed, tmp_path: Path) -> None:
    boss = keyboard_of(desk, MANAGER, tmp_path)
    assert typed(boss, "ticket", "assign", "1") == 1
    assert typed(boss, "ticket", "assign", "1", AGENT, "--nobody") == 1
    assert typed(boss, "ticket", "assign", "1", AGENT) == 0
    assert typed(boss, "ticket", "assign", "1", "--nobody") == 0
    assert "Ticket 1 is nobody's now.\n" in said(boss)


@pytest.mark.parametrize(
    "line", ["ticket show 2 --history", "attachment list 2", "ticket watch --once", "ticket list"]
)
def test_nothing_hostile_reaches_the_terminal(desk: Staffed, agent: TypedKeyboard, line: str) -> None:
    raw = with_files((HOSTILE.replace('"', ""), "x"), message_id="<evil@x>")
    raw = raw.replace(b"Subject: Mon chargeur ne marche plus", f"Subject: {HOSTILE}".encode())
    desk.bench.file(raw.replace(b"Voici.", f"Voici {HOSTILE}".encode()))
    desk.change(2, team_id=desk.teams["Network"])
    assert typed(agent, *line.split()) == 0
    shown = said(agent)
    assert "jean" in shown or "1" in shown
    assert UNSAFE.search(shown) is None


def test_a_watch_tells_each_arrival_once_until_it_is_interrupted(
    desk: Staffed, agent: TypedKeyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            desk.bench.later(timedelta(seconds=2))
            desk.bench.file(a_mail("Re: [#1]", message_id="<2@x>"))
        if len(waits) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("shell.commands.watch.pause", wait)
    assert typed(agent, "ticket", "watch", "--every", "2", "--json") == 0
    told = [json.loads(line) for line in said(agent).splitlines()]
    assert [(one["number"], one["what"], one["author"]) for one in told] == [
        (1, "opened", "jean"),
        (1, "post", "jean"),
    ]
    assert waits == [2, 2, 2], "it sleeps between looks"


def test_a_watch_writes_over_what_stands_at_a_terminal(
    desk: Staffed, agent: TypedKeyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("shell.commands.watch.pause", wait)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(agent.screen.out, "isatty", lambda: True)
    assert typed(agent, "ticket", "watch") == 0
    shown = said(agent)
    assert shown.startswith("\x1b[H\x1b[2J")
    assert "#1 new jean: Mon chargeur ne marche plus" in shown


def test_an_attachment_is_saved_once_for_its_owner_alone(
    desk: Staffed, agent: TypedKeyboard, tmp_path: Path
) -> None:
    desk.bench.file(with_files(("../../x.txt", "hello"), message_id="<f@x>"))
    desk.change(2, team_id=desk.teams["Network"])
    folder = tmp_path / "mine"
    folder.mkdir()
    assert typed(agent, "attachment", "save", "2", "1", "--to", str(folder)) == 0
    saved = folder / "x.txt"
    assert (saved.read_bytes(), saved.stat().st_mode & 0o777) == (b"hello", 0o600)
    assert typed(agent, "attachment", "save", "2", "x.txt", "--to", str(saved)) == 1
    assert "exists already" in said(agent)


def test_an_attachment_goes_to_standard_output_but_to_no_terminal(
    desk: Staffed,
    agent: TypedKeyboard,
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk.bench.file(with_files(("a.txt", "hello"), message_id="<f@x>"))
    desk.change(2, team_id=desk.teams["Network"])
    assert typed(agent, "attachment", "save", "2", "1", "--to", "-") == 0
    assert (capfdbinary.readouterr().out, said(agent)) == (b"hello", "")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert typed(agent, "attachment", "save", "2", "1", "--to", "-") == 1
    assert (capfdbinary.readouterr().out, "could steer a terminal" in said(agent)) == (b"", True)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        pytest.param("nowhere/x.txt", "cannot be written", id="no such folder"),
        pytest.param(".ssh/x", "hidden folder", id="where programs look for their settings"),
        pytest.param("link", "exists already", id="a link, even one to nothing"),
        pytest.param(".profile", "no good name", id="a hidden file"),
        pytest.param("a\x1b[2Jb", "no good name", id="escapes in a name"),
        pytest.param("shown/x", "hidden folder", id="a link to a hidden folder"),
    ],
)
def test_what_came_by_mail_is_saved_nowhere_else(
    desk: Staffed, agent: TypedKeyboard, tmp_path: Path, place: str, why: str
) -> None:
    desk.bench.file(with_files(("a.txt", "hello"), message_id="<f@x>"))
    desk.change(2, team_id=desk.teams["Network"])
    (tmp_path / ".ssh").mkdir()
    (tmp_path / "shown").symlink_to(tmp_path / ".ssh")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    before = sorted(path for path in tmp_path.rglob("*") if "blobs" not in str(path))
    assert typed(agent, "attachment", "save", "2", "1", "--to", str(tmp_path / place)) == 1
    told = said(agent)
    assert why in told
    assert UNSAFE.search(told) is None
    assert sorted(path for path in tmp_path.rglob("*") if "blobs" not in str(path)) == before


def test_an_editor_is_for_those_whose_role_may_use_one(desk: Staffed, tmp_path: Path) -> None:
    for by, roles, expected in (
        (AGENT, (), ""),
        (AGENT, (Role.ADMIN,), ""),
        (ADMIN, (Role.ADMIN,), "vi"),
        (AGENT, (Role.AGENT, Role.ADMIN), "vi"),
    ):
        keyboard = keyboard_of(desk, by, tmp_path)
        keyboard.environ = {"VISUAL": "vi", "EDITOR": "emacs"}
        limits = LoginLimits(editor_roles=roles)
        keyboard.__dict__["settings"] = replace(keyboard.settings, login=limits)
        assert keyboard.editor == expected
    keyboard.environ = {"EDITOR": "emacs"}
    assert keyboard.editor == ""


def test_an_editor_gets_a_file_that_is_gone_afterwards(tmp_path: Path) -> None:
    script = tmp_path / "my editor"
    script.write_text(f'#!/bin/sh\nprintf "%s %s" "$1" "$2" > {tmp_path}/seen\nstat -c %a "$2" > {tmp_path}/mode\n'
                      f'env > {tmp_path}/env\nprintf "écrit" >> "$2"\n')  # fmt: skip
    script.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HELPDESK_SECRET_KEY", "k")
        assert editor.text_from_editor(f"'{script}' -w", "Bonjour, ") == "Bonjour, écrit"
    option, _, file = (tmp_path / "seen").read_text().partition(" ")
    assert (option, Path(file).exists(), (tmp_path / "mode").read_text().strip()) == ("-w", False, "600")
    assert "HELPDESK_" not in (tmp_path / "env").read_text()


@pytest.mark.parametrize(
    "command", ["/nowhere/vi", "false", "'"], ids=["not there", "fails", "broken quotes"]
)
def test_an_editor_that_fails_writes_nothing(command: str) -> None:
    with pytest.raises(Refused):
        editor.text_from_editor(command)


def test_an_answer_that_was_taken_back_is_a_draft_in_the_shell(desk: Staffed, agent: TypedKeyboard) -> None:
    for drafts, kept in (({}, {"ticket reply 1": "À demain."}), (None, None)):
        agent.drafts = drafts
        assert typed(agent, "ticket", "reply", "1", "À demain.") == 0
        assert typed(agent, "ticket", "undo", "1") == 0
        assert agent.drafts == kept
        assert ("to go on with it: ticket reply 1" in said(agent)) == bool(kept)


@pytest.mark.parametrize("lines", [40, 41])
def test_a_long_post_is_cut_and_shown_whole_on_request(
    desk: Staffed, agent: TypedKeyboard, lines: int
) -> None:
    text = "\n".join(f"line {number}" for number in range(1, lines + 1))
    assert typed(agent, "ticket", "note", "1", text) == 0
    said(agent)
    assert typed(agent, "ticket", "show", "1") == 0
    shown = said(agent)
    assert ("    line 41\n" in shown, "line 40\n" in shown) == (False, True)
    assert ("    [lines left: 1; --full shows them]\n" in shown) == (lines == 41)
    assert typed(agent, "ticket", "show", "1", "--full") == 0
    shown = said(agent)
    assert (f"line {lines}\n" in shown, "lines left" in shown) == (True, False)
