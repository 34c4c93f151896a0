"""What is written for later goes by the database's clock: a daemon whose own clock is wrong delays nothing."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpdesk.actions.clocks import after_a_clock_set_back
from helpdesk.actions.deliver import Ended, Outbox
from helpdesk.actions.desk import Desk
from helpdesk.actions.intake import inbox_state
from helpdesk.core.backoff import LONGEST_DELAY
from helpdesk.core.breakerscopes import WAITS
from helpdesk.core.rules import LONGEST_DEFER
from helpdesk.core.smtpreplies import End, Outcome
from helpdesk.store.tables import letters, mails
from helpdesk.store.work import Work
from tests.actions import outboxes
from tests.actions.intakes import IntakeBench, a_mail, bench

DAY = timedelta(days=1)
LEASE_SECONDS = 30.0


@pytest.fixture(params=[-DAY, DAY], ids=["a day slow", "a day fast"])
def wrong(
    request: pytest.FixtureRequest, each_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[IntakeBench]:
    """Return a desk as the daemon makes it, while its database's clock differs from this machine's."""
    told = datetime.now(UTC).replace(microsecond=0) - request.param
    monkeypatch.setattr(Work, "database_now", lambda _work: told)
    [usual] = [field.default for field in fields(Desk) if field.name == "clock"]
    made = bench(each_url, tmp_path, clock=usual)
    made.clock[0] = told
    made.person()
    yield made
    made.close()


def fresh_mail(desk: IntakeBench, above: list[str] | None = None) -> bytes:
    return a_mail(date=desk.now - timedelta(minutes=5), above=above)


def test_a_letter_is_due_at_once(wrong: IntakeBench) -> None:
    wrong.file(fresh_mail(wrong))
    assert wrong.column(letters, "kind", "next_at", "queued_at") == [("ticket_opened", wrong.now, wrong.now)]
    assert len(Outbox(wrong.desk.database, lambda work: work.database_now()).take(10, 30.0)) == 1


def test_a_deferred_mail_is_looked_at_again_in_five_minutes(wrong: IntakeBench) -> None:
    [filed] = wrong.file(fresh_mail(wrong, above=[]))
    assert filed.fate is None
    assert wrong.column(mails, "look_again_at") == [wrong.now + timedelta(minutes=5)]
    state = inbox_state(wrong.desk, wrong.source, [filed.uid])
    assert state.new == []


@pytest.mark.parametrize(
    ("set_back", "looked_at"),
    [
        pytest.param(timedelta(minutes=1), False, id="a little: it waits as long again"),
        pytest.param(LONGEST_DEFER - timedelta(minutes=5), False, id="as far as a mail may wait"),
        pytest.param(LONGEST_DEFER, True, id="further: it is looked at"),
        pytest.param(DAY, True, id="a day"),
    ],
)
def test_a_deferred_mail_does_not_wait_for_a_clock_that_was_set_back(
    each_url: str, tmp_path: Path, set_back: timedelta, looked_at: bool
) -> None:
    desk = bench(each_url, tmp_path)
    desk.person()
    [filed] = desk.file(a_mail(above=[]))
    desk.later(-set_back)
    assert inbox_state(desk.desk, desk.source, [filed.uid]).new == ([filed.uid] if looked_at else [])
    desk.close()


@pytest.fixture
def outbox(each_url: str) -> Iterator[outboxes.OutboxBench]:
    made = outboxes.bench(each_url)
    yield made
    made.close()


def set_back(outbox: outboxes.OutboxBench, by: timedelta) -> int:
    """Set the clock back and let a daemon look at what waits; return how many letters were misdated."""
    outbox.now -= by
    return after_a_clock_set_back(outbox.database, lambda _work: outbox.now)


def test_a_dead_daemons_letter_is_freed_a_lease_after_the_clock_was_set_back(
    outbox: outboxes.OutboxBench,
) -> None:
    outbox.queue()
    outbox.outbox.take(1, LEASE_SECONDS)
    assert set_back(outbox, DAY) == 1
    assert outbox.outbox.seconds_to_next() == LEASE_SECONDS
    outbox.now += timedelta(seconds=LEASE_SECONDS)
    assert len(outbox.outbox.take(1, LEASE_SECONDS)) == 1


def test_a_living_daemon_keeps_its_letters_when_the_clock_is_set_back(outbox: outboxes.OutboxBench) -> None:
    outbox.queue()
    taken = outbox.outbox.take(1, LEASE_SECONDS)
    set_back(outbox, DAY)
    assert outbox.outbox.take(1, LEASE_SECONDS) == []
    outbox.now += timedelta(seconds=LEASE_SECONDS / 3)
    outbox.outbox.keep(taken, LEASE_SECONDS)
    outbox.now += timedelta(seconds=LEASE_SECONDS * 0.9)
    assert outbox.outbox.take(1, LEASE_SECONDS) == []
    [settled] = outbox.outbox.settle([Ended(taken[0], Outcome(End.SENT), "")])
    assert (settled.end, outbox.states()) == (End.SENT, ["sent"])


def test_a_letter_queued_before_the_clock_was_set_back_is_due_at_once(outbox: outboxes.OutboxBench) -> None:
    outbox.queue(due_at=outbox.now)
    assert set_back(outbox, DAY) == 1
    assert len(outbox.outbox.take(1, LEASE_SECONDS)) == 1


@pytest.mark.parametrize(
    ("by", "waits"),
    [
        pytest.param(timedelta(0), timedelta(minutes=1), id="not set back: it waits its minute"),
        pytest.param(DAY, timedelta(0), id="a day: it is due at once"),
    ],
)
def test_a_letter_put_off_before_the_clock_was_set_back_does_not_wait_for_it(
    outbox: outboxes.OutboxBench, by: timedelta, waits: timedelta
) -> None:
    outbox.queue(due_at=outbox.now - 2 * DAY)
    [taken] = outbox.outbox.take(1, LEASE_SECONDS)
    outbox.outbox.settle([Ended(taken, Outcome(End.TRY_LATER), "RCPT: 451 later")])
    set_back(outbox, by)
    assert outbox.outbox.seconds_to_next() == waits.total_seconds()


@pytest.mark.parametrize(
    ("note", "ahead", "waits"),
    [
        pytest.param("", LONGEST_DELAY, True, id="no longer than a letter may wait"),
        pytest.param("", LONGEST_DELAY + timedelta(seconds=1), False, id="longer"),
        pytest.param(f"{WAITS}too many", DAY, True, id="for a breaker, which may be longer"),
    ],
)
def test_what_waits_for_its_own_reason_goes_on_waiting(
    outbox: outboxes.OutboxBench, note: str, ahead: timedelta, waits: bool
) -> None:
    outbox.queue(due_at=outbox.now - DAY)
    with outbox.database.engine.begin() as connection:
        connection.execute(letters.update().values(next_at=outbox.now + ahead, last_error=note))
    assert set_back(outbox, timedelta(0)) == (not waits)
    assert bool(outbox.outbox.take(1, LEASE_SECONDS)) is not waits
