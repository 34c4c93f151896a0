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
from daemon.jobs import Jobs
from daemon.reconcilejob import comparisons, lease_on
from helpdesk.actions.runs import begin_run, due_runs, end_run
from helpdesk.config import Settings
from helpdesk.core.jobs import RETRY_AFTER, JobPlan
from helpdesk.core.reconciling import Reconciled
from helpdesk.errors import MailboxAway
from helpdesk.store.tables import letters
from tests.actions.intakes import IntakeBench, bench

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
            "Settings",
            SimpleNamespace(mailboxes=mailboxes, desk=SimpleNamespace(state_dir=folder), jobs=JobPlan()),
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

    def jobs(self, *, careful: bool = False, pause_seconds: float = 0.0, owner: str = "one") -> Jobs:
        made = comparisons(self.settings, self.desk.desk, careful, pause_seconds)
        return Jobs(self.desk.desk, owner, made, self.wake)


@pytest.fixture
def stage(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    made = Stage(bench(sqlite_url, tmp_path), tmp_path)
    monkeypatch.setattr(reconcilejob, "reconcile", made.reconcile)
    monkeypatch.setattr(reconcilejob, "ImapInbox", made.inbox)
    monkeypatch.setattr(wiring, "account_of", lambda _mailbox: None)
    monkeypatch.setattr(reconcilejob, "scope_of", lambda _s, mailbox: SimpleNamespace(mailbox=mailbox.name))
    yield made
    made.desk.close()


def test_each_mailbox_is_compared_once_a_night_also_across_restarts(stage: Stage) -> None:
    jobs = stage.jobs()
    jobs.look()
    jobs.look()
    stage.jobs().look()
    assert stage.compared == ["main", "second"]
    stage.desk.later(timedelta(days=1))
    jobs.look()
    assert stage.compared == ["main", "second"] * 2


def test_after_an_unclean_stop_it_is_done_once_more_that_day(stage: Stage) -> None:
    stage.jobs().look()
    stage.desk.later(timedelta(seconds=1))
    jobs = stage.jobs(careful=True)
    jobs.look()
    jobs.look()
    assert stage.compared == ["main", "second"] * 2


def test_several_unclean_stops_before_it_could_begin_make_it_no_more(stage: Stage) -> None:
    stage.jobs().look()
    for _ in range(3):
        stage.desk.later(timedelta(seconds=1))
        stage.jobs(careful=True, pause_seconds=3600).look()
    stage.jobs().look()
    assert stage.compared == ["main", "second"] * 2


def test_after_a_start_the_inbox_is_emptied_first(stage: Stage) -> None:
    stage.jobs(careful=True, pause_seconds=3600).look()
    assert stage.compared == []


def test_what_another_daemon_has_in_hand_is_left_to_it(stage: Stage) -> None:
    desk = stage.desk.desk
    other = lease_on(stage.settings, desk.database, "main", ":other")
    assert other.keep()
    jobs = stage.jobs()
    jobs.look()
    assert stage.compared == ["second"]
    (due,) = due_runs(desk, [one.planned for one in comparisons(stage.settings, desk, careful=False)])
    run = begin_run(desk, due, "other")
    assert run is not None
    end_run(desk, run, "")
    other.release()
    jobs.look()
    assert stage.compared == ["second"]


@pytest.mark.parametrize("trouble", [MailboxAway("away"), RuntimeError("a defect")], ids=["away", "defect"])
def test_a_failure_is_told_and_the_comparison_done_another_time(
    stage: Stage, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_going: Callable[[], bool]) -> Reconciled:
        raise trouble

    caplog.set_level(logging.ERROR, "helpdesk.jobs")
    ok, stage.does = stage.does, fail
    jobs = stage.jobs()
    jobs.look()
    jobs.look()
    assert stage.compared == ["main", "second"], (
        "one does not keep the other from its turn; both wait a while"
    )
    assert [record.getMessage() for record in caplog.records] == ["job_failed"] * 2
    stage.does = ok
    stage.desk.later(RETRY_AFTER)
    jobs.look()
    jobs.look()
    assert stage.compared == ["main", "second"] * 2


def test_an_alarm_is_queued_and_wakes_the_letters(stage: Stage) -> None:
    stage.does = lambda _going: Reconciled("main", compared=3, returned=1)
    stage.jobs().look()
    assert stage.woken == 2
    assert len(stage.desk.rows(letters)) == 1, (
        "the second mailbox found the same, and its letter is there already"
    )


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
    jobs = stage.jobs()
    jobs.start()
    assert begun.wait(60)
    jobs.stop()
    jobs.join(60)
    assert stage.compared == ["main"]
    stage.does = lambda _going: Reconciled("main", 3)
    stage.jobs().look()
    assert stage.compared == ["main", "main", "second"]
