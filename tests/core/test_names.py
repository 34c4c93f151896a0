"""What a name can be, and how it is sorted and searched."""

import pytest

from helpdesk.core.names import name_problem, sort_name, tidy


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("Zoé Martin", id="an accent"),
        pytest.param("Zoe\u0301 Martin", id="the same accent, apart"),
        pytest.param("=1+1", id="a formula: the CSV writer makes it harmless"),
        pytest.param("李雷", id="Chinese"),
        pytest.param("é" * 200, id="the longest"),
    ],
)
def test_what_prints_can_be_a_name(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("", "a name has 1 to 200 characters, this one 0", id="empty"),
        pytest.param("é" * 201, "a name has 1 to 200 characters, this one 201", id="too long"),
        pytest.param("Jean\x1b[2J", "the name Jean\\x1b[2J holds characters", id="an escape sequence"),
        pytest.param("Jean\u202e", "the name Jean\\u202e holds characters", id="bidi"),
        pytest.param("Jean\0", "the name Jean\\x00 holds characters", id="NUL"),
        pytest.param("Jean\u200b", "the name Jean\\u200b holds characters", id="without width"),
        pytest.param("Jean\x85Bcc: x@y.example", "the name Jean\\x85Bcc: x@y", id="a line end of old"),
        pytest.param("Jean\udc80", "the name Jean\\udc80 holds characters", id="half a character"),
    ],
)
def test_what_could_steer_a_terminal_or_a_header_is_no_name(name: str, told: str) -> None:
    problem = name_problem(name)
    assert problem
    assert problem[0].startswith(told)
    assert all(text.isprintable() for text in problem)


def test_line_ends_in_a_name_become_blanks() -> None:
    assert tidy(" Jean\r\nBcc: x@y.example\t") == "Jean Bcc: x@y.example"


@pytest.mark.parametrize(
    ("name", "sorted_as"),
    [
        pytest.param("Élodie ÇELIK", "elodie celik", id="accents and capitals"),
        pytest.param("Groß", "gross", id="sharp s"),
        pytest.param("Œuf Ægir Łódź", "oeuf aegir lodz", id="letters without parts"),
        pytest.param("ﬁnn", "finn", id="a ligature"),
        pytest.param("ÿ" * 200, "y" * 200, id="as long"),
        pytest.param("œ" * 200, "oe" * 100, id="cut to the column"),
        pytest.param("ß" * 200, "s" * 200, id="never longer than the column"),
    ],
)
def test_names_sort_without_accents_and_capitals(name: str, sorted_as: str) -> None:
    assert sort_name(name) == sorted_as
