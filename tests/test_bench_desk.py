"""The benchmark's desk is one that the program itself could have written: else its figures say nothing."""

from pathlib import Path

from sqlalchemy import func, select

from bench.deskrows import PEOPLE, pieces
from bench.load import SqliteLoad, load_people
from helpdesk.store.engine import Database, open_database
from helpdesk.store.schema import migrate, require_current
from helpdesk.store.tables import posts, ticket_words, tickets
from helpdesk.store.wordindex import index_everything

TICKETS = 300


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


def words_there(database: Database) -> set[tuple[object, ...]]:
    with database.engine.connect() as connection:
        return {tuple(row) for row in connection.execute(select(ticket_words))}
