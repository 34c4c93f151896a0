"""One thread for one mailbox: it drains and waits by turns, backs off while a server is away, and stops at once."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from daemon import meters
from daemon import watch as watch_module
from daemon.imap import ImapInbox
from daemon.imaplogin import ImapAccount
from daemon.intake import Intake
from daemon.watch import STORE_SECONDS, MailboxWatch, WatchSettings
from helpdesk.actions.leases import Lease
from helpdesk.errors import LeaseLost, MailboxAway, StoreAway
from helpdesk.store.engine import Database, open_database
from helpdesk.store.tables import metadata
from helpdesk.store.work import Work
from tests.servers.sqlite import Sqlite

NAME = "mailbox:main"


class Connection:
    """Stands for a connected inbox: nothing happens in it."""

    def __init__(self, world: "World", heard: Callable[[], None]) -> None:
        self._world = world
        self.heard = heard
        world.connections += 1
        if world.refusals:
            raise world.refusals.pop(0)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._world.closed += 1

    def make_folders(self, folders: Sequence[str]) -> None:
        self._world.folders.append(tuple(folders))

    def wait(self, seconds: float, stopped: Callable[[], bool]) -> None:
        self._world.waits.append(seconds)
        if self._world.cut_waits:
            self._world.cut_waits -= 1
            raise MailboxAway("the server closed the connection")
        if self._world.short_waits:
            self._world.short_waits -= 1
            return
        self._world.waiting.set()
        while not stopped():
            time.sleep(0.01)

    def linger(self, _stopped: Callable[[], bool]) -> bool:
        return False

    def abort(self) -> None:
        self._world.aborted = True


class World:
    """What a watch meets. ``drains``: what each drain does, nothing to do once they are used up."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.connections = self.closed = self.drained = self.beats = 0
        self.refusals: list[Exception] = []
        self.drains: list[int | Exception] = []
        self.folders: list[tuple[str, ...]] = []
        self.waits: list[float] = []
        self.waiting = threading.Event()
        self.failures: list[int] = []
        self.aborted = False
        self.short_waits = 0
        self.cut_waits = 0
        self.at_failure: Callable[[], None] = lambda: None

    def drain(self, _inbox: object, _going: Callable[[], bool]) -> int:
        self.drained += 1
        result = self.drains.pop(0) if self.drains else 0
        if isinstance(result, Exception):
            raise result
        return result

    def beat(self) -> None:
        self.beats += 1

    def reconnect_seconds(self, failures: int, _jitter: float) -> float:
        self.failures.append(failures)
        self.at_failure()
        return 0.0

    def lease(self, owner: str = "me", seconds: float = 30.0) -> Lease:
        return Lease(self.database, NAME, owner, seconds)

    def watch(self, lease: Lease | None = None) -> MailboxWatch:
        account = ImapAccount("localhost", 993, "tls", "desk", "secret")
        settings = WatchSettings("main", account, ("Done", "Held"), 60.0)
        return MailboxWatch(settings, cast("Intake", self), lease or self.lease(), self.beat)


