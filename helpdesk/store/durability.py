"""Whether a database keeps what it committed, as far as it can be asked."""

from sqlalchemy.exc import DBAPIError

from helpdesk.errors import HelpdeskError
from helpdesk.store.engine import READ_ONLY, Database
from helpdesk.store.failures import meaning
from helpdesk.store.names import MYSQL

FLUSH = "innodb_flush_log_at_trx_commit"
LOOK = f"SHOW VARIABLES WHERE Variable_name IN ('{FLUSH}', 'wsrep_on')"


def require_durable(database: Database) -> None:
    """Raise HelpdeskError for a Galera node that may forget commits when all nodes crash together; StoreAway."""
    if database.kind not in MYSQL:
        return
    try:
        with database.engine.connect() as connection:
            connection.execution_options(**{READ_ONLY: True})
            rows = connection.exec_driver_sql(LOOK)
            found = {row[0]: row[1] for row in rows}
    except DBAPIError as error:
        raise meaning(error, database.shown) from error
    if found.get("wsrep_on") == "ON" and found[FLUSH] != "1":
        raise HelpdeskError(
            f"{FLUSH} is {found[FLUSH]} on this Galera node: when all nodes crash together, what became of mail"
            f" may be forgotten. On every node write {FLUSH} = 1 under [mariadbd], and for now run:"
            f" SET GLOBAL {FLUSH} = 1"
        )
