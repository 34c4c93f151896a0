"""How much of a text is shown, and how tables fit."""

import io

import pytest

from shell.screen import Screen, beginning, broken, wrapped

ID, TIME, SUBJECT = (
    "913929398064756992",
    "2026-11-27 00:09",
    "The screen in room 204 stays dark since this morning",
)


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


def table(columns: int, *cells: str, wraps: tuple[int, ...] = ()) -> list[str]:
    """Return the lines of a table with one row of *cells*; the last one gives way first."""
    screen = Screen(out=io.StringIO(), columns=columns)
    screen.table([f"head{at}" for at in range(len(cells))], [cells], wraps=wraps)
    return screen.out.getvalue().splitlines()  # type: ignore[attr-defined, no-any-return]


def test_the_last_column_gives_way_first() -> None:
    assert table(60, TIME, "Jeanne Dupont", SUBJECT)[1] == f"{TIME}  Jeanne Dupont  {SUBJECT[:26]}…"


def test_then_the_widest_does_and_single_words_stay_whole() -> None:
    assert table(72, ID, "in progress", "Jeanne Dupont-Martin", SUBJECT)[1] == (
        f"{ID}  in progress  Jeanne Dupon…  {SUBJECT[:23]}…"
    )


def test_at_eighty_columns_a_subject_is_whole_below_or_can_be_read() -> None:
    ticket = ("12998", "resolved", "normal", "Jeanne Dupont", "Marc Petit", TIME, SUBJECT)
    assert table(80, *ticket)[-2:] == ["  ".join(ticket[:6]), f"    {SUBJECT}"]
    assert table(80, *ticket[:4], "", *ticket[5:])[1:] == [
        f"12998  resolved  normal  Jeanne Dup…  {TIME}  {SUBJECT[:23]}…"
    ]


class Tty(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def listed(out: io.StringIO) -> str:
    """Print a long row where nobody said how many columns there are; return its line."""
    Screen(out).table(["time", "subject"], [(TIME, SUBJECT * 20)])
    return out.getvalue().splitlines()[-1]


def test_where_programs_read_on_nothing_is_cut_unless_columns_are_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert listed(io.StringIO()) == f"{TIME}  {SUBJECT * 20}"
    assert len(listed(Tty())) < len(SUBJECT * 20)
    monkeypatch.setenv("COLUMNS", "60")
    assert listed(io.StringIO()) == f"{TIME}  {SUBJECT[:41]}…"


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        pytest.param(72, [f"{ID}  {TIME}  jean@he…  {SUBJECT[:23]}…"], id="the narrowest that can be read"),
        pytest.param(
            71, [f"{ID}  {TIME}  jean@help.example", f"    {SUBJECT}"], id="a column less: two lines"
        ),
        pytest.param(
            40, [f"{ID}  {TIME}", "    jean@help.example", f"    {SUBJECT[:35]}…"], id="three lines"
        ),
        pytest.param(
            30,
            [f"head0: {ID}", f"head1: {TIME}", "head2: jean@help.example", f"head3: {SUBJECT}", ""],
            id="it would be four: one a field",
        ),
    ],
)
def test_an_id_and_a_time_are_never_cut(columns: int, lines: list[str]) -> None:
    assert table(columns, ID, TIME, "jean@help.example", SUBJECT)[-len(lines) :] == lines


def test_a_column_without_anything_takes_no_line() -> None:
    assert table(40, ID, TIME, "", SUBJECT) == [
        "head0               head1",
        "    head3",
        f"{ID}  {TIME}",
        f"    {SUBJECT[:35]}…",
    ]


def test_the_name_of_an_action_is_never_cut() -> None:
    assert table(68, TIME, "UNAUTHORIZED_ROLE_CHANGE", SUBJECT)[1] == (
        f"{TIME}  UNAUTHORIZED_ROLE_CHANGE  {SUBJECT[:23]}…"
    )
    assert table(50, TIME, "UNAUTHORIZED_ROLE_CHANGE", SUBJECT)[2:] == [
        f"{TIME}  UNAUTHORIZED_ROLE_CHANGE",
        f"    {SUBJECT[:45]}…",
    ]


