"""Every verb, called as every role: what is refused is what the table of rights refuses, and it is on record.

A new verb needs a line in ENTRIES: without one the first test fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from helpdesk.actions import passwords
from helpdesk.core.people import Language, Person, Role
from helpdesk.core.permissions import MAY, Actor, Reach, Right, may_with_person, may_with_ticket
from helpdesk.core.tickets import Status, Ticket
from helpdesk.store.tables import addresses, audit_logs, canned_answers, people, posts, teams, tickets
from helpdesk.store.work import Work
from shell.nouns import every_verb
from shell.verbs import Admits
from tests.shell.desks import OTHER_TEAM, OUR_TEAM, PASSWORD, ShellDesk, said, verb_named

OWN, TEAM, STRANGE = "one's own", "the team's", "a stranger's"
NUMBERS = {OWN: 101, TEAM: 102, STRANGE: 103}  # the desk itself counts from 1
ADDRESSES = {OWN: "me@help.example", TEAM: "mate@help.example", STRANGE: "stranger@help.example"}


@dataclass(frozen=True)
class Entry:
    """How a verb is called, and which right it needs; where staff need another one than users, ``of_staff``.

    A ``{ticket}`` in the line makes it a verb about one ticket, which is called for three of them; ``{person}``
    one about a person, called for oneself, a user of one's team and a stranger. ``of_oneself``: the right where it
    is another one for oneself. ``never``: who may not, although the right has some reach for them: assigning goes
    no further than to oneself. No right: whoever is logged in, or whoever can prove who they are.
    """

    line: str
    right: Right | None
    of_staff: Right | None = None
    of_oneself: Right | None = None
    never: Role | None = None

    def right_of(self, role: Role, about: str = "") -> Right | None:
        if about == OWN and self.of_oneself is not None:
            return self.of_oneself
        return self.right if role is Role.USER else self.of_staff or self.right


ENTRIES: Mapping[str, Entry] = {
    "ticket list": Entry("ticket list", Right.SEE_TICKET),
    "ticket search": Entry("ticket search chargeur", Right.SEE_TICKET),
    "ticket show": Entry("ticket show {ticket}", Right.SEE_TICKET),
    "ticket watch": Entry("ticket watch --once", Right.SEE_TICKET),
    "ticket reply": Entry("ticket reply {ticket} --yes text", Right.FOLLOW_UP, Right.WORK_ON_TICKET),
    "ticket undo": Entry("ticket undo {ticket}", Right.WORK_ON_TICKET),
    "ticket note": Entry("ticket note {ticket} text", Right.WORK_ON_TICKET),
    "ticket status": Entry("ticket status {ticket} resolved", Right.CLOSE_OWN, Right.WORK_ON_TICKET),
    "ticket urgency": Entry("ticket urgency {ticket} high", Right.WORK_ON_TICKET),
    "ticket assign": Entry("ticket assign {ticket} me@help.example", Right.ASSIGN_TICKET),
    "ticket take": Entry("ticket take {ticket}", Right.ASSIGN_TICKET),
    "ticket team": Entry("ticket team {ticket} 'team 10'", Right.ASSIGN_TICKET, never=Role.AGENT),
    "ticket tag": Entry("ticket tag {ticket} wifi", Right.WORK_ON_TICKET),
    "ticket untag": Entry("ticket untag {ticket} wifi", Right.WORK_ON_TICKET),
    "ticket close": Entry("ticket close {ticket}", Right.CLOSE_OWN, Right.WORK_ON_TICKET),
    "ticket reopen": Entry("ticket reopen {ticket}", Right.CLOSE_OWN, Right.WORK_ON_TICKET),
    "ticket delete": Entry("ticket delete {ticket}", Right.DELETE_TICKET),
    "ticket restore": Entry("ticket restore {ticket}", Right.RESTORE_TICKET),
    "ticket new": Entry("ticket new --for {person} --subject Screen text", Right.OPEN_TICKET),
    "ticket merge": Entry("ticket merge {ticket} into 101 --yes", Right.WORK_ON_TICKET),
    "ticket split": Entry("ticket split {ticket} 1 --yes", Right.WORK_ON_TICKET),
    "ticket export": Entry("ticket export {folder}/new.csv", Right.EXPORT),
    "attachment list": Entry("attachment list {ticket}", Right.SEE_TICKET),
    "attachment save": Entry("attachment save {ticket} 1 --to {folder}", Right.SEE_TICKET),
    "canned list": Entry("canned list", Right.WORK_ON_TICKET),
    "canned show": Entry("canned show charger", Right.WORK_ON_TICKET),
    "canned set": Entry("canned set charger text", Right.WORK_ON_TICKET),
    "canned delete": Entry("canned delete charger", Right.WORK_ON_TICKET),
    "person list": Entry("person list", Right.LIST_PEOPLE),
    "person show": Entry("person show {person}", Right.LIST_PEOPLE),
    "person add": Entry("person add new@help.example --name New", Right.CHANGE_PEOPLE),
    "person edit": Entry("person edit {person} --name Newer", Right.CHANGE_PEOPLE),
    "person language": Entry(
        "person language fr {person}", Right.CHANGE_PEOPLE, of_oneself=Right.OWN_ACCOUNT
    ),
    "person verify": Entry("person verify {person}", Right.CHANGE_PEOPLE),
    "person block": Entry("person block {person}", Right.CHANGE_PEOPLE),
    "person freeze": Entry("person freeze {person}", Right.CHANGE_PEOPLE),
    "person unfreeze": Entry("person unfreeze {person}", Right.CHANGE_PEOPLE),
    "person close": Entry("person close {person}", Right.CHANGE_PEOPLE),
    "person reopen": Entry("person reopen {person}", Right.CHANGE_PEOPLE),
    "person role": Entry("person role {person} agent", Right.CHANGE_ROLES),
    "person password": Entry("person password {person}", Right.SESSIONS),
    "person totp-reset": Entry("person totp-reset {person}", Right.SESSIONS),
    "person import": Entry("person import {folder}/class.csv", Right.CHANGE_PEOPLE),
    "address list": Entry("address list {person}", Right.LIST_PEOPLE),
    "address add": Entry("address add {person} more@help.example", Right.CHANGE_PEOPLE),
    "address remove": Entry("address remove {person}", Right.CHANGE_PEOPLE),
    "team list": Entry("team list", Right.LIST_PEOPLE),
    "team add": Entry("team add New", Right.CHANGE_TEAMS),
    "team rename": Entry("team rename 'team 10' New", Right.CHANGE_TEAMS),
    "team remove": Entry("team remove 'team 10' --tickets-to 'team 20'", Right.CHANGE_TEAMS),
    "team join": Entry("team join {person} 'team 20'", Right.CHANGE_TEAMS),
    "team leave": Entry("team leave {person} 'team 10'", Right.CHANGE_TEAMS),
    "quarantine list": Entry("quarantine list", Right.QUARANTINE),
    "quarantine show": Entry("quarantine show 1", Right.QUARANTINE),
    "quarantine release": Entry("quarantine release 1 --yes", Right.QUARANTINE),
    "quarantine bind": Entry("quarantine bind 1 mate@help.example --yes", Right.QUARANTINE),
    "quarantine reject": Entry("quarantine reject 1 --yes", Right.QUARANTINE),
    "quarantine replay": Entry("quarantine replay 1 --yes", Right.QUARANTINE),
    "letter list": Entry("letter list", Right.LETTERS),
    "letter show": Entry("letter show 1", Right.LETTERS),
    "letter again": Entry("letter again --all-dead --yes", Right.LETTERS),
    "breaker list": Entry("breaker list", Right.LETTERS),
    "breaker reset": Entry("breaker reset hour:all", Right.LETTERS),
    "audit list": Entry("audit list", Right.AUDIT),
    "audit export": Entry("audit export {folder}/new.csv", Right.EXPORT),
    "audit verify": Entry("audit verify", Right.AUDIT),
    "suspicious list": Entry("suspicious list", Right.AUDIT),
    "status": Entry("status", Right.JOBS),
    "job list": Entry("job list", Right.JOBS),
    "job runs": Entry("job runs digest", Right.JOBS),
    "job run": Entry("job run digest", Right.JOBS),
    "statistics": Entry("statistics", Right.STATISTICS),
    "login": Entry("login", None),
    "logout": Entry("logout", Right.OWN_ACCOUNT),
    "bootstrap": Entry("bootstrap new@help.example", None),
    "unlock": Entry("unlock stranger@help.example", Right.SESSIONS),
    "password": Entry("password", Right.OWN_ACCOUNT),
    "totp on": Entry("totp on", Right.OWN_ACCOUNT),
    "totp off": Entry("totp off", Right.OWN_ACCOUNT),
    "session list": Entry("session list --all", Right.SESSIONS),
    "session revoke": Entry("session revoke {session}", Right.SESSIONS),
}
KEPT = (addresses, canned_answers, people, posts, teams, tickets)
CALLS = [
    pytest.param(name, role, about, id=f"{name}, {role.value}{f', {about}' if about else ''}")
    for name, entry in ENTRIES.items()
    for role in Role
    for about in (NUMBERS if "{ticket}" in entry.line or "{person}" in entry.line else ("",))
]


@pytest.fixture
def desk(shell_desk: ShellDesk) -> ShellDesk:
    """A desk with a ticket of one's own, one of one's team and one of a stranger, and with an admin besides."""
    stranger = shell_desk.person("Stranger", Role.USER, team=OTHER_TEAM)
    shell_desk.give_password(stranger, "four words in a row")
    me = shell_desk.person("Me", Role.USER, team=OUR_TEAM)
    shell_desk.give_password(me, PASSWORD)
    shell_desk.person("Mate", Role.USER, team=OUR_TEAM)
    shell_desk.person("Chief", Role.ADMIN, password=PASSWORD)
    (shell_desk.folder / "class.csv").write_text("email,name\npupil@help.example,Pupil\n")
    shell_desk.ticket(NUMBERS[OWN], shell_desk.people["Me"])
    shell_desk.ticket(NUMBERS[TEAM], stranger, team_id=OUR_TEAM)
    shell_desk.ticket(NUMBERS[STRANGE], stranger, team_id=OTHER_TEAM)
    return shell_desk


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested here is not how long a password takes."""
    monkeypatch.setattr(passwords, "COST", 4)


