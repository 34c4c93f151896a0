"""Teams: added, renamed and removed by admins, joined and left, known to those who are in them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpdesk.actions.teams import add_team, join_team, leave_team, listed_teams, remove_team, rename_team
from helpdesk.core.permissions import Actor
from helpdesk.store.tables import tickets
from helpdesk.store.work import in_work
from tests.actions.offices import (
    ADMIN,
    AGENT,
    HOSTILE,
    MANAGER,
    NETWORK,
    PRINTERS,
    STRANGER,
    USER,
    Office,
    office,
)
from tests.store.makers import a_ticket

CHANGES: dict[str, tuple[Callable[[Office, Actor], object], str]] = {
    "add": (lambda o, a: add_team(o.database, a, "Wifi"), "TEAM_ADDED"),
    "rename": (lambda o, a: rename_team(o.database, a, NETWORK, "Wifi"), "TEAM_RENAMED"),
    "remove": (lambda o, a: remove_team(o.database, a, NETWORK), "TEAM_REMOVED"),
    "join": (lambda o, a: join_team(o.database, a, USER, PRINTERS), "TEAM_JOINED"),
    "leave": (lambda o, a: leave_team(o.database, a, USER, NETWORK), "TEAM_LEFT"),
}


@pytest.fixture
def here(each_url: str, tmp_path: Path) -> Iterator[Office]:
    made = office(each_url, tmp_path)
    yield made
    made.desk.close()


def test_teams_are_changed_by_admins_only(here: Office) -> None:
    for act, _ in CHANGES.values():
        for who in (MANAGER, AGENT, USER):
            with here.refuses("your role", "UNAUTHORIZED_ACCESS"):
                act(here, here.actor(who))
    for act, action in reversed(CHANGES.values()):
        act(here, here.actor(ADMIN))
        assert here.audit()[-1] == (action, "SUCCESS")
        assert here.detail()["team"]
        if action == "TEAM_REMOVED":
            in_work(here.database, lambda work: work.teams.add(NETWORK))
        if action == "TEAM_RENAMED":
            rename_team(here.database, here.actor(ADMIN), "wifi", "Wifi 2")


def test_teams_are_known_to_those_who_are_in_them(here: Office) -> None:
    found = listed_teams(here.database, here.actor(AGENT))
    assert [(team.name, team.staff, team.users) for team in found] == [(NETWORK, 3, 1)]
    assert [team.name for team in listed_teams(here.database, here.actor(ADMIN))] == [PRINTERS, NETWORK]
    with here.refuses("your role .user.", "UNAUTHORIZED_ACCESS"):
        listed_teams(here.database, here.actor(USER))


def test_what_makes_no_sense_is_refused(here: Office) -> None:
    database, admin = here.database, here.actor(ADMIN)
    for name in (HOSTILE, "", "x" * 101):
        with here.refuses("name"):
            add_team(database, admin, name)
        with here.refuses("name"):
            rename_team(database, admin, NETWORK, name)
    with here.refuses("there is a team  ?reseau already"):
        add_team(database, admin, " reseau ")
    with here.refuses("there is a team imprimantes already"):
        rename_team(database, admin, NETWORK, "imprimantes")
    with here.refuses(f"there is no team x; there are: {PRINTERS}, {NETWORK}"):
        rename_team(database, admin, "x", "y")
    with here.refuses("User is in Réseau already"):
        join_team(database, admin, USER, NETWORK)
    with here.refuses("Stranger is not in Réseau"):
        leave_team(database, admin, STRANGER, NETWORK)
    with here.refuses("nobody is registered"):
        join_team(database, admin, "x@x.example", NETWORK)
    assert rename_team(database, admin, NETWORK, "RÉSEAU") == "RÉSEAU"


def test_a_team_with_tickets_is_removed_once_another_takes_them(here: Office) -> None:
    database, admin = here.database, here.actor(ADMIN)
    row = a_ticket(here.known[USER].person, team_id=here.teams[NETWORK])
    in_work(database, lambda work: work.tickets.add([row]))
    with here.refuses("team Réseau has 1 tickets; say which team takes them"):
        remove_team(database, admin, NETWORK)
    with here.refuses("cannot inherit from itself"):
        remove_team(database, admin, NETWORK, "reseau")
    assert remove_team(database, admin, NETWORK, PRINTERS) == 1
    assert here.desk.column(tickets, "team_id") == [here.teams[PRINTERS]]
    assert here.actor(MANAGER).team_ids == frozenset()
