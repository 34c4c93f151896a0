"""The one form of a tag or of the name of a canned answer."""

import pytest

from helpdesk.core.labels import label


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("imprimante", "imprimante", id="as it is"),
        pytest.param("Réseau Wi-Fi", "reseau-wi-fi", id="accents, blanks and capitals"),
        pytest.param("  a_b  c ", "a-b-c", id="blanks at the edges and underscores"),
        pytest.param("v1.2", "v1.2", id="a dot"),
        pytest.param("x" * 50, "x" * 50, id="as long as may be"),
    ],
)
def test_a_label_has_one_form(text: str, kept: str) -> None:
    assert label(text) == kept
    assert label(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("   ", id="blanks"),
        pytest.param("-x", id="looks like an option"),
        pytest.param(".x", id="begins with a dot"),
        pytest.param("a/b", id="a path"),
        pytest.param("\x1b[2J", id="an escape sequence"),
        pytest.param("a\u202eb", id="a bidi mark"),
        pytest.param("проба", id="letters that the column cannot hold"),
        pytest.param("x" * 51, id="one too many"),
    ],
)
def test_what_has_no_such_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="50 at most"):
        label(text)
