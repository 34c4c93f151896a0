"""F2: every call of every port fails once, and after each of these runs nothing is lost and nothing doubled."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import event

from tests.actions.intakes import JEAN, ZOE, IntakeBench, bench
from tests.faults.fault import Fault, Tally
from tests.faults.nth_call import (
    DISK_TROUBLES,
    MARIADB_TROUBLES,
    SQLITE_TROUBLES,
    UNDONE,
    FailingInbox,
    NthCall,
    failing_disk,
    failing_driver,
)
from tests.faults.small_desk import SmallDesk, What, mails_of_each_kind
from tests.servers.mariadb import MariaDb
from tests.servers.smtp_sink import Answer, Cut, SmtpSink, Tls

QUICK_STEP = 19  # of the quick version: every nineteenth call only
MAX_TOLD = 5


@dataclass(frozen=True, slots=True)
class Port:
    """One port and one way in which it fails. ``attach`` puts the fault between a desk and the world."""

    name: str
    attach: Callable[[SmallDesk, NthCall], AbstractContextManager[None]]
    takes_effect: bool = False
    lasting: bool = False
    in_mailbox: bool = False

    def nth(self, n: int) -> NthCall:
        """Return the fault that hits the *n*-th call."""
        return NthCall(n, self.takes_effect, self.lasting)


def run_each_call(ports: list[Port], desks: Callable[[], SmallDesk], step: int = 1) -> Tally:
    """Fail each call of each port in turn, in a run of its own on a fresh desk; every *step*-th call only."""
    clean = _run(desks(), Port("none", _nothing), NthCall(0))
    assert not clean.problems
    expected, faults, runs = clean.state, 0, 1
    lost = doubled = extra = 0
    problems: list[str] = []
    for port in ports:
        n = 1
        while (nth := port.nth(n)) and (run := _run(desks(), port, nth)) and nth.happened:
            where = f"{port.name}, call {n}"
            faults, runs = faults + nth.happened, runs + 1
            missing, more = expected - run.state, run.state - expected
            lost, doubled = lost + missing.total(), doubled + more.total()
            extra += sum(count - 1 for count in run.received.values() if count > 1)
            lost += sum(count == 0 for count in run.received.values())
            for words, some in (("missing", missing), ("too much", more)):
                problems += [f"{where}: {words}: {what}" for what in some]
            problems += [f"{where}: {problem}" for problem in run.problems]
            n += step
    mails = runs * len(mails_of_each_kind())
    return Tally(
        faults, mails, lost, doubled, extra, problems=tuple(problems[:MAX_TOLD]), note=f"{runs} runs"
    )


@dataclass(frozen=True, slots=True)
class _Run:
    state: Counter[What]
    received: Counter[str]
    problems: list[str]


def _run(desk: SmallDesk, port: Port, nth: NthCall) -> _Run:
    desk.inbox.deliver(*mails_of_each_kind())
    of_mailbox = nth if port.in_mailbox else NthCall(0)
    with patch("daemon.shift.STORE_PAUSE_SECONDS", 0.01), port.attach(desk, nth):
        desk.work_until_quiet(lambda inbox: FailingInbox(inbox, of_mailbox), nth.heal)
    nth.over = True
    try:
        return _Run(desk.state(), desk.received(), desk.problems)
    finally:
        desk.sink.clear()


def _nothing(_desk: SmallDesk, _nth: NthCall) -> AbstractContextManager[None]:
    return nullcontext()


def _driver(error: Callable[[Any], Exception], desk: SmallDesk, nth: NthCall) -> AbstractContextManager[None]:
    return failing_driver(desk.bench.desk.database.engine, nth, error)


def _disk(number: int, _desk: SmallDesk, nth: NthCall) -> AbstractContextManager[None]:
    return failing_disk(nth, number)


@contextmanager
def _relay(answer: Answer, desk: SmallDesk, nth: NthCall) -> Iterator[None]:
    desk.sink.reply_for = lambda _stage, _argument: answer if nth.is_this() else None
    yield
    desk.sink.reply_for = None


def database_ports(errors: Mapping[str, Callable[[Any], Exception]]) -> list[Port]:
    """Return the driver failing before or after the effect, and from the n-th call on for a while."""
    return [
        Port(f"database {name}{when}", partial(_driver, error), takes_effect, lasting)
        for name, error in errors.items()
        for when, takes_effect, lasting in (
            ("", False, False),
            (", effect taken", True, False),
            (", lasting", False, True),
        )
        if not (name in UNDONE and takes_effect)
    ]


MAILBOX = [
    Port(f"mailbox lost {when} the verb", _nothing, takes_effect, in_mailbox=True)
    for when, takes_effect in (("before", False), ("after", True))
]
DISK = [
    Port(f"disk {name}{when}", partial(_disk, number), takes_effect)
    for name, number in DISK_TROUBLES.items()
    for when, takes_effect in (("", False), (", effect taken", True))
]
RELAY = [
    Port(f"relay: {answer}", partial(_relay, answer))
    for answer in (Cut.BEFORE, Cut.AFTER, "421 closing", "451 later", "gibberish")
]


def on_sqlite(ports: list[Port], folder: Path, step: int) -> Tally:
    """Run *ports* on SQLite: each run on a copy of one prepared database."""
    made = _with_people(bench(f"sqlite:///{folder}/desk.sqlite3", folder))
    database = made.desk.database
    database.close()
    template = (folder / "desk.sqlite3").read_bytes()
    event.listen(database.engine, "connect", _unsynced)
    with SmtpSink(tls=Tls.NONE) as sink:

        def desk() -> SmallDesk:
            database.close()  # what remains beside the file belongs to the last run
            for path in folder.glob("desk.sqlite3*"):
                path.unlink()
            (folder / "desk.sqlite3").write_bytes(template)
            shutil.rmtree(folder / "blobs", ignore_errors=True)
            return SmallDesk(made, sink)

        return run_each_call(ports, desk, step)


def on_mariadb(ports: list[Port], folder: Path, step: int) -> Tally:
    """Run *ports* on MariaDB: each run in tables emptied before it."""
    with MariaDb() as server, SmtpSink(tls=Tls.NONE) as sink:
        made = bench(server.url, folder)

        def desk() -> SmallDesk:
            shutil.rmtree(folder / "blobs", ignore_errors=True)
            made.close()  # which empties the tables
            return SmallDesk(_with_people(made), sink)

        return run_each_call(ports, desk, step)


def _unsynced(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")  # nobody cuts the power here


def _with_people(made: IntakeBench) -> IntakeBench:
    made.person(JEAN)
    made.person(ZOE)
    return made


def _fault(name: str, engine: str, ports: list[Port], extra_allowed: bool) -> Fault:
    on = on_mariadb if engine == "MariaDB" else on_sqlite

    def run(folder: Path, quick: bool) -> Tally:
        return on(ports, folder, QUICK_STEP if quick else 1)

    return Fault(name, engine, run, extra_allowed)


ON_SQLITE = database_ports(SQLITE_TROUBLES)
ON_MARIADB = database_ports(MARIADB_TROUBLES)
# Letters may come twice where the answer to "sent" was lost, and where the relay cut after the dot.
FAULTS = [
    _fault("F2 database, n-th call", "SQLite", ON_SQLITE, extra_allowed=True),
    _fault("F2 database, n-th call", "MariaDB", ON_MARIADB, extra_allowed=True),
    _fault("F2 mailbox, n-th call", "SQLite", MAILBOX, extra_allowed=False),
    _fault("F2 disk, n-th call", "SQLite", DISK, extra_allowed=False),
    _fault("F2 relay, n-th answer", "SQLite", RELAY, extra_allowed=True),
]
