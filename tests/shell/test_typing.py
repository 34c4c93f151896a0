"""Texts, lines and secrets typed at a real terminal: keys move the cursor, and only what is text becomes text."""

import io
import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import update

from helpdesk.core.people import Language, Role
from helpdesk.store.tables import posts, sessions
from helpdesk.store.work import Work
from shell.ask import Asker
from shell.main import parser
from shell.nouns import NOUNS
from shell.perform import perform
from shell.words import Words
from tests.shell.desks import PASSWORD, ShellDesk, said, verb_named
from tests.shell.terminals import Terminal, logged_in

UP, LEFT, HOME, CTRL_C, CTRL_D, CTRL_Z = "\x1b[A", "\x1b[D", "\x1b[H", "\x03", "\x04", "\x1a"
PASTED = "\x1b[200~{text}\x1b[201~"
ASKED = "throws it away."


def texts(desk: ShellDesk) -> list[str]:
    return [row["text"] for row in desk.rows(posts)]


def noted(desk: ShellDesk, terminal: Terminal, *keys: str) -> str:
    """Type a note key by key; return it as it was written."""
    terminal.type("ticket note 7")
    terminal.until(ASKED)
    for key in keys:
        terminal.type(key, enter=False)
    terminal.until("Noted on ticket 7")
    return texts(desk)[-1]


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        pytest.param(("Bonjor", LEFT, "u", CTRL_D), "Bonjour", id="left"),
        pytest.param(("deux\rtrois", UP, HOME, "un\r", CTRL_D), "un\ndeux\ntrois", id="up, through all lines"),
        pytest.param(("un\r  deux\r.\r",), "un\n  deux", id="a line with only a full stop"),
        pytest.param(("un\r.", UP, "\r", CTRL_D), "u\nn\n.", id="a full stop below the cursor"),
        pytest.param((PASTED.format(text="a\r.\rb\tc\x1bd\x04\r"), CTRL_D), "a\n.\nb   cd", id="pasted"),
        pytest.param(("a", CTRL_Z, "\x11\x1b", "\x11\x07", "b", CTRL_D), "ab", id="control characters"),
        pytest.param(("un ", "\x1b[31m", "rouge", "\x1b[0m", CTRL_D), "un rouge", id="colours, pasted unmarked"),
    ],
)  # fmt: skip
def test_a_text_is_edited_with_the_keys_that_people_expect(
    ticket_desk: ShellDesk, terminal: Terminal, keys: tuple[str, ...], text: str
) -> None:
    assert noted(ticket_desk, terminal, *keys) == text


def test_colours_pasted_unmarked_at_the_prompt_are_nothing(terminal: Terminal) -> None:
    """prompt_toolkit takes them for a report of the mouse, and failed on those with fewer numbers."""
    terminal.type("\x1b[31mticket\x1b[0m list")
    told = terminal.at_prompt()
    assert "Traceback" not in told
    assert "Boss" in told.split("ticket list", 1)[1]


def test_ctrl_c_throws_a_text_away_at_once(ticket_desk: ShellDesk, terminal: Terminal) -> None:
    terminal.type("ticket note 7")
    terminal.until(ASKED)
    terminal.type("un\rdeux", enter=False)
    terminal.until("deux")
    terminal.type(CTRL_C, enter=False)
    terminal.until(")>")
    assert texts(ticket_desk) == []
    assert noted(ticket_desk, terminal, "trois", CTRL_D) == "trois"


def test_a_line_is_edited_too_and_a_secret_is_not_shown(ticket_desk: ShellDesk, terminal: Terminal) -> None:
    terminal.type("ticket new text")
    terminal.until("Subject")
    terminal.type(f"Ecran noir{HOME}Mon \x1b[3~e")
    terminal.until("Ticket 1 is open.")
    assert "Mon ecran noir" in terminal.run("ticket list")
    assert PASSWORD not in terminal.raw


def test_what_stands_above_a_text_is_wrapped_on_a_narrow_screen(ticket_desk: ShellDesk) -> None:
    with logged_in(ticket_desk, columns=60, COLUMNS="120") as terminal:  # the variable knows of no new size
        terminal.type("ticket note 7")
        told = terminal.until("away.")
        assert "a line with only . ends it" in " ".join(told.split())


