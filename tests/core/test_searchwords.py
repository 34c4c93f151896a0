"""A text is found by its words, whatever accents and capitals; what a person types is words and nothing else."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.searchwords import (
    MAX_WANTED,
    MAX_WORD_BYTES,
    MAX_WORDS_OF_TEXT,
    SNIPPET_CHARS,
    Wanted,
    has_word,
    snippet,
    wanted_words,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("Réunion", {b"reunion"}, id="accents and capitals"),
        pytest.param(unicodedata.normalize("NFD", "Réunion"), {b"reunion"}, id="accents on their own"),
        pytest.param("CŒUR straße", {b"coeur", b"strasse"}, id="ligatures"),
        pytest.param("l'écran, d'après-midi", {b"ecran", b"apres", b"midi"}, id="apostrophes and hyphens"),
        pytest.param("salle B12 4", {b"salle", b"b12", b"4"}, id="numbers, also of one digit"),
        pytest.param("le the de x", set(), id="words of no weight, single letters"),
        pytest.param("Москва", {"москва".encode()}, id="other letters"),
        pytest.param("🎉 -- * \0 _", set(), id="no word"),
        pytest.param("wi\ud800fi", {b"wi", b"fi"}, id="half a surrogate pair"),
    ],
)
def test_a_text_is_found_by_its_words(text: str, words: set[bytes]) -> None:
    assert words_of(text) == words


def test_a_text_has_no_more_words_than_the_limit_and_none_is_longer() -> None:
    found = words_of(" ".join(f"w{number}" for number in range(MAX_WORDS_OF_TEXT + 1)))
    assert len(found) == MAX_WORDS_OF_TEXT
    assert f"w{MAX_WORDS_OF_TEXT}".encode() not in found
    assert words_of("é" * 40) == {b"e" * MAX_WORD_BYTES}
    assert all(len(word) <= MAX_WORD_BYTES for word in words_of("ж" * 40))


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        pytest.param("Réunion", (Wanted(b"reunion", True),), id="longer words too"),
        pytest.param("pc salle", (Wanted(b"pc", False), Wanted(b"salle", True)), id="two letters: that word"),
        pytest.param("pc", (Wanted(b"pc", True),), id="two letters alone: longer words too"),
        pytest.param("le wifi", (Wanted(b"wifi", True),), id="words of no weight are left out"),
        pytest.param("le the de", (Wanted(b"the", True),), id="unless there is nothing else"),
        pytest.param("a", (Wanted(b"a", True),), id="one letter"),
        pytest.param('"wifi" -salle* OR\'', (Wanted(b"wifi", True), Wanted(b"salle", True)), id="signs"),
        pytest.param("wifi WIFI", (Wanted(b"wifi", True),), id="once each"),
        pytest.param("🎉 -- *", (), id="no word"),
        pytest.param("", (), id="nothing"),
    ],
)  # fmt: skip
def test_what_is_typed_becomes_words(typed: str, wanted: tuple[Wanted, ...]) -> None:
    assert wanted_words(typed) == wanted


def test_at_most_eight_words_are_looked_for() -> None:
    assert len(wanted_words(" ".join(f"w{number}" for number in range(10_000)))) == MAX_WANTED


@pytest.mark.parametrize(
    ("text", "typed", "line"),
    [
        pytest.param(
            "La réunion\nde lundi", "REUNION", "La réunion de lundi", id="the whole of a short text"
        ),
        pytest.param("x " * 100 + "la réunion", "reunion", None, id="the end of a long one"),
        pytest.param("la réunion" + " x" * 100, "reunion", None, id="the beginning of a long one"),
        pytest.param("La salle", "reunion", "", id="nothing"),
    ],
)
def test_a_snippet_is_a_line_around_the_first_word(text: str, typed: str, line: str | None) -> None:
    found = snippet(text, wanted_words(typed))
    if line is not None:
        assert found == line
    else:
        assert "réunion" in found.replace("…", "")
        assert "…" in found
        assert len(found) <= SNIPPET_CHARS + 2


@given(st.text(max_size=300))
def test_every_text_has_what_it_is_found_by(text: str) -> None:
    assert all(has_word(text, Wanted(word, begins=False)) for word in words_of(text))
    assert "\n" not in snippet(text, wanted_words(text))
