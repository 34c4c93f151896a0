"""Text from outside meets a terminal, a log line or a spreadsheet only in a form that does nothing there."""

import csv
import io
import re
import sys
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.terminal import MARKS_IN_A_ROW, csv_cell, term_safe, term_safe_block

HOSTILE = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from(
            "\x1b\x07\x9b\x00\x7f\r\n\t\u202e\u200b\u0301\u0316\u0489\u2066\ufeff\ud800\U000e0041=@|"
        ),
    ),
    max_size=60,
)
FORBIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Mon chargeur ne marche plus", "Mon chargeur ne marche plus", id="ascii stays"),
        pytest.param("C:\\new\\table", "C:\\new\\table", id="a backslash stays one"),
        pytest.param(
            "Ça marche\u00a0: 5\u202f€ ❤️ 漢字 سلام",
            "Ça marche\u00a0: 5\u202f€ ❤️ 漢字 سلام",
            id="languages stay",
        ),
        pytest.param("e\u0301te\u0301", "été", id="decomposed letters are composed"),
        pytest.param("\x1b[2J\x1b]0;owned\x07", "\\x1b[2J\\x1b]0;owned\\x07", id="escape sequences"),
        pytest.param("\x9b2J", "\\x9b2J", id="eight bit control sequence"),
        pytest.param("a\x00b\x7fc", "a\\x00b\\x7fc", id="nul and delete"),
        pytest.param("hi\r\nBcc: x@y.z", "hi\\r\\nBcc: x@y.z", id="line ends are seen"),
        pytest.param("a\tb", "a b", id="a tab is a space"),
        pytest.param("gnp.\u202eexe", "gnp.\\u202eexe", id="right to left override"),
        pytest.param("a\u2066b\u2069", "a\\u2066b\\u2069", id="bidi isolates"),
        pytest.param("admin\u200b@x", "admin\\u200b@x", id="zero width space"),
        pytest.param("a\u200db", "a\\u200db", id="zero width joiner"),
        pytest.param("soft\u00adhyphen", "soft\\xadhyphen", id="soft hyphen"),
        pytest.param("\ufeffx", "\\ufeffx", id="byte order mark"),
        pytest.param("a\u3164b\u2800c", "a\\u3164b\\u2800c", id="letters that look blank"),
        pytest.param("a\U000e0041b", "a\\U000e0041b", id="tag characters"),
        pytest.param("a\u2028b\x85c", "a\\u2028b\\x85c", id="line ends that are not LF"),
        pytest.param("a\ud800b\udcffc", "a\\ud800b\\udcffc", id="lone surrogates"),
        pytest.param("a\ue000b\ufdd0", "a\\ue000b\\ufdd0", id="private use and no characters"),
    ],
)
def test_what_could_steer_or_deceive_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert term_safe(text) == shown


@pytest.mark.parametrize(
    ("marks", "cut"),
    [
        pytest.param(MARKS_IN_A_ROW, False, id="four marks"),
        pytest.param(MARKS_IN_A_ROW + 1, True, id="five marks"),
        pytest.param(500, True, id="a tower"),
    ],
)
def test_at_most_four_marks_stand_in_a_row(marks: int, cut: bool) -> None:
    mark = "\u0e49"  # Thai, composes with nothing

    assert term_safe("ส" + mark * marks) == "ส" + mark * min(marks, MARKS_IN_A_ROW) + ("…" if cut else "")


