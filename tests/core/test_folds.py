"""What a reader may hide, by the way each mail program quotes; and what must never be hidden.

Each file of the corpus has a margin of two characters: "Q " for a quoted line, "S " for a signature.
"""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.folds import folds_of, visible_text
from helpdesk.core.mail import Fold

CORPUS = Path(__file__).parents[1] / "mails" / "quotes"
MARGINS = {"Q": "quote", "S": "signature", " ": "", "": ""}


def read(path: Path) -> tuple[str, list[str]]:
    """The text of a file of the corpus, and the kind of fold of each line that is not blank."""
    lines = path.read_text().removesuffix("\n").split("\n")
    return "\n".join(line[2:] for line in lines), [MARGINS[line[:1]] for line in lines if line[2:].strip()]


def kinds(text: str, folds: tuple[Fold, ...]) -> list[str]:
    """The kind of fold of each line of *text* that is not blank."""
    found = []
    position = 0
    for line in text.split("\n"):
        inside = [fold.kind for fold in folds if fold.start <= position and position + len(line) <= fold.end]
        if line.strip():
            found.append(inside[0] if inside else "")
        position += len(line) + 1
    return found


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in sorted(CORPUS.glob("*.txt"))])
def test_quotes_and_signatures_fold_and_nothing_else(path: Path) -> None:
    text, expected = read(path)

    assert kinds(text, folds_of(text)) == expected


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        pytest.param("Bonjour", "Bonjour", id="nothing to fold"),
        pytest.param("\n \n  Bonjour,\n\n\nmerci\n\n", "  Bonjour,\n\n\nmerci", id="blank lines at the ends"),
        pytest.param("Oui.\n\nOn 3/3/2025 10:12, A wrote:\n> x\n", "Oui.", id="answer above"),
        pytest.param(
            "On 3/3/2025 10:12, A wrote:\n> x\nOui.\n> y\n\nNon.\n", "Oui.\n\nNon.", id="answers between"
        ),
        pytest.param("Oui.\n-- \nLéa\n", "Oui.", id="signature"),
        pytest.param("> a\n> b\n", "> a\n> b", id="only a quote"),
        pytest.param("-- \nLéa\n", "-- \nLéa", id="only a signature"),
        pytest.param("", "", id="nothing"),
        pytest.param("\n\n", "", id="blank"),
    ],
)
def test_the_visible_text_is_what_the_writer_added(text: str, visible: str) -> None:
    assert visible_text(text, folds_of(text)) == visible


STORY = "Bonjour,\nle 12 juin 2025 à 14h30 le technicien a écrit :\n\nC'est réglé.\n\nEst-ce vrai ?"
HEAD = "Voyez.\n\nDe : A <a@b.example>\nEnvoyé : lundi 3 mars 2025 10:12\nÀ : Léa\nObjet : x\n\nContenu\n"


@pytest.mark.parametrize(
    ("subject", "folded"),
    [
        pytest.param("", True, id="unknown"),
        pytest.param("RE: Mon chargeur", True, id="an answer"),
        pytest.param("Re: TR: Mon chargeur", True, id="an answer to a forward"),
        pytest.param("TR : Mon chargeur", False, id="a forward in french"),
        pytest.param("Fwd: Mon chargeur", False, id="a forward in english"),
        pytest.param("[liste] FW: RE: Mon chargeur", False, id="a forward of an answer on a list"),
        pytest.param("Re: Transfert de mon numéro", True, id="a word that only begins so"),
        pytest.param("Mon chargeur", False, id="a first mail in which another one was copied"),
        pytest.param("Ref: Mon chargeur", False, id="a word that only begins like Re"),
        pytest.param("AW: Mon chargeur", True, id="an answer in german"),
        pytest.param("Ré : Mon chargeur", True, id="an answer in french"),
        pytest.param("[liste] Re[2]: Mon chargeur", True, id="a numbered answer on a list"),
        pytest.param("Demande [#12] bien reçue", True, id="the number of a ticket of ours"),
    ],
)
def test_outlook_tells_a_forward_from_an_answer_only_by_the_subject(subject: str, folded: bool) -> None:
    assert bool(folds_of(HEAD, subject)) is folded


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        pytest.param(
            "Je tape :\n> ping\nRien.", "Je tape :\n> ping\nRien.", id="marks that nothing announces"
        ),
        pytest.param(
            "Non.\n\nLe 3/3/2025 à 10:12, A a écrit :\n> x\nSi.\n> y\nOui.",
            "Non.\n\nSi.\n\nOui.",
            id="marks below an attribution",
        ),
        pytest.param(
            "Voyez.\n> Le 3/3/2025 à 10:12, A a écrit :\n> x", "Voyez.", id="an attribution behind marks"
        ),
        pytest.param(HEAD, HEAD.strip(), id="a mail that was copied"),
        pytest.param(STORY, STORY, id="a story with a date"),
        pytest.param("Oui.\n-- \nLéa", "Oui.", id="a signature"),
    ],
)
def test_a_first_mail_has_nothing_to_quote_but_what_is_announced(text: str, visible: str) -> None:
    assert visible_text(text, folds_of(text, "Mon chargeur")) == visible


