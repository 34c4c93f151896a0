"""What is written for later goes by the database's clock: a daemon whose own clock is wrong delays nothing."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpdesk.actions.deliver import Outbox
from helpdesk.actions.desk import Desk
from helpdesk.actions.intake import inbox_state
from helpdesk.core.rules import LONGEST_DEFER
from helpdesk.store.tables import letters, mails
from helpdesk.store.work import Work
from tests.actions.intakes import IntakeBench, a_mail, bench

DAY = timedelta(days=1)


@pytest.fixture(params=[-DAY, DAY], ids=["a day slow", "a day fast"])
def wrong(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[IntakeBench]:
    """Return a desk as the daemon makes it, while its database's clock differs from this machine's."""
    told = datetime.now(UTC).replace(microsecond=0) - request.param
    monkeypatch.setattr(Work, "database_now", lambda _work: told)
    [usual] = [field.default for field in fields(Desk) if field.name == "clock"]
    made = bench(database_url, tmp_path, clock=usual)
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
    database_url: str, tmp_path: Path, set_back: timedelta, looked_at: bool
) -> None:
    desk = bench(database_url, tmp_path)
    desk.person()
    [filed] = desk.file(a_mail(above=[]))
    desk.later(-set_back)
    assert inbox_state(desk.desk, desk.source, [filed.uid]).new == ([filed.uid] if looked_at else [])
    desk.close()