def test_marks_that_come_apart_under_nfc_are_counted_too() -> None:
    assert term_safe("\u0958" + "\u0951" * 4) == "\u0915\u093c" + "\u0951" * 3 + "…"


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        pytest.param("abcde", 5, "abcde", id="as long as allowed"),
        pytest.param("abcdef", 5, "abcd…", id="one too long"),
        pytest.param("a" * 1000, 5, "aaaa…", id="far too long"),
        pytest.param("\x1b\x1b", 5, "\\x1b…", id="escapes count as shown"),
        pytest.param("e\u0301" * 5, 5, "ééééé", id="composed before it is counted"),
        pytest.param("a" + "\u0301" * 1000, 5, "á\u0301\u0301\u0301…", id="a tower is cut"),
        pytest.param(
            "e" + "\u0301" * 34 + "xyz",
            6,
            "é\u0301\u0301\u0301……",
            id="a tower does not hide that more follows",
        ),
        pytest.param("", 5, "", id="nothing"),
        pytest.param("ab", 1, "…", id="room for one"),
    ],
)
def test_a_long_text_ends_in_an_ellipsis_within_the_limit(text: str, limit: int, shown: str) -> None:
    assert term_safe(text, limit) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("un\ndeux\n", "un\ndeux\n", id="newlines stay"),
        pytest.param("un\r\ndeux", "un\ndeux", id="CR LF is a newline"),
        pytest.param("un\rdeux", "un\\rdeux", id="a lone CR could overwrite the line"),
        pytest.param("a\tb\n\tc", "a       b\n        c", id="tabs are expanded"),
        pytest.param("é\n\x1b[31m\u202e", "é\n\\x1b[31m\\u202e", id="escapes as in a line"),
    ],
)
def test_a_block_keeps_its_lines(text: str, shown: str) -> None:
    assert term_safe_block(text) == shown


def test_no_character_of_unicode_comes_through_as_a_control_or_a_format() -> None:
    everything = " ".join(map(chr, range(sys.maxunicode + 1)))

    for shown in (term_safe(everything), term_safe_block(everything).replace("\n", "")):
        assert not [hex(ord(c)) for c in shown if unicodedata.category(c) in FORBIDDEN]


@settings(max_examples=500, deadline=None)
@given(HOSTILE)
def test_hostile_text_is_one_calm_line(text: str) -> None:
    shown = term_safe(text)

    assert not [c for c in shown if unicodedata.category(c) in FORBIDDEN]
    rows = "".join("M" if unicodedata.category(c)[0] == "M" else "." for c in shown)
    assert "M" * (MARKS_IN_A_ROW + 1) not in rows
    assert term_safe(shown) == shown
    assert len(term_safe(text, 9)) <= 9


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
def test_hostile_text_stays_one_cell_and_no_formula(text: str) -> None:
    cell = csv_cell(text)
    out = io.StringIO()
    csv.writer(out).writerow(["first", cell])

    assert list(csv.reader(io.StringIO(out.getvalue()))) == [["first", cell]]
    assert not re.match(r"[\s\"]*[=+\-@|%]", cell)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        pytest.param("=1+1", "'=1+1", id="equals"),
        pytest.param("+33 1 23", "'+33 1 23", id="plus"),
        pytest.param("-5", "'-5", id="minus"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("|calc", "'|calc", id="pipe"),
        pytest.param("%0A", "'%0A", id="percent"),
        pytest.param("＝1+1", "'＝1+1", id="fullwidth equals"),
        pytest.param("  =1", "'  =1", id="after blanks"),
        pytest.param('"=1', "'\"=1", id="after a quote"),
        pytest.param("\tx", "' x", id="a tab first"),
        pytest.param("\r=1", "'\\r=1", id="a CR first"),
        pytest.param("a=1", "a=1", id="equals inside"),
        pytest.param("jean@ecole.fr", "jean@ecole.fr", id="an address"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_cell_that_looks_like_a_formula_is_made_text(text: str, cell: str) -> None:
    assert csv_cell(text) == cell


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\u0301\u0316" * 500_000, id="marks out of order"),
        pytest.param("\x1b" * 1_000_000, id="escapes"),
        pytest.param("…" * 1_000_000, id="signs that are no letters"),
        pytest.param(" \"'" * 350_000, id="blanks and quotes before no formula"),
    ],
)
def test_a_hostile_mebibyte_takes_linear_time(text: str) -> None:
    start = time.process_time()
    term_safe(text)
    term_safe_block(text)
    csv_cell(text)
    assert time.process_time() - start < 6
