"""The shell in a real terminal on MariaDB, typed at as a person does."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from helpdesk.core.people import KnownAddress, Language, Role
from helpdesk.store.schema import migrate
from helpdesk.store.tables import posts, sessions
from helpdesk.store.work import Work
from tests.faults.proxy import Proxy
from tests.servers.mariadb import MariaDb
from tests.shell.desks import PASSWORD, ShellDesk
from tests.shell.terminals import log_in, logged_in

COLOURS = re.compile(r"\x1b\[[0-9;]*(?:3[0-7]|9[0-7]|38;)[0-9;]*m")
HOSTILE = "a\x1b]52;c;eA==\x07b\x9b2Jc\u202ed\r\ne"


@pytest.fixture(scope="module")
def proxy(mariadb: MariaDb) -> Iterator[Proxy]:
    """The network between the shell and MariaDB, which can be cut."""
    with Proxy(mariadb.port).running() as running:
        yield running


@pytest.fixture(scope="module")
def desk(mariadb: MariaDb, proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShellDesk]:
    """A desk on MariaDB with an English admin and a French agent."""
    url = mariadb.fresh_database()
    made = ShellDesk(tmp_path_factory.mktemp("desk"), url.replace(f":{mariadb.port}/", f":{proxy.port}/"))
    migrate(made.database)
    boss = made.person("Boss", Role.ADMIN, password=PASSWORD)
    made.person("Zoe", Role.AGENT, language=Language.FR, password=PASSWORD)
    made.ticket(7, boss, subject=HOSTILE)
    yield made
    made.close()
    mariadb.drop_database(url)


def open_sessions(desk: ShellDesk, of: KnownAddress) -> int:
    with Work(desk.database, read_only=True) as work:
        return len(work.sessions.open_ones(work.database_now(), of.person.id))


def test_a_password_is_never_shown_and_ctrl_d_leaves_and_ends_the_session(desk: ShellDesk) -> None:
    with logged_in(desk) as terminal:
        assert "Hello Boss" in terminal.raw
        assert open_sessions(desk, desk.people["Boss"]) == 1
        terminal.type("\x04", enter=False)
        assert terminal.ended() == 0
        assert PASSWORD not in terminal.raw
    assert open_sessions(desk, desk.people["Boss"]) == 0


def test_ctrl_c_never_ends_the_shell(desk: ShellDesk) -> None:
    with logged_in(desk) as terminal:
        terminal.type("ticket sho", enter=False)
        terminal.until("ticket sho")
        terminal.type("\x03", enter=False)
        terminal.until("^C")
        for line, asked in (("password", "until now"), ("ticket note 7", "only ."), ("totp on", "it shows")):
            terminal.type(line)
            terminal.until(asked)
            terminal.type("\x03", enter=False)
            terminal.until(")>")
        assert "waiting" in terminal.run("ticket list")
        terminal.type("quit")
        assert terminal.ended() == 0


def test_tab_completes_behind_beginnings_and_shows_hostile_subjects_without_harm(desk: ShellDesk) -> None:
    with logged_in(desk) as terminal:
        terminal.type("ti li --sta\t", enter=False)
        terminal.until("tus")
        terminal.type("\x03", enter=False)
        terminal.until("^C")
        terminal.type("ti show \t", enter=False)
        terminal.until("7")
        terminal.type("\r", enter=False)
        terminal.until("opened by Boss")
        assert "\x1b]" not in terminal.raw
        assert not re.search("[\x80-\x9f\u202a-\u202e]", terminal.raw)


def test_an_idle_session_asks_for_a_login_and_another_person_gets_a_shell_of_their_own(
    desk: ShellDesk,
) -> None:
    with logged_in(desk) as terminal:
        terminal.run("ticket list --overdue")
        with desk.database.engine.begin() as connection, Work(desk.database, read_only=True) as work:
            long_ago = work.database_now() - timedelta(minutes=16)
            connection.execute(update(sessions).values(used_at=long_ago))
        terminal.type("ticket list")
        terminal.until("idle for 15 minutes")
        log_in(terminal, "zoe@help.example")
        terminal.until("Bonjour Zoe")
        terminal.until("Zoe (agent)>")
        assert "commande inconnue" in terminal.run("xyzzy")
        terminal.type("\x1b[A\x1b[A", enter=False)  # the history of the other person is not there
        terminal.type("")
        assert "--overdue" not in terminal.at_prompt()


def test_what_is_pasted_is_text_and_neither_runs_nor_says_yes(desk: ShellDesk) -> None:
    with logged_in(desk) as terminal:
        terminal.type("ticket note 7 ", enter=False)
        terminal.until("ticket note 7")
        terminal.type("\x1b[200~un\rticket urgency 7 high\rdeux\x1b[201~", enter=False)
        assert "only the first of 3 pasted lines" in terminal.until("ticket note 7 un")
        terminal.type("")
        assert "Noted on ticket 7" in terminal.at_prompt()
        assert [row["text"] for row in desk.rows(posts)] == ["un"]
        assert "high" not in terminal.run("ticket list")
        terminal.type("ticket reply 7")
        terminal.until("a line with only . ends it")
        terminal.type("Bonjour\r.\ry\rticket urgency 7 high")
        terminal.until("Send it? [y/N]")
        terminal.type("n")
        terminal.until("nothing was sent")
        assert "high" not in terminal.run("ticket list")


def test_a_lost_database_is_one_line_and_the_next_command_reconnects(desk: ShellDesk, proxy: Proxy) -> None:
    with logged_in(desk) as terminal:
        assert "waiting" in terminal.run("ticket list")
        port, proxy.target_port = proxy.target_port, 9
        proxy.reset_all()
        told = terminal.run("ticket list")
        assert told.count("helpdesk-admin: the database or its disk does not answer") == 1
        assert "desk:" not in told, "the user of the database is nobody's business"
        assert "Traceback" not in told
        proxy.target_port = port
        assert "waiting" in terminal.run("ticket list")
        proxy.reset_all()
        assert "waiting" in terminal.run("ticket list"), "a cut that is over is not even noticed"


def test_a_narrow_screen_without_colours_shows_all_the_same(desk: ShellDesk) -> None:
    with logged_in(desk, columns=40, NO_COLOR="1") as terminal:
        told = terminal.run("help ticket reply")
        assert "Example" in told
        assert "waiting" in terminal.run("ticket list")
        assert not COLOURS.search(terminal.raw)


def test_plain_shows_fields_and_no_colours(desk: ShellDesk) -> None:
    with logged_in(desk, "--plain") as terminal:
        assert "status: waiting" in terminal.run("ticket list")
        assert not COLOURS.search(terminal.raw)
        terminal.type("quit")
        assert terminal.ended() == 0
