"""What a live view shows: what was written lately to the tickets that one may see."""

from datetime import timedelta

import pytest

from helpdesk.actions.marks import delete_ticket
from helpdesk.actions.tickets import arrived_posts
from helpdesk.actions.ticketwork import add_note
from tests.actions.intakes import JEAN, ZOE, a_mail
from tests.actions.staff import ADMIN, AGENT, STRANGER, Staffed


@pytest.fixture
def desk(staffed: Staffed) -> Staffed:
    """Tickets of Jean and Zoé, the first with an answer and a note, of the network team."""
    staffed.bench.file(a_mail("Un"), a_mail("Deux", sender=ZOE, message_id="<2@x>"))
    staffed.change(1, team_id=staffed.teams["Network"])
    staffed.bench.later(timedelta(minutes=1))
    staffed.bench.file(a_mail("Re: [#1]", message_id="<3@x>"))
    add_note(staffed.bench.desk, staffed.actor(AGENT), 1, "x")
    return staffed


def seen(desk: Staffed, by: str, limit: int = 10) -> list[tuple[int, str, str]]:
    found = arrived_posts(desk.bench.desk, desk.actor(by), 5, limit)
    kinds = ["note" if one.internal else "opens" if one.opens else "post" for one in found]
    return [(one.number, kind, one.author) for one, kind in zip(found, kinds, strict=True)]


def test_everybody_sees_what_arrives_for_them_newest_first(desk: Staffed) -> None:
    network = [(1, "note", "agent"), (1, "post", "jean"), (1, "opens", "jean")]
    assert seen(desk, ADMIN) == [*network[:2], (2, "opens", "zoe"), network[2]]
    assert seen(desk, AGENT) == network
    assert seen(desk, JEAN) == network[1:], "a learner sees no notes"
    assert seen(desk, ZOE) == [(2, "opens", "zoe")]
    assert seen(desk, STRANGER) == []
    assert seen(desk, ADMIN, limit=1) == network[:1]


def test_deleted_tickets_are_left_out(desk: Staffed) -> None:
    delete_ticket(desk.bench.desk, desk.actor(ADMIN), 1)
    assert seen(desk, ADMIN) == [(2, "opens", "zoe")]
