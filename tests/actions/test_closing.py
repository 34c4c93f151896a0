"""Resolved tickets about which nobody says anything are closed for good: an answer then opens a new one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from helpdesk.actions.closing import BATCH, close_resolved
from helpdesk.actions.marks import delete_ticket, restore_ticket
from helpdesk.actions.ticketwork import add_note, answer_ticket, change_status, changed, find_ticket
from helpdesk.core.jobs import JobPlan
from helpdesk.core.permissions import Right
from helpdesk.core.policy import Policy
from helpdesk.core.tickets import Status
from helpdesk.errors import LeaseLost, Refused
from helpdesk.store.work import Work, in_work
from tests.actions.intakes import JEAN, NOW, a_mail
from tests.actions.staff import ADMIN, Staffed
from tests.actions.turns import a_turn

DAYS = timedelta(days=JobPlan().close_after_days)
SECOND = timedelta(seconds=1)


def resolved(staffed: Staffed, count: int = 1) -> None:
    staffed.bench.file(*(a_mail(message_id=f"<{number}@x>") for number in range(1, count + 1)))
    for number in range(1, count + 1):
        staffed.bench.resolve(number, NOW)


def close(staffed: Staffed, days: int = 30) -> str:
    return close_resolved(staffed.bench.desk, JobPlan(close_after_days=days), a_turn())


@pytest.mark.parametrize(
    ("waited", "closed"), [(DAYS - SECOND, False), (DAYS, True)], ids=["less", "30 days"]
)
def test_a_resolved_ticket_is_closed_after_its_days(
    staffed: Staffed, waited: timedelta, closed: bool
) -> None:
    resolved(staffed)
    staffed.bench.later(waited)
    assert close(staffed) == ("1 tickets closed" if closed else "")
    assert staffed.ticket(1)["closed_at"] == (staffed.bench.now if closed else None)
    assert staffed.ticket(1)["status"] == "resolved"
    assert staffed.history(1) == ([("closed", "", "")] if closed else [])
    record = ("TICKET_CLOSED", "SUCCESS", {"ticket": 1, "days": 30})
    assert (record in staffed.audited()) is closed
    assert close(staffed) == "", "once is enough"


def test_what_was_written_since_keeps_it_open(staffed: Staffed) -> None:
    resolved(staffed)
    staffed.bench.later(DAYS - SECOND)
    staffed.change(1, updated_at=staffed.bench.now)
    staffed.bench.later(SECOND)
    assert close(staffed) == ""


@pytest.mark.parametrize("status", [Status.WAITING, Status.IN_PROGRESS])
def test_an_open_ticket_is_never_closed(staffed: Staffed, status: Status) -> None:
    resolved(staffed)
    staffed.change(1, status=status.value)
    staffed.bench.later(DAYS * 10)
    assert close(staffed) == ""


def test_without_days_nothing_is_closed(staffed: Staffed) -> None:
    resolved(staffed)
    staffed.bench.later(DAYS * 10)
    assert close(staffed, days=0) == ""


def test_an_answer_to_a_closed_ticket_opens_a_new_one_with_a_note(staffed: Staffed) -> None:
    bench = staffed.bench
    bench.desk = replace(bench.desk, policy=Policy(reopen_days=3650))
    resolved(staffed)
    bench.later(DAYS)
    close(staffed)
    answer = a_mail("Re: it", message_id="<again@x>", extra=["In-Reply-To: <1@x>"], date=bench.now)
    (filed,) = bench.file(answer)
    assert (filed.fate, filed.ticket_number) == ("opened", 2)
    assert staffed.ticket(1)["status"] == "resolved"


def test_a_closed_ticket_is_worked_on_no_more(staffed: Staffed) -> None:
    resolved(staffed)
    staffed.bench.later(DAYS)
    close(staffed)
    desk, admin = staffed.bench.desk, staffed.actor(ADMIN)
    for work in (
        lambda: change_status(desk, admin, 1, Status.IN_PROGRESS),
        lambda: answer_ticket(desk, admin, 1, "text", False, 0),
        lambda: add_note(desk, admin, 1, "text"),
        lambda: change_status(desk, staffed.actor(JEAN), 1, Status.WAITING),
    ):
        with pytest.raises(Refused, match="is closed since 2026-12-20: open a new one"):
            work()
    delete_ticket(desk, admin, 1)
    restore_ticket(desk, admin, 1)


def test_work_that_was_begun_before_the_ticket_was_closed_is_refused(staffed: Staffed) -> None:
    resolved(staffed)
    staffed.bench.later(DAYS)
    desk = staffed.bench.desk
    before = find_ticket(desk, staffed.actor(ADMIN), Right.WORK_ON_TICKET, 1)
    close(staffed)

    def job(work: Work) -> None:
        changed(work, before, {}, {"status": "in_progress"})

    with pytest.raises(Refused, match="changed by somebody else just now"):
        in_work(desk.database, job)
    assert staffed.ticket(1)["status"] == "resolved"


def test_a_ticket_that_an_answer_reopens_is_not_closed_any_more(staffed: Staffed) -> None:
    """It was filed at the same moment: whoever commits last is right, and it is open as a whole."""
    resolved(staffed)
    staffed.change(1, closed_at=NOW)
    ticket_id = staffed.ticket(1)["id"]
    in_work(staffed.bench.desk.database, lambda work: work.tickets.reopen([ticket_id], NOW))
    assert (staffed.ticket(1)["status"], staffed.ticket(1)["closed_at"]) == ("waiting", None)


def test_many_are_closed_in_batches_and_a_stop_leaves_the_rest(
    staffed: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BATCH > 2
    monkeypatch.setattr("helpdesk.actions.closing.BATCH", 2)
    resolved(staffed, 5)
    staffed.bench.later(DAYS)
    with pytest.raises(LeaseLost):
        close_resolved(staffed.bench.desk, JobPlan(), a_turn(going=lambda: False))
    assert sum(staffed.ticket(number)["closed_at"] is not None for number in range(1, 6)) == 2
    assert close(staffed) == "3 tickets closed"