def test_a_mail_that_names_an_earlier_one_is_an_answer_whatever_its_subject_says() -> None:
    assert visible_text(HEAD, folds_of(HEAD, "Mon chargeur", is_threaded=True)) == "Voyez."


@pytest.mark.parametrize(
    ("text", "folds"),
    [
        pytest.param("Oui.\n> a\n> b\nNon.", (Fold(5, 13, "quote"),), id="to the end of its last line"),
        pytest.param("Oui.\n> a\n> b", (Fold(5, 12, "quote"),), id="to the end of the text"),
        pytest.param("Oui.\n> a\n> b\n", (Fold(5, 13, "quote"),), id="with the last line end"),
        pytest.param("Oui.\n> a\n\n> b\n\n\n", (Fold(5, 16, "quote"),), id="with the blank lines around it"),
        pytest.param(
            "Oui.\n> a\nNon.\n-- \nLéa\n", (Fold(5, 9, "quote"), Fold(14, 22, "signature")), id="two kinds"
        ),
    ],
)
def test_a_fold_is_a_span_of_the_text(text: str, folds: tuple[Fold, ...]) -> None:
    assert folds_of(text) == folds


LINES = st.sampled_from(
    [
        *("> cité", ">> x", "", "  ", "Bonjour", "-- ", "--", "Léa", ">>> x", ">From x", "\x00\u202e\ud800"),
        *("On 3/3/2025 10:12, A <a@b.example> wrote:", "Le lun. 3 mars 2025 à 10:12, Jean", "Jean a écrit :"),
        *(
            "<j@x.example> a écrit :",
            "-----Message d'origine-----",
            "________________",
            "De : A",
            "Envoyé : lundi",
        ),
        *("À : B", "Objet : C", "Envoyé de mon iPhone", "---------- Forwarded message ---------"),
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(LINES, st.text(max_size=20).map(lambda line: line.replace("\n", ""))), max_size=20))
def test_folds_are_in_order_whole_lines_and_never_everything(lines: list[str]) -> None:
    text = "\n".join(lines)
    folds = folds_of(text)

    position = 0
    for fold in folds:
        assert position <= fold.start < fold.end <= len(text)
        assert fold.start == 0 or text[fold.start - 1] == "\n"
        assert fold.end == len(text) or text[fold.end - 1] == "\n"
        position = fold.end
    assert bool(visible_text(text, folds).strip()) is bool(text.strip())


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "\n",
            ">",
            "> \n",
            "--\n",
            "-- \n\n",
            "_________\n",
            "_________\n\n\n",
            "De : a\n",
            "Le ",
            "On 3\n",
            ":\n",
            "<",
            "@",
        ),
        *(
            "Le 3 mars 2025 à 10:12, A a écrit :\nx\n",
            "Le 3 mars 2025 à 10:12, A a écrit :\n\n",
            "Jean a écrit :\n\n",
            "Le 3 mars 2025 à 10:12, A a écrit :\nx\n> y\n",
            "> Le 3 mars 2025 à 10:12, A a écrit :\n> x\n\n",
            "---- Le 3 mars 2025 à 10:12, A a écrit ----\n",
            "Get Outlook for iOS\n\n",
            "réponse ",
        ),
        *(
            "De : a\nDate : b\n",
            "De : a\nx\n",
            "Envoyé de mon ",
            "Envoyé de mon iPhone\n",
            "-----Message d'origine-----\n",
        ),
        *(
            "a@b ",
            "10:12 ",
            "- ",
            "=",
            "* ",
            ">>> x\n",
            "schrieb ",
            "Quoting ",
            "2025-03-03 <",
            "[",
            "\u00a0",
            "https://a",
        ),
    ],
)
def test_a_hostile_text_takes_linear_time(piece: str) -> None:
    text = "x\n" + piece * (256 * 1024 // len(piece))
    start = time.process_time()
    visible_text(text, folds_of(text))
    folds_of(text + "\n> x\n")
    assert time.process_time() - start < 3
