"""The outbox: who holds a letter, until when, and what becomes of it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from helpdesk.actions.deliver import Ended, Taken
from helpdesk.core.backoff import LAST_ATTEMPT
from helpdesk.core.smtpreplies import End, Outcome
from helpdesk.store.tables import letters
from tests.actions.outboxes import NOON, OutboxBench, bench

LEASE = 60.0
TWO_DAYS = timedelta(days=2)


@pytest.fixture
def desk(each_url: str) -> Iterator[OutboxBench]:
    made = bench(each_url)
    yield made
    made.close()


def take(desk: OutboxBench, limit: int = 10) -> list[Taken]:
    return desk.outbox.take(limit, LEASE)


def end(desk: OutboxBench, taken: Taken, outcome: Outcome, reason: str = "RCPT: 550 no") -> End:
    (settled,) = desk.outbox.settle([Ended(taken, outcome, reason)])
    return settled.end


def with_attempts(desk: OutboxBench, attempts: int) -> Taken:
    """Return a letter taken for the *attempts*-th time, two days after it was queued."""
    desk.queue(due_at=NOON - TWO_DAYS)
    with desk.database.engine.begin() as connection:
        connection.execute(letters.update().values(attempts=attempts - 1))
    (taken,) = take(desk)
    return taken


def test_due_letters_are_taken_oldest_first_and_no_more_than_asked(desk: OutboxBench) -> None:
    desk.queue(3)
    assert [taken.letter.id for taken in take(desk, 2)] == [1, 2]
    assert [taken.letter.id for taken in take(desk, 2)] == [3]
    assert take(desk) == []


@pytest.mark.parametrize(
    ("seconds", "due"),
    [
        pytest.param(-1, True, id="just past"),
        pytest.param(0, True, id="now"),
        pytest.param(1, False, id="not yet"),
    ],
)
def test_a_letter_is_due_from_its_moment_on(desk: OutboxBench, seconds: int, due: bool) -> None:
    desk.queue(due_at=NOON + timedelta(seconds=seconds - 1))
    waits = desk.outbox.seconds_to_next()
    assert waits == seconds
    assert bool(take(desk)) is due


def test_an_empty_outbox_has_nothing_due(desk: OutboxBench) -> None:
    assert desk.outbox.seconds_to_next() is None


@pytest.mark.parametrize(
    ("seconds", "again"),
    [pytest.param(59, False, id="before"), pytest.param(60, True, id="after")],
)
def test_a_letter_of_a_dead_process_is_taken_again_when_its_lease_runs_out(
    desk: OutboxBench, seconds: int, again: bool
) -> None:
    (message_id,) = desk.queue()
    take(desk)
    desk.now += timedelta(seconds=seconds)
    assert desk.outbox.seconds_to_next() == 60 - seconds
    assert [taken.letter.message_id for taken in take(desk)] == ([message_id] if again else [])


def test_a_lease_that_is_renewed_does_not_run_out(desk: OutboxBench) -> None:
    desk.queue(2)
    ours = take(desk)
    desk.now += timedelta(seconds=50)
    assert desk.outbox.keep(ours, LEASE) == ours
    desk.now += timedelta(seconds=50)
    assert take(desk) == []


def test_a_lease_is_kept_of_those_letters_only_that_nobody_has_taken_since(desk: OutboxBench) -> None:
    desk.queue(3)
    first, second = take(desk, 1), take(desk, 2)
    desk.now += timedelta(seconds=LEASE)
    [theirs] = take(desk, 1)
    assert desk.outbox.keep([*first, *second], LEASE) == second
    desk.outbox.settle([Ended(theirs, Outcome(End.SENT), "")])
    assert desk.outbox.keep([theirs, *second], LEASE) == second
    assert desk.outbox.keep([], LEASE) == []


def test_a_letter_given_back_is_due_at_once(desk: OutboxBench) -> None:
    desk.queue()
    ours = take(desk)
    desk.outbox.release(ours, "the daemon stopped")
    assert desk.rows()[0]["last_error"] == "the daemon stopped"
    assert [taken.letter.id for taken in take(desk)] == [1]


def test_a_letter_that_was_sent_is_marked_with_its_time_and_stays_sent(desk: OutboxBench) -> None:
    desk.queue()
    (taken,) = take(desk)
    assert end(desk, taken, Outcome(End.SENT), "CONTENT: 250 ok") is End.SENT
    row = desk.rows()[0]
    assert (row["state"], row["sent_at"], row["last_error"]) == ("sent", NOON, "")
    desk.now += timedelta(days=9)
    assert take(desk) == []
    assert desk.audited() == []


@pytest.mark.parametrize("kind", [End.TRY_LATER, End.AMBIGUOUS])
def test_a_letter_that_failed_waits_and_goes_out_again_with_the_same_message_id(
    desk: OutboxBench, kind: End
) -> None:
    (message_id,) = desk.queue()
    (taken,) = take(desk)
    assert end(desk, taken, Outcome(kind), "MAIL: 451 later") is kind
    row = desk.rows()[0]
    assert (row["state"], row["next_at"]) == ("queued", NOON + timedelta(minutes=1))
    assert row["last_error"] == "MAIL: 451 later"
    assert take(desk) == []
    desk.now += timedelta(minutes=1)
    (again,) = take(desk)
    assert (again.letter.message_id, again.letter.attempts) == (message_id, 2)


def test_a_dead_letter_stays_with_its_reason_and_is_audited(desk: OutboxBench) -> None:
    (message_id,) = desk.queue()
    (taken,) = take(desk)
    assert end(desk, taken, Outcome(End.DEAD)) is End.DEAD
    assert (desk.states(), desk.rows()[0]["last_error"]) == (["dead"], "RCPT: 550 no")
    (row,) = desk.audited()
    assert (row["action"], row["status"], row["created_at"]) == ("LETTER_DEAD", "FAIL", NOON)
    assert row["detail"] == {
        "letter": 1,
        "kind": "ticket_opened",
        "message_id": message_id,
        "attempts": 1,
        "reason": "RCPT: 550 no",
    }


@pytest.mark.parametrize(
    ("attempts", "outcome", "state"),
    [
        pytest.param(LAST_ATTEMPT - 1, Outcome(End.TRY_LATER), "queued", id="last but one"),
        pytest.param(LAST_ATTEMPT, Outcome(End.TRY_LATER), "dead", id="last"),
        pytest.param(LAST_ATTEMPT, Outcome(End.AMBIGUOUS), "dead", id="last and ambiguous"),
        pytest.param(
            LAST_ATTEMPT, Outcome(End.TRY_LATER, relay_fault=True), "queued", id="the relay's fault"
        ),
        pytest.param(LAST_ATTEMPT, Outcome(End.SENT), "sent", id="sent at the last"),
    ],
)
def test_a_letter_is_given_up_after_48_hours_unless_the_relay_is_at_fault(
    desk: OutboxBench, attempts: int, outcome: Outcome, state: str
) -> None:
    taken = with_attempts(desk, attempts)
    end(desk, taken, outcome, "MAIL: 451 later")
    assert desk.states() == [state]
    reasons = [row["detail"]["reason"] for row in desk.audited()]
    assert reasons == (["given up after 48 hours; MAIL: 451 later"] if state == "dead" else [])


def test_a_young_letter_that_many_crashes_counted_up_does_not_die_of_one_451(desk: OutboxBench) -> None:
    desk.queue()
    for _ in range(LAST_ATTEMPT):
        take(desk)  # and die: the lease runs out
        desk.now += timedelta(seconds=LEASE)
    (taken,) = take(desk)
    assert taken.letter.attempts > LAST_ATTEMPT
    assert end(desk, taken, Outcome(End.TRY_LATER), "RCPT: 451 later") is End.TRY_LATER
    assert (desk.states(), desk.audited()) == (["queued"], [])


def test_an_end_counts_only_while_the_letter_is_ours(desk: OutboxBench) -> None:
    desk.queue(2)
    ours = take(desk)
    desk.now += timedelta(seconds=61)
    others = take(desk)
    desk.outbox.settle([Ended(ours[0], Outcome(End.DEAD), "late"), Ended(ours[1], Outcome(End.SENT), "late")])
    assert desk.states() == ["sending", "sending"]
    assert desk.audited() == []
    desk.outbox.settle([Ended(taken, Outcome(End.SENT), "ok") for taken in others])
    assert desk.states() == ["sent", "sent"]


def test_many_ends_are_written_together(desk: OutboxBench) -> None:
    desk.queue(4)
    first, second = take(desk, 2), take(desk, 2)
    ends = [
        Ended(first[0], Outcome(End.SENT), ""),
        Ended(first[1], Outcome(End.DEAD), "no"),
        Ended(second[0], Outcome(End.TRY_LATER), "later"),
        Ended(second[1], Outcome(End.SENT), ""),
    ]
    desk.outbox.settle(ends)
    assert desk.states() == ["sent", "dead", "queued", "sent"]
