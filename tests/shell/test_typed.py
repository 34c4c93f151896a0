"""A typed line means its words and nothing else: no sign reaches the machine, none is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shell.deskparser import DeskStatements
from shell.nouns import NOUNS
from shell.typed import line_in_full, text_of, without_controls, words_of
from shell.verbs import WrongUsage


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("  ticket   list ", ["ticket", "list"], id="blanks"),
        pytest.param("note j'ai vu l'écran", ["note", "j'ai", "vu", "l'écran"], id="apostrophes"),
        pytest.param("note 12 'un écran'", ["note", "12", "un écran"], id="quotes"),
        pytest.param('note "l\'écran"', ["note", "l'écran"], id="an apostrophe in quotes"),
        pytest.param("list 'Anne O'Brien' x", ["list", "Anne O'Brien", "x"], id="the same quote in quotes"),
        pytest.param("--team='d'été b'", ["--team=d'été b"], id="the same quote in a quoted value"),
        pytest.param("note 'un écran", ["note", "'un", "écran"], id="a quote that never ends"),
        pytest.param("a > b | c; d && e", ["a", ">", "b", "|", "c;", "d", "&&", "e"], id="signs of shells"),
        pytest.param("--name='Jean Dupont' x", ["--name=Jean Dupont", "x"], id="a quoted value"),
        pytest.param("note ''", ["note", ""], id="an empty word"),
        pytest.param("#12 # x", ["#12", "#", "x"], id="no comment"),
        pytest.param('''note 5'7" "it's"''', ["note", "5'7\"", "it's"], id="both quotes in a word"),
    ],
)  # fmt: skip
def test_a_line_is_its_words(line: str, words: list[str]) -> None:
    assert words_of(line) == words


SIGNS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1)


@given(st.lists(SIGNS))
def test_cmd2_takes_the_words_as_they_are(words: list[str]) -> None:
    line = " ".join(["note", *words])
    statement = DeskStatements(terminators=[], shortcuts={}).parse(line)
    assert (statement.command, statement.redirector, statement.terminator) == ("note", "", "")
    _, found = DeskStatements().get_command_arg_list("note", statement, False)
    assert found == words_of(line)[1:]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("note 1", None),
        ("note 1 a  b ", "a  b"),
        ('note 1 he said "no  way"', 'he said "no  way"'),
        ('note 1 "no  way" he said', '"no  way" he said'),
        ("note 1 'Pièce  commandée' ", "Pièce  commandée"),
        ("note 1 'a' et 'b'", "'a' et 'b'"),
        ("note 1 ''", ""),
        ("note 1 l'écran d'en face", "l'écran d'en face"),
    ],
)
def test_a_text_is_what_was_typed_to_the_end_of_the_line(line: str, text: str | None) -> None:
    assert text_of(words_of(line)[2:]) == text


def test_a_text_from_a_command_line_is_its_words_as_they_were_given() -> None:
    assert text_of(["he", "said", '"no  way"']) == 'he said "no  way"'
    assert text_of([]) is None


@pytest.mark.parametrize(
    ("typed", "text"),
    [("a\tb\x1b[31mc\x07\x7f\x9bd\ne", "a   b[31mcd\ne"), ("caf\udce9", "caf\ufffd"), ("œ€", "œ€")],
)
def test_controls_are_no_text(typed: str, text: str) -> None:
    assert without_controls(typed) == text


@pytest.mark.parametrize(
    ("line", "full"),
    [
        ("ti li", "ticket list"),
        ("ticket st 12 resolved", "ticket status 12 resolved"),
        ("help ti rep", "help ticket reply"),
        ("help", "help"),
        ("unheard of", "unheard of"),
        ("pas", "password"),
        ("quit", "quit"),
    ],
)
def test_unique_beginnings_are_enough(line: str, full: str) -> None:
    assert line_in_full(line, NOUNS) == full


def test_a_beginning_of_several_is_asked_back() -> None:
    with pytest.raises(WrongUsage, match=r"p: .*person.*password"):
        line_in_full("p list", NOUNS)


def test_what_was_begun_keeps_its_blanks_and_quotes() -> None:
    assert line_in_full("  ti   li  --text 'a  b", NOUNS) == "  ticket   list  --text 'a  b"
