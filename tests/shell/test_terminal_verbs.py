"""Every verb typed in a real terminal on MariaDB, as every role: it answers, and refuses what the table refuses."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from helpdesk.core.people import Language, Role
from helpdesk.store.engine import Database
from helpdesk.store.tables import audit_logs
from tests.shell.desks import OTHER_TEAM, OUR_TEAM, PASSWORD, ShellDesk, verb_named
from tests.shell.terminals import Terminal, log_in
from tests.shell.test_roles import ENTRIES, NUMBERS, OWN, STRANGE, TEAM, allowed, called, session_id

OUTSIDE = ("login", "bootstrap", "unlock")  # commands of the machine, not of a session
LAST = "logout"
ON_RECORD = {  # what an admin has done by then
    "LOGIN",
    "TICKET_SEEN",
    "TICKETS_SEARCHED",
    "NOTE_ADDED",
    "TICKET_TAGGED",
    "CANNED_ANSWER_DELETED",
    "ROLE_CHANGED",
    "PASSWORD_RESET",
    "TICKETS_EXPORTED",
    "SESSION_REVOKED",
}
READS_FRENCH = (Role.USER, Role.MANAGER)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
HOSTILE = "a\x1b]52;c;eA==\x07b\x9b2Jc\u202ed\r\ne"


@pytest.fixture
def desk(database: Database, migrated_url: str, tmp_path: Path) -> Iterator[ShellDesk]:
    """A desk with tickets of one's team and of another, somebody's session, and with an admin besides."""
    made = ShellDesk(tmp_path, migrated_url)
    stranger = made.person("Stranger", Role.USER, team=OTHER_TEAM)
    made.person("Mate", Role.USER, team=OUR_TEAM)
    made.person("Chief", Role.ADMIN, password=PASSWORD)
    (tmp_path / "class.csv").write_text("email,name\npupil@help.example,Pupil\n")
    for number, team in ((NUMBERS[OWN], OUR_TEAM), (NUMBERS[TEAM], OUR_TEAM), (NUMBERS[STRANGE], OTHER_TEAM)):
        made.ticket(number, stranger, team_id=team, subject=f"chargeur {HOSTILE}")
    yield made
    made.close()


def refusals(desk: ShellDesk) -> int:
    query = select(func.count()).where(audit_logs.c.status == "DENIED")
    with desk.database.engine.connect() as connection:
        return connection.scalar(query) or 0


def done(desk: ShellDesk) -> set[str]:
    query = select(audit_logs.c.action).where(audit_logs.c.status == "SUCCESS").distinct()
    with desk.database.engine.connect() as connection:
        return set(connection.scalars(query))


def answered(terminal: Terminal, line: str, grave: bool) -> str:
    """Type a line; give the password where it is asked for once more, and let go of whatever else is asked."""
    terminal.type(line)
    said, asks = terminal.at_prompt_or_question(at_prompt=True)
    if asks and grave:
        terminal.type(PASSWORD)
        more, asks = terminal.at_prompt_or_question(at_prompt=False)
        said += more
    while asks:
        terminal.type("\x03", enter=False)
        more, asks = terminal.at_prompt_or_question(at_prompt=False)
        said += more
    return said


@pytest.mark.parametrize("migrated", ["mariadb"], indirect=True)
@pytest.mark.parametrize("role", Role)
def test_each_verb_answers_and_refuses_what_the_table_refuses(desk: ShellDesk, role: Role) -> None:
    language = Language.FR if role in READS_FRENCH else Language.EN
    desk.person("Me", role, team=OUR_TEAM, language=language, password=PASSWORD)
    session = session_id(desk, desk.token(desk.people["Stranger"]))
    terminal = Terminal(desk.config, columns=220)  # a line that wraps is drawn anew with backspaces
    try:
        log_in(terminal, "me@help.example")
        for name, entry in ENTRIES.items():
            if name in (*OUTSIDE, LAST):
                continue
            about = TEAM if "{ticket}" in entry.line or "{person}" in entry.line else ""
            before = refusals(desk)
            said = answered(terminal, called(desk, entry, about, session), verb_named(name).grave)
            print(said)
            assert not CONTROL.search(said), name
            assert "Traceback" not in said, name
            assert refusals(desk) - before == (not allowed(entry, role, about)), name
        if role is Role.ADMIN:
            assert ON_RECORD - done(desk) == set()
        terminal.type(LAST)
        assert terminal.ended() == 0
    finally:
        terminal.close()
