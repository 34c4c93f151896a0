"""Ctrl-C in a real terminal, while the shell looks on or waits for the database: that command ends, no more."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.core.audit import Action, Outcome
from helpdesk.core.people import Role
from helpdesk.store.audit import Event
from helpdesk.store.schema import migrate
from helpdesk.store.work import Work, in_work
from tests.servers.mariadb import MariaDb
from tests.shell.desks import PASSWORD, ShellDesk
from tests.shell.terminals import DEADLINE_SECONDS, Terminal, logged_in

CTRL_C = "\x03"
WAITING = (
    "SELECT count(*) FROM information_schema.processlist WHERE state = 'Waiting for table metadata lock'"
)


@pytest.fixture
def desk_on_mariadb(mariadb: MariaDb, tmp_path: Path) -> Iterator[ShellDesk]:
    """A desk with an admin who has a ticket."""
    url = mariadb.fresh_database()
    made = ShellDesk(tmp_path, url)
    migrate(made.database)
    made.ticket(7, made.person("Boss", Role.ADMIN, password=PASSWORD))
    yield made
    made.close()
    mariadb.drop_database(url)


def interrupt(terminal: Terminal) -> str:
    """Press Ctrl-C; return what stands there once the prompt is back."""
    terminal.type(CTRL_C, enter=False)
    told, asks = terminal.at_prompt_or_question(at_prompt=False)
    assert not asks
    return told


def happens(desk: ShellDesk, job: str) -> None:
    """Put on record that somebody ran a job."""

    def note(work: Work) -> None:
        now = work.database_now()
        work.audit.add([Event(Action.JOB_RUN, Outcome.SUCCESS, now, detail={"job": job})])

    in_work(desk.database, note)


def test_it_ends_a_live_view_and_nothing_else(terminal: Terminal) -> None:
    for line, shown in (
        ("ticket watch --every 60", "every 60 s"),
        ("ticket watch --every 60", "Ctrl-C ends"),
    ):
        terminal.type(line)
        terminal.until(shown)
        assert "Traceback" not in interrupt(terminal)
        assert "Mon chargeur" in terminal.run("ticket list")
    terminal.type("quit")
    assert terminal.ended() == 0


def test_it_ends_the_following_of_the_trail_and_nothing_else(
    ticket_desk: ShellDesk, terminal: Terminal
) -> None:
    happens(ticket_desk, "before")
    terminal.type("audit list --follow --action JOB_RUN")
    terminal.until("job=before")
    happens(ticket_desk, "meanwhile")
    terminal.until("job=meanwhile")
    assert "Traceback" not in interrupt(terminal)
    assert "Mon chargeur" in terminal.run("ticket list")
    terminal.type("quit")
    assert terminal.ended() == 0


def test_it_ends_a_statement_that_waits_and_the_next_one_is_answered(
    mariadb: MariaDb, desk_on_mariadb: ShellDesk
) -> None:
    with logged_in(desk_on_mariadb) as terminal, desk_on_mariadb.database.engine.connect() as other:
        assert "Mon chargeur" in terminal.run("ticket list")
        other.exec_driver_sql("LOCK TABLES tickets WRITE")
        terminal.type("ticket list")
        deadline = time.monotonic() + DEADLINE_SECONDS
        while mariadb.execute(WAITING) == [(0,)]:
            assert time.monotonic() < deadline, "the statement does not wait"
        terminal.until("ticket list\n")
        told = interrupt(terminal)
        other.exec_driver_sql("UNLOCK TABLES")
        assert "Traceback" not in told
        assert "Mon chargeur" in terminal.run("ticket list")
        assert "Noted on ticket 7" in terminal.run("ticket note 7 un")
        terminal.type("quit")
        assert terminal.ended() == 0
