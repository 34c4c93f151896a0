"""People with passwords, places that they come from, and a clock that the database is asked for."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import update

from helpdesk.actions import passwords
from helpdesk.actions.door import Door, Place
from helpdesk.actions.login import (
    Proven,
    begin_session,
    prove_mailed_code,
    prove_password,
    prove_second_factor,
    send_code,
)
from helpdesk.actions.sessions import actor_of
from helpdesk.core.people import AddressState, KnownAddress, Role
from helpdesk.core.permissions import Actor
from helpdesk.core.sessions import LoginLimits, SessionKind
from helpdesk.errors import Refused
from helpdesk.store.rows import Row
from helpdesk.store.tables import audit_logs, credentials, letters, people
from helpdesk.store.work import Work, in_work
from tests.actions.intakes import NOW, IntakeBench
from tests.store.cleaning import delete_rows

PASSWORD = "four words in a row"
WRONG = "four words in a bow"
LAPTOP = Place("a" * 64, "uid:1000", "zoe @ laptop", "192.0.2.7", "helpdesk-admin, zoe, /dev/pts/1")
LIBRARY = Place("b" * 64, "uid:2000", "zoe @ library", "198.51.100.9", "helpdesk-admin, zoe, /dev/pts/2")
TOTP_KEY = b"t" * 32
CHEAP = 4  # bcrypt's least cost: what is tested is how often it is asked, not how long it takes


@dataclass
class House:
    """A desk with a door. ``clock`` is what the database says; ``checked`` are the hashes that were looked at."""

    bench: IntakeBench
    limits: LoginLimits = field(default_factory=LoginLimits)
    clock: list[datetime] = field(default_factory=lambda: [NOW])
    checked: list[str] = field(default_factory=list)

    @property
    def door(self) -> Door:
        return Door(self.bench.desk, self.limits, TOTP_KEY)

    def later(self, **by: float) -> None:
        """Move the database's clock."""
        self.clock[0] += timedelta(**by)

    def person(
        self,
        address: str = "zoe@univ.example",
        role: Role = Role.AGENT,
        password: str = PASSWORD,
        state: AddressState = AddressState.VERIFIED,
        *,
        known_at: Sequence[Place] = (LAPTOP,),
        must_change: bool = False,
    ) -> KnownAddress:
        """Register somebody who can log in without a mailed code from the places *known_at*."""
        known = self.bench.person(address, state, role)
        hashed = passwords.hash_password(password) if password else ""

        def job(work: Work) -> None:
            if hashed:
                work.logins.set_password(known.person.id, hashed, must_change, self.clock[0])
            for place in known_at:
                work.logins.remember_place(known.person.id, place.key, place.shown, self.clock[0])

        in_work(self.bench.desk.database, job)
        return known

    def change_person(self, known: KnownAddress, **values: object) -> None:
        """Change a person's row behind the desk's back."""
        with self.bench.desk.database.engine.begin() as connection:
            connection.execute(update(people).where(people.c.id == known.person.id).values(**values))

    def with_totp(self, known: KnownAddress, codes: Sequence[str] = ()) -> str:
        """Give somebody a second factor and recovery codes; return its secret."""
        secret, person_id = passwords.new_totp_secret(), known.person.id

        def job(work: Work) -> None:
            work.logins.set_totp(person_id, passwords.seal(TOTP_KEY, person_id, secret))
            hashes = [passwords.code_hash(person_id, code) for code in codes]
            work.logins.set_recovery_codes(person_id, hashes)

        in_work(self.bench.desk.database, job)
        return secret

    def proves(
        self, password: str = PASSWORD, address: str = "zoe@univ.example", place: Place = LAPTOP
    ) -> Proven:
        """Say the password."""
        return prove_password(self.door, address, password, place)

    def refused(self, password: str = WRONG, address: str = "zoe@univ.example", place: Place = LAPTOP) -> str:
        """Say a password that is not taken; return what is told."""
        with pytest.raises(Refused) as told:
            prove_password(self.door, address, password, place)
        return f"{told.value} {told.value.in_french}"

    def gets_in(self, password: str = PASSWORD, place: Place = LAPTOP) -> bool:
        """Say whether a password is taken now."""
        try:
            self.proves(password, place=place)
        except Refused:
            return False
        return True

    def code(self, proven: Proven) -> str:
        """Send a code by mail and return what stands in the letter."""
        send_code(self.door, proven)
        content = max(self.rows(letters), key=lambda row: int(row["id"]))["content"]
        body = message_from_bytes(content, policy=default).get_body(("plain",))
        assert body is not None
        return next(word for word in str(body.get_content()).split() if word.isdigit() and len(word) == 8)

    def mail_code(self, proven: Proven, code: str) -> None:
        prove_mailed_code(self.door, proven, code)

    def telephone(self, proven: Proven, code: str) -> None:
        prove_second_factor(self.door, proven, code)

    def session(self, known: KnownAddress, kind: SessionKind = SessionKind.SHELL) -> str:
        """Log somebody in from where they are known; return the session's token."""
        return begin_session(self.door, self.proves(address=known.address), kind)

    def actor(self, token: str) -> Actor:
        return actor_of(self.door, token)

    def rows(self, table: Any) -> list[Row]:
        """Return all rows of a table in the order of their keys."""
        return self.bench.rows(table)

    def audited(self, *names: str) -> list[tuple[Any, ...]]:
        """Return columns of the audit trail, oldest first."""
        return [tuple(row[name] for name in names) for row in self.rows(audit_logs)]

    def hash_of(self, known: KnownAddress) -> str:
        """Return what is stored of somebody's password."""
        mine = [row for row in self.rows(credentials) if row["person_id"] == known.person.id]
        return str(mine[0]["password_hash"])

    def empty(self) -> None:
        """Leave nothing for the next test."""
        with self.bench.desk.database.engine.begin() as connection:
            delete_rows(connection)


def at_once(count: int, job: Callable[[int], object]) -> list[object]:
    """Run *job* in threads that begin together; return what each returned, or the refusal it raised."""
    start = Barrier(count)

    def run(number: int) -> object:
        start.wait(timeout=60)
        try:
            return job(number)
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))
