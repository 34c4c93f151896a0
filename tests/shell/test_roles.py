"""Every verb, called as every role: what is refused is what the table of rights refuses, and it is on record.

A new verb needs a line in ENTRIES: without one the first test fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from helpdesk.actions import passwords
from helpdesk.core.people import Language, Person, Role
from helpdesk.core.permissions import MAY, Actor, Reach, Right, may_with_ticket
from helpdesk.core.tickets import Status, Ticket
from helpdesk.store.tables import audit_logs, people, posts, tickets
from helpdesk.store.work import Work
from shell.nouns import every_verb
from shell.verbs import Admits
from tests.shell.desks import OTHER_TEAM, OUR_TEAM, ShellDesk, said, verb_named

OWN, TEAM, STRANGE = "one's own", "the team's", "a stranger's"
NUMBERS = {OWN: 1, TEAM: 2, STRANGE: 3}


@dataclass(frozen=True)
class Entry:
    """How a verb is called, and which right it needs; where staff need another one than users, ``of_staff``.

    A ``{ticket}`` in the line makes it a verb about one ticket, which is called for three of them. None: whoever
    is logged in, or whoever can prove who they are.
    """

    line: str
    right: Right | None
    of_staff: Right | None = None

    def right_of(self, role: Role) -> Right | None:
        return self.right if role is Role.USER else self.of_staff or self.right


ENTRIES: Mapping[str, Entry] = {
    "ticket list": Entry("ticket list", Right.SEE_TICKET),
    "ticket show": Entry("ticket show {ticket}", Right.SEE_TICKET),
    "ticket reply": Entry("ticket reply {ticket} text --yes", Right.FOLLOW_UP, Right.WORK_ON_TICKET),
    "ticket undo": Entry("ticket undo {ticket}", Right.WORK_ON_TICKET),
    "ticket note": Entry("ticket note {ticket} text", Right.WORK_ON_TICKET),
    "ticket status": Entry("ticket status {ticket} resolved", Right.CLOSE_OWN, Right.WORK_ON_TICKET),
    "person add": Entry("person add new@help.example --name New", Right.CHANGE_PEOPLE),
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
CALLS = [
    pytest.param(name, role, about, id=f"{name}, {role.value}{f', {about}' if about else ''}")
    for name, entry in ENTRIES.items()
    for role in Role
    for about in (NUMBERS if "{ticket}" in entry.line else ("",))
]


@pytest.fixture
def desk(shell_desk: ShellDesk) -> ShellDesk:
    """A desk with a ticket of one's own, one of one's team and one of a stranger."""
    stranger = shell_desk.person("Stranger", Role.USER, team=OTHER_TEAM)
    shell_desk.give_password(stranger, "four words in a row")
    shell_desk.person("Me", Role.USER, team=OUR_TEAM)
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
    right = entry.right_of(role)
    if right is None:
        return True
    if not about:
        return MAY[right][role] is not Reach.NONE
    me = Actor(Person(1, "Me", role, Language.EN), frozenset({OUR_TEAM}))
    requester, team = {OWN: (1, None), TEAM: (2, OUR_TEAM), STRANGE: (2, OTHER_TEAM)}[about]
    return may_with_ticket(me, right, Ticket(7, NUMBERS[about], "x", Status.WAITING, requester, team))


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
    before = [desk.rows(table) for table in (people, posts, tickets)]
    told = said(keyboard, entry.line.format(ticket=NUMBERS.get(about), session=session))
    rows = [row for row in desk.rows(audit_logs) if row["user_id"] == me.id]
    denied = [row for row in rows if row["status"] == "DENIED"]
    if allowed(entry, role, about):
        assert denied == []
        return
    assert told.status == 1
    assert told.out == ""
    assert told.error.count("\n") == 1
    assert [row["action"] for row in denied] == ["UNAUTHORIZED_ACCESS"]
    assert denied[0]["detail"]["right"]
    assert [desk.rows(table) for table in (people, posts, tickets)] == before


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
    assert len(desk.rows(people)) == 2


def test_nobody_runs_anything_without_a_login_once_somebody_has_a_password(desk: ShellDesk) -> None:
    for entry in ENTRIES.values():
        if entry.right is None:
            continue
        line = entry.line.format(ticket=1, session=1)
        told = said(desk.plain_keyboard(), line)
        if line.startswith("unlock"):
            continue  # the tests run as root, who may
        assert (told.status, told.out) == (1, "")
        assert "log in first" in told.error
