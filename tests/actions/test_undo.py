"""An answer that is taken back leaves the ticket as it was before, unless something happened since."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from helpdesk.actions.ticketwork import add_note, answer_ticket, change_status
from helpdesk.actions.undo import undo_answer, undoable_tickets
from helpdesk.core.tickets import Status
from helpdesk.errors import Refused
from helpdesk.store.tables import letters, posts
from tests.actions.intakes import JEAN, NOW, a_mail
from tests.actions.staff import AGENT, COLLEAGUE, Staffed


@pytest.fixture
def desk(staffed: Staffed) -> Staffed:
    """Jean's ticket 1, of the network team."""
    staffed.bench.file(a_mail())
    staffed.change(1, team_id=staffed.teams["Network"])
    return staffed


def answer(desk: Staffed, by: str = AGENT, *, resolve: bool = False) -> None:
    answer_ticket(desk.bench.desk, desk.actor(by), 1, f"from {by}", resolve, 600)


def undo(desk: Staffed, by: str = AGENT) -> str:
    return undo_answer(desk.bench.desk, desk.actor(by), 1)


def stands(desk: Staffed) -> tuple[object, ...]:
    row = desk.ticket(1)
    return row["status"], row["resolved_at"], row["first_answered_at"]


@pytest.mark.parametrize("resolve", [False, True], ids=["an answer", "an answer that resolves"])
@pytest.mark.parametrize("before", [Status.WAITING, Status.IN_PROGRESS], ids=str)
def test_a_ticket_stands_as_before_its_answer(desk: Staffed, before: Status, resolve: bool) -> None:
    desk.change(1, status=before.value)
    answer(desk, resolve=resolve)
    assert ("TICKET_ANSWERED", "SUCCESS") in [row[:2] for row in desk.audited()]
    assert stands(desk) != (before.value, None, None)
    assert undo(desk) == f"from {AGENT}"
    assert stands(desk) == (before.value, None, None)
    if resolve:
        assert desk.history(1)[-2:] == [("status", "resolved", before.value), ("answer undone", "", "")]
        moved, undone = desk.audited()[-2:]
        expected = {"ticket": 1, "before": "resolved", "after": before.value}
        assert (moved[0], moved[2], undone[0]) == ("STATUS_CHANGED", expected, "TICKET_ANSWER_UNDONE")


def test_an_answer_before_stays_the_first(desk: Staffed) -> None:
    answer(desk, COLLEAGUE)
    first = stands(desk)
    answer(desk, resolve=True)
    undo(desk)
    assert stands(desk) == first


@pytest.mark.parametrize("resolve", [False, True], ids=["an answer", "an answer that resolves"])
def test_the_answer_behind_becomes_the_first(desk: Staffed, resolve: bool) -> None:
    answer(desk, resolve=resolve)
    answer(desk, COLLEAGUE)
    written = desk.bench.column(posts, "created_at")[-1]
    undo(desk)
    assert stands(desk) == ("in_progress", None, written)


def test_what_the_learner_wrote_since_is_no_answer(desk: Staffed) -> None:
    answer(desk)
    answer_ticket(desk.bench.desk, desk.actor(JEAN), 1, "more", False, 0)
    undo(desk)
    assert stands(desk) == ("waiting", None, None)


@pytest.mark.parametrize(
    ("since", "status"),
    [
        pytest.param(lambda desk: _move(desk, Status.IN_PROGRESS), "in_progress", id="moved"),
        pytest.param(
            lambda desk: [_move(desk, one) for one in (Status.IN_PROGRESS, Status.RESOLVED)],
            "resolved",
            id="moved and resolved again",
        ),
        pytest.param(lambda desk: desk.change(1, closed_at=NOW), "resolved", id="closed"),
    ],
)
def test_what_was_decided_since_stays(desk: Staffed, since: Callable[[Staffed], object], status: str) -> None:
    answer(desk, resolve=True)
    since(desk)
    undo(desk)
    assert desk.ticket(1)["status"] == status
    assert desk.history(1)[-1] == ("answer undone", "", "")


def _move(desk: Staffed, status: Status) -> object:
    return change_status(desk.bench.desk, desk.actor(COLLEAGUE), 1, status)


def test_nothing_is_brought_back_where_a_letter_has_gone(desk: Staffed) -> None:
    answer(desk, resolve=True)
    before = stands(desk)
    with desk.bench.desk.database.engine.begin() as connection:
        connection.execute(update(letters).values(next_at=NOW - timedelta(days=1)))
    with pytest.raises(Refused):
        undo(desk)
    assert stands(desk) == before


def undoable(desk: Staffed, by: str = AGENT) -> list[int]:
    return [ticket.number for ticket in undoable_tickets(desk.bench.desk, desk.actor(by))]


def test_a_ticket_is_offered_as_long_as_undoing_is_possible(desk: Staffed) -> None:
    desk.bench.file(a_mail(message_id="<2@x>"))
    desk.change(2, team_id=desk.teams["Network"])
    assert undoable(desk) == []
    answer(desk, COLLEAGUE)
    answer(desk)
    assert (undoable(desk), undoable(desk, COLLEAGUE), undoable(desk, JEAN)) == ([1], [1], [])
    answer_ticket(desk.bench.desk, desk.actor(AGENT), 2, "a second one", False, 600)
    add_note(desk.bench.desk, desk.actor(AGENT), 1, "a note is no answer")
    assert undoable(desk) == [2, 1]
    undo(desk)
    assert (undoable(desk), undoable(desk, COLLEAGUE)) == ([2], [1])
    desk.change(2, team_id=desk.teams["Printers"])
    assert undoable(desk) == []


def test_a_ticket_is_offered_no_more_once_a_letter_of_the_last_answer_is_due(desk: Staffed) -> None:
    answer(desk)
    answer_ticket(desk.bench.desk, desk.actor(AGENT), 1, "goes at once", False, 0)
    assert undoable(desk) == []
    with pytest.raises(Refused):
        undo(desk)


def test_whoever_asked_may_undo_nothing(desk: Staffed) -> None:
    answer_ticket(desk.bench.desk, desk.actor(JEAN), 1, "a follow-up has no letters", False, 600)
    assert undoable(desk, JEAN) == []


@pytest.mark.parametrize("waiting", [True, False])
def test_no_answer_can_be_undone_while_it_goes(desk: Staffed, waiting: bool) -> None:
    answer(desk)
    state = "queued" if waiting else "sending"
    with desk.bench.desk.database.engine.begin() as connection:
        connection.execute(update(letters).where(letters.c.kind == "ticket_answered").values(state=state))
    assert undoable(desk) == [1] * waiting
