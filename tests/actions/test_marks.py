"""Urgency, tags, deletion, and what a learner may do with an own ticket."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.actions.marks import change_urgency, delete_ticket, restore_ticket, tag_ticket, untag_ticket
from helpdesk.actions.tickets import listed_tickets, searched_tickets, shown_ticket
from helpdesk.actions.ticketwork import add_note, answer_ticket, change_status, find_ticket, workable_ticket
from helpdesk.core.paging import Order
from helpdesk.core.people import Role
from helpdesk.core.permissions import Actor
from helpdesk.core.tickets import IllegalMove, Status, Urgency
from helpdesk.errors import NotAllowed, Refused
from helpdesk.store.listing import TicketFilter
from tests.actions.intakes import JEAN, ZOE, a_mail
from tests.actions.staff import ADMIN, AGENT, MANAGER, STRANGER, Staffed


@pytest.fixture
def desk(staffed: Staffed) -> Staffed:
    """Jean's ticket 1, of the network team."""
    staffed.bench.file(a_mail())
    staffed.change(1, team_id=staffed.teams["Network"])
    return staffed


@pytest.mark.parametrize("by", [AGENT, MANAGER, ADMIN])
def test_the_urgency_moves_the_time_when_a_ticket_is_due(desk: Staffed, by: str) -> None:
    change_urgency(desk.bench.desk, desk.actor(by), 1, Urgency.CRITICAL)
    row = desk.ticket(1)
    assert (row["urgency"], row["due_at"] - row["opened_at"]) == ("critical", timedelta(hours=4))
    assert desk.history(1) == [("urgency", "normal", "critical")]
    detail = {"ticket": 1, "before": "normal", "after": "critical"}
    assert desk.audited()[-1] == ("URGENCY_CHANGED", "SUCCESS", detail)
    with pytest.raises(Refused, match="is critical already"):
        change_urgency(desk.bench.desk, desk.actor(by), 1, Urgency.CRITICAL)


@pytest.mark.parametrize("by", [JEAN, ZOE, STRANGER], ids=["requester", "another user", "another team"])
def test_who_may_not_work_on_a_ticket_marks_nothing(desk: Staffed, by: str) -> None:
    tag_ticket(desk.bench.desk, desk.actor(AGENT), 1, ["lent"])
    for work in (
        lambda: change_urgency(desk.bench.desk, desk.actor(by), 1, Urgency.HIGH),
        lambda: tag_ticket(desk.bench.desk, desk.actor(by), 1, ["x"]),
        lambda: untag_ticket(desk.bench.desk, desk.actor(by), 1, ["lent"]),
    ):
        with pytest.raises(Refused):
            work()
        assert desk.audited()[-1][:2] == ("UNAUTHORIZED_ACCESS", "DENIED")
    assert desk.ticket(1)["urgency"] == "normal"


