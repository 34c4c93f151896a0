"""Who becomes responsible for a ticket, by whose hand; two at once never both win."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest

from helpdesk.actions.handover import assign_ticket, give_to_team, take_ticket, unassign_ticket
from helpdesk.actions.ticketwork import workable_ticket
from helpdesk.errors import NotAllowed, Refused
from tests.actions.intakes import JEAN, ZOE, a_mail
from tests.actions.staff import ADMIN, AGENT, COLLEAGUE, MANAGER, STRANGER, Staffed

NOBODY = "nobody@nowhere.example"


@pytest.fixture
def desk(staffed: Staffed) -> Staffed:
    """Jean's ticket 1, of the network team."""
    staffed.bench.file(a_mail())
    staffed.change(1, team_id=staffed.teams["Network"])
    return staffed


def assign(desk: Staffed, by: str, to: str) -> None:
    assign_ticket(desk.bench.desk, desk.actor(by), 1, to)


@pytest.mark.parametrize(
    ("by", "to"),
    [
        pytest.param(AGENT, AGENT, id="an agent to themselves"),
        pytest.param(MANAGER, COLLEAGUE, id="a manager within the team"),
        pytest.param(MANAGER, MANAGER, id="a manager to themselves"),
        pytest.param(ADMIN, STRANGER, id="an admin to anybody"),
    ],
)
def test_a_ticket_is_assigned_within_reach(desk: Staffed, by: str, to: str) -> None:
    assign(desk, by, to)
    assert desk.ticket(1)["assignee_id"] == desk.id(to)
    assert desk.history(1) == [("assignee", "", to.partition("@")[0])]
    assert desk.audited()[-1] == ("TICKET_ASSIGNED", "SUCCESS", {"ticket": 1, "to": desk.id(to)})


@pytest.mark.parametrize(
    ("by", "to", "error"),
    [
        pytest.param(JEAN, JEAN, NotAllowed, id="a user, to themselves"),
        pytest.param(ZOE, ZOE, Refused, id="a user who does not even see it"),
        pytest.param(AGENT, COLLEAGUE, NotAllowed, id="an agent to another"),
        pytest.param(AGENT, NOBODY, NotAllowed, id="an agent, who does not learn who is registered"),
        pytest.param(STRANGER, STRANGER, Refused, id="an agent of another team"),
        pytest.param(MANAGER, STRANGER, NotAllowed, id="a manager to another team"),
        pytest.param(MANAGER, ZOE, NotAllowed, id="a manager to a learner"),
        pytest.param(MANAGER, NOBODY, NotAllowed, id="a manager to nobody known"),
    ],
)
def test_what_is_out_of_reach_is_refused_and_on_record(
    desk: Staffed, by: str, to: str, error: type[Refused]
) -> None:
    with pytest.raises(error):
        assign(desk, by, to)
    assert desk.ticket(1)["assignee_id"] is None
    action, outcome, detail = desk.audited()[-1]
    assert (action, outcome, detail["ticket"]) == ("UNAUTHORIZED_ACCESS", "DENIED", 1)


def test_an_admin_is_told_that_nobody_has_an_address(desk: Staffed) -> None:
    with pytest.raises(Refused, match="nobody is registered with"):
        assign(desk, ADMIN, NOBODY)


def test_an_admin_is_told_why_a_learner_gets_no_ticket(desk: Staffed) -> None:
    """It is the assignee's role and no right of the admin that is missing."""
    before = desk.audited()
    with pytest.raises(Refused, match=f"{JEAN} is not staff") as refused:
        assign(desk, ADMIN, JEAN)
    assert not isinstance(refused.value, NotAllowed)
    assert desk.ticket(1)["assignee_id"] is None
    assert desk.audited() == before


def test_assigning_to_whoever_has_it_already_is_refused(desk: Staffed) -> None:
    assign(desk, ADMIN, AGENT)
    with pytest.raises(Refused, match="assigned to agent already"):
        assign(desk, ADMIN, AGENT)


def test_an_agent_takes_what_is_nobodys_and_gives_it_back(desk: Staffed) -> None:
    take_ticket(desk.bench.desk, desk.actor(AGENT), 1)
    assert desk.ticket(1)["assignee_id"] == desk.id(AGENT)
    with pytest.raises(Refused, match="somebody else has ticket 1"):
        take_ticket(desk.bench.desk, desk.actor(COLLEAGUE), 1)
    with pytest.raises(NotAllowed):
        unassign_ticket(desk.bench.desk, desk.actor(COLLEAGUE), 1)
    unassign_ticket(desk.bench.desk, desk.actor(AGENT), 1)
    assert desk.ticket(1)["assignee_id"] is None
    assert desk.history(1) == [("assignee", "", "agent"), ("assignee", "agent", "")]


@pytest.mark.parametrize("by", [JEAN, STRANGER], ids=["its requester", "an agent of another team"])
def test_who_may_not_work_on_it_takes_nothing(desk: Staffed, by: str) -> None:
    with pytest.raises(Refused):
        take_ticket(desk.bench.desk, desk.actor(by), 1)
    assert desk.ticket(1)["assignee_id"] is None


def test_of_two_who_take_a_ticket_at_once_one_has_it(desk: Staffed, monkeypatch: pytest.MonkeyPatch) -> None:
    start, find = Barrier(2), workable_ticket

    def both_have_looked(*given: object) -> object:
        found = find(*given)  # type: ignore[arg-type]
        start.wait()
        return found

    monkeypatch.setattr("helpdesk.actions.handover.workable_ticket", both_have_looked)

    def take(by: str) -> str:
        try:
            take_ticket(desk.bench.desk, desk.actor(by), 1)
        except Refused as refused:
            return str(refused)
        return by

    with ThreadPoolExecutor(2) as threads:
        told = list(threads.map(take, (AGENT, COLLEAGUE)))
    (winner,) = [one for one in told if one in (AGENT, COLLEAGUE)]
    assert any("changed by somebody else just now" in one for one in told)
    assert desk.ticket(1)["assignee_id"] == desk.id(winner)
    assert len(desk.history(1)) == 1


@pytest.mark.parametrize(
    ("by", "team", "error"),
    [
        pytest.param(ADMIN, "printers", None, id="an admin, in any case of letters"),
        pytest.param(MANAGER, "Printers", NotAllowed, id="a manager to a team not theirs"),
        pytest.param(MANAGER, "Network", Refused, id="a manager to their own, which has it"),
        pytest.param(AGENT, "Printers", NotAllowed, id="an agent"),
        pytest.param(JEAN, "Printers", NotAllowed, id="its requester"),
        pytest.param(ADMIN, "Nowhere", Refused, id="a team that is not there"),
    ],
)
def test_a_ticket_is_given_to_a_team_within_reach(
    desk: Staffed, by: str, team: str, error: type[Refused] | None
) -> None:
    give: Callable[[], str] = partial(give_to_team, desk.bench.desk, desk.actor(by), 1, team)
    if error:
        with pytest.raises(error):
            give()
        assert desk.ticket(1)["team_id"] == desk.teams["Network"]
        return
    assert give() == "Printers"
    assert desk.ticket(1)["team_id"] == desk.teams["Printers"]
    assert desk.history(1) == [("team", "Network", "Printers")]
    assert desk.audited()[-1][0] == "TICKET_ASSIGNED"
