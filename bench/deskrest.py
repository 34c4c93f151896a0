"""What stands beside the tickets of the benchmark's desk: letters, mail that was kept, tickets that were deleted."""

from sqlalchemy import update

from bench.deskrows import LEARNERS_FROM
from bench.load import address_of
from helpdesk.store.engine import Database
from helpdesk.store.rows import Row
from helpdesk.store.tables import tickets
from helpdesk.store.work import in_work
from tests.store.makers import a_letter, a_mail, a_mailbox

SHARE = 20  # a letter and a mail for so many tickets
ONE_IN = 10  # letters are dead, and mails are kept
DELETED = 100  # at most, all of them old: those are the last ones to be found
AT_ONCE = 5_000


def load_rest(database: Database, count: int) -> None:
    """Add to a desk of *count* tickets what the shell can complete besides."""
    mailbox = a_mailbox(database)
    for first in range(1, count // SHARE + 1, AT_ONCE):
        some = range(first, min(first + AT_ONCE, count // SHARE + 1))
        letters, mails = [_letter(key) for key in some], [_mail(mailbox, key) for key in some]
        in_work(database, lambda work, rows=letters: work.letters.add(rows))  # type: ignore[misc]
        in_work(database, lambda work, rows=mails: work.mails.add(rows))  # type: ignore[misc]
    old = (tickets.c.number <= count // 4) & (tickets.c.number % max(count // (4 * DELETED), 1) == 0)
    with database.engine.begin() as connection:
        connection.execute(update(tickets).where(old).values(deleted_at=tickets.c.updated_at))


def _letter(key: int) -> Row:
    return a_letter(str(key), id=key, state="sent" if key % ONE_IN else "dead")


def _mail(mailbox: int, key: int) -> Row:
    person = LEARNERS_FROM + key % 1000
    fate = "ignored" if key % ONE_IN else "held"
    return a_mail(mailbox, key, id=key, fate=fate, person_id=person, sender=address_of(person))