@pytest.fixture
def world(sqlite: Sqlite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    url = sqlite.fresh_database()
    database = open_database(url)
    metadata.create_all(database.engine)
    made = World(database)
    monkeypatch.setattr(
        watch_module, "ImapInbox", lambda _account, heard: cast("ImapInbox", Connection(made, heard))
    )
    monkeypatch.setattr(watch_module, "reconnect_seconds", made.reconnect_seconds)
    monkeypatch.setattr(watch_module, "STANDBY_SECONDS", 0.05)
    yield made
    database.close()
    sqlite.drop_database(url)


class Running:
    """Starts a watch and ends it."""

    def __init__(self, watch: MailboxWatch) -> None:
        self._watch = watch

    def __enter__(self) -> MailboxWatch:
        self._watch.start()
        return self._watch

    def __exit__(self, *_exception: object) -> None:
        self._watch.stop()
        self._watch.join(5)
        assert not self._watch.is_alive()


def soon(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not what() and time.monotonic() < until:
        time.sleep(0.01)
    assert what()


def test_it_makes_its_folders_drains_until_nothing_is_left_and_waits(world: World) -> None:
    world.drains = [50, 3]
    with Running(world.watch()) as watch:
        assert world.waiting.wait(5)
        assert watch.answered.is_set()
    assert world.folders == [("Done", "Held")]
    assert (world.drained, world.waits[0], world.connections) == (3, 60.0, 1)
    assert world.beats > 3


def test_whether_the_mailbox_answers_is_shown(world: World) -> None:
    up = meters.MAILBOX_UP.labels("main")
    world.drains = [MailboxAway("the server closed the connection"), StoreAway("the database is away")]
    seen: list[float] = []
    world.at_failure = lambda: seen.append(up._value.get())
    with Running(world.watch()):
        assert world.waiting.wait(5)
        seen.append(up._value.get())
    assert seen == [0, 1, 1], "a database that is away says nothing of the mailbox"


def test_it_has_not_answered_before_the_mailbox_let_it_in(world: World) -> None:
    world.refusals = [MailboxAway("no")] * 3
    watch = world.watch()
    world.at_failure = lambda: answered.append(watch.answered.is_set())
    answered: list[bool] = []
    with Running(watch):
        assert world.waiting.wait(5)
    assert answered == [False] * 3


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param([MailboxAway("the server closed the connection")] * 4, id="mailbox"),
        pytest.param([StoreAway("the database is away")] * 4, id="database"),
    ],
)
def test_a_server_that_stays_away_is_left_alone_longer_each_time(
    world: World, trouble: list[int | Exception]
) -> None:
    world.drains = [*trouble]
    with Running(world.watch()):
        assert world.waiting.wait(5)
    assert world.failures == [1, 2, 3, 4]
    assert (world.connections, world.closed) == (5, 5)


def test_a_server_that_cuts_us_off_whenever_we_wait_is_left_alone_longer_each_time(world: World) -> None:
    world.cut_waits = 3
    with Running(world.watch()):
        assert world.waiting.wait(5)
    assert world.failures == [1, 2, 3]


@pytest.mark.parametrize(
    ("trouble", "seconds"), [(MailboxAway("gone"), 60), (StoreAway("gone"), round(STORE_SECONDS))]
)
def test_a_database_is_looked_for_more_often_than_a_mail_server(
    world: World,
    trouble: Exception,
    seconds: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch_module, "reconnect_seconds", lambda *_: 60.0)
    caplog.set_level(logging.INFO, "helpdesk.mailbox")
    world.drains = [trouble]
    with Running(world.watch()):
        soon(lambda: bool(caplog.records))
    assert getattr(caplog.records[0], "fields")["retry_s"] == seconds  # noqa: B009


def test_while_the_database_is_away_the_mail_server_is_left_in_peace(world: World) -> None:
    class Gone(Lease):
        def keep(self) -> bool:
            raise StoreAway("away")

    with Running(world.watch(Gone(world.database, NAME, "me", 30.0))):
        soon(lambda: len(world.failures) > 5)
    assert world.connections == 1


def test_after_a_drain_that_went_well_the_count_begins_anew(world: World) -> None:
    world.drains = [StoreAway("a"), StoreAway("a"), 0, StoreAway("b")]
    world.short_waits = 1
    with Running(world.watch()):
        soon(lambda: len(world.failures) == 3)
    assert world.failures == [1, 2, 1]


def test_a_trouble_is_told_once_however_long_it_lasts_and_so_is_its_end(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "helpdesk.mailbox")
    world.refusals = [MailboxAway("login refused")] * 3
    world.drains = [StoreAway("database away"), 4, 0]
    with Running(world.watch()):
        assert world.waiting.wait(5)
    told = [(record.getMessage(), getattr(record, "fields").get("error")) for record in caplog.records]  # noqa: B009
    assert told == [("away", "login refused"), ("away", "database away"), ("back", None)]


def test_another_daemons_mailbox_is_only_waited_for(world: World) -> None:
    other = world.lease("other")
    assert other.keep()
    with Running(world.watch()) as watch:
        soon(lambda: watch.answered.is_set())
        time.sleep(0.2)
        assert world.drained == 0
        other.release()
        assert world.waiting.wait(5)
    assert world.drained == 1


