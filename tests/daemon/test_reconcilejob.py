"""The daemon compares each mailbox with the ledger once a day, one daemon at a time, and survives every failure."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from daemon import reconcilejob, wiring
from daemon.reconcilejob import ReconcileJob, lease_on
from helpdesk.actions.reconcile import note_reconciled
from helpdesk.config import Settings
from helpdesk.core.reconciling import Reconciled
from helpdesk.errors import MailboxAway
from helpdesk.store.tables import letters
from tests.actions.intakes import IntakeBench, bench
from tests.servers.sqlite import Sqlite

NAMES = ("main", "second")


class Stage:
    """Jobs on a desk, with mailboxes that exist by name only. ``does``: what a comparison finds, or raises."""

    def __init__(self, desk: IntakeBench, folder: Path) -> None:
        self.desk = desk
        self.compared: list[str] = []
        self.does: Callable[[Callable[[], bool]], Reconciled] = lambda _going: Reconciled("main", 3)
        self.woken = 0
        self.cut = threading.Event()
        mailboxes = [SimpleNamespace(name=name) for name in NAMES]
        self.settings = cast(
            "Settings", SimpleNamespace(mailboxes=mailboxes, desk=SimpleNamespace(state_dir=folder))
        )

    def reconcile(
        self, _desk: object, _inbox: object, scope: SimpleNamespace, going: Callable[[], bool]
    ) -> Reconciled:
        self.compared.append(scope.mailbox)
        return self.does(going)

    def abort(self) -> None:
        self.cut.set()

    @contextmanager
    def inbox(self, _account: object) -> Iterator["Stage"]:
        yield self

    def wake(self) -> None:
        self.woken += 1

    def job(self, *, careful: bool = False, pause_seconds: float = 0.0) -> ReconcileJob:
        return ReconcileJob(self.settings, self.desk.desk, careful, self.wake, pause_seconds)


def done(job: ReconcileJob) -> None:
    """Let the job look, and wait for what it began."""
    job.look()
    if job._thread is not None:
        job._thread.join(60)
        assert not job._thread.is_alive()


@pytest.fixture
def stage(sqlite: Sqlite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    url = sqlite.fresh_database()
    made = Stage(bench(url, tmp_path), tmp_path)
    monkeypatch.setattr(reconcilejob, "reconcile", made.reconcile)
    monkeypatch.setattr(reconcilejob, "ImapInbox", made.inbox)
    monkeypatch.setattr(wiring, "account_of", lambda _mailbox: None)
    monkeypatch.setattr(reconcilejob, "scope_of", lambda _s, mailbox: SimpleNamespace(mailbox=mailbox.name))
    yield made
    made.desk.desk.database.close()
    sqlite.drop_database(url)


def test_each_mailbox_is_compared_once_a_day_also_across_restarts(stage: Stage) -> None:
    job = stage.job()
    done(job)
    done(job)
    done(stage.job())
    assert stage.compared == ["main", "second"]
    stage.desk.later(timedelta(days=1))
    done(job)
    assert stage.compared == ["main", "second"] * 2


def test_after_an_unclean_stop_it_is_done_once_more_that_day(stage: Stage) -> None:
    done(stage.job())
    job = stage.job(careful=True)
    done(job)
    done(job)
    assert stage.compared == ["main", "second"] * 2


def test_after_a_start_the_inbox_is_emptied_first(stage: Stage) -> None:
    done(stage.job(careful=True, pause_seconds=3600))
    assert stage.compared == []


def test_what_another_daemon_has_in_hand_is_left_to_it(stage: Stage) -> None:
    other = lease_on(stage.settings, stage.desk.desk.database, "main", ":other")
    assert other.keep()
    job = stage.job()
    done(job)
    assert stage.compared == ["second"]
    note_reconciled(stage.desk.desk, "main")
    other.release()
    done(job)
    assert stage.compared == ["second"]


@pytest.mark.parametrize("trouble", [MailboxAway("away"), RuntimeError("a defect")], ids=["away", "defect"])
def test_a_failure_is_told_and_the_comparison_done_another_time(
    stage: Stage, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_going: Callable[[], bool]) -> Reconciled:
        raise trouble

    caplog.set_level(logging.ERROR, "helpdesk.reconcile")
    ok, stage.does = stage.does, fail
    job = stage.job()
    done(job)
    assert stage.compared == ["main"]
    assert [record.getMessage() for record in caplog.records] == ["not_reconciled"]
    stage.does = ok
    done(job)
    assert stage.compared == ["main", "main", "second"]


def test_after_a_failure_it_waits_before_it_tries_again(stage: Stage) -> None:
    def fail(_going: Callable[[], bool]) -> Reconciled:
        raise MailboxAway("away")

    stage.does = fail
    job = stage.job()
    job._pause_seconds = 3600
    done(job)
    done(job)
    assert stage.compared == ["main"]


def test_an_alarm_wakes_the_letters(stage: Stage) -> None:
    stage.does = lambda _going: Reconciled("main", compared=3, returned=1)
    done(stage.job())
    assert stage.woken == 1, "the second mailbox found the same, and its letter is there already"
    assert len(stage.desk.rows(letters)) == 1


def test_a_stop_ends_a_comparison_in_the_middle_and_it_counts_as_not_done(stage: Stage) -> None:
    begun = threading.Event()

    def hang(going: Callable[[], bool]) -> Reconciled:
        begun.set()
        assert going()
        assert stage.cut.wait(60)
        until = time.monotonic() + 60
        while going() and time.monotonic() < until:
            time.sleep(0.01)
        raise MailboxAway("cut")

    stage.does = hang
    job = stage.job()
    job.look()
    assert begun.wait(60)
    job.look()
    job.stop()
    done(job)
    assert stage.compared == ["main"]
    stage.does = lambda _going: Reconciled("main", 3)
    done(stage.job())
    assert stage.compared == ["main", "main", "second"]
