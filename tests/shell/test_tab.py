"""What Tab writes means what was chosen: names with apostrophes, quotes and blanks, also behind ``--option=``."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.people import Role
from helpdesk.store.tables import tickets
from helpdesk.store.work import Work, in_work
from shell.app import shell_for
from shell.typed import Begun, as_typed, word_begun, words_of
from tests.shell.desks import ShellDesk
from tests.shell.terminals import Terminal, logged_in
from tests.shell.test_app import completed, heard, signed_in

PEOPLE = ("Anne O'Brien", "L'Hôte", "d'Artagnan", """Zoé "Zo" l'Heureux""", "B1")
TEAM = "L'atelier d'été"


@pytest.fixture
def named_desk(ticket_desk: ShellDesk) -> ShellDesk:
    """A desk with somebody of each of the names, who each have a ticket, the last one in the team."""
    people = [ticket_desk.person(f"b{number}", Role.USER, team=30) for number in range(1, len(PEOPLE) + 1)]

    def fill(work: Work) -> None:
        work.teams.rename(30, TEAM)
        for known, name in zip(people, PEOPLE, strict=True):
            work.people.change(known.person.id, name=name)

    in_work(ticket_desk.database, fill)
    for known, name in zip(people, PEOPLE, strict=True):
        ticket_desk.ticket(20 + PEOPLE.index(name), known, subject=f"Case {PEOPLE.index(name)}", team_id=30)
    return ticket_desk


def test_a_defect_under_tab_is_told_without_what_it_quotes(
    ticket_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = shell_for(signed_in(ticket_desk, Role.ADMIN, "Chief"))

    def fails(*_: object) -> None:
        raise KeyError("jean@univ.example")

    monkeypatch.setattr("shell.completers.suggested_tickets", fails)
    told = shell.complete("", "ticket show ", 12, 12).error
    assert "KeyError, shell.completers:" in told
    assert "jean" not in told


@pytest.fixture
def terminal(named_desk: ShellDesk) -> Iterator[Terminal]:
    """A terminal in which the admin has logged in."""
    with logged_in(named_desk) as terminal:
        yield terminal


LINES = [
    ("ticket list --requester Ann", '''"Anne O'Brien"''', 0),
    ("ticket list --requester 'Anne O", """'Anne O'Brien'""", 0),
    ('ticket list --requester "Anne O', '''"Anne O'Brien"''', 0),
    ("ticket list --requester 'Anne O'", """'Anne O'Brien'""", 0),
    ("ticket list --requester L'H", "L'Hôte", 1),
    ("ticket list --requester l'ho", "L'Hôte", 1),
    ("ticket list --requester 'L'H", "'L'Hôte'", 1),
    ("ticket list --requester=L'H", "--requester=L'Hôte", 1),
    ("ticket list --requester='L'H", "--requester='L'Hôte'", 1),
    ("ticket list --requester d'", "d'Artagnan", 2),
    ("ticket list --requester Zo", """'Zoé "Zo" l'Heureux'""", 3),
    ("ticket list --requester 'Zoé \"", """'Zoé "Zo" l'Heureux'""", 3),
    ("ticket list --text Case --team L'a", '''"L'atelier d'été"''', 4),
    ("ticket list --team 'L'atelier d'", """'L'atelier d'été'""", 4),
    ("ticket list --team=\"L'atelier d", '''--team="L'atelier d'été"''', 4),
]


@pytest.mark.parametrize(("line", "written", "case"), LINES)
def test_tab_writes_a_name_so_that_enter_understands_it(
    named_desk: ShellDesk, line: str, written: str, case: int
) -> None:
    shell = shell_for(signed_in(named_desk, Role.ADMIN, "Chief"))
    found = shell.complete("", line, len(line), len(line))
    assert list(found.to_strings()) == [written]
    whole = f"{line[: word_begun(line).start]}{written}"
    assert f"Case {case}" in heard(shell, whole)


@pytest.mark.parametrize(
    ("begun", "case"), [("Ann", 0), ("'Anne O", 0), ('"Anne O', 0), ("L'H", 1), ("d'A", 2), ("Zo", 3)]
)
def test_at_a_terminal_tab_and_enter_find_whoever_has_an_apostrophe(
    terminal: Terminal, begun: str, case: int
) -> None:
    terminal.type(f"ticket list --requester {begun}\t", enter=False)
    terminal.until(PEOPLE[case][-3:])
    terminal.type("")
    told = terminal.at_prompt()
    assert f"Case {case}" in told
    assert [other for other in range(len(PEOPLE)) if f"Case {other}" in told] == [case]


def test_at_a_terminal_enter_chooses_among_several_and_runs_nothing(terminal: Terminal) -> None:
    terminal.type("ticket list --sort=\t\t", enter=False)
    terminal.until("urgency")
    terminal.type("\r", enter=False)
    terminal.type("\x15ticket show 21", enter=True)
    assert "opened by L'Hôte" in terminal.until("opened by L'Hôte")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("ticket list --status=wai", ["--status=waiting"]),
        ("ticket list --stat=wai", ["--stat=waiting"]),
        ("ticket list --status wai", ["waiting"]),
        ("ticket list --tag=", ["--tag=wifi"]),
        ("ticket list --json=", []),
        ("ticket show --what=", []),
        ("ticket reply 7 --status=", []),
        ("ticket list --team=x 2", []),
        ("ticket list --requester O'c", []),  # Chief is no end of it
    ],
)
def test_tab_completes_behind_an_equals_sign(ticket_desk: ShellDesk, line: str, offered: list[str]) -> None:
    chief = signed_in(ticket_desk, Role.ADMIN, "Chief")
    (row,) = ticket_desk.rows(tickets)
    in_work(ticket_desk.database, lambda work: work.history.tag(row["id"], ["wifi"]))
    assert completed(shell_for(chief), line) == offered


