"""A typed line means its words and nothing else: no sign reaches the machine, none is lost."""

import pytest
from cmd2.parsing import StatementParser
from hypothesis import given
from hypothesis import strategies as st

from shell.nouns import NOUNS
from shell.typed import begun_in_full, line_in_full, line_of, words_of
from shell.verbs import WrongUsage


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("  ticket   list ", ["ticket", "list"], id="blanks"),
        pytest.param("note j'ai vu l'écran", ["note", "j'ai", "vu", "l'écran"], id="apostrophes"),
        pytest.param("note 12 'un écran'", ["note", "12", "un écran"], id="quotes"),
        pytest.param('note "l\'écran"', ["note", "l'écran"], id="an apostrophe in quotes"),
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


def understood(line: str) -> list[str]:
    """Return the words that cmd2 hands to a command."""
    statement = StatementParser(terminators=[], shortcuts={}).parse(line)
    assert not statement.redirector
    assert not statement.terminator
    return [statement.command, *(one[1:-1] if one[:1] in "\"'" else one for one in statement.arg_list)]


WORDS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), blacklist_characters='"'), min_size=1
)


@given(st.lists(WORDS))
def test_cmd2_takes_the_words_as_they_are(words: list[str]) -> None:
    assert understood(line_of(["note", *words])) == ["note", *words]


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
    assert begun_in_full(line, NOUNS) == full


def test_a_beginning_of_several_is_asked_back() -> None:
    with pytest.raises(WrongUsage, match=r"p: .*person.*password"):
        line_in_full("p list", NOUNS)


def test_what_was_begun_keeps_its_blanks_and_quotes() -> None:
    assert begun_in_full("  ti   li  --text 'a  b", NOUNS) == "  ticket   list  --text 'a  b"
