"""The benchmark's desk is one that the program itself could have written: else its figures say nothing."""

from pathlib import Path

from sqlalchemy import func, select

from bench.desk import PLAYERS, SETTINGS, cases, keyboard_of
from bench.deskrest import load_rest
from bench.deskrows import PEOPLE, pieces
from bench.load import SqliteLoad, load_people
from helpdesk.store.engine import Database, open_database
from helpdesk.store.schema import migrate, require_current
from helpdesk.store.tables import posts, ticket_words, tickets
from helpdesk.store.wordindex import index_everything
from tests.shell.desks import KEY

TICKETS = 300
MANY = 1000  # so that each player has some


def test_the_loaded_words_are_those_that_the_program_writes(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/desk.sqlite3")
    migrate(database)
    load_people(database)
    load = SqliteLoad(database)
    for piece in pieces(TICKETS, seed=1):
        load.add(piece)
    load.finish()
    require_current(database)
    loaded = words_there(database)
    with database.engine.begin() as connection:
        assert connection.scalar(select(func.count()).select_from(tickets)) == TICKETS
        assert connection.scalar(select(func.count()).select_from(posts)) == 3 * TICKETS
        assert connection.scalar(select(func.max(tickets.c.requester_id))) <= PEOPLE
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        connection.execute(ticket_words.delete())
        index_everything(connection)
    assert loaded == words_there(database)
    database.close()


def test_each_case_has_a_name_of_its_own_and_does_what_it_says(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/desk.sqlite3"
    database = open_database(url)
    migrate(database)
    load_people(database)
    load = SqliteLoad(database)
    for piece in pieces(MANY, seed=1):
        load.add(piece)
    load.finish()
    load_rest(database, MANY)
    database.close()
    (tmp_path / "helpdesk.toml").write_text(SETTINGS.format(state=tmp_path))
    environ = {"HELPDESK_DATABASE_URL": url, "HELPDESK_SECRET_KEY": KEY, "HELPDESK_IMAP_PASSWORD": "x"}
    names = []
    for player, person_id in PLAYERS.items():
        with keyboard_of(tmp_path / "helpdesk.toml", environ, person_id) as keyboard:
            for kind, case, action in cases(keyboard, MANY):
                names.append((player, kind, case))
                action()
    assert len(set(names)) == len(names)
    assert {kind for _, kind, _ in names} == {"list", "show", "search", "complete"}


def words_there(database: Database) -> set[tuple[object, ...]]:
    with database.engine.connect() as connection:
        return {tuple(row) for row in connection.execute(select(ticket_words))}