def test_an_empty_column_gives_its_room_to_the_others() -> None:
    assert table(76, TIME, "Jeanne Dupont", "", SUBJECT)[1] == f"{TIME}  Jeanne Dupont  {SUBJECT[:42]}…"


def test_a_column_that_wraps_is_never_cut() -> None:
    assert table(49, TIME, "agent", SUBJECT, wraps=(2,))[1:] == [
        f"{TIME}  agent  The screen in room 204",
        " " * 25 + "stays dark since this",
        " " * 25 + "morning",
    ]


def test_nor_is_it_where_rows_take_several_lines() -> None:
    assert table(40, ID, TIME, SUBJECT, wraps=(2,))[-2:] == [
        "    The screen in room 204 stays dark",
        "    since this morning",
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("un deux", ["un deux"], id="what just fits"),
        pytest.param("un deux!", ["un", "deux!"], id="what does not, at a blank"),
        pytest.param("abcdefghi", ["abcdefg", "hi"], id="without a blank"),
        pytest.param("表表表表", ["表表表", "表"], id="wide characters"),
        pytest.param("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18",
                     ["1 2 3 4", "5 6 7 8", "9 10 11", "12 13", "14 15", "16 17 …"], id="a book"),
        pytest.param("", [""], id="nothing"),
    ],
)  # fmt: skip
def test_a_text_is_wrapped_at_blanks_and_within_reason(text: str, lines: list[str]) -> None:
    assert wrapped(text, 7) == lines


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        pytest.param("un deux", ["un deux"], id="what just fits"),
        pytest.param("un deux!", ["un", "deux!"], id="what does not, at a blank"),
        pytest.param("  un deux trois", ["  un", "  deux", "  trois"], id="indented alike"),
        pytest.param("a abcdefgh b", ["a", "abcdefgh", "b"], id="a long word stays whole"),
        pytest.param("a  b   c d", ["a  b", "c d"], id="blanks between words stay"),
        pytest.param("          a b", ["          a", "   b"], id="an indent wider than the screen"),
        pytest.param("表表 表表", ["表表", "表表"], id="wide characters"),
        pytest.param("prêt\u00a0: oui", ["prêt\u00a0:", "oui"], id="not before a colon"),
        pytest.param("         ", [""], id="blanks alone"),
        pytest.param("", [""], id="nothing"),
    ],
)
def test_a_line_is_broken_at_blanks_and_nothing_of_it_is_lost(line: str, lines: list[str]) -> None:
    assert broken(line, 7).split("\n") == lines


PARAGRAPH = "    [the screen in room 204 stays dark since this morning]\nsecond"


def test_blanks_at_the_end_of_a_long_line_cost_nothing() -> None:
    assert broken("mot" + " " * 200_000, 80) == "mot"  # it took hours


def test_at_a_terminal_what_is_said_and_complained_is_broken_and_a_picture_is_not() -> None:
    screen = Screen(Tty(), Tty(), columns=30, plain=True)
    for out, tell in ((screen.out, screen.say), (screen.error, screen.complain)):
        tell(PARAGRAPH)
        assert out.getvalue() == (  # type: ignore[attr-defined]
            "    [the screen in room 204\n    stays dark since this\n    morning]\nsecond\n"
        )
    screen = Screen(Tty(), columns=4)
    screen.say("█ █ █ █", as_it_is=True)
    assert screen.out.getvalue() == "█ █ █ █\n"  # type: ignore[attr-defined]


def test_where_programs_read_on_lines_stay_as_they_are() -> None:
    screen = Screen(io.StringIO(), Tty(), columns=30)
    for out, tell in ((screen.out, screen.say), (screen.error, screen.complain)):
        tell(PARAGRAPH)
        assert out.getvalue() == f"{PARAGRAPH}\n"  # type: ignore[attr-defined]


def test_what_could_steer_a_terminal_is_shown_before_lines_are_broken() -> None:
    screen = Screen(Tty(), columns=20, plain=True)
    screen.say("a\x1b[2J b\x9b2J c\u202ed e\rf")
    assert screen.out.getvalue() == "a\\x1b[2J b\\x9b2J\nc\\u202ed e\\rf\n"  # type: ignore[attr-defined]
