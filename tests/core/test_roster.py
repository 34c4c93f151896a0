"""The file of a class as schools write it: what is read, and each bad line by its number."""

from datetime import date

import pytest

from helpdesk.core.people import Language
from helpdesk.core.roster import MAX_BYTES, MAX_LINES, RosterLine, read_day, read_roster
from helpdesk.errors import Refused

TODAY = date(2026, 9, 15)
ZOE = RosterLine(2, "zoe@univ.example", "Zoé Öst")
ZOE_IN_FULL = RosterLine(
    2, "zoe@univ.example", "Zoé Öst", Language.FR, "Réseau", date(2026, 9, 1), date(2027, 6, 30)
)
FULL_HEAD = "Courriel;Nom;Langue;Équipe;Valide_du;Valide_au"
FULL = f"{FULL_HEAD}\r\nZoe@UNIV.example; Zoé  Öst ;FR;Réseau;01/09/2026;30/06/2027\r\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"email,name\nzoe@univ.example,Zo\xc3\xa9 \xc3\x96st\n", ZOE, id="UTF-8"),
        pytest.param("email,name\nzoe@univ.example,Zoé Öst".encode(), ZOE, id="no end of line"),
        pytest.param("\ufeffemail,name\nzoe@univ.example,Zoé Öst\n".encode(), ZOE, id="a BOM"),
        pytest.param("email;name\rzoe@univ.example;Zoé Öst\r".encode("cp1252"), ZOE, id="an old Macintosh"),
        pytest.param(FULL.encode("cp1252"), ZOE_IN_FULL, id="Excel in French"),
        pytest.param(f"\ufeff{FULL}".encode(), ZOE_IN_FULL, id="Excel in French, CSV UTF-8"),
        pytest.param(FULL.replace(";", "\t").encode("utf-16"), ZOE_IN_FULL, id="Excel, Unicode text"),
        pytest.param('name,email\n"Öst, Zoé",zoe@univ.example'.encode(), None, id="a comma in quotes"),
        pytest.param(b"email,name,,\nzoe@univ.example,Zoe,,\n,,,\n", None, id="emptied columns and rows"),
    ],
)
def test_what_schools_write_is_read(data: bytes, expected: RosterLine | None) -> None:
    good, bad = read_roster(data, TODAY)
    assert bad == []
    assert [line.address for line in good] == ["zoe@univ.example"]
    assert expected is None or good == [expected]


def test_the_first_line_of_excel_may_name_the_delimiter() -> None:
    good, bad = read_roster(b"sep=|\nemail|name\n\nzoe@univ.example|Zoe\nx|y\n", TODAY)
    assert [line.number for line in good] == [4]
    assert [line.number for line in bad] == [5]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        pytest.param("zoe,Zoé", "zoe: a mail address has an @", id="no address"),
        pytest.param(",Zoé", ": a mail address has an @", id="an empty address"),
        pytest.param("zoe@univ.example,", "a name has 1 to 200 characters, this one 0", id="no name"),
        pytest.param("zoe@univ.example,Z\x1b[2J", "the name Z\\x1b[2J holds", id="an escape in the name"),
        pytest.param('"z\x1b@x.example",Zoé', "z\\x1b@x.example: before the @", id="one in the address"),
        pytest.param("zoe@univ.example,Zoé,de", "de is no language of ours (fr, en)", id="a language"),
        pytest.param("zoe@univ.example,Zoé,,T\u202e", "the name T\\u202e holds", id="a hostile team"),
        pytest.param("zoe@univ.example,Zoé,,,2026-02-30", "2026-02-30 is no day", id="no such day"),
        pytest.param("zoe@univ.example,Zoé,,,tomorrow", "tomorrow is no day", id="a word for a day"),
        pytest.param("zoe@univ.example,Zoé,,,,1999-12-31", "1999-12-31 is no day from 2000", id="too early"),
        pytest.param("zoe@univ.example,Zoé,,,,2200-01-01", "2200-01-01 is no day from 2000", id="too late"),
        pytest.param("zoe@univ.example,Zoé,,,2027-01-02,2027-01-01", "its last day, 2027-01-01, is before",
                     id="ends before it begins"),
        pytest.param("zoe@univ.example,Zoé,,,,2026-09-14", "its last day, 2026-09-14, is past", id="yesterday"),
        pytest.param("zoe@univ.example,Zoé,,,,,x", "it has 7 cells; the first line names 6", id="a cell more"),
        pytest.param('zoe@univ.example,"Z"é', "its quotes do not match", id="a quote inside"),
        pytest.param("anne@univ.example,Anne", "anne@univ.example stands in line 2 already", id="twice"),
    ],
)  # fmt: skip
def test_a_bad_line_is_told_by_its_number_and_the_others_are_read(line: str, told: str) -> None:
    head = "email,name,language,team,valid_from,valid_until"
    data = f"{head}\nanne@univ.example,Anne\n{line}\neve@univ.example,Eve\n".encode()
    good, bad = read_roster(data, TODAY)
    assert [(one.number, one.name) for one in good] == [(2, "Anne"), (4, "Eve")]
    assert [one.number for one in bad] == [3]
    english, french = bad[0].problem
    assert english.startswith(told)
    assert english.isprintable()
    assert french.isprintable()
    assert french != english or "day" not in english


