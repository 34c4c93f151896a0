"""Yes or no."""

import pytest

from helpdesk.core.answers import says_not_me, says_yes


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


@pytest.mark.parametrize(
    ("text", "not_me"),
    [
        pytest.param("pas moi", True, id="french"),
        pytest.param("Not me!", True, id="english"),
        pytest.param("Bonjour,\nnon, ce n'est pas moi.", True, id="in a sentence"),
        pytest.param("It wasn’t me", True, id="with a typographer's apostrophe"),
        pytest.param("non", False, id="a bare no freezes nothing"),
        pytest.param("oui", False, id="yes"),
        pytest.param("Je ne comprends pas, moi je n'ai rien envoyé", False, id="other words between"),
        pytest.param(f"{'x' * 60} pas moi", False, id="too far from the beginning"),
        pytest.param("repas moins cher", False, id="inside other words"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_not_me_must_be_said_in_so_many_words(text: str, not_me: bool) -> None:
    assert says_not_me(text) is not_me
