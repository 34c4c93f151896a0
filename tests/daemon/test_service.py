"""The running service: how long each loop may stand still, and what ends it."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from daemon import service
from daemon.beside import Beside
from daemon.notify import Watchdog
from daemon.service import Service, mailbox_limit_seconds, watch_of
from tests.actions.intakes import IntakeBench, bench
from tests.config.made import loaded


@pytest.mark.parametrize(
    ("timeout_seconds", "worker_seconds", "limit_seconds"),
    [
        pytest.param(5, 20, 80.0, id="short: a query may take a minute too"),
        pytest.param(60, 20, 80.0, id="the default"),
        pytest.param(300, 20, 320.0, id="as long as a silent server is waited for, and more"),
        pytest.param(60, 30, 80.0, id="a worker may take its time to be given mails and to read the first"),
        pytest.param(60, 31, 82.0, id="… and more of it"),
    ],
)
def test_a_mailbox_is_late_only_when_it_takes_longer_than_it_may_wait(
    timeout_seconds: float, worker_seconds: float, limit_seconds: float
) -> None:
    assert mailbox_limit_seconds(timeout_seconds, worker_seconds) == limit_seconds


def test_a_mailbox_whose_mails_are_slow_to_read_is_not_late_while_they_are_read(tmp_path: Path) -> None:
    now, pool, part = [0.0], SimpleNamespace(), cast("Any", Part())
    watchdog, settings = Watchdog(clock=lambda: now[0]), loaded(tmp_path)
    watch_of(settings, settings.mailboxes[0], part, cast("Any", pool), part, watchdog)
    now[0] = 80.0
    assert watchdog.feed() == ()
    pool.on_progress()
    now[0] = 160.0
    assert watchdog.feed() == ()
    now[0] += 0.1
    assert watchdog.feed() == ("mailbox main",)


class Part:
    """Stands for the mailboxes, the letters and the jobs: it lives, and has nothing to do."""

    name = mailbox = "part"

    def __init__(self) -> None:
        self.answered = asyncio.Event()

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def wake(self) -> None: ...

    def join(self, _seconds: float) -> None: ...

    def abort(self) -> None: ...

    def is_alive(self) -> bool:
        return True

    def keep_lease(self) -> None:
        defect()

    async def run(self, stop: asyncio.Event) -> None:
        await stop.wait()


class Dying(Beside):
    """Stands for what runs beside, at its end."""

    def run(self) -> None: ...


def defect(*_values: object) -> bool:
    raise RuntimeError("a defect")


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(sqlite_url, tmp_path)
    yield made
    made.close()


def a_service(desk: IntakeBench, folder: Path) -> Service:
    part: Any = Part()
    return Service(loaded(folder), desk.desk, Watchdog(), [part], part, part)


def ended(running: Service) -> int:
    async def until_it_ends() -> int:
        return await asyncio.wait_for(running.until_stopped(asyncio.Event()), 20)

    return asyncio.run(until_it_ends())


@pytest.mark.parametrize(
    ("what", "loop"),
    [
        pytest.param("after_a_clock_set_back", "clock", id="the look at the clock"),
        pytest.param("alarm_of_role_changes", "alarms", id="the alarms"),
        pytest.param("", "leases", id="the leases"),
    ],
)
def test_a_chore_that_ends_by_a_defect_ends_the_daemon(
    desk: IntakeBench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    what: str,
    loop: str,
) -> None:
    if what:
        monkeypatch.setattr(service, what, defect)
    else:
        monkeypatch.setattr(service, "LEASE_SECONDS", 0.03)
    assert ended(a_service(desk, tmp_path)) == 1
    told = {record.msg: record.fields for record in caplog.records if record.name == "helpdesk.service"}  # type: ignore[attr-defined]
    assert told["ended"] == {"loop": loop, "error": "RuntimeError: a defect", "trace": None}
    assert told["broken"] == {"loops": loop}
    assert [record.levelno for record in caplog.records if record.msg == "broken"] == [logging.CRITICAL]


def test_a_thread_beside_that_ends_by_a_defect_ends_the_daemon(
    desk: IntakeBench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    running = a_service(desk, tmp_path)
    with Dying("presence", 1.0) as dying:
        running.beside = (Beside("metrics", 1.0), dying)  # the first never began
        assert ended(running) == 1
    [told] = [record for record in caplog.records if record.msg == "broken"]
    assert told.fields == {"loops": "presence"}  # type: ignore[attr-defined]
