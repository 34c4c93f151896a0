"""Who may see which ticket."""

import pytest

from helpdesk.core.people import Language, Person, Role
from helpdesk.core.permissions import (
    MAY,
    Actor,
    Right,
    in_words,
    may_give_to_team,
    may_unassign,
    placed,
    sees,
)
from helpdesk.core.tickets import Status, Ticket

ME, OTHER, THIRD = 1, 2, 3
NETWORK, PRINTERS = 10, 20
USER, AGENT, MANAGER, ADMIN = Role
# As the desk was designed: who changes a cell of the table in core has to want it here too.
DESIGNED = """
                 user         agent  manager     admin
open_ticket      self         all    all         all
see_ticket       own          seen   seen        all
follow_up        own          seen   seen        all
close_own        own          own    own         all
work_on_ticket   none         seen   seen        all
see_notes        none         seen   seen        all
assign_ticket    none         self   team        all
delete_ticket    own_waiting  none   team        all
restore_ticket   none         none   team        all
list_people      none         team   team        all
change_people    none         none   team_users  all
quarantine       none         none   team        all
change_roles     none         none   none        all
change_teams     none         none   none        all
sessions         none         none   none        all
audit            none         none   none        all
letters          none         none   none        all
jobs             none         none   none        all
statistics       none         seen   team        all
export           none         none   none        all
own_account      self         self   self        self
"""


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


def test_each_role_has_the_rights_of_the_design() -> None:
    roles, *lines = [line.split() for line in DESIGNED.strip().splitlines()]
    designed = {right: dict(zip(roles, reaches, strict=True)) for right, *reaches in lines}
    assert designed == {
        right.value: {role.value: reach.value for role, reach in of.items()} for right, of in MAY.items()
    }
    assert set(designed) == set(Right)
    assert set(roles) == set(Role)


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
        pytest.param(MANAGER, ticket(team=NETWORK, deleted=True), True, id="the team's deleted one"),
        pytest.param(
            AGENT, ticket(team=NETWORK, deleted=True), False, id="the team's deleted one, for an agent"
        ),
        pytest.param(
            MANAGER, ticket(requester=ME, deleted=True), False, id="a deleted one of no team of theirs"
        ),
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


def somebody(role: Role, *teams: int, active: bool = True) -> Actor:
    return Actor(me(role, active), frozenset(teams))


@pytest.mark.parametrize(
    ("role", "assignee", "expected"),
    [
        pytest.param(USER, ME, False, id="a user"),
        pytest.param(AGENT, ME, True, id="an agent gives their own back"),
        pytest.param(AGENT, OTHER, False, id="an agent takes none from another"),
        pytest.param(AGENT, None, False, id="an agent, nobody's"),
        pytest.param(MANAGER, OTHER, True, id="a manager"),
        pytest.param(ADMIN, OTHER, True, id="an admin"),
    ],
)
def test_who_may_make_a_ticket_nobodys(role: Role, assignee: int | None, expected: bool) -> None:
    assert may_unassign(somebody(role, NETWORK), assignee) is expected
    assert not may_unassign(somebody(role, NETWORK, active=False), assignee)


@pytest.mark.parametrize(
    ("role", "team", "expected"),
    [
        pytest.param(USER, NETWORK, False, id="a user"),
        pytest.param(AGENT, NETWORK, False, id="an agent, to their own team"),
        pytest.param(MANAGER, NETWORK, True, id="a manager, to their own team"),
        pytest.param(MANAGER, PRINTERS, False, id="a manager, to another team"),
        pytest.param(ADMIN, PRINTERS, True, id="an admin, to any team"),
    ],
)
def test_who_may_give_a_ticket_to_which_team(role: Role, team: int, expected: bool) -> None:
    assert may_give_to_team(somebody(role, NETWORK), team) is expected


@pytest.mark.parametrize(
    ("actor", "requester", "team", "expected"),
    [
        pytest.param(somebody(USER), ME, None, (None, None), id="one's own goes to nobody yet"),
        pytest.param(somebody(AGENT, NETWORK), ME, None, (None, None), id="an agent's own too"),
        pytest.param(somebody(AGENT, NETWORK), OTHER, None, (NETWORK, None), id="to the only team"),
        pytest.param(somebody(AGENT, NETWORK, PRINTERS), OTHER, None, (None, ME), id="which of two teams?"),
        pytest.param(somebody(AGENT), OTHER, None, (None, ME), id="of no team"),
        pytest.param(somebody(AGENT, NETWORK, PRINTERS), OTHER, PRINTERS, (PRINTERS, None), id="as asked"),
        pytest.param(somebody(ADMIN), OTHER, None, (None, None), id="an admin sees it anyway"),
    ],
)
def test_who_opens_a_ticket_for_another_still_sees_it(
    actor: Actor, requester: int, team: int | None, expected: tuple[int | None, int | None]
) -> None:
    assert placed(actor, requester, team) == expected
    of_team, assignee = expected
    assert sees(actor.person, actor.team_ids, ticket(requester, of_team, assignee))


@pytest.mark.parametrize("right", Right)
def test_every_right_has_words_in_both_languages(right: Right) -> None:
    english, french = (in_words(right, language) for language in (Language.EN, Language.FR))
    assert "_" not in english + french
    assert french
