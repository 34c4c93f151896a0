"""How much of a text is shown."""

import pytest

from shell.screen import beginning


@pytest.mark.parametrize(
    ("text", "shown", "left"),
    [
        pytest.param("a\nb\nc", "a\nb\nc", 0, id="as many lines as there are rows"),
        pytest.param("a\nb\nc\nd", "a\nb\nc", 1, id="one more"),
        pytest.param("a\n\nc\nd\ne", "a\n\nc", 2, id="a blank line takes a row"),
        pytest.param("x" * 10 + "\nb", "x" * 10 + "\nb", 0, id="a line as wide as two rows"),
        pytest.param("x" * 11 + "\nb", "x" * 11, 1, id="a line that takes three"),
        pytest.param("x" * 15, "x" * 15, 0, id="a line that just fits"),
        pytest.param("x" * 16, "x" * 14 + "…", 1, id="a line that does not"),
        pytest.param("a\n" + "x" * 11, "a\n" + "x" * 9 + "…", 1, id="the last line is cut"),
        pytest.param("", "", 0, id="nothing"),
    ],
)
def test_a_long_text_is_cut_where_the_rows_end(text: str, shown: str, left: int) -> None:
    assert beginning(text, 3, 5) == (shown, left)
