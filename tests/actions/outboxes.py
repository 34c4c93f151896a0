"""An outbox, and letters for it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from helpdesk.actions.deliver import Outbox
from helpdesk.core.letters import dedupe_key
from helpdesk.store.engine import Database
from helpdesk.store.rows import Row
from helpdesk.store.tables import audit_logs, letters
from helpdesk.store.work import Work
from tests.store.cleaning import delete_rows, with_tables

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass
class OutboxBench:
    """A database with letters and a clock that stands still unless moved."""

    database: Database
    now: datetime = NOON
    made: int = field(default=0)

    @property
    def outbox(self) -> Outbox:
        """Return what delivery uses; its jitter is in the middle."""
        return Outbox(self.database, lambda _work: self.now, lambda: 0.5)

    def queue(self, count: int = 1, due_at: datetime | None = None) -> list[str]:
        """Queue letters one second apart and return their Message-IDs."""
        rows = [self._row(due_at or self.now - timedelta(hours=1)) for _ in range(count)]
        with Work(self.database) as work:
            work.letters.add(rows)
            work.commit()
        return [str(row["message_id"]) for row in rows]

    def close(self) -> None:
        """Leave the tables empty for the next test."""
        with self.database.engine.begin() as connection:
            delete_rows(connection)

    def rows(self) -> list[Row]:
        """Return all letters as they stand in the table, in the order of their making."""
        with self.database.engine.connect() as connection:
            found = connection.execute(select(letters).order_by(letters.c.id)).mappings()
            return [dict(row) for row in found]

    def states(self) -> list[str]:
        """Return the states of all letters, in the order of their making."""
        return [row["state"] for row in self.rows()]

    def audited(self) -> list[Row]:
        """Return all audit rows."""
        with self.database.engine.connect() as connection:
            return [
                dict(row)
                for row in connection.execute(select(audit_logs).order_by(audit_logs.c.id)).mappings()
            ]

    def _row(self, due_at: datetime) -> Row:
        self.made += 1
        number = self.made
        message_id = f"<c.{number}@help.example>"
        content = f"Message-ID: {message_id}\r\nSubject: letter {number}\r\n\r\nHello\r\n"
        return {
            "id": number,
            "kind": "ticket_opened",
            "dedupe": dedupe_key("test", str(number)),
            "message_id": message_id,
            "recipient": f"learner{number}@learn.example",
            "envelope_from": "bounces@help.example",
            "content": content.encode(),
            "state": "queued",
            "attempts": 0,
            "next_at": due_at + timedelta(seconds=number),
            "claim": "",
            "last_error": "",
            "queued_at": due_at,
        }


def bench(url: str) -> OutboxBench:
    """Return an empty outbox in an empty database."""
    return OutboxBench(with_tables(url))