def test_where_the_cursor_cannot_move_lines_are_read_as_they_come(ticket_desk: ShellDesk) -> None:
    with logged_in(ticket_desk, TERM="dumb") as terminal:
        assert PASSWORD not in terminal.raw
        terminal.type("ticket note 7")
        terminal.until(ASKED)
        terminal.type("un\rdeux\r.\r", enter=False)
        terminal.until("Noted")
        assert texts(ticket_desk) == ["un\ndeux"]


def test_a_pipe_is_read_to_its_end_whatever_stands_in_a_line(shell_desk: ShellDesk) -> None:
    boss = shell_desk.keyboard(shell_desk.person("Boss", Role.ADMIN))
    shell_desk.ticket(7, shell_desk.people["Boss"])
    assert said(boss, "ticket note 7", "un\n.\ndeux\n").status == 0
    assert texts(shell_desk) == ["un\n.\ndeux"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("audit export x.csv", "your password is wanted again"),
        ("person role boss@help.example agent", "your password is wanted again"),
        ("ticket export x.csv", "your password is wanted again"),
        ("ticket new Bonjour", "nothing was typed"),
    ],
)
def test_whoever_gives_no_answer_is_told_where_one_is_wanted(
    shell_desk: ShellDesk, line: str, told: str
) -> None:
    boss = shell_desk.keyboard(shell_desk.person("Boss", Role.ADMIN, password=PASSWORD))
    with Work(shell_desk.database, read_only=True) as work:
        long_ago = work.database_now() - timedelta(minutes=6)
    with shell_desk.database.engine.begin() as connection:
        connection.execute(update(sessions).values(proved_at=long_ago))
    ended = said(boss, line)
    assert ended.status == 1
    assert ended.error.startswith(f"helpdesk-admin: {told}")
    assert "at a terminal, or on standard input" in ended.error


def test_what_is_no_utf_8_on_standard_input_is_refused_in_one_line(
    shell_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = shell_desk.keyboard(shell_desk.person("Boss", Role.ADMIN))
    shell_desk.ticket(7, shell_desk.people["Boss"])
    verb = verb_named("ticket note")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xe9t\xe9"), "utf-8"))
    given = parser(boss.words, NOUNS).parse_args(["ticket", "note", "7"])
    assert perform(boss, verb, given) == 1
    assert boss.screen.error.getvalue() == "helpdesk-admin: what was given is not UTF-8\n"  # type: ignore[attr-defined]
    assert texts(shell_desk) == []


def test_ctrl_z_stops_no_shell_with_a_session_in_it(ticket_desk: ShellDesk, terminal: Terminal) -> None:
    assert terminal.ignores_stopping
    terminal.type(f"ticket no{CTRL_Z}te 7 un")
    terminal.until("Noted")
    assert texts(ticket_desk) == ["un"]


def test_a_wrong_code_is_asked_for_again(ticket_desk: ShellDesk, terminal: Terminal) -> None:
    terminal.type("totp on")
    secret = re.search(r"or type (\w+)", terminal.until("it shows:"))
    assert secret
    for _ in range(2):
        terminal.type("000")
        terminal.until("not right")
        terminal.until("it shows:")
    terminal.type(pyotp.TOTP(secret[1]).now())
    terminal.until("recovery codes")


def test_the_third_wrong_code_ends_it(ticket_desk: ShellDesk) -> None:
    boss = ticket_desk.keyboard(ticket_desk.people["Boss"])
    ended = said(boss, "totp on", f"{PASSWORD}\n1\n2\n3\n")
    assert (ended.status, ended.error.count("not right")) == (1, 3)


@pytest.mark.parametrize(("language", "asked"), [(Language.EN, "Go? [y/N]: "), (Language.FR, "Go? [o/N] : ")])
def test_what_is_asked_ends_as_its_language_wants(
    language: Language, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts: list[str] = []

    def types_yes(prompt: str) -> str:
        prompts.append(prompt)
        return "yes"

    monkeypatch.setattr(Asker, "at_terminal", True)
    monkeypatch.setattr("shell.prompts.forget_typed_ahead", lambda: None)
    monkeypatch.setattr("shell.prompts.typed_line", types_yes)
    assert Asker(Words(language)).yes("Go?")
    assert prompts == [asked]
