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
        pytest.param("Bonjour, oui", True, id="a greeting first"),
        pytest.param("Bonjour Madame,\n\nOui, c'est bien moi.", True, id="a greeting in a line of its own"),
        pytest.param("C’est bien moi, merci.", True, id="it is me"),
        pytest.param("Je confirme que ce message vient de moi.", True, id="confirmed"),
        pytest.param("Pas de souci, oui c'est moi", True, id="a yes after other words"),
        pytest.param("Hello,\n\nIt was me.", True, id="english, it was me"),
        pytest.param("Bonjour,\nnon", False, id="a no after a greeting"),
        pytest.param("Bonjour, ce n’est pas moi", False, id="not me after a greeting"),
        pytest.param("Not sure", None, id="unsure"),
        pytest.param("Je ne confirme pas", None, id="not confirmed"),
        pytest.param("Est-ce que c'est moi ?", None, id="a question"),
        pytest.param("Si oui, que faut-il faire", None, id="a condition"),
        pytest.param("Bonjour,\nMon chargeur ne marche plus", None, id="another matter"),
        pytest.param("ouistiti", None, id="a word that only begins so"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_an_answer_says_yes_or_no_in_its_first_lines(text: str, answer: bool | None) -> None:
    assert says_yes(text) is answer


NOT_ME = (
    "pas moi",
    "Pas moi !",
    "« Pas moi »",
    "PAS MOI",
    "*pas moi*",
    "Non, pas moi.",
    "Non ce n'est pas moi",
    "Ce n’est pas moi.",
    "ce n' est pas moi",
    "C'est pas moi",
    "C’était pas moi !",
    "Ce n’était pas moi",
    "Ce n'était absolument pas moi.",
    "Ce message n'est pas de moi.",
    "Ce n’est pas moi qui ai écrit ce message.",
    "Ce n'est pas moi qui vous ai envoyé cela",
    "Je n’ai rien envoyé.",
    "Je n'ai jamais rien envoyé",
    "Je n’ai jamais envoyé ce message",
    "Je n'ai pas envoyé ce mail !",
    "Je n'ai pas écrit ce message.",
    "Je n'ai jamais écrit cela",
    "Je ne vous ai rien envoyé.",
    "Je ne l’ai pas envoyé",
    "Jamais envoyé !",
    "Bonjour,\nnon, ce n'est pas moi.",
    "Bonjour, j'ai bien reçu votre message de ce matin et je vous réponds que\nce n'est pas moi.",
    "Bonjour Madame,\n\nMerci de votre message.\n\nCe n’était pas moi.\n\nCordialement\nZoé",
    "Qu'est-ce que c'est ? Ce n'est pas moi.",
    "Je ne comprends pas, moi je n'ai rien envoyé",
    "Not me!",
    "“Not me”",
    "It wasn’t me",
    "It wasnt me.",
    "It was not me",
    "That wasn't me!",
    "No, it isn't me.",
    "This is not from me",
    "It was not me who sent that.",
    "I did not send this.",
    "I did not write this mail",
    "I didn't write that",
    "I didn't.",
    "No, I didn't",
    "I never sent you anything",
    "I have never written this.",
    "Hello,\n\nthanks for asking. It wasn't me.\n\nBest, Zoé",
)
SOMETHING_ELSE = (
    "",
    "non",
    "No.",
    "oui",
    "C'était moi, merci.",
    "It was me",
    "repas moins cher",
    "Est-ce pas moi qui… ?",
    "N'est-ce pas moi ?",
    "Ce n'est pas moi ?",
    "Pourquoi pas moi ?",
    "pourquoi pas moi",
    "Vous croyez que ce n’est pas moi ?",
    "Si ce n’est pas moi, que dois-je faire",
    "Que se passe-t-il si je réponds « pas moi » ?",
    "Faut-il vraiment répondre « pas moi » pour cela",
    "Ce n'est pas moi qui décide des dates.",
    "Ce n’est pas moi qui gère les salles",
    "Je n'ai pas envoyé la pièce jointe, la voici.",
    "Je n’ai pas envoyé mon devoir.",
    "Je n'ai jamais envoyé mon dossier",
    "Je n'ai pas encore écrit à la direction.",
    "Je n'ai rien reçu",
    "> pas moi",
    "Bonjour\n> Répondez « pas moi » à ce message\n",
    "un\ndeux\ntrois\nquatre\ncinq\npas moi",
    f"{'x' * 300} pas moi",
    "Was it not me?",
    "Why not me",
    "If it was not me, what should I do",
    "What happens if I answer “not me”?",
    'Should I answer "not me" then',
    "It is not me who decides.",
    "It is not me that opens the rooms",
    "I did not send the attachment, here it is.",
    "I didn't send my homework",
    "I didn't understand your message.",
    "I did not write down the number",
    "I never got an answer",
    "notme",
    "Bonjour, je voudrais savoir ce que je dois faire maintenant si ce n'est\npas moi",
    "Hello, could you tell me please what I am supposed to do now if it was\nnot me",
)


@pytest.mark.parametrize("text", NOT_ME)
def test_not_me_in_so_many_words(text: str) -> None:
    assert says_not_me(text)


@pytest.mark.parametrize("text", SOMETHING_ELSE)
def test_what_is_no_not_me(text: str) -> None:
    assert not says_not_me(text)