def test_every_verb_has_an_entry() -> None:
    assert set(ENTRIES) == {verb.full_name for verb in every_verb()}


@pytest.mark.parametrize("name", ENTRIES)
def test_a_verb_wants_no_less_at_its_door_than_its_entry_says(name: str) -> None:
    """A verb's own right is what any of its uses needs at least; the action asks for the rest."""
    verb, entry = verb_named(name), ENTRIES[name]
    if verb.right is None:
        assert verb.admits is Admits.ANYONE
        assert entry.right is None
        return
    for role in Role:
        wanted = entry.right_of(role)
        if wanted is not None and MAY[verb.right][role] is Reach.NONE:
            assert MAY[wanted][role] is Reach.NONE


def allowed(entry: Entry, role: Role, about: str) -> bool:
    """Return what the table of rights says."""
    right = entry.right_of(role, about)
    if right is None:
        return True
    if role is entry.never:
        return False
    if not about:
        return MAY[right][role] is not Reach.NONE
    me = Actor(Person(1, "Me", role, Language.EN), frozenset({OUR_TEAM}))
    if "{person}" in entry.line:
        team = frozenset({OTHER_TEAM if about == STRANGE else OUR_TEAM})
        whom = me.person if about == OWN else Person(2, "Somebody", Role.USER, Language.EN)
        return may_with_person(me, right, whom, team)
    requester, team_id = {OWN: (1, None), TEAM: (2, OUR_TEAM), STRANGE: (2, OTHER_TEAM)}[about]
    return may_with_ticket(me, right, Ticket(7, NUMBERS[about], "x", Status.WAITING, requester, team_id))


