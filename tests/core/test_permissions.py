"""Who may see which ticket."""

import pytest

from helpdesk.core.people import Language, Person, Role
from helpdesk.core.permissions import sees
from helpdesk.core.tickets import Status, Ticket

ME, OTHER, THIRD = 1, 2, 3
NETWORK, PRINTERS = 10, 20
USER, AGENT, MANAGER, ADMIN = Role


def me(role: Role, active: bool = True) -> Person:
    return Person(ME, "Jean Dupont", role, Language.FR, active)


def ticket(
    requester: int = OTHER,
    team: int | None = None,
    assignee: int | None = None,
    participants: tuple[int, ...] = (),
    deleted: bool = False,
) -> Ticket:
    return Ticket(
        7, 70, "Chargeur", Status.WAITING, requester, team, assignee, None, deleted, frozenset(participants)
    )


@pytest.mark.parametrize(
    ("role", "seen", "expected"),
    [
        pytest.param(USER, ticket(requester=ME), True, id="a user's own"),
        pytest.param(USER, ticket(participants=(THIRD, ME)), True, id="a user takes part"),
        pytest.param(USER, ticket(participants=(THIRD,)), False, id="somebody else takes part"),
        pytest.param(USER, ticket(), False, id="a stranger's"),
        pytest.param(USER, ticket(team=NETWORK), False, id="being in its team makes no user an agent"),
        pytest.param(USER, ticket(assignee=ME), False, id="nor does being its assignee"),
        pytest.param(AGENT, ticket(requester=ME), True, id="an agent's own"),
        pytest.param(AGENT, ticket(assignee=ME), True, id="assigned to the agent"),
        pytest.param(AGENT, ticket(assignee=ME, team=PRINTERS), True, id="assigned, of another team"),
        pytest.param(AGENT, ticket(assignee=THIRD), False, id="assigned to another"),
        pytest.param(AGENT, ticket(team=NETWORK), True, id="of the agent's team"),
        pytest.param(AGENT, ticket(team=PRINTERS), False, id="of another team"),
        pytest.param(AGENT, ticket(), False, id="of no team"),
        pytest.param(MANAGER, ticket(team=NETWORK), True, id="of the manager's team"),
        pytest.param(MANAGER, ticket(team=PRINTERS), False, id="of another manager's team"),
        pytest.param(MANAGER, ticket(), False, id="of no team, for a manager"),
        pytest.param(ADMIN, ticket(), True, id="an admin sees all"),
        pytest.param(ADMIN, ticket(deleted=True), True, id="deleted ones too"),
        pytest.param(USER, ticket(requester=ME, deleted=True), False, id="the requester's deleted one"),
        pytest.param(MANAGER, ticket(team=NETWORK, deleted=True), False, id="the team's deleted one"),
    ],
)
def test_each_role_sees_its_tickets_and_no_others(role: Role, seen: Ticket, expected: bool) -> None:
    assert sees(me(role), frozenset({NETWORK}), seen) is expected


@pytest.mark.parametrize("role", Role)
def test_whose_account_is_closed_sees_nothing(role: Role) -> None:
    own = ticket(requester=ME, team=NETWORK, assignee=ME, participants=(ME,))
    assert sees(me(role), frozenset({NETWORK}), own)
    assert not sees(me(role, active=False), frozenset({NETWORK}), own)


def test_a_member_of_no_team_is_not_in_the_team_of_a_ticket_without_one() -> None:
    assert not sees(me(AGENT), frozenset(), ticket(team=None))
