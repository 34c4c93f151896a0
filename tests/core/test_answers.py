"""Yes or no."""

import pytest

from helpdesk.core.answers import says_yes


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param("oui", True, id="yes"),
        pytest.param("  « Oui ! », c'était moi", True, id="a yes in quotes"),
        pytest.param("Yes, that was me", True, id="english yes"),
        pytest.param("NON ce n'est pas moi", False, id="no"),
        pytest.param("pas moi", False, id="not me"),
        pytest.param("Bonjour, oui", None, id="neither comes first"),
        pytest.param("ouistiti", None, id="a word that only begins so"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_first_word_of_an_answer_decides(text: str, answer: bool | None) -> None:
    assert says_yes(text) is answer