def test_tab_offers_the_tags_of_the_ticket_to_take_off(ticket_desk: ShellDesk) -> None:
    chief = signed_in(ticket_desk, Role.ADMIN, "Chief")
    ticket_desk.ticket(8, ticket_desk.people["Boss"])

    def fill(work: Work) -> None:
        first, second = work.tickets.by_numbers([7, 8]).values()
        work.history.tag(first.id, ["salle-4", "wifi"])
        work.history.tag(second.id, ["projector"])

    in_work(ticket_desk.database, fill)
    shell = shell_for(chief)
    assert completed(shell, "ticket untag 7 ") == ["salle-4", "wifi"]
    assert completed(shell, "ticket untag [#7] W") == ["wifi"]
    assert completed(shell, "ticket untag 7 wifi ") == ["salle-4"]
    assert completed(shell, "ticket untag 8 ") == ["projector"]
    assert completed(shell, "ticket untag 9 ") == []
    assert completed(shell, "ticket tag 8 wi") == ["wifi"]


def test_tab_offers_to_undo_what_can_be_undone(ticket_desk: ShellDesk) -> None:
    chief = signed_in(ticket_desk, Role.ADMIN, "Chief")
    for number in (8, 17):
        ticket_desk.ticket(number, ticket_desk.person(f"Pupil{number}", Role.USER), subject=f"Case {number}")
    for number in (17, 8):
        heard(shell_for(chief), f"ticket reply --yes {number} Done")
    shell = shell_for(chief)
    assert completed(shell, "ticket undo ") == ["8", "17"]
    assert completed(shell, "ticket undo #1") == ["17"]
    found = shell.complete("", "ticket undo 17", 14, 14).items
    assert [item.display_meta for item in found] == ["Case 17 (Pupil17)"]
    heard(shell, "ticket undo 17")
    assert completed(shell, "ticket undo ") == ["8"]


@pytest.mark.parametrize(
    ("line", "begun"),
    [
        ("", Begun(0, "", "", "")),
        ("ticket ", Begun(7, "", "", "")),
        ("ticket l'h", Begun(7, "", "", "l'h")),
        ("a 'b c", Begun(2, "", "'", "b c")),
        ("a 'b c'", Begun(2, "", "'", "b c")),
        ("a 'b c' ", Begun(8, "", "", "")),
        ("a 'b' \"c d", Begun(6, "", '"', "c d")),
        ("a --b=", Begun(2, "--b=", "", "")),
        ("a --b=c'd", Begun(2, "--b=", "", "c'd")),
        ("a --b='c d", Begun(2, "--b=", "'", "c d")),
        ("a --b 'c'd", Begun(6, "", "'", "c'd")),
    ],
)
def test_the_word_that_is_typed_is_known_with_its_quote_and_option(line: str, begun: Begun) -> None:
    assert word_begun(line) == begun


@pytest.mark.parametrize(
    ("word", "quote", "typed"),
    [
        ("ab", "", "ab"),
        ("ab", "'", "'ab'"),
        ("a b", "", '"a b"'),
        ("l'a b", "'", "'l'a b'"),
        ("l' b", "'", '''"l' b"'''),
        ('a" b', "", """'a" b'"""),
        ("""a' b" c""", "", None),
        ("'t Hart", "", '''"'t Hart"'''),
        ("", "", '""'),
    ],
)
def test_a_word_is_typed_in_quotes_that_will_do(word: str, quote: str, typed: str | None) -> None:
    assert as_typed(word, quote) == typed


@given(st.text("ab'\" -=é"), st.sampled_from(["", "'", '"']))
def test_what_is_typed_for_a_word_is_read_as_that_word(word: str, quote: str) -> None:
    typed = as_typed(word, quote)
    assert typed is None or words_of(f"ticket list {typed} x")[2:] == [word, "x"]
