"""Fill a desk of a million tickets in minutes: past the program, in bulk, as each database likes it best."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from bench import deskrows
from bench.deskrows import ADMIN, AGENTS, MANAGER, MANAGERS, PEOPLE, ROOKIE, TEAMS, Piece
from helpdesk.core.names import sort_name
from helpdesk.store import tables
from helpdesk.store.engine import Database
from tests.servers.mariadb import MariaDb

TABLES = {
    "tickets": deskrows.TICKET,
    "posts": deskrows.POST,
    "ticket_words": ("block", "word", "number", "internal"),
    "tags": ("ticket_id", "tag"),
    "participants": ("ticket_id", "person_id"),
}


def load_people(database: Database) -> None:
    """Insert everybody, the teams, and who is in which."""
    now = datetime.now(UTC)
    keys = range(1, PEOPLE + 1)
    alike = {"language": "fr", "active": True, "created_at": now}
    names = {key: f"Jeanne Dupont {key}" for key in keys}
    people = [
        {"id": key, "name": name, "sort_name": sort_name(name), "role": role_of(key)} | alike
        for key, name in names.items()
    ]
    alike = {"state": "verified", "best_verdict": "", "created_at": now}
    addresses = [{"id": key, "person_id": key, "address": address_of(key)} | alike for key in keys]
    staff = range(MANAGER, MANAGER + MANAGERS + AGENTS - 1)
    members = [{"team_id": 1 + key % TEAMS, "person_id": key} for key in staff if key != ROOKIE]
    members += [{"team_id": 1, "person_id": key} for key in (MANAGER, deskrows.AGENT)]
    unique = {(one["team_id"], one["person_id"]): one for one in members}
    with database.engine.begin() as connection:
        connection.execute(
            insert(tables.teams), [{"id": key, "name": f"Équipe {key}"} for key in range(1, TEAMS + 1)]
        )
        connection.execute(insert(tables.people), people)
        connection.execute(insert(tables.addresses), addresses)
        connection.execute(insert(tables.memberships), list(unique.values()))


def role_of(key: int) -> str:
    """Return the role of a person of the benchmark."""
    if key == ADMIN:
        return "admin"
    if key < MANAGER + MANAGERS:
        return "manager"
    return "agent" if key <= ROOKIE else "user"


def address_of(key: int) -> str:
    """Return the address of a person of the benchmark."""
    return f"p{key}@ecole.example"


class SqliteLoad:
    """Inserts without a journal, and makes the indexes at the end."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._indexes = [index for name in TABLES for index in tables.metadata.tables[name].indexes]
        with database.engine.begin() as connection:
            for index in self._indexes:
                index.drop(connection)
        file = str(database.engine.url.database)
        database.close()
        self._raw = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "foreign_keys=OFF"):
            self._raw.execute(f"PRAGMA {pragma}")

    def add(self, piece: Piece) -> None:
        """Insert some rows."""
        self._raw.execute("BEGIN")
        for name, rows in _rows(piece):
            columns = TABLES[name]
            marks = ", ".join("?" * len(columns))
            self._raw.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})", rows)
        self._raw.execute("COMMIT")

    def finish(self) -> None:
        """Make the database what the program expects."""
        self._raw.execute("PRAGMA journal_mode=WAL")
        self._raw.close()
        with self._database.engine.begin() as connection:
            for index in self._indexes:
                index.create(connection)


class MariaDbLoad:
    """Lets the server read files of rows."""

    def __init__(self, server: MariaDb, name: str) -> None:
        self._server, self._name = server, name
        self._file = server.folder / "load.tsv"

    def add(self, piece: Piece) -> None:
        """Insert some rows."""
        for table, rows in _rows(piece):
            _write(self._file, rows)
            self._server.execute(
                "SET SESSION unique_checks = 0, foreign_key_checks = 0",
                f"LOAD DATA INFILE '{self._file}' INTO TABLE {self._name}.{table} CHARACTER SET utf8mb4"
                f" ({', '.join(TABLES[table])})",
            )

    def finish(self) -> None:
        """Let the server count, as it does by itself in time."""
        self._file.unlink(missing_ok=True)
        self._server.execute(*(f"ANALYZE TABLE {self._name}.{table}" for table in TABLES))


def _rows(piece: Piece) -> Iterator[tuple[str, Sequence[tuple[Any, ...]]]]:
    yield "tickets", piece.tickets
    yield "posts", piece.posts
    yield "ticket_words", piece.words
    yield "tags", piece.tags
    yield "participants", piece.participants


def _write(file: Path, rows: Sequence[tuple[Any, ...]]) -> None:
    with file.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write("\t".join(map(_field, row)) + "\n")
    file.chmod(0o644)


def _field(value: object) -> str:
    if value is None:
        return "\\N"
    return value.decode() if isinstance(value, bytes) else str(value)
