"""The conversation of a ticket."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from helpdesk.store.rows import Row
from helpdesk.store.tables import attachments, mails, people, posts
from helpdesk.store.wordindex import NONE_KNOWN, WordIndex


@dataclass(frozen=True, slots=True)
class ShownPost:
    """One entry of a conversation. ``author`` is empty where the desk itself wrote.

    ``verdict`` with its reason is that of the mail which the post was, empty where it was none.
    """

    id: int
    author: str
    internal: bool
    text: str
    folds: tuple[tuple[int, int, str], ...]
    created_at: datetime
    mail_id: int | None
    author_id: int | None
    ticket_id: int = 0
    verdict: str = ""
    verdict_reason: str = ""


@dataclass(frozen=True, slots=True)
class ShownAttachment:
    """An attachment of a post; its bytes are the blob ``sha256``."""

    post_id: int
    name: str
    content_type: str
    size: int
    sha256: str


class Posts:
    """Queries on posts and attachments, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        rows: Sequence[Row],
        attached: Sequence[Row],
        words: Mapping[int, Collection[bytes]] = NONE_KNOWN,
    ) -> None:
        """Insert posts with their attachments, to be found by their words. They are never changed.

        *words*: those of texts that were looked for already, by post.
        """
        if rows:
            self._connection.execute(insert(posts), rows)
            WordIndex(self._connection).add_posts(rows, words)
        if attached:
            self._connection.execute(insert(attachments), attached)

    def remove(self, post_id: int) -> None:
        """Remove a post without attachments: an answer that was taken back before it went out."""
        this = posts.c.id == post_id
        ticket_id = self._connection.scalar(select(posts.c.ticket_id).where(this))
        self._connection.execute(delete(posts).where(this))
        if ticket_id is not None:
            WordIndex(self._connection).renew(ticket_id)

    def move(self, post_id: int, from_ticket: int, to_ticket: int) -> bool:
        """Move a post to another ticket; False where it is no longer where it was."""
        here = update(posts).where(posts.c.id == post_id, posts.c.ticket_id == from_ticket)
        moved = self._connection.execute(here.values(ticket_id=to_ticket)).rowcount > 0
        if moved:
            for ticket_id in (from_ticket, to_ticket):
                WordIndex(self._connection).renew(ticket_id)
        return moved

    def count_said(self, ticket_id: int) -> int:
        """Return how many posts a ticket has, notes not counted."""
        said = select(func.count()).where(posts.c.ticket_id == ticket_id, posts.c.internal.is_(False))
        return self._connection.execute(said).scalar_one()

    def newest_answers(self, author_id: int, limit: int) -> list[tuple[int, int]]:
        """Return (id, ticket) of the last posts that somebody wrote here for all to read, newest first."""
        said = and_(posts.c.internal.is_(False), posts.c.mail_id.is_(None))
        query = select(posts.c.id, posts.c.ticket_id).where(posts.c.author_id == author_id, said)
        found = self._connection.execute(query.order_by(posts.c.id.desc()).limit(limit))
        return [(row.id, row.ticket_id) for row in found]

    def of_ticket(self, ticket_id: int) -> list[ShownPost]:
        """Return the conversation of a ticket, oldest first."""
        return self.of_tickets([ticket_id])

    def of_tickets(self, ticket_ids: Collection[int]) -> list[ShownPost]:
        """Return the conversations of tickets as one, oldest first."""
        query = (
            select(posts, people.c.name, mails.c.verdict, mails.c.verdict_reason)
            .outerjoin(people, people.c.id == posts.c.author_id)
            .outerjoin(mails, mails.c.id == posts.c.mail_id)
            .where(posts.c.ticket_id.in_(ticket_ids))
            .order_by(posts.c.id)
        )
        return [
            ShownPost(
                row.id,
                row.name or "",
                row.internal,
                row.text,
                tuple((start, end, kind) for start, end, kind in row.folds),
                row.created_at,
                row.mail_id,
                row.author_id,
                row.ticket_id,
                row.verdict or "",
                row.verdict_reason or "",
            )
            for row in self._connection.execute(query)
        ]

    def attachments_of(self, post_ids: Sequence[int]) -> list[ShownAttachment]:
        """Return the attachments of posts, in their order."""
        if not post_ids:
            return []
        query = (
            select(attachments)
            .where(attachments.c.post_id.in_(post_ids))
            .order_by(attachments.c.post_id, attachments.c.position)
        )
        return [
            ShownAttachment(row.post_id, row.name, row.content_type, row.size, row.sha256)
            for row in self._connection.execute(query)
        ]
