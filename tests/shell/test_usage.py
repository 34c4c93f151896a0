"""What can be left out on the command line."""

import re

import pytest

from helpdesk.core.people import Language
from shell.main import parser
from shell.verbs import WrongUsage
from shell.words import Words


@pytest.mark.parametrize(
    ("line", "address"),
    [(["login"], None), (["login", "Jean@univ.example"], "jean@univ.example")],
    ids=["asked for", "given"],
)
def test_an_address_may_be_left_out_at_login(line: list[str], address: str | None) -> None:
    assert parser(Words()).parse_args(line).address == address


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("12 a b --resolve", ["a", "b"]),
        ("12 --resolve a b", ["a", "b"]),
        ("--resolve 12 a b", ["a", "b"]),
        ("12 a --resolve b", ["a", "b"]),
        ("12 --canned chargeur --resolve a", ["a"]),
        ("12 --resolve", []),
        ("12 --resolve -- -5 °C", ["-5", "°C"]),
    ],
)
def test_words_may_stand_before_and_behind_options(line: str, text: list[str]) -> None:
    given = parser(Words()).parse_args(["ticket", "reply", *line.split()])
    assert (given.number, given.text, given.resolve) == (12, text, True)


@pytest.mark.parametrize(("language", "told"), [(Language.EN, "usage: "), (Language.FR, "usage : ")])
def test_help_of_a_verb_with_words_shows_its_usage_once(
    language: Language, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parser(Words(language)).parse_args(["ticket", "note", "-h"])
    shown = capsys.readouterr().out
    assert re.search(rf"^{told}\S+ ticket note \[-h\] number \[text \.\.\.\]$", shown, re.MULTILINE)
    assert shown.lower().count("usage") == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("reply --resolve", "the following arguments are required: number"),
        ("reply 12 --resolved", "unrecognized arguments: --resolved"),
        ("list x", "unrecognized arguments: x"),
    ],
)
def test_what_is_wrong_is_told_all_the_same(line: str, told: str) -> None:
    with pytest.raises(WrongUsage, match=told):
        parser(Words()).parse_args(["ticket", *line.split()])