def test_urgency_that_somebody_changed_meanwhile_is_not_written_over(
    desk: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = workable_ticket

    def too_late(*given: Any) -> object:
        found = find(*given)
        desk.change(1, urgency="low")
        return found

    monkeypatch.setattr("helpdesk.actions.marks.workable_ticket", too_late)
    with pytest.raises(Refused, match="changed by somebody else just now"):
        change_urgency(desk.bench.desk, desk.actor(AGENT), 1, Urgency.HIGH)
    assert (desk.ticket(1)["urgency"], desk.history(1)) == ("low", [])


def test_tags_are_kept_once_in_one_form_and_taken_off_again(desk: Staffed) -> None:
    agent = desk.actor(AGENT)
    assert tag_ticket(desk.bench.desk, agent, 1, ["Réseau", "wifi", "reseau"]) == ["reseau", "wifi"]
    assert tag_ticket(desk.bench.desk, agent, 1, ["wifi", "b1"]) == ["b1", "reseau", "wifi"]
    assert untag_ticket(desk.bench.desk, agent, 1, ["WIFI", "other"]) == ["b1", "reseau"]
    assert desk.history(1) == [("tags", "", "reseau wifi"), ("tags", "", "b1"), ("tags", "wifi", "")]
    with pytest.raises(Refused, match="has no such tag; it has: b1, reseau"):
        untag_ticket(desk.bench.desk, agent, 1, ["wifi"])
    with pytest.raises(Refused, match="50 at most"):
        tag_ticket(desk.bench.desk, agent, 1, ["a/b"])
    assert tag_ticket(desk.bench.desk, agent, 1, ["wifi"] * 30) == ["b1", "reseau", "wifi"]
    with pytest.raises(Refused, match="would have 21 tags"):
        tag_ticket(desk.bench.desk, agent, 1, [f"t{number}" for number in range(18)])


@pytest.mark.parametrize(
    ("by", "status", "error"),
    [
        pytest.param(JEAN, Status.WAITING, None, id="a user's own while it waits"),
        pytest.param(JEAN, Status.IN_PROGRESS, NotAllowed, id="a user's own that somebody works on"),
        pytest.param(JEAN, Status.RESOLVED, NotAllowed, id="a user's own that is resolved"),
        pytest.param(ZOE, Status.WAITING, Refused, id="another user's"),
        pytest.param(AGENT, Status.WAITING, NotAllowed, id="an agent"),
        pytest.param(STRANGER, Status.WAITING, Refused, id="an agent of another team"),
        pytest.param(MANAGER, Status.RESOLVED, None, id="the team's manager"),
        pytest.param(ADMIN, Status.IN_PROGRESS, None, id="an admin"),
    ],
)
def test_who_may_delete_a_ticket(desk: Staffed, by: str, status: Status, error: type[Refused] | None) -> None:
    desk.change(1, status=status.value)
    if error:
        with pytest.raises(error):
            delete_ticket(desk.bench.desk, desk.actor(by), 1)
        assert desk.ticket(1)["deleted_at"] is None
        assert desk.audited()[-1][:2] == ("UNAUTHORIZED_ACCESS", "DENIED")
        return
    delete_ticket(desk.bench.desk, desk.actor(by), 1)
    assert desk.ticket(1)["deleted_at"] is not None
    assert desk.history(1) == [("deleted", "", "")]
    assert desk.audited()[-1] == ("TICKET_DELETED", "SUCCESS", {"ticket": 1})


def test_a_users_ticket_that_somebody_began_to_work_on_meanwhile_stays(
    desk: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = find_ticket

    def too_late(*given: Any) -> object:
        found = find(*given)
        desk.change(1, status="in_progress")
        return found

    monkeypatch.setattr("helpdesk.actions.marks.find_ticket", too_late)
    with pytest.raises(Refused, match="changed by somebody else just now"):
        delete_ticket(desk.bench.desk, desk.actor(JEAN), 1)
    assert desk.ticket(1)["deleted_at"] is None


def test_an_admin_restores_a_deleted_ticket_and_nobody_works_on_it_before(desk: Staffed) -> None:
    admin = desk.actor(ADMIN)
    delete_ticket(desk.bench.desk, admin, 1)
    forbidden: tuple[Callable[[], None], ...] = (
        lambda: delete_ticket(desk.bench.desk, admin, 1),
        lambda: add_note(desk.bench.desk, admin, 1, "x"),
        lambda: change_urgency(desk.bench.desk, admin, 1, Urgency.LOW),
    )
    for work in forbidden:
        with pytest.raises(Refused, match="is deleted"):
            work()
    for by in (JEAN, AGENT, STRANGER):
        with pytest.raises(Refused, match="there is no ticket 1"):
            restore_ticket(desk.bench.desk, desk.actor(by), 1)
    restore_ticket(desk.bench.desk, admin, 1)
    assert desk.ticket(1)["deleted_at"] is None
    assert desk.history(1) == [("deleted", "", ""), ("restored", "", "")]
    with pytest.raises(Refused, match="is not deleted"):
        restore_ticket(desk.bench.desk, admin, 1)


@pytest.mark.parametrize(
    ("by", "numbers"),
    [
        pytest.param(MANAGER, [1], id="their team's, for a manager"),
        pytest.param(ADMIN, [2, 1], id="all, for an admin"),
        pytest.param(AGENT, None, id="none, for an agent"),
        pytest.param(JEAN, None, id="none, for whoever asked"),
    ],
)
def test_who_lists_and_restores_deleted_tickets(desk: Staffed, by: str, numbers: list[int] | None) -> None:
    desk.bench.file(a_mail(message_id="<2@x>"), a_mail(message_id="<3@x>"))
    for number in (1, 2):
        delete_ticket(desk.bench.desk, desk.actor(ADMIN), number)

    def listed(**wanted: Any) -> list[int]:
        found = listed_tickets(desk.bench.desk, desk.actor(by), TicketFilter(deleted=True, **wanted))
        return [ticket.number for ticket in found]

    if numbers is None:
        with pytest.raises(NotAllowed):
            listed()
        assert desk.audited()[-1][:2] == ("UNAUTHORIZED_ACCESS", "DENIED")
        return
    assert listed() == listed(order=Order.UPDATED) == listed(statuses=(Status.WAITING,)) == numbers
    assert listed(statuses=(Status.RESOLVED,)) == []
    found = searched_tickets(desk.bench.desk, desk.actor(by), "chargeur", TicketFilter(deleted=True))
    assert [one.ticket.number for one in found] == numbers
    assert shown_ticket(desk.bench.desk, desk.actor(by), 1).ticket.deleted
    restore_ticket(desk.bench.desk, desk.actor(by), 1)
    assert desk.audited()[-1] == ("TICKET_RESTORED", "SUCCESS", {"ticket": 1})
    assert listed() == [number for number in numbers if number != 1]
    assert [one.number for one in listed_tickets(desk.bench.desk, desk.actor(ADMIN), TicketFilter())] == [
        3,
        1,
    ]


def test_a_learner_closes_reopens_and_follows_up_an_own_ticket(desk: Staffed) -> None:
    jean = desk.actor(JEAN)
    change_status(desk.bench.desk, jean, 1, Status.RESOLVED)
    change_status(desk.bench.desk, jean, 1, Status.WAITING)
    with pytest.raises(IllegalMove, match="cannot become in progress"):
        change_status(desk.bench.desk, jean, 1, Status.IN_PROGRESS)
    change_status(desk.bench.desk, jean, 1, Status.RESOLVED)
    answer_ticket(desk.bench.desk, jean, 1, "Encore en panne.", False, 0)
    assert desk.ticket(1)["status"] == "waiting"


@pytest.mark.parametrize("by", [ZOE, STRANGER], ids=["another learner", "another team"])
def test_what_one_does_not_see_one_does_not_close(desk: Staffed, by: str) -> None:
    with pytest.raises(Refused, match="there is no ticket 1"):
        change_status(desk.bench.desk, desk.actor(by), 1, Status.RESOLVED)


def test_an_account_that_is_closed_deletes_nothing(desk: Staffed) -> None:
    jean = desk.actor(JEAN).person
    closed = Actor(type(jean)(jean.id, jean.name, Role.ADMIN, jean.language, active=False))
    with pytest.raises(Refused):
        delete_ticket(desk.bench.desk, closed, 1)
