"""A desk on an empty database, people to write to it, and mails as their border hands them over."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Table, event, select, update

from daemon.examine import Examined, Setup, examiner
from helpdesk.actions.arrival import Arrival, Filed, Source
from helpdesk.actions.desk import Desk
from helpdesk.actions.intake import file_batch, known_source
from helpdesk.actions.people import add_person
from helpdesk.core.classify import OwnMarks
from helpdesk.core.lettercaps import LetterLimits
from helpdesk.core.mail import Caps, Mail
from helpdesk.core.people import AddressState, KnownAddress, Language, Role
from helpdesk.core.policy import Policy
from helpdesk.core.trust import Trust
from helpdesk.store.blobs import Blobs
from helpdesk.store.rows import Row
from helpdesk.store.tables import addresses, letters, mails, people, tickets
from helpdesk.store.work import Work, in_work
from tests.core.makers import BORDER, DMARC_PASS, DOMAIN, SPF_PASS, received, results
from tests.letters.golden import stationery
from tests.store.cleaning import delete_rows, with_tables

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DESK = "desk@help.example"  # as the golden letters have it
ADMIN = "admin@help.example"
JEAN = f"jean@{DOMAIN}"
ZOE = f"zoe@{DOMAIN}"
NO_CAPS = LetterLimits(*[100_000] * 5)
BORDER_SAYS = (DMARC_PASS, SPF_PASS)
TRUST = Trust(authserv_ids=(BORDER,), border_by=(BORDER,), recheck_dkim=False)
VERIFIED = AddressState.VERIFIED


def a_mail(
    subject: str = "Mon chargeur ne marche plus",
    text: str = "Il ne marche plus.",
    *,
    sender: str = f"Jean Dupont <{JEAN}>",
    message_id: str = "<1@univ.example>",
    to: str | None = DESK,
    says: Sequence[str] = BORDER_SAYS,
    above: Sequence[str] | None = None,
    below: Sequence[str] = (),
    hops: Sequence[str] = (),
    date: datetime | None = NOW - timedelta(minutes=5),
    extra: Sequence[str] = (),
) -> bytes:
    """Return a mail as its border *says* something about it; *above* stands in place of what it says."""
    lines = [
        *(received(hop) for hop in hops),
        *([results(*says)] if above is None else above),
        received(BORDER),
        *below,
        received("mail.univ.example", "laptop.univ.example"),
        f"From: {sender}",
        *([f"To: {to}"] if to else []),
        f"Subject: {subject}",
        *([f"Date: {format_datetime(date)}"] if date else []),
        *([f"Message-ID: {message_id}"] if message_id else []),
        "MIME-Version: 1.0",
        *extra,
    ]
    if not any(line.startswith("Content-Type:") for line in extra):
        lines += ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    return "\r\n".join([*lines, "", text, ""]).encode()


def examined(raw: bytes, trust: Trust = TRUST, now: datetime = NOW) -> Examined:
    """Return what the workers would make of *raw*."""
    own = OwnMarks("hd-7f3a", "help.example", frozenset({DESK}))
    return examiner(Setup(Caps(), own, trust))(raw, int(now.timestamp()))


def arrival(raw: bytes, uid: int, trust: Trust = TRUST) -> Arrival:
    """Return *raw* as it arrives at the desk."""
    one = examined(raw, trust)
    judged = one.judged
    return Arrival(
        uid, raw, one.mail, judged.judgement, judged.signed_at, judged.reached_at, route=judged.route
    )


def with_mail(one: Arrival, **changes: Any) -> Arrival:
    """Return an arrival whose mail was read otherwise, as if a reader had let something slip past."""
    if not isinstance(one.seen, Mail):
        raise TypeError("only a mail that was read can be changed")
    return replace(one, seen=replace(one.seen, **changes))


@dataclass
class IntakeBench:
    """A desk whose clock stands still unless moved, and its mailbox."""

    desk: Desk
    source: Source
    clock: list[datetime] = field(default_factory=lambda: [NOW])
    last_uid: int = 100

    @property
    def now(self) -> datetime:
        """The desk's time."""
        return self.clock[0]

    def close(self) -> None:
        """Leave the tables empty for the next test."""
        with self.desk.database.engine.begin() as connection:
            delete_rows(connection)

    def later(self, by: timedelta) -> None:
        """Move the clock."""
        self.clock[0] += by

    def person(
        self,
        address: str = JEAN,
        state: AddressState = VERIFIED,
        role: Role = Role.USER,
        *,
        best: str = "",
        active: bool = True,
        language: Language = Language.FR,
    ) -> KnownAddress:
        """Register somebody; *best*: the strongest proof ever accepted from the address."""
        known = add_person(self.desk.database, address, address.partition("@")[0], role, language, state)
        if best or not active:
            with self.desk.database.engine.begin() as connection:
                of_address = addresses.c.id == known.id
                connection.execute(update(addresses).where(of_address).values(best_verdict=best))
                connection.execute(update(people).where(people.c.id == known.person.id).values(active=active))
        return known

    def also_at(self, known: KnownAddress, *others: str) -> None:
        """Register more addresses of somebody."""

        def job(work: Work) -> None:
            for address in others:
                work.people.add_address(known.person, address, VERIFIED, self.now)

        in_work(self.desk.database, job)

    def arrivals(self, *raws: bytes, trust: Trust = TRUST) -> list[Arrival]:
        """Return mails as they arrive, under new UIDs."""
        first = self.last_uid + 1
        self.last_uid += len(raws)
        return [arrival(raw, uid, trust) for uid, raw in enumerate(raws, first)]

    def file(self, *raws: bytes, trust: Trust = TRUST) -> list[Filed]:
        """File mails as one batch."""
        return file_batch(self.desk, self.source, self.arrivals(*raws, trust=trust))

    def rows(self, table: Table) -> list[Row]:
        """Return all rows of a table, oldest first."""
        with self.desk.database.engine.connect() as connection:
            order = table.c.id if "id" in table.c else next(iter(table.c))
            return [dict(row) for row in connection.execute(select(table).order_by(order)).mappings()]

    def column(self, table: Table, *names: str) -> list[Any]:
        """Return some columns of all rows, oldest first: values where one is asked for, else tuples."""
        found = [tuple(row[name] for name in names) for row in self.rows(table)]
        return [row[0] for row in found] if len(names) == 1 else found

    def ledger(self) -> list[Row]:
        """Return the ledger, by UID."""
        return sorted(self.rows(mails), key=lambda row: int(row["uid"]))

    def letters(self) -> list[tuple[str, str]]:
        """Return the kinds and recipients of all letters."""
        return [(row["kind"], row["recipient"]) for row in self.rows(letters)]

    def resolve(self, number: int, at: datetime) -> None:
        """Resolve a ticket."""
        with self.desk.database.engine.begin() as connection:
            of_number = tickets.c.number == number
            connection.execute(
                update(tickets).where(of_number).values(status="resolved", resolved_at=at, updated_at=at)
            )

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """Note every statement that is sent to the database meanwhile."""
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith("BEGIN"):
                seen.append(statement)

        event.listen(self.desk.database.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(self.desk.database.engine, "before_cursor_execute", note)


def bench(url: str, folder: Path, **changes: Any) -> IntakeBench:
    """Return a desk on an empty database; its blobs lie in *folder*. *changes*: fields of the desk."""
    database = with_tables(url)
    clock = [NOW]
    paper = stationery()
    desk = Desk(
        database,
        Blobs(folder / "blobs"),
        paper,
        Policy(),
        NO_CAPS,
        (DESK,),
        Language.FR,
        (ADMIN,),
        5,
        (paper.key,),
        clock=lambda _work: clock[0],
    )
    desk = replace(desk, **changes)
    return IntakeBench(desk, known_source(desk, "main", 7, 14), clock)
