"""Whoever reads what another asked is on record for it, once for a command, whatever the command."""

from collections.abc import Callable

import pytest

from helpdesk.actions.regroup import authors_of, merge_tickets, post_at
from helpdesk.actions.tickets import searched_tickets, shown_ticket
from helpdesk.core.permissions import Actor
from helpdesk.errors import Refused
from helpdesk.store.listing import TicketFilter
from tests.actions.intakes import JEAN, ZOE, a_mail
from tests.actions.staff import ADMIN, AGENT, Staffed

Row = tuple[str, dict[str, int]]
LOOKS = ("TICKET_SEEN", "TICKETS_SEARCHED")


@pytest.fixture
def desk(staffed: Staffed) -> Staffed:
    """Tickets 1 of Jean, 2 of Zoé and 3 of the agent, all of the network team; 4 and 5, of Jean, are one: 5."""
    staffed.bench.file(
        a_mail("Chargeur", message_id="<1@x>"),
        a_mail("Chargeur", sender=ZOE, message_id="<2@x>"),
        a_mail("Câble", sender=AGENT, message_id="<3@x>"),
        a_mail("Souris", message_id="<4@x>"),
        a_mail("Souris", message_id="<5@x>"),
    )
    for number in range(1, 6):
        staffed.change(number, team_id=staffed.teams["Network"])
    merge_tickets(staffed.bench.desk, staffed.actor(ADMIN), 4, 5)
    return staffed


def looks(desk: Staffed, do: Callable[[Actor], object], by: str) -> list[Row]:
    """Return the rows about looks that *do* wrote, all of them of who did it."""
    before = len(desk.audited())
    do(desk.actor(by))
    return [(action, detail) for action, _outcome, detail in desk.audited()[before:] if action in LOOKS]


def seen(number: int) -> list[Row]:
    return [("TICKET_SEEN", {"ticket": number})]


@pytest.mark.parametrize(
    ("by", "number", "expected"),
    [
        pytest.param(AGENT, 1, seen(1), id="another's"),
        pytest.param(JEAN, 1, [], id="one's own"),
        pytest.param(AGENT, 3, [], id="an agent's own"),
        pytest.param(JEAN, 5, [], id="two of one's own that were merged"),
        pytest.param(AGENT, 5, seen(5), id="two of another's that were merged"),
    ],
)
def test_reading_a_ticket(desk: Staffed, by: str, number: int, expected: list[Row]) -> None:
    assert looks(desk, lambda actor: shown_ticket(desk.bench.desk, actor, number), by) == expected


def test_ones_own_ticket_that_took_anothers_over_is_read_on_record(desk: Staffed) -> None:
    merge_tickets(desk.bench.desk, desk.actor(ADMIN), 1, 2)
    assert looks(desk, lambda actor: shown_ticket(desk.bench.desk, actor, 2), ZOE) == seen(2)
    assert looks(desk, lambda actor: shown_ticket(desk.bench.desk, actor, 1), JEAN) == [], "only Jean's posts"
    assert looks(desk, lambda actor: shown_ticket(desk.bench.desk, actor, 2), JEAN) == seen(2)


@pytest.mark.parametrize(
    ("number", "expected"),
    [pytest.param(1, seen(1), id="another's"), pytest.param(3, [], id="one's own")],
)
def test_a_post_that_may_become_a_ticket(desk: Staffed, number: int, expected: list[Row]) -> None:
    assert looks(desk, lambda actor: post_at(desk.bench.desk, actor, number, 1), AGENT) == expected


def test_a_post_of_another_in_ones_own_ticket(desk: Staffed) -> None:
    merge_tickets(desk.bench.desk, desk.actor(ADMIN), 1, 3)
    assert looks(desk, lambda actor: post_at(desk.bench.desk, actor, 3, 1), AGENT) == seen(3)


def test_what_shows_no_text_writes_no_row(desk: Staffed) -> None:
    def none_there(actor: Actor) -> None:
        with pytest.raises(Refused):
            post_at(desk.bench.desk, actor, 1, 2)

    assert looks(desk, none_there, AGENT) == []
    assert looks(desk, lambda actor: authors_of(desk.bench.desk, actor, 1), AGENT) == []


@pytest.mark.parametrize(
    ("by", "typed", "limit", "expected"),
    [
        pytest.param(ADMIN, "chargeur", 20, [{"found": 2, "others": 2}], id="two of others"),
        pytest.param(ADMIN, "chargeur", 1, [{"found": 1, "others": 1}], id="one of them is shown"),
        pytest.param(JEAN, "chargeur", 20, [], id="one's own"),
        pytest.param(AGENT, "ca", 20, [], id="nothing found"),
        pytest.param(AGENT, "câble", 20, [], id="an agent's own"),
    ],
)
def test_finding_words(
    desk: Staffed, by: str, typed: str, limit: int, expected: list[dict[str, int]]
) -> None:
    def search(actor: Actor) -> None:
        searched_tickets(desk.bench.desk, actor, typed, TicketFilter(limit=limit))

    assert looks(desk, search, by) == [("TICKETS_SEARCHED", detail) for detail in expected]


def test_a_search_that_finds_ones_own_and_anothers(desk: Staffed) -> None:
    desk.change(1, requester_id=desk.id(AGENT))

    def search(actor: Actor) -> None:
        searched_tickets(desk.bench.desk, actor, "chargeur", TicketFilter())

    assert looks(desk, search, AGENT) == [("TICKETS_SEARCHED", {"found": 2, "others": 1})]
    assert "chargeur" not in str(desk.audited())
