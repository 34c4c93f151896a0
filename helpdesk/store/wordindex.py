"""Which words stand in which ticket: written in the transaction that writes the ticket and its posts.

A row says: this word stands in this ticket, in what its people read or in a note. Tickets are gathered in blocks of
BLOCK numbers, and the key begins with the block: whoever looks for a word reads block after block from the newest,
each with the word's tickets side by side, and stops once there is enough for a page. New tickets all write to the
newest block, which stays in memory.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import Connection, delete, select, tuple_

from helpdesk.core.searchwords import words_of
from helpdesk.store.chunks import chunks
from helpdesk.store.names import MYSQL
from helpdesk.store.rows import Row
from helpdesk.store.tables import posts, ticket_words, tickets

BLOCK = 1024
_AT_ONCE = 5_000  # rows of one statement

Place = tuple[int, bytes, int, bool]  # block, word, number, internal
Found = tuple[int, bool, Collection[bytes]]  # number, internal, words
NONE_KNOWN: Mapping[int, Collection[bytes]] = MappingProxyType({})


def block_of(number: int) -> int:
    """Return the block of a ticket's number."""
    return number // BLOCK


class WordIndex:
    """Keeps the words of tickets, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_tickets(self, rows: Iterable[Row]) -> None:
        """Add the subjects of new tickets."""
        self._add([(row["number"], False, words_of(row["subject"])) for row in rows])

    def add_posts(self, rows: Sequence[Row], words: Mapping[int, Collection[bytes]] = NONE_KNOWN) -> None:
        """Add the words of new posts to their tickets; *words*: what ``words_of`` found already, by post."""
        numbers = self._numbers({row["ticket_id"] for row in rows})
        found = [(row, words.get(row["id"])) for row in rows]
        self._add(
            [
                (
                    numbers[row["ticket_id"]],
                    row["internal"],
                    words_of(row["text"]) if known is None else known,
                )
                for row, known in found
            ]
        )

    def renew(self, ticket_id: int) -> None:
        """Make the words of a ticket those of its subject and posts as they are now, where posts left it."""
        ticket = self._connection.execute(select(tickets).where(tickets.c.id == ticket_id)).one()
        there = select(ticket_words).where(
            ticket_words.c.block == block_of(ticket.number), ticket_words.c.number == ticket.number
        )
        old: set[Place] = {tuple(row) for row in self._connection.execute(there)}
        said = select(posts.c.text, posts.c.internal).where(posts.c.ticket_id == ticket_id)
        new = _places(ticket.number, ticket.subject, False)
        for post in self._connection.execute(said):
            new |= _places(ticket.number, post.text, post.internal)
        key = tuple_(*ticket_words.primary_key.columns)
        for piece in chunks(sorted(old - new), 200):
            self._connection.execute(delete(ticket_words).where(key.in_(piece)))
        self._add([(number, internal, [word]) for _block, word, number, internal in new - old])

    def _numbers(self, ids: Collection[int]) -> Mapping[int, int]:
        found: dict[int, int] = {}
        for piece in chunks(ids):
            query = select(tickets.c.id, tickets.c.number).where(tickets.c.id.in_(piece))
            found |= {row.id: row.number for row in self._connection.execute(query)}
        return found

    def _add(self, found: Iterable[Found]) -> None:
        """Insert what is not there yet; in one order for all, so that two writers never wait for each other.

        Written out, as numbers and hexadecimal digits: with parameters it would cost intake three times as much.
        """
        kind = self._connection.dialect.name
        first = "INSERT IGNORE INTO" if kind in MYSQL else "INSERT INTO"
        last = "" if kind in MYSQL else " ON CONFLICT DO NOTHING"
        opening, closing = ("'\\x", "'::bytea") if kind == "postgresql" else ("x'", "'")
        written: list[str] = []
        for number, internal, words in found:
            before = f"({block_of(number):d},{opening}"
            after = f"{closing},{number:d},{'true' if internal else 'false'})"
            written += [f"{before}{word.hex()}{after}" for word in words]
        for piece in chunks(sorted(written), _AT_ONCE):
            rows = ",".join(piece)
            statement = f"{first} {ticket_words.name} (block, word, number, internal) VALUES {rows}{last}"
            self._connection.exec_driver_sql(statement).close()


def index_everything(connection: Connection) -> None:
    """Add the words of every ticket and post that are there."""
    index = WordIndex(connection)
    ids = connection.scalars(select(tickets.c.id)).all()
    for piece in chunks(ids, 200):
        subjects = select(tickets.c.number, tickets.c.subject).where(tickets.c.id.in_(piece))
        index.add_tickets([row._asdict() for row in connection.execute(subjects)])
        columns = (posts.c.id, posts.c.ticket_id, posts.c.text, posts.c.internal)
        said = select(*columns).where(posts.c.ticket_id.in_(piece))
        index.add_posts([row._asdict() for row in connection.execute(said)])


def _places(number: int, text: str, internal: bool) -> set[Place]:
    block = block_of(number)
    return {(block, word, number, internal) for word in words_of(text)}