def called(desk: ShellDesk, entry: Entry, about: str, session: int) -> str:
    """Return the line of an entry, about somebody or something."""
    number, address = NUMBERS.get(about, NUMBERS[OWN]), ADDRESSES.get(about, "me@help.example")
    return entry.line.format(ticket=number, person=address, session=session, folder=desk.folder)


@pytest.mark.parametrize(("name", "role", "about"), CALLS)
def test_each_role_may_what_the_table_says_and_every_refusal_is_on_record(
    desk: ShellDesk, name: str, role: Role, about: str
) -> None:
    entry, me = ENTRIES[name], desk.people["Me"].person
    with desk.database.engine.begin() as connection:
        connection.execute(people.update().where(people.c.id == me.id).values(role=role.value))
    theirs = desk.token(desk.people["Stranger"])
    keyboard = desk.keyboard(desk.people["Me"])
    session = session_id(desk, theirs)
    before = [desk.rows(table) for table in KEPT]
    told = said(keyboard, called(desk, entry, about, session), typed_at(name))
    rows = [row for row in desk.rows(audit_logs) if row["user_id"] == me.id]
    denied = [row for row in rows if row["status"] == "DENIED"]
    if allowed(entry, role, about):
        assert denied == []
        return
    assert told.status == 1
    assert told.out == ""
    assert told.error.count("\n") == 1
    role_change = entry.right is Right.CHANGE_ROLES
    action = "UNAUTHORIZED_ROLE_CHANGE" if role_change else "UNAUTHORIZED_ACCESS"
    assert [row["action"] for row in denied] == [action]
    assert denied[0]["detail"]["right"]
    assert [desk.rows(table) for table in KEPT] == before
    assert not (desk.folder / "new.csv").exists()


