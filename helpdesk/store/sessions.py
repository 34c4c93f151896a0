"""Logins that are in force. Only the hash of a session's token is stored."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from helpdesk.core.people import Language, Person, Role
from helpdesk.store.ids import new_id
from helpdesk.store.tables import people, sessions


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session with its owner as they are now, closed account and changed role included."""

    id: int
    person: Person
    kind: str
    ip_address: str
    user_agent: str
    begun_at: datetime
    used_at: datetime
    proved_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class Sessions:
    """Queries on sessions, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        person_id: int,
        token_hash: str,
        kind: str,
        ip_address: str,
        user_agent: str,
        now: datetime,
        expires_at: datetime,
    ) -> int:
        """Begin a session; return its id."""
        session_id = new_id()
        row = {
            "id": session_id,
            "person_id": person_id,
            "token_hash": token_hash,
            "kind": kind,
            "ip_address": ip_address,
            "user_agent": user_agent,
            "begun_at": now,
            "used_at": now,
            "proved_at": now,
            "expires_at": expires_at,
        }
        self._connection.execute(insert(sessions), row)
        return session_id

    def by_token(self, token_hash: str) -> OpenSession | None:
        """Return the session of a token, whatever its state."""
        found = self._read(sessions.c.token_hash == token_hash)
        return found[0] if found else None

    def open_ones(self, now: datetime, person_id: int | None = None) -> list[OpenSession]:
        """Return the sessions that have neither ended nor been revoked, newest first."""
        alive = and_(sessions.c.revoked_at.is_(None), sessions.c.expires_at > now)
        return self._read(alive if person_id is None else and_(alive, sessions.c.person_id == person_id))

    def use(self, session_id: int, now: datetime) -> None:
        """Note that a session was used."""
        self._connection.execute(update(sessions).where(sessions.c.id == session_id).values(used_at=now))

    def prove(self, session_id: int, now: datetime) -> None:
        """Note that its owner has given the password again."""
        self._connection.execute(update(sessions).where(sessions.c.id == session_id).values(proved_at=now))

    def revoke(
        self, now: datetime, *, session_id: int | None = None, person_id: int | None = None, but: int = 0
    ) -> int:
        """End one session, or all of a person except *but*; return how many were open."""
        alive = and_(sessions.c.revoked_at.is_(None), sessions.c.id != but)
        which = sessions.c.id == session_id if person_id is None else sessions.c.person_id == person_id
        return self._connection.execute(update(sessions).where(alive, which).values(revoked_at=now)).rowcount

    def _read(self, which: ColumnElement[bool]) -> list[OpenSession]:
        query = (
            select(sessions, people.c.name, people.c.role, people.c.language, people.c.active)
            .join(people, people.c.id == sessions.c.person_id)
            .where(which)
            .order_by(sessions.c.begun_at.desc())
        )
        return [
            OpenSession(
                row.id,
                Person(row.person_id, row.name, Role(row.role), Language(row.language), row.active),
                row.kind,
                row.ip_address,
                row.user_agent,
                row.begun_at,
                row.used_at,
                row.proved_at,
                row.expires_at,
                row.revoked_at,
            )
            for row in self._connection.execute(query)
        ]
