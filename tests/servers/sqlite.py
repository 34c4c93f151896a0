"""SQLite databases, with the same two questions as the servers."""

import itertools
from pathlib import Path


class Sqlite:
    """Database files in *folder*."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    def fresh_database(self) -> str:
        """Return the URL of a database file that does not exist yet."""
        return f"sqlite:///{self._folder}/desk_{next(self._numbers)}.sqlite3"

    def drop_database(self, url: str) -> None:
        """Remove the file and what SQLite keeps beside it."""
        name = url.rpartition("/")[2]
        for path in self._folder.glob(f"{name}*"):
            path.unlink()