def test_it_gives_its_lease_back_when_it_stops(world: World) -> None:
    with Running(world.watch()):
        assert world.waiting.wait(5)
        assert not world.lease("other").keep()
    assert world.lease("other").keep()


def test_it_gives_its_lease_back_when_it_stops_while_a_server_is_away(world: World) -> None:
    world.drains = [MailboxAway("gone")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch_module, "reconnect_seconds", lambda *_: 60.0)
        began = time.monotonic()
        with Running(world.watch()):
            soon(lambda: world.drained == 1)
        assert time.monotonic() - began < 3, "it does not sleep through its stop"
    assert world.lease("other").keep()


def test_a_database_that_is_away_at_the_stop_keeps_nobody_from_stopping(world: World) -> None:
    class Dead(Lease):
        def keep(self) -> bool:
            raise StoreAway("away")

        def release(self) -> None:
            raise StoreAway("away")

    with Running(world.watch(Dead(world.database, NAME, "me", 30.0))):
        soon(lambda: len(world.failures) > 1)
    assert world.drained == 0


def test_it_lives_in_the_eyes_of_the_watchdog_while_it_backs_off(world: World) -> None:
    world.refusals = [MailboxAway("no")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch_module, "reconnect_seconds", lambda *_: 2.5)
        with Running(world.watch()):
            soon(lambda: world.beats >= 2)
            assert not world.waiting.is_set()


def test_it_lives_in_the_eyes_of_the_watchdog_while_a_mail_comes_in_slowly(world: World) -> None:
    beats: list[int] = []

    def slow(inbox: Connection, _going: Callable[[], bool]) -> int:
        for _piece in range(100):
            beats.append(world.beats)
            inbox.heard()
        return 0

    world.drain = slow  # type: ignore[method-assign, assignment]
    with Running(world.watch()):
        assert world.waiting.wait(5)
    assert beats[:100] == list(range(beats[0], beats[0] + 100))


def test_it_lives_in_the_eyes_of_the_watchdog_while_a_slow_database_answers(world: World) -> None:
    beats: list[int] = []

    def slow(_inbox: object, _going: Callable[[], bool]) -> int:
        before = world.beats
        with Work(world.database, read_only=True) as work:
            for _query in range(50):
                work.leases.everyone()
        beats.append(world.beats - before)
        return 0

    world.drain = slow  # type: ignore[method-assign]
    with Running(world.watch()):
        assert world.waiting.wait(5)
    assert beats[0] >= 50


def test_a_verb_that_does_not_end_can_be_cut(world: World) -> None:
    watch = world.watch()
    watch.abort()
    with Running(watch):
        assert world.waiting.wait(5)
        assert not world.aborted
        watch.abort()
        assert world.aborted


def test_the_lease_is_renewed_while_nothing_happens(world: World) -> None:
    with Running(world.watch(world.lease(seconds=0.3))):
        assert world.waiting.wait(5)
        time.sleep(0.6)
        assert not world.lease("other").keep()


def test_a_lost_lease_is_no_failure_and_the_mailbox_is_waited_for(world: World) -> None:
    world.drains = [LeaseLost("mailbox:main: another daemon has taken over; nothing was written"), 0]
    with Running(world.watch()):
        soon(lambda: world.drained >= 2)
    assert (world.connections, world.failures) == (1, [])


def test_another_thread_keeps_the_lease_while_the_mailbox_is_slow(world: World) -> None:
    release = threading.Event()

    def slow(_inbox: object, _going: Callable[[], bool]) -> int:
        release.wait(5)
        return 0

    world.drain = slow  # type: ignore[method-assign]
    lease = world.lease(seconds=0.3)
    with Running(world.watch(lease)) as watch:
        soon(watch.answered.is_set)
        for _ in range(8):
            time.sleep(0.1)
            watch.keep_lease()
        taken = world.lease("other").keep()
        release.set()
    assert not taken
