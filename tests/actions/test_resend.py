"""Dead letters are listed and sent again, unchanged, and nothing else is; on every database."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from helpdesk.actions.deliver import Ended
from helpdesk.actions.resend import listed_letters, send_again, send_all_again
from helpdesk.core.sessions import code_is_over
from helpdesk.core.smtpreplies import End, Outcome
from helpdesk.errors import Refused
from helpdesk.store.tables import letters
from helpdesk.store.work import Work
from tests.actions.outboxes import NOON, OutboxBench, bench


@pytest.fixture
def desk(each_url: str) -> Iterator[OutboxBench]:
    made = bench(each_url)
    yield made
    made.close()


def kill(desk: OutboxBench, count: int = 1) -> None:
    """Queue letters and let them die of what the relay says."""
    desk.queue(count)
    taken = desk.outbox.take(count, 30.0)
    desk.outbox.settle([Ended(one, Outcome(End.DEAD), "RCPT: 550 no such person") for one in taken])


def test_a_dead_letter_is_listed_with_when_and_why(desk: OutboxBench) -> None:
    kill(desk)
    desk.queue()
    [listed] = listed_letters(desk.database, "dead", 10)
    assert (listed.id, listed.recipient, listed.kind) == (1, "learner1@learn.example", "ticket_opened")
    assert (listed.attempts, listed.next_at, listed.last_error) == (1, NOON, "RCPT: 550 no such person")
    assert listed.ticket_number is None
    assert [one.id for one in listed_letters(desk.database, "queued", 10)] == [2]
    assert listed_letters(desk.database, "sending", 10) == []


def test_of_many_the_last_ones_are_listed(desk: OutboxBench) -> None:
    desk.queue(5)
    assert [one.id for one in listed_letters(desk.database, "queued", 2)] == [5, 4]


def test_the_next_page_begins_behind_the_last_letter_of_the_page_before(desk: OutboxBench) -> None:
    desk.queue(5)
    with desk.database.engine.begin() as connection:  # those of one moment come in the order of their ids
        connection.execute(update(letters).where(letters.c.id > 1).values(next_at=NOON))
    pages = [[one.id for one in listed_letters(desk.database, "queued", 2)]]
    while pages[-1]:
        page = listed_letters(desk.database, "queued", 2, before=pages[-1][-1])
        pages.append([one.id for one in page])
    assert pages == [[5, 4], [3, 2], [1], []]


@pytest.mark.parametrize(("before", "told"), [(1, "letter 1 is queued, not dead"), (9, "9 is not there")])
def test_a_page_cannot_begin_behind_a_letter_of_another_state(
    desk: OutboxBench, before: int, told: str
) -> None:
    desk.queue()
    with pytest.raises(Refused, match=told):
        listed_letters(desk.database, "dead", 2, before=before)


def test_a_dead_letter_is_sent_again_as_it_was_and_tried_from_the_beginning(desk: OutboxBench) -> None:
    kill(desk)
    [before] = desk.rows()
    send_again(desk.database, 1)
    [after] = desk.rows()
    kept = ("message_id", "dedupe", "content", "recipient", "envelope_from", "queued_at", "last_error")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert (after["state"], after["attempts"], after["claim"]) == ("queued", 0, "")
    row = desk.audited()[-1]
    assert (row["action"], row["status"], row["detail"]) == ("LETTER_SENT_AGAIN", "SUCCESS", {"letter": 1})
    desk.now = after["next_at"]
    [taken] = desk.outbox.take(1, 30.0)
    assert taken.letter.message_id == before["message_id"]


def test_what_it_died_of_stays_in_the_audit_trail(desk: OutboxBench) -> None:
    kill(desk)
    send_again(desk.database, 1)
    died = next(row for row in desk.audited() if row["action"] == "LETTER_DEAD")
    assert died["detail"]["reason"] == "RCPT: 550 no such person"


@pytest.mark.parametrize(
    ("letter_id", "why"),
    [
        pytest.param(2, "letter 2 is queued; only a dead letter is sent again", id="one that is queued"),
        pytest.param(99, "there is no letter 99", id="one that is not there"),
    ],
)
def test_nothing_but_a_dead_letter_is_sent_again(desk: OutboxBench, letter_id: int, why: str) -> None:
    kill(desk)
    desk.queue()
    before = desk.rows()
    with pytest.raises(Refused, match=why):
        send_again(desk.database, letter_id)
    assert desk.rows() == before
    assert len(desk.audited()) == 1


def test_all_dead_letters_are_sent_again_with_a_row_for_each(desk: OutboxBench) -> None:
    kill(desk, 3)
    desk.queue()
    assert send_all_again(desk.database) == (3, 0)
    assert desk.states() == ["queued"] * 4
    assert [row["action"] for row in desk.audited()].count("LETTER_SENT_AGAIN") == 3
    assert send_all_again(desk.database) == (0, 0)


def test_of_dead_login_codes_only_those_that_still_let_in_are_sent_again(desk: OutboxBench) -> None:
    kill(desk, 3)
    with Work(desk.database) as work:
        now = work.database_now()
        code = update(letters).values(kind="login_code")
        work._connection.execute(code.where(letters.c.id == 1).values(queued_at=now - timedelta(minutes=16)))
        work._connection.execute(code.where(letters.c.id == 2).values(queued_at=now))
        work.commit()
    assert send_all_again(desk.database) == (2, 1)
    assert desk.states() == ["dead", "queued", "queued"]


@pytest.mark.parametrize(("seconds", "over"), [(15 * 60 - 1, False), (15 * 60, True)])
def test_a_code_is_over_after_its_minutes(seconds: int, over: bool) -> None:
    assert code_is_over(NOON, NOON + timedelta(seconds=seconds)) is over
