"""What can be left out on the command line."""

import os
import re
import subprocess
import sys

import pytest

from helpdesk.core.people import Language
from shell.main import _typed, parser
from shell.nouns import NOUNS, every_verb
from shell.parsers import QuietParser
from shell.typed import words_of
from shell.verbs import Verb, WrongUsage, fill
from shell.words import Words
from tests.sources import ROOT


@pytest.mark.parametrize(
    ("line", "address"),
    [(["login"], None), (["login", "Jean@univ.example"], "jean@univ.example")],
    ids=["asked for", "given"],
)
def test_an_address_may_be_left_out_at_login(line: list[str], address: str | None) -> None:
    assert parser(Words(), NOUNS).parse_args(line).address == address


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("verb", every_verb(), ids=lambda verb: verb.full_name)
def test_each_example_in_the_help_can_be_typed(verb: Verb, language: Language) -> None:
    words = words_of(verb.example)
    assert words[: len(verb.full_name.split())] == verb.full_name.split()
    assert parser(Words(language), NOUNS).parse_args(words).performs is verb


@pytest.mark.parametrize(
    ("line", "text", "resolves"),
    [
        ("12 --resolve a b", "a b", True),
        ("--resolve 12 a b", "a b", True),
        ("12 --res a b", "a b", True),
        ("12 a b --resolve", "a b --resolve", False),
        ("12 the -h option", "the -h option", False),
        ("12 --resolve please answer --yes", "please answer --yes", True),
        ("12 --canned chargeur --resolve a", "a", True),
        ("12 --canned=chargeur a --resolve", "a --resolve", False),
        ("12 --resolve", None, True),
        ("12 --resolve -5 °C", "-5 °C", True),
        ("12 - un", "- un", False),
        ("12 --resolve -- -h  x", "-h  x", True),
        ("--resolve -- 12 -h  x", "-h  x", True),
        ("12 a -- b", "a -- b", False),
    ],
)
def test_options_stand_before_a_text_and_nothing_in_it_is_one(
    line: str, text: str | None, resolves: bool
) -> None:
    given = parser(Words(), NOUNS).parse_args(["ticket", "reply", *line.split(" ")])
    assert (given.number, given.text, given.resolve, given.yes) == (12, text, resolves, False)


@pytest.mark.parametrize("line", ["5 --yes 6", "--yes 5 6", "5 6 --yes"])
def test_words_of_another_kind_may_stand_before_and_behind_options(line: str) -> None:
    given = parser(Words(), NOUNS).parse_args(["letter", "again", *line.split()])
    assert (given.ids, given.yes) == ([5, 6], True)


@pytest.mark.parametrize(
    ("language", "told", "values"),
    [
        (Language.EN, "usage: ", ("number", "text")),
        (Language.FR, "usage : ", ("numéro", "texte")),
    ],
)
def test_help_of_a_verb_with_words_shows_its_usage_once(
    language: Language, told: str, values: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parser(Words(language), NOUNS).parse_args(["ticket", "note", "-h"])
    shown = capsys.readouterr().out
    number, text = values
    assert re.search(rf"^{told}\S+ ticket note \[-h\] {number} \[{text} \.\.\.\]$", shown, re.MULTILINE)
    assert shown.lower().count("usage") == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("reply --resolve", "the following arguments are required: number"),
        ("reply 12 --resolved", "unrecognized arguments: --resolved"),
        ("reply 12 --canned", "argument --canned: expected one argument"),
        ("note 12 -x text", "unrecognized arguments: -x"),
        ("list x", "unrecognized arguments: x"),
        ("show 1000000000000", "expected the number of a ticket, 1 to 2147483647, as 12 or #12, found 1000"),
        ("show -1", "expected the number of a ticket, 1 to 2147483647, as 12 or #12, found -1"),
        ("split 12 0", "argument POST: expected a number as it is shown, found 0"),
        ("list --mine --unassigned", "argument --unassigned: not allowed with argument --mine"),
        ("list --assignee a@b.example --mine", "argument --mine: not allowed with argument --assignee"),
        ("list --limit abc", "argument --limit: expected 1 to 1000, found abc"),
        ("list --statut x", "ticket list .*\n(.*\n)*unrecognized arguments: --statut x"),
        ("show 1 2", "usage: helpdesk-admin.py ticket show (.*\n)*unrecognized arguments: 2"),
        ("lst", "Did you mean helpdesk-admin.py ticket list?"),
        ("status 1 waitting", "Did you mean waiting?"),
    ],
)
def test_what_is_wrong_is_told_all_the_same(line: str, told: str) -> None:
    with pytest.raises(WrongUsage, match=told):
        parser(Words(), NOUNS).parse_args(["ticket", *line.split()])


LIMITED = ("audit list", "job runs", "letter list", "person list", "quarantine list", "suspicious list",
           "ticket list", "ticket search wifi")  # fmt: skip


