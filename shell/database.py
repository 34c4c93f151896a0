"""The database of the settings, for the time of one command."""

from collections.abc import Iterator
from contextlib import contextmanager

from helpdesk.config import Settings
from helpdesk.store.engine import Database, open_database
from helpdesk.store.schema import require_current


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """Give the database, its schema checked. Raises HelpdeskError where it is away or of another schema."""
    ca_file = settings.database.ca_file
    database = open_database(settings.database.url.reveal(), str(ca_file) if ca_file else None)
    try:
        require_current(database)
        yield database
    finally:
        database.close()
