"""What a person has written is there again after a no, an interruption, a refusal or a lost session."""

import io
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from helpdesk.actions.sessions import actor_of
from helpdesk.core.people import Role
from helpdesk.errors import Refused
from helpdesk.store.tables import posts, sessions, tickets
from helpdesk.store.work import Work
from shell.ask import Asker
from shell.commands.typed import text_for
from shell.keyboard import Keyboard
from shell.remembered import VARIABLE, remember
from tests.shell.desks import PASSWORD, ShellDesk
from tests.shell.terminals import Terminal, log_in

CTRL_C, CTRL_D, UP = "\x03", "\x04", "\x1b[A"
ASKED = "throws it away."


def texts(desk: ShellDesk) -> list[str]:
    return [row["text"] for row in desk.rows(posts)]


def write(terminal: Terminal, line: str, text: str) -> None:
    """Begin a verb and type its text."""
    terminal.type(line)
    terminal.until(ASKED)
    terminal.type(f"{text}{CTRL_D}", enter=False)


def goes_on(terminal: Terminal, line: str, text: str) -> None:
    """Begin a verb and find what was written before."""
    terminal.type(line)
    terminal.until(ASKED)
    terminal.until(text)
    terminal.type(CTRL_D, enter=False)


@pytest.mark.parametrize("answer", ["n\r", CTRL_C])
def test_a_text_that_is_not_sent_is_there_again(
    ticket_desk: ShellDesk, terminal: Terminal, answer: str
) -> None:
    write(terminal, "ticket reply 7", "Bonjour\rdeux")
    terminal.until("Send it?")
    terminal.type(answer, enter=False)
    terminal.until("The text is kept; to go on with it: ticket reply 7")
    goes_on(terminal, "ticket reply 7", "deux")
    terminal.until("Send it?")
    terminal.type("y")
    terminal.until("Written to ticket 7")
    assert texts(ticket_desk) == ["Bonjour\ndeux"]
    write(terminal, "ticket reply 7", "")
    assert "the text is empty" in terminal.until(")>"), "what was sent is no draft any more"


def test_a_text_that_was_refused_is_there_again_and_ctrl_c_throws_it_away(
    ticket_desk: ShellDesk, terminal: Terminal
) -> None:
    terminal.type("ticket note 7")
    terminal.until(ASKED)
    with ticket_desk.database.engine.begin() as connection:
        connection.execute(update(tickets).values(deleted_at=_now(ticket_desk)))
    terminal.type(f"un mot{CTRL_D}", enter=False)
    terminal.until("to go on with it: ticket note 7")
    terminal.until("is deleted")
    terminal.type("ticket note 7")
    terminal.until("un mot")
    terminal.type(CTRL_C, enter=False)
    terminal.until(")>")
    assert ASKED not in terminal.run("ticket note 7"), "nobody is asked for a text that cannot be used"
    assert "is deleted" in terminal.raw[-200:]


@pytest.mark.parametrize("verb", ["reply", "note"])
def test_no_text_is_kept_for_a_ticket_that_is_not_there(terminal: Terminal, verb: str) -> None:
    told = terminal.run(f"ticket {verb} 999 un mot")
    assert "there is no ticket 999" in told
    assert "kept" not in told


def test_a_session_that_ends_while_somebody_writes_ends_no_text(
    ticket_desk: ShellDesk, terminal: Terminal
) -> None:
    terminal.type("ticket note 7")
    terminal.until(ASKED)
    stand_idle(ticket_desk)
    terminal.type(f"un mot{CTRL_D}", enter=False)
    terminal.until("idle for 15 minutes")
    log_in(terminal, "boss@help.example")
    goes_on(terminal, "ticket note 7", "un mot")
    terminal.until("Noted")
    assert texts(ticket_desk) == ["un mot"]


def test_a_yes_of_whoever_comes_by_later_counts_for_nothing(
    ticket_desk: ShellDesk, terminal: Terminal
) -> None:
    write(terminal, "ticket reply 7", "un mot")
    terminal.until("Send it?")
    stand_idle(ticket_desk)
    terminal.type("y")
    terminal.until("idle for 15 minutes")
    assert texts(ticket_desk) == []