def test_today_is_not_past() -> None:
    good, bad = read_roster(b"email,name,valid_until\nzoe@univ.example,Zoe,2026-09-15\n", TODAY)
    assert (len(good), bad) == (1, [])


def test_an_open_quote_makes_its_line_bad_and_swallows_nothing_silently() -> None:
    good, bad = read_roster(b'email,name\na@x.example,A\nb@x.example,"B\nc@x.example,C\n', TODAY)
    assert [one.number for one in good] == [2]
    assert [one.number for one in bad] == [3]


def test_a_cell_of_two_lines_counts_both() -> None:
    good, bad = read_roster(b'email,name\na@x.example,"A\nB"\nx,y\n', TODAY)
    assert [one.name for one in good] == ["A B"]
    assert [one.number for one in bad] == [4]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(b"", "the first line must name the columns", id="empty"),
        pytest.param(b"SECRET=hunter2\n", "the first line must name the columns", id="another file"),
        pytest.param(b"email\nx@x.example\n", "the first line must name the columns", id="no names"),
        pytest.param(b'"email,name\n', "the first line must name the columns", id="an open quote"),
        pytest.param(b"email,name,valid_untill\n", "there is no column 'valid_untill'", id="a mistake"),
        pytest.param(b"email,name,nom\n", "two columns are name", id="a column twice"),
        pytest.param(b"\x81\x8d", "this is no text", id="binary"),
        pytest.param(b"email,name\0", "this is no text", id="NUL"),
        pytest.param(b"x" * (MAX_BYTES + 1), "more than 8 MiB", id="a byte too many"),
        pytest.param(b"\n" * MAX_LINES, "more than 100000 lines", id="a line too many"),
    ],
)
def test_what_is_no_such_file_is_refused_whole_and_not_quoted(data: bytes, told: str) -> None:
    with pytest.raises(Refused, match=told) as refused:
        read_roster(data, TODAY)
    assert "hunter2" not in str(refused.value) + refused.value.in_french


@pytest.mark.parametrize("text", ["2026-09-01", " 01/09/2026", "1.9.2026", "1/09/2026 "])
def test_a_day_is_read_in_each_form(text: str) -> None:
    assert read_day(text) == date(2026, 9, 1)


@pytest.mark.parametrize("text", ["", "09/31/2026", "2026-9-1", "2026-09-01T00:00", "٢٠٢٦-09-01", "\x1b[2J"])
def test_what_is_no_day_is_refused_and_shown_harmlessly(text: str) -> None:
    with pytest.raises(Refused) as refused:
        read_day(text)
    assert str(refused.value).isprintable()