@pytest.mark.parametrize("typed", ["0", "-3", "1001", "x", "1" * 5000])
@pytest.mark.parametrize("line", LIMITED)
def test_how_many_rows_are_wanted_is_judged_alike_everywhere(line: str, typed: str) -> None:
    assert parser(Words(), NOUNS).parse_args([*line.split(), "--limit", "1000"]).limit == 1000
    with pytest.raises(WrongUsage, match=f"--limit: expected 1 to 1000, found {typed[:30]}"):
        parser(Words(), NOUNS).parse_args([*line.split(), "--limit", typed])


def test_every_list_that_has_a_limit_is_judged() -> None:
    having = {verb.full_name for verb in every_verb() if "--limit" in usage_of(verb)}
    assert having == {" ".join(line.split()[:2]) for line in LIMITED}


def usage_of(verb: Verb) -> str:
    made = QuietParser(words=Words(), prog="x")
    fill(made, verb, Words())
    return made.format_usage()


@pytest.mark.parametrize("typed", ["x", "-1", "0", "1" * 20, str(2**63)])
@pytest.mark.parametrize("line", ["quarantine show", "letter again", "session revoke", "audit list --before"])
def test_a_row_is_named_by_the_number_that_a_list_shows(line: str, typed: str) -> None:
    parser(Words(), NOUNS).parse_args([*line.split(), str(2**63 - 1)])
    with pytest.raises(WrongUsage, match=f"expected a number as it is shown, found {typed}"):
        parser(Words(), NOUNS).parse_args([*line.split(), typed])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("audit list --action FOO", "--action: FOO is no action, as LOGIN or TICKET_OPENED$"),
        ("audit list --action loggin", "loggin is no action.*\nDid you mean LOGIN?"),
        ("statistics --since tomorrow", "tomorrow is no moment from 1970 to 2999, as 2026-11-26, "),
    ],
)
def test_a_mistake_says_what_it_is_and_what_would_be_allowed(line: str, told: str) -> None:
    with pytest.raises(WrongUsage, match=told):
        parser(Words(), NOUNS).parse_args(line.split())


@pytest.mark.parametrize("typed", ["12", "#12", "[#12]"])
def test_a_ticket_is_named_as_mails_show_it(typed: str) -> None:
    assert parser(Words(), NOUNS).parse_args(["ticket", "show", typed]).number == 12
    assert parser(Words(), NOUNS).parse_args(["ticket", "merge", "1", "into", typed]).target == 12


@pytest.mark.parametrize("language", ["en_GB.UTF-8", "fr_FR.UTF-8"])
def test_bytes_that_are_no_utf_8_are_wrong_usage_told_in_one_line(language: str) -> None:
    ended = subprocess.run(
        [sys.executable, "helpdesk-admin.py", "ticket", "note", "1", b"caf\xe9"],
        cwd=ROOT, env=os.environ | {"LC_ALL": language}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    wrong = "n'est pas en UTF-8" if language.startswith("fr") else "is not UTF-8"
    assert (ended.returncode, ended.stderr) == (2, f"helpdesk-admin.py: caf\\udce9 {wrong}\n")


@pytest.mark.parametrize(
    "again", [["--config", "mine.toml"], ["--config=mine.toml"], ["--conf", "mine.toml"]]
)
def test_who_may_run_a_wrapper_cannot_replace_the_settings_that_it_names(again: list[str]) -> None:
    given = parser(Words(), NOUNS).parse_args(["--config", "desk.toml", "ticket", "list"])
    assert str(given.config) == "desk.toml"
    with pytest.raises(WrongUsage, match="--config is given already"):
        parser(Words(), NOUNS).parse_args(["--config", "desk.toml", *again, "ticket", "list"])
    with pytest.raises(WrongUsage):
        parser(Words(), NOUNS).parse_args(["--config", "desk.toml", "ticket", "list", *again])


@pytest.mark.parametrize("typed", ["en_cours", "en-cours", "'en cours'", "En_Cours", "in_progress"])
def test_a_french_reader_may_type_the_words_that_are_shown(typed: str) -> None:
    line = words_of(f"ticket list --status {typed} --urgency haute")
    given = parser(Words(Language.FR), NOUNS).parse_args(line)
    assert (given.status, given.urgency) == (["in_progress"], ["high"])


@pytest.mark.parametrize("typed", ["résolu", "resolu"])
def test_accents_may_be_left_out(typed: str) -> None:
    assert parser(Words(Language.FR), NOUNS).parse_args(["ticket", "status", "7", typed]).status == "resolved"


@pytest.mark.parametrize(
    "line", ["help ticket note 12 bonjour", "help ti note 12 -- bonjour", "help ticket note -- x"]
)
def test_what_stands_behind_a_verb_that_somebody_asks_about_is_not_run(line: str) -> None:
    assert _typed(line.split(), NOUNS) == ["ticket", "note", "--help"]


@pytest.mark.parametrize("named", [[], ["ticket"], ["ticket", "reply"], ["ti", "rep"]])
def test_help_on_the_command_line_is_the_option_of_that_name(named: list[str]) -> None:
    program = [sys.executable, "helpdesk-admin.py"]
    asked, optional = (
        subprocess.run([*program, *line], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for line in (["help", *named], [*named, "--help"])
    )
    assert asked == optional != ""
