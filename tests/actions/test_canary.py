"""The desk writes to itself; when a letter does not come back the contacts hear of it once, and once when it does."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import select

from helpdesk.actions.canary import BACK, LOST, NONE, STILL_LOST, TOO_LATE, look_for_canary, send_canary
from helpdesk.actions.status import canary_lost_in
from helpdesk.core.jobs import JobName, JobPlan, RunState
from helpdesk.store.tables import alerts, letters
from helpdesk.store.work import Work, in_work
from tests.actions.intakes import ADMIN, DESK, NOW, IntakeBench, bench
from tests.actions.turns import a_turn

PLAN = JobPlan(canary=True)
HOUR = timedelta(hours=1)


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(each_url, tmp_path)
    yield made
    made.close()


def send(desk: IntakeBench, hour: int = 0) -> bytes:
    """Send the letter of an hour; return it."""
    desk.clock[0] = NOW + hour * HOUR
    before = {row["id"] for row in desk.rows(letters)}
    assert send_canary(desk.desk, PLAN, a_turn(desk.now, JobName.CANARY)) == "sent"
    (row,) = [row for row in desk.rows(letters) if row["id"] not in before]
    assert (row["kind"], row["recipient"]) == ("canary", DESK)
    return bytes(row["content"])


def look(desk: IntakeBench, hour: int = 0) -> str:
    """Let a run look for the letter of an hour, and end."""
    slot = NOW + hour * HOUR + timedelta(minutes=PLAN.canary_minutes)
    desk.clock[0] = slot
    told = look_for_canary(desk.desk, PLAN, a_turn(slot, JobName.CANARY_BACK))
    run = in_work(
        desk.desk.database, lambda work: work.runs.add(JobName.CANARY_BACK.value, "", slot, "x", slot)
    )
    in_work(desk.desk.database, lambda work: work.runs.end(run, RunState.DONE, told, slot))
    return told


def is_lost(desk: IntakeBench) -> bool:
    with Work(desk.desk.database, read_only=True) as work:
        return canary_lost_in(work, desk.now)


def subjects(desk: IntakeBench) -> list[str]:
    with desk.desk.database.engine.connect() as connection:
        query = select(letters.c.content).where(letters.c.kind == "alert").order_by(letters.c.id)
        return [
            str(message_from_bytes(content, policy=default)["Subject"])
            for content in connection.scalars(query)
        ]


def test_a_letter_that_comes_back_answers_nobody_and_tells_nobody(desk: IntakeBench) -> None:
    (filed,) = desk.file(send(desk))
    assert (filed.fate, filed.rule) == ("ignored", "our_own_echo")
    assert look(desk) == BACK
    assert desk.letters() == [("canary", DESK)]


def test_one_that_does_not_come_back_is_told_of_once_and_once_that_they_do_again(desk: IntakeBench) -> None:
    send(desk)
    assert look(desk) == LOST
    send(desk, 1)
    assert look(desk, 1) == LOST
    assert len(subjects(desk)) == 1
    desk.file(send(desk, 2))
    assert look(desk, 2) == BACK
    desk.file(send(desk, 3))
    assert look(desk, 3) == BACK
    assert len(subjects(desk)) == 2
    assert "ne circule plus" in subjects(desk)[0]
    assert "circule de nouveau" in subjects(desk)[1]
    assert {to for kind, to in desk.letters() if kind == "alert"} == {ADMIN}
    assert desk.column(alerts, "kind") == ["canary_lost", "canary_back"]


@pytest.mark.parametrize(
    ("late", "told"), [(timedelta(minutes=2), "sent"), (timedelta(minutes=2, seconds=1), TOO_LATE)]
)
def test_none_is_sent_that_could_not_be_back_in_time(desk: IntakeBench, late: timedelta, told: str) -> None:
    slot = desk.now
    desk.later(late)
    assert send_canary(desk.desk, PLAN, a_turn(slot, JobName.CANARY)) == told


def test_where_none_was_sent_none_is_missed(desk: IntakeBench) -> None:
    assert look(desk) == NONE
    assert desk.letters() == []


def test_an_hour_without_a_letter_changes_nothing_of_what_is_known(desk: IntakeBench) -> None:
    send(desk)
    assert look(desk) == LOST
    for hour in (1, 2):
        assert look(desk, hour) == STILL_LOST
        assert is_lost(desk)
    send(desk, 3)
    assert look(desk, 3) == LOST
    assert len(subjects(desk)) == 1, "it is known"
    assert look(desk, 4) == STILL_LOST
    desk.file(send(desk, 5))
    assert look(desk, 5) == BACK
    assert not is_lost(desk)
    assert look(desk, 6) == NONE
    assert not is_lost(desk)
    desk.file(send(desk, 7))
    assert look(desk, 7) == BACK
    assert desk.column(alerts, "kind") == ["canary_lost", "canary_back"]


def test_a_run_that_is_done_again_sends_and_tells_nothing_twice(desk: IntakeBench) -> None:
    send(desk)
    send_canary(desk.desk, PLAN, a_turn(desk.now, JobName.CANARY))
    slot = NOW + timedelta(minutes=PLAN.canary_minutes)
    for _ in range(2):
        assert look_for_canary(desk.desk, PLAN, a_turn(slot, JobName.CANARY_BACK)) == LOST
    assert sorted(kind for kind, _to in desk.letters()) == ["alert", "canary"]


def test_nobody_without_the_key_can_make_a_dead_desk_look_alive(desk: IntakeBench) -> None:
    """The Message-ID that is looked for follows from a secret."""
    first = message_from_bytes(send(desk))["Message-ID"]
    other = replace(desk.desk, stationery=replace(desk.desk.stationery, key=b"x" * 32))
    send_canary(other, PLAN, a_turn(NOW, JobName.CANARY))
    assert desk.rows(letters)[0]["message_id"] == first
    assert len({row["message_id"] for row in desk.rows(letters)}) == 2