def test_nobody_gets_the_text_of_another_person(ticket_desk: ShellDesk, terminal: Terminal) -> None:
    ticket_desk.person("Zoe", Role.ADMIN, password=PASSWORD)
    terminal.type("ticket note 7")
    terminal.until(ASKED)
    stand_idle(ticket_desk)
    terminal.type(f"un mot{CTRL_D}", enter=False)
    terminal.until("idle for 15 minutes")
    log_in(terminal, "zoe@help.example")
    write(terminal, "ticket note 7", "")
    terminal.until("the text is empty")
    assert texts(ticket_desk) == []


def test_a_line_that_found_the_session_ended_is_an_arrow_up_away(
    ticket_desk: ShellDesk, terminal: Terminal
) -> None:
    stand_idle(ticket_desk)
    terminal.type("ticket note 7 un  mot")
    terminal.until("idle for 15 minutes")
    log_in(terminal, "boss@help.example")
    terminal.type(UP)
    terminal.until("Noted")
    assert texts(ticket_desk) == ["un  mot"]


def test_a_command_line_that_ends_shows_the_text(ticket_desk: ShellDesk) -> None:
    file = ticket_desk.folder / "session"
    remember(file, ticket_desk.token(ticket_desk.people["Boss"], kind="remembered"))
    terminal = Terminal(ticket_desk.config, "ticket", "reply", "7", environ={VARIABLE: str(file)})
    try:
        terminal.until(ASKED)
        terminal.type(f"un\rdeux{CTRL_D}", enter=False)
        terminal.until("Send it?")
        terminal.type("n")
        terminal.until("The text was:\nun\ndeux\n")
        assert terminal.ended() == 1
    finally:
        terminal.close()


def test_what_stands_in_the_line_does_not_push_out_what_was_written_before(
    ticket_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = ticket_desk.keyboard(ticket_desk.people["Boss"])
    monkeypatch.setattr(Asker, "at_terminal", True)
    boss.drafts = {"ticket note 7": "long"}
    for text in ("mot", "mot", " "):
        fails(boss, text)
    assert boss.drafts == {"ticket note 7": "long\n\nmot"}
    with text_for(boss, "autre", "ticket note 7"):
        pass
    assert boss.drafts == {"ticket note 7": "long\n\nmot"}, "what went well in one line ends no draft"


def test_an_editor_begins_with_the_draft_and_loses_none_when_it_fails(
    ticket_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\nprintf "écrit" >> "$1"\n')
    script.chmod(0o700)
    boss = ticket_desk.keyboard(ticket_desk.people["Boss"], environ={"VISUAL": str(script)})
    boss.actor = actor_of(boss.door, boss.token)
    login = replace(boss.settings.login, editor_roles=(Role.ADMIN,))
    boss.__dict__["settings"] = replace(boss.settings, login=login)
    monkeypatch.setattr(Asker, "at_terminal", True)
    boss.drafts = {"ticket note 7": "Bonjour, "}
    fails(boss, None)
    assert boss.drafts == {"ticket note 7": "Bonjour, écrit"}
    boss.environ = {"VISUAL": "false"}
    fails(boss, None)
    assert boss.drafts == {"ticket note 7": "Bonjour, écrit"}
    boss.environ = {"VISUAL": str(script)}
    with text_for(boss, None, "ticket note 7") as text:
        assert text == "Bonjour, écritécrit"
    assert boss.drafts == {}


def test_a_script_is_not_told_its_own_text(ticket_desk: ShellDesk) -> None:
    boss = ticket_desk.keyboard(ticket_desk.people["Boss"])
    fails(boss, "mot")
    assert isinstance(boss.screen.error, io.StringIO)
    assert boss.screen.error.getvalue() == ""


def fails(keyboard: Keyboard, text: str | None) -> None:
    with pytest.raises(Refused), text_for(keyboard, text, "ticket note 7"):
        raise Refused("no")


def stand_idle(desk: ShellDesk) -> None:
    with desk.database.engine.begin() as connection:
        connection.execute(update(sessions).values(used_at=_now(desk) - timedelta(minutes=16)))


def _now(desk: ShellDesk) -> datetime:
    with Work(desk.database, read_only=True) as work:
        return work.database_now()
