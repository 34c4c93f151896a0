"""Two tickets become one, and one becomes two."""

import pytest

from helpdesk.core.merging import merge_problem, newcomers, split_problem, surviving
from helpdesk.core.tickets import Status, Ticket

JEAN, ZOE, AGENT, OTHER = 1, 2, 3, 4
WAITING, IN_PROGRESS, RESOLVED = Status


def ticket(
    number: int, status: Status = WAITING, requester: int = JEAN, *others: int, into: int | None = None
) -> Ticket:
    return Ticket(
        1000 + number, number, "x", status, requester, participants=frozenset(others), merged_into_id=into
    )


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [
        pytest.param(ticket(1), ticket(2), "", id="two open ones"),
        pytest.param(ticket(1, RESOLVED), ticket(2), "", id="a resolved one into an open one"),
        pytest.param(ticket(1, RESOLVED), ticket(2, RESOLVED), "", id="two resolved ones"),
        pytest.param(ticket(1, IN_PROGRESS), ticket(2, RESOLVED), "reopen 2 first", id="open into resolved"),
        pytest.param(ticket(1), ticket(1), "into itself", id="into itself"),
    ],
)
def test_an_open_question_never_disappears_in_a_resolved_ticket(
    source: Ticket, target: Ticket, why: str
) -> None:
    problem = merge_problem(source, target)
    assert (problem is None) is (why == "")
    assert problem is None or (why in problem[0] and problem[1])


@pytest.mark.parametrize(
    ("source", "target", "joining"),
    [
        pytest.param(ticket(1), ticket(2), set(), id="the same requester"),
        pytest.param(ticket(1), ticket(2, WAITING, ZOE), {JEAN}, id="another requester"),
        pytest.param(ticket(1), ticket(2, WAITING, ZOE, JEAN), set(), id="takes part already"),
        pytest.param(
            ticket(1, WAITING, JEAN, ZOE, OTHER), ticket(2, WAITING, ZOE), {JEAN, OTHER}, id="three"
        ),
    ],
)
def test_everybody_takes_part_once(source: Ticket, target: Ticket, joining: set[int]) -> None:
    assert newcomers(source, target) == joining


def test_a_merged_ticket_leads_to_where_it_is_now() -> None:
    first, second, third = ticket(1, into=1002), ticket(2, into=1003), ticket(3)
    tickets = {one.id: one for one in (first, second, third)}
    assert [surviving(one, tickets) for one in (first, second, third)] == [third] * 3
    assert surviving(first, {}) == first, "nobody knows the other"


def test_a_ring_of_merged_tickets_has_an_end() -> None:
    first, second = ticket(1, into=1002), ticket(2, into=1001)
    assert surviving(first, {first.id: first, second.id: second}) == second


@pytest.mark.parametrize(
    ("author", "internal", "posts", "why"),
    [
        pytest.param(JEAN, False, 2, "", id="the requester's"),
        pytest.param(ZOE, False, 2, "", id="a participant's"),
        pytest.param(JEAN, False, 1, "the only post", id="the only one"),
        pytest.param(AGENT, False, 2, "only what the people", id="an answer of staff"),
        pytest.param(None, False, 2, "only what the people", id="the desk's own"),
        pytest.param(JEAN, True, 2, "only what the people", id="a note"),
    ],
)
def test_only_what_somebody_asked_becomes_a_ticket(
    author: int | None, internal: bool, posts: int, why: str
) -> None:
    problem = split_problem(ticket(1, WAITING, JEAN, ZOE), author, internal, posts)
    assert (problem is None) is (why == "")
    assert problem is None or (why in problem[0] and problem[1])
