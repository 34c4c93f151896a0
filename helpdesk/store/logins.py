"""Passwords, second factors, locks and places: what a login is judged by. The daemon never reads these tables."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update

from helpdesk.core.suspicion import PlacesBefore
from helpdesk.store.ids import new_id
from helpdesk.store.tables import (
    credentials,
    login_codes,
    login_failures,
    login_locks,
    places,
    recovery_codes,
)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a person proves a login with. ``password_hash`` is empty for somebody who has no password."""

    person_id: int
    password_hash: str = field(repr=False)
    must_change: bool
    changed_at: datetime
    totp_sealed: bytes | None = field(repr=False)
    totp_last_step: int


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """From where somebody has logged in before."""

    shown: str
    first_seen_at: datetime
    last_seen_at: datetime


class Logins:
    """Queries about logins, inside one transaction. Times are the database's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, person_id: int) -> Credential | None:
        """Return what a person logs in with, None where that was never set."""
        row = self._connection.execute(
            select(credentials).where(credentials.c.person_id == person_id)
        ).one_or_none()
        if row is None:
            return None
        return Credential(
            row.person_id,
            row.password_hash,
            row.must_change,
            row.changed_at,
            row.totp_sealed,
            row.totp_last_step,
        )

    def with_password(self, person_ids: Collection[int]) -> set[int]:
        """Return those of these people who have a password."""
        mine = (credentials.c.person_id.in_(person_ids), credentials.c.password_hash != "")
        return set(self._connection.scalars(select(credentials.c.person_id).where(*mine)))

    def anybody(self) -> bool:
        """Say whether anybody has a password yet."""
        return self._connection.scalar(select(credentials.c.person_id).limit(1)) is not None

    def set_password(self, person_id: int, password_hash: str, must_change: bool, at: datetime) -> None:
        """Give a person another password."""
        values = {"password_hash": password_hash, "must_change": must_change, "changed_at": at}
        mine = update(credentials).where(credentials.c.person_id == person_id).values(**values)
        if self._connection.execute(mine).rowcount == 0:
            self._connection.execute(insert(credentials), {"person_id": person_id, **values})

    def rehash(self, person_id: int, old: str, new: str) -> None:
        """Store the same password's newer hash, unless the password was changed meanwhile."""
        mine = and_(credentials.c.person_id == person_id, credentials.c.password_hash == old)
        self._connection.execute(update(credentials).where(mine).values(password_hash=new))

    def set_totp(self, person_id: int, sealed: bytes, last_step: int = 0) -> None:
        """Set the second factor; the step that confirmed it counts as used."""
        mine = update(credentials).where(credentials.c.person_id == person_id)
        self._connection.execute(mine.values(totp_sealed=sealed, totp_last_step=last_step))

    def remove_totp(self, person_id: int) -> None:
        """Take the second factor away; the password, which may be too short without one, is to be changed."""
        mine = and_(credentials.c.person_id == person_id, credentials.c.totp_sealed.is_not(None))
        without = {"totp_sealed": None, "totp_last_step": 0, "must_change": True}
        self._connection.execute(update(credentials).where(mine).values(**without))

    def use_step(self, person_id: int, step: int) -> bool:
        """Use up a time step; False where it, or a later one, was used before."""
        unused = and_(credentials.c.person_id == person_id, credentials.c.totp_last_step < step)
        used = update(credentials).where(unused).values(totp_last_step=step)
        return self._connection.execute(used).rowcount > 0

    def set_recovery_codes(self, person_id: int, code_hashes: Sequence[str]) -> None:
        """Replace all recovery codes of a person."""
        self._connection.execute(delete(recovery_codes).where(recovery_codes.c.person_id == person_id))
        rows = [
            {"id": new_id(), "person_id": person_id, "code_hash": one, "used_at": None} for one in code_hashes
        ]
        if rows:
            self._connection.execute(insert(recovery_codes), rows)

    def use_recovery_code(self, person_id: int, code_hash: str, at: datetime) -> bool:
        """Use up a recovery code; False where it is none of that person's or was used."""
        mine = and_(
            recovery_codes.c.person_id == person_id,
            recovery_codes.c.code_hash == code_hash,
            recovery_codes.c.used_at.is_(None),
        )
        return self._connection.execute(update(recovery_codes).where(mine).values(used_at=at)).rowcount > 0

    def charge(self, scope: str, limit: int, window: timedelta, lock: timedelta, now: datetime) -> bool:
        """Count an attempt in *scope* before its password is looked at; False where the scope is locked.

        The *limit*-th attempt within *window*, both ends included, locks the scope for *lock* and begins the count
        anew; ``forgive`` takes that back. Of any number of attempts at once exactly *limit* get through.
        """
        self.hold(scope, now)
        if self.locked_until(scope, now):
            return False
        if len(self._add_time(_tries(scope), now, now - window)) >= limit:
            self._forget_tries([scope])
            mine = update(login_locks).where(login_locks.c.scope == scope)
            self._connection.execute(mine.values(since=now, locked_until=now + lock))
        return True

    def add_failure(self, scope: str, at: datetime, since: datetime) -> list[datetime]:
        """Note that a login failed; return when logins of *scope* did, from *since* on, oldest first.

        Those before are forgotten. Of several at once each sees all that came before it.
        """
        self.hold(f"{scope}:failures", at)
        return self._add_time(scope, at, since)

    def _add_time(self, scope: str, at: datetime, since: datetime) -> list[datetime]:
        old = and_(login_failures.c.scope == scope, login_failures.c.at < since)
        self._connection.execute(delete(login_failures).where(old))
        self._connection.execute(insert(login_failures), {"id": new_id(), "scope": scope, "at": at})
        return self.failures(scope, since)

    def _forget_tries(self, scopes: Sequence[str]) -> None:
        theirs = login_failures.c.scope.in_([_tries(scope) for scope in scopes])
        self._connection.execute(delete(login_failures).where(theirs))

    def failures(self, scope: str, since: datetime) -> list[datetime]:
        """Return when logins of *scope* failed, from *since* on, oldest first."""
        here = (login_failures.c.scope == scope, login_failures.c.at >= since)
        query = select(login_failures.c.at).where(*here).order_by(login_failures.c.at)
        return list(self._connection.scalars(query))

    def forget_failures(self, scope: str) -> None:
        """Begin the count of failed logins anew."""
        self._connection.execute(delete(login_failures).where(login_failures.c.scope == scope))

    def hold(self, scope: str, now: datetime) -> None:
        """Let no other transaction hold *scope* until this one ends."""
        held = update(login_locks).where(login_locks.c.scope == scope).values(failed=login_locks.c.failed + 1)
        if self._connection.execute(held).rowcount == 0:
            first = {"scope": scope, "failed": 1, "since": now, "locked_until": now}
            self._connection.execute(insert(login_locks), first)

    def forgive(self, scopes: Sequence[str], now: datetime) -> None:
        """Begin the count of these scopes anew, and unlock them; in the order in which ``charge`` holds them."""
        for scope in (
            scopes
        ):  # in one statement MariaDB takes them in the order of the key: two could wait for each other
            mine = update(login_locks).where(login_locks.c.scope == scope)
            self._connection.execute(mine.values(failed=0, since=now, locked_until=now))
        self._forget_tries(scopes)

    def unlock(self, account: str, now: datetime) -> int:
        """Unlock *account* and every scope below it; return how many were locked."""
        below = login_locks.c.scope.startswith(f"{account}:", autoescape=True)
        begins = or_(login_locks.c.scope == account, below)
        locked = update(login_locks).where(begins, login_locks.c.locked_until > now)
        count = self._connection.execute(locked.values(failed=0, since=now, locked_until=now)).rowcount
        self._connection.execute(
            update(login_locks).where(begins).values(failed=0, since=now, locked_until=now)
        )
        tries = login_failures.c.scope.startswith(f"{account}:", autoescape=True)
        self._connection.execute(delete(login_failures).where(tries))
        return count

    def locked_until(self, scope: str, now: datetime) -> datetime | None:
        """Return until when a scope is locked, None where it is not."""
        query = select(login_locks.c.locked_until).where(
            login_locks.c.scope == scope, login_locks.c.locked_until > now
        )
        until: datetime | None = self._connection.scalar(query)
        return until

    def place(self, person_id: int, place: str) -> KnownPlace | None:
        """Return what is known of a place, None where that person never logged in from there."""
        row = self._connection.execute(select(places).where(self._at(person_id, place))).one_or_none()
        return KnownPlace(row.shown, row.first_seen_at, row.last_seen_at) if row else None

    def places_before(self, person_id: int, place: str) -> PlacesBefore:
        """Return from where a person has logged in before, compared with *place*."""
        query = select(places.c.place, places.c.address, places.c.country, places.c.client)
        rows = self._connection.execute(query.where(places.c.person_id == person_id)).all()
        return PlacesBefore(
            len(rows),
            any(row.place == place for row in rows),
            frozenset(row.address for row in rows),
            frozenset(filter(None, (row.country for row in rows))),
            frozenset(row.client for row in rows),
        )

    def remember_place(
        self,
        person_id: int,
        place: str,
        shown: str,
        now: datetime,
        address: str = "",
        country: str = "",
        client: str = "",
    ) -> None:
        """Note that a person has logged in from there. Empty: not known."""
        values = {
            "shown": shown,
            "last_seen_at": now,
            "address": address,
            "country": country,
            "client": client,
        }
        again = update(places).where(self._at(person_id, place)).values(**values)
        if self._connection.execute(again).rowcount == 0:
            row = {"id": new_id(), "person_id": person_id, "place": place, "first_seen_at": now}
            self._connection.execute(insert(places), {**row, **values})

    def _at(self, person_id: int, place: str) -> ColumnElement[bool]:
        return and_(places.c.person_id == person_id, places.c.place == place)

    def add_code(
        self, person_id: int, place: str, code_hash: str, now: datetime, expires_at: datetime
    ) -> None:
        """Note a code that is being sent by mail; it replaces earlier ones for that place."""
        earlier = and_(login_codes.c.person_id == person_id, login_codes.c.place == place)
        self._connection.execute(
            update(login_codes).where(earlier, login_codes.c.used_at.is_(None)).values(used_at=now)
        )
        row = {"id": new_id(), "person_id": person_id, "place": place, "code_hash": code_hash, "tries": 0}
        self._connection.execute(insert(login_codes), {**row, "made_at": now, "expires_at": expires_at})

    def use_code(self, person_id: int, place: str, code_hash: str, tries: int, now: datetime) -> bool:
        """Use up a mailed code; False where it is wrong, used, old or was tried *tries* times.

        The try is counted before the code is looked at, and holds its row: of any number at once *tries* are.
        """
        mine = and_(
            login_codes.c.person_id == person_id,
            login_codes.c.place == place,
            login_codes.c.used_at.is_(None),
        )
        good = and_(mine, login_codes.c.expires_at > now, login_codes.c.tries < tries)
        counted = update(login_codes).where(good).values(tries=login_codes.c.tries + 1)
        if not self._connection.execute(counted).rowcount:
            return False
        right = update(login_codes).where(mine, login_codes.c.code_hash == code_hash).values(used_at=now)
        return self._connection.execute(right).rowcount > 0


def _tries(scope: str) -> str:
    """Return under what the moments of attempts in a scope are kept, apart from those of failed logins."""
    return f"{scope}:tries"