def typed_at(name: str) -> str:
    """Return what is typed while a verb runs: the password where a grave one asks for it once more."""
    return f"{PASSWORD}\n" if verb_named(name).grave else ""


def session_id(desk: ShellDesk, token: str) -> int:
    """Return the id of a token's session."""
    with Work(desk.database, read_only=True) as work:
        found = work.sessions.by_token(passwords.token_hash(token))
    assert found is not None
    return found.id


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT, Role.MANAGER])
def test_whoever_gives_a_role_without_the_right_is_on_record_for_just_that(
    desk: ShellDesk, role: Role
) -> None:
    me = desk.people["Me"].person
    with desk.database.engine.begin() as connection:
        connection.execute(people.update().where(people.c.id == me.id).values(role=role.value))
    told = said(desk.keyboard(desk.people["Me"]), "person add new@help.example --name New --role admin")
    assert told.status == 1
    action = desk.rows(audit_logs)[-1]["action"]
    assert action == ("UNAUTHORIZED_ROLE_CHANGE" if role is Role.MANAGER else "UNAUTHORIZED_ACCESS")
    assert [row["name"] for row in desk.rows(people)] == ["Stranger", "Me", "Mate", "Chief"]


def test_nobody_runs_anything_without_a_login_once_somebody_has_a_password(desk: ShellDesk) -> None:
    for entry in ENTRIES.values():
        if entry.right is None:
            continue
        line = called(desk, entry, "", 1)
        told = said(desk.plain_keyboard(), line)
        if line.startswith("unlock"):
            continue  # the tests run as root, who may
        assert (told.status, told.out) == (1, "")
        assert "log in first" in told.error
