"""What staff may do to people: by whom, to whom, what is written, and what is refused and on record."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from helpdesk.actions.accounts import remove_totp, reset_password
from helpdesk.actions.login import prove_password
from helpdesk.actions.people import (
    add_person,
    exported_people,
    find_person,
    listed_people,
    main_addresses,
    shown_person,
)
from helpdesk.actions.personwork import (
    add_address,
    change_role,
    close_person,
    edit_person,
    remove_address,
    reopen_person,
    set_own_language,
    take_measure,
)
from helpdesk.actions.sessions import revoke_session, revoke_sessions_of
from helpdesk.core.people import AddressState, Language, Role
from helpdesk.core.permissions import Actor, Right
from helpdesk.core.standing import Measure
from helpdesk.errors import Refused
from helpdesk.store.directory import PersonFilter
from helpdesk.store.tables import audit_logs, people
from helpdesk.store.work import Work, in_work
from tests.actions.intakes import NOW
from tests.actions.offices import (
    ADMIN,
    AGENT,
    COLLEAGUE,
    HOSTILE,
    MANAGER,
    NETWORK,
    PRINTERS,
    STRANGER,
    USER,
    VERIFIED,
    Office,
    closed,
    office,
)

DAY = timedelta(days=1)
MAIL = "zoe@univ.example"
Act = Callable[[Office, Actor, str], object]
CHANGES: dict[str, tuple[Act, str]] = {  # each change of people, and the audit row that it leaves
    "name": (lambda o, a, w: edit_person(o.database, a, w, name="Zoé"), "PERSON_EDITED"),
    "language": (lambda o, a, w: edit_person(o.database, a, w, language=Language.EN), "PERSON_EDITED"),
    "dates": (lambda o, a, w: edit_person(o.database, a, w, dates={"valid_until": None}), "PERSON_EDITED"),
    "freeze": (lambda o, a, w: take_measure(o.database, a, w, Measure.FREEZE), "ADDRESS_FROZEN"),
    "block": (lambda o, a, w: take_measure(o.database, a, w, Measure.BLOCK), "ADDRESS_BLOCKED"),
    "close": (lambda o, a, w: close_person(o.database, a, w), "PERSON_CLOSED"),
    "address": (lambda o, a, w: add_address(o.database, a, w, MAIL, VERIFIED), "ADDRESS_ADDED"),
}


@pytest.fixture
def here(each_url: str, tmp_path: Path) -> Iterator[Office]:
    made = office(each_url, tmp_path)
    yield made
    made.desk.close()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("who", "whom", "refused"),
    [
        pytest.param(ADMIN, USER, None, id="an admin, a user"),
        pytest.param(ADMIN, MANAGER, None, id="an admin, a manager"),
        pytest.param(MANAGER, USER, None, id="a manager, a user of the team"),
        pytest.param(MANAGER, STRANGER, "nobody is registered", id="a manager, another team's user"),
        pytest.param(MANAGER, COLLEAGUE, "your role .manager. does not", id="a manager, staff of the team"),
        pytest.param(MANAGER, ADMIN, "nobody is registered", id="a manager, an admin"),
        pytest.param(AGENT, USER, "your role .agent. does not", id="an agent, a user of the team"),
        pytest.param(AGENT, STRANGER, "nobody is registered", id="an agent, another team's user"),
        pytest.param(USER, STRANGER, "nobody is registered", id="a user, somebody"),
        pytest.param(USER, ADMIN, "nobody is registered", id="a user, an admin"),
    ],
)
def test_people_are_changed_by_whoever_may_and_all_else_is_on_record(
    here: Office, change: str, who: str, whom: str, refused: str | None
) -> None:
    act, action = CHANGES[change]
    actor = here.actor(who)
    if refused is None:
        act(here, actor, whom)
        assert here.audit() == [(action, "SUCCESS")]
        assert here.detail()["user"] == actor.person.id
        assert here.detail()["person"] == here.known[whom].person.id
        return
    with here.refuses(refused, "UNAUTHORIZED_ACCESS"):
        act(here, actor, whom)


@pytest.mark.parametrize("change", CHANGES)
def test_who_is_not_there_is_refused_in_the_same_words_as_who_may_not_be_seen(
    here: Office, change: str
) -> None:
    with here.refuses("nobody is registered with nobody@univ.example"):
        CHANGES[change][0](here, here.actor(MANAGER), "nobody@univ.example")


def test_an_account_that_was_closed_meanwhile_can_do_nothing(here: Office) -> None:
    with here.refuses("nobody is registered", "UNAUTHORIZED_ACCESS"):
        close_person(here.database, closed(here.actor(ADMIN)), USER)


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        pytest.param(
            ADMIN, {"Admin", "Manager", "Agent", "User", "Stranger", "Colleague"}, id="an admin: all"
        ),
        pytest.param(MANAGER, {"Manager", "Agent", "User", "Colleague"}, id="a manager: the team"),
        pytest.param(AGENT, {"Manager", "Agent", "User", "Colleague"}, id="an agent: the team"),
    ],
)
def test_staff_list_their_teams_and_admins_all(here: Office, who: str, seen: set[str]) -> None:
    found = listed_people(here.database, here.actor(who), PersonFilter())
    assert {one.person.name for one in found} == seen
    assert shown_person(here.database, here.actor(who), USER).teams == (NETWORK,)


def test_a_user_lists_nobody(here: Office) -> None:
    with here.refuses("your role .user. does not", "UNAUTHORIZED_ACCESS"):
        listed_people(here.database, here.actor(USER), PersonFilter())
    with here.refuses("nobody is registered", "UNAUTHORIZED_ACCESS"):
        shown_person(here.database, here.actor(USER), AGENT)


@pytest.mark.parametrize(
    ("who", "told"),
    [
        pytest.param(ADMIN, {ADMIN, USER, STRANGER}, id="an admin: everybody's"),
        pytest.param(AGENT, {USER}, id="an agent: those of the team"),
        pytest.param(STRANGER, {STRANGER}, id="a user: only their own"),
    ],
)
def test_addresses_are_those_of_whom_one_may_list_and_ones_own(
    here: Office, who: str, told: set[str]
) -> None:
    people = {here.known[one].person.id: one for one in (ADMIN, USER, STRANGER)}
    found = main_addresses(here.database, here.actor(who), people)
    assert found == {person_id: address for person_id, address in people.items() if address in told}


@pytest.mark.parametrize("who", [USER, AGENT, MANAGER])
def test_nobody_but_an_admin_exports_people(here: Office, who: str) -> None:
    with here.refuses("does not", "UNAUTHORIZED_ACCESS"):
        exported_people(here.database, here.actor(who), PersonFilter())


def test_that_people_were_exported_is_on_record_and_how_many(here: Office) -> None:
    found = exported_people(here.database, here.actor(ADMIN), PersonFilter(limit=2))
    assert [one.person.name for one in found] == ["Admin", "Agent"]
    assert here.audit() == [("PEOPLE_EXPORTED", "SUCCESS")]
    assert here.detail() == {"user": here.known[ADMIN].person.id, "count": 2}


def test_a_team_and_a_page_are_named_only_where_they_may_be_known(here: Office) -> None:
    actor = here.actor(AGENT)
    found = listed_people(here.database, actor, PersonFilter(limit=1), "reseau", AGENT)
    assert [one.person.name for one in found] == ["Colleague"]
    with here.refuses(f"there is no team {PRINTERS}; there are: {NETWORK}"):
        listed_people(here.database, actor, PersonFilter(), PRINTERS)
    with here.refuses("nobody is registered", "UNAUTHORIZED_ACCESS"):
        listed_people(here.database, actor, PersonFilter(), after=STRANGER)


@pytest.mark.parametrize(
    ("who", "team", "joins"),
    [
        pytest.param(MANAGER, "", NETWORK, id="a manager's new user joins the manager's team"),
        pytest.param(MANAGER, "RESEAU", NETWORK, id="named, whatever its accents"),
        pytest.param(ADMIN, "", None, id="an admin's, none"),
        pytest.param(ADMIN, PRINTERS, PRINTERS, id="or any"),
    ],
)
def test_a_new_person_joins_a_team(here: Office, who: str, team: str, joins: str | None) -> None:
    actor = here.actor(who)
    known = add_person(here.database, MAIL, "Zoé", Role.USER, Language.FR, VERIFIED, actor, team=team)
    with Work(here.database, read_only=True) as work:
        teams = work.people.teams_of([known.person.id])
    assert teams == ({known.person.id: frozenset({here.teams[joins]})} if joins else {})
    assert here.detail()["person"] == known.person.id


@pytest.mark.parametrize(
    ("who", "given", "told", "audited"),
    [
        pytest.param(AGENT, {}, "your role .agent. does not", "UNAUTHORIZED_ACCESS", id="an agent"),
        pytest.param(USER, {}, "your role .user. does not", "UNAUTHORIZED_ACCESS", id="a user"),
        pytest.param(MANAGER, {"role": Role.AGENT}, "change roles", "UNAUTHORIZED_ROLE_CHANGE", id="staff"),
        pytest.param(MANAGER, {"team": PRINTERS}, "there is no team", "", id="into another's team"),
        pytest.param(MANAGER, {"address": STRANGER}, "registered already$", "", id="another team's user"),
        pytest.param(MANAGER, {"address": COLLEAGUE}, "for Colleague .agent.", "", id="one of the team"),
        pytest.param(ADMIN, {"name": HOSTILE}, "do not print", "", id="a hostile name"),
        pytest.param(ADMIN, {"address": f"z{HOSTILE}"}, "before the @", "", id="a hostile address"),
        pytest.param(ADMIN, {"valid_from": NOW, "valid_until": NOW}, "last day is before", "", id="no day"),
    ],
)
def test_who_may_not_be_added_is_refused(
    here: Office, who: str, given: dict[str, Any], told: str, audited: str
) -> None:
    asked = {"address": MAIL, "name": "Zoé", "role": Role.USER, "language": Language.FR} | given
    with here.refuses(told, *filter(None, [audited])):
        add_person(here.database, state=VERIFIED, by=here.actor(who), **asked)


def test_a_manager_of_two_teams_says_which(here: Office) -> None:
    person = here.known[MANAGER].person
    in_work(here.database, lambda work: work.teams.join(here.teams[PRINTERS], person.id))
    with here.refuses(f"say which with --team: {PRINTERS}, {NETWORK}"):
        add_person(here.database, MAIL, "Zoé", Role.USER, Language.FR, VERIFIED, here.actor(MANAGER))


@pytest.mark.parametrize("name", [HOSTILE, "", "x" * 201])
def test_nobody_gets_a_name_that_does_not_print(here: Office, name: str) -> None:
    with here.refuses("name"):
        edit_person(here.database, here.actor(ADMIN), USER, name=name)


def test_everybody_chooses_their_own_language_and_nobody_elses(here: Office) -> None:
    set_own_language(here.database, here.actor(USER), Language.EN)
    known = here.now_known(USER)
    assert known
    assert known.person.language is Language.EN
    assert here.detail() == {"user": known.person.id, "person": known.person.id, "changed": ["language"]}
    with here.refuses("your role", "UNAUTHORIZED_ACCESS"):
        edit_person(here.database, here.actor(AGENT), COLLEAGUE, language=Language.EN)
    with here.refuses("nobody is registered", "UNAUTHORIZED_ACCESS"):
        edit_person(here.database, here.actor(USER), USER, name="Roi")


def test_dates_are_of_all_addresses_and_a_new_one_has_them_too(here: Office) -> None:
    actor = here.actor(MANAGER)
    add_address(here.database, actor, USER, "u@home.example", VERIFIED)
    edit_person(here.database, actor, USER, dates={"valid_until": NOW + DAY})
    added = add_address(here.database, actor, "u@home.example", MAIL, AddressState.PENDING)
    assert added.valid_until == NOW + DAY
    for address in (USER, "u@home.example", MAIL):
        known = here.now_known(address)
        assert known
        assert (known.valid_from, known.valid_until) == (None, NOW + DAY)
    with here.refuses("last day is before the first"):
        edit_person(here.database, actor, USER, dates={"valid_from": NOW + DAY})
    edit_person(here.database, actor, USER, dates={"valid_from": NOW, "valid_until": None})
    known = here.now_known(MAIL)
    assert known
    assert (known.valid_from, known.valid_until) == (NOW, None)


def test_a_measure_takes_all_addresses_or_only_one(here: Office) -> None:
    actor, home = here.actor(MANAGER), "u@home.example"
    add_address(here.database, actor, USER, home, AddressState.PENDING)
    here.session(USER, "a")
    assert take_measure(here.database, actor, home, Measure.BLOCK, only=True) == [home]
    assert (here.state(USER), here.state(home), here.sessions(USER)) == ("verified", "blocked", 1)
    assert take_measure(here.database, actor, home, Measure.FREEZE) == [USER]
    assert (here.state(USER), here.state(home), here.sessions(USER)) == ("suspended", "blocked", 0)
    assert take_measure(here.database, actor, home, Measure.UNFREEZE) == [USER]
    assert take_measure(here.database, actor, home, Measure.VERIFY) == [home]
    assert (here.state(USER), here.state(home)) == ("verified", "verified")
    with here.refuses(f"{USER} is verified: verify changes nothing; from here you can: freeze, block"):
        take_measure(here.database, actor, USER, Measure.VERIFY)
    measures = [row["action"] for row in here.desk.rows(audit_logs) if row["action"] != "ADDRESS_ADDED"]
    assert measures == ["ADDRESS_BLOCKED", "ADDRESS_FROZEN", "ADDRESS_UNFROZEN", "ADDRESS_VERIFIED"]
    last = here.detail()
    assert (last["user"], last["person"]) == (actor.person.id, here.known[USER].person.id)
    assert (last["before"], last["after"]) == ("blocked", "verified")


def test_verifying_one_address_verifies_no_other(here: Office) -> None:
    actor, home = here.actor(MANAGER), "u@home.example"
    add_address(here.database, actor, USER, home, AddressState.PENDING)
    add_address(here.database, actor, USER, MAIL, AddressState.PENDING)
    assert take_measure(here.database, actor, home, Measure.VERIFY) == [home]
    assert here.state(MAIL) == "pending"


def test_an_account_is_closed_with_its_sessions_and_opened_again(here: Office) -> None:
    here.session(USER, "a")
    close_person(here.database, here.actor(MANAGER), USER)
    assert here.sessions(USER) == 0
    with here.refuses("closed already"):
        close_person(here.database, here.actor(MANAGER), USER)
    reopen_person(here.database, here.actor(MANAGER), USER)
    with here.refuses("open already"):
        reopen_person(here.database, here.actor(MANAGER), USER)
    assert [action for action, _ in here.audit()] == ["PERSON_CLOSED", "PERSON_REOPENED"]


def test_addresses_come_and_go_but_the_last_one(here: Office) -> None:
    actor = here.actor(MANAGER)
    with here.refuses("is the only address of User"):
        remove_address(here.database, actor, USER)
    with here.refuses(f"{STRANGER} is registered already"):
        add_address(here.database, actor, USER, STRANGER, VERIFIED)
    add_address(here.database, actor, USER, MAIL, VERIFIED)
    remove_address(here.database, actor, USER)
    assert here.state(USER) == "unknown"
    assert here.audit() == [("ADDRESS_ADDED", "SUCCESS"), ("ADDRESS_REMOVED", "SUCCESS")]


def test_nobody_has_endless_addresses(here: Office) -> None:
    for number in range(9):
        add_address(here.database, here.actor(ADMIN), USER, f"u{number}@home.example", VERIFIED)
    with here.refuses("has 10 addresses"):
        add_address(here.database, here.actor(ADMIN), USER, MAIL, VERIFIED)


@pytest.mark.parametrize("who", [MANAGER, AGENT, USER])
@pytest.mark.parametrize("whom", [USER, STRANGER, MANAGER])
def test_a_role_is_changed_by_an_admin_only_and_every_other_attempt_is_on_record(
    here: Office, who: str, whom: str
) -> None:
    with here.refuses("your role|nobody is registered", "UNAUTHORIZED_ROLE_CHANGE"):
        change_role(here.database, here.actor(who), whom, Role.ADMIN)
    assert here.detail()["person"] == here.known[whom].person.id


def test_an_admin_changes_a_role_once(here: Office) -> None:
    change_role(here.database, here.actor(ADMIN), USER, Role.MANAGER)
    assert here.actor(USER).person.role is Role.MANAGER
    assert (here.detail()["before"], here.detail()["after"]) == ("user", "manager")
    with here.refuses("is manager already"):
        change_role(here.database, here.actor(ADMIN), USER, Role.MANAGER)


LAST: dict[str, Act] = {
    "demoted": lambda o, a, w: change_role(o.database, a, w, Role.MANAGER),
    "closed": lambda o, a, w: close_person(o.database, a, w),
    "frozen": lambda o, a, w: take_measure(o.database, a, w, Measure.FREEZE),
    "blocked": lambda o, a, w: take_measure(o.database, a, w, Measure.BLOCK, only=True),
    "dated": lambda o, a, w: edit_person(o.database, a, w, dates={"valid_until": NOW - 900 * DAY}),
    "without an address": lambda o, a, w: remove_address(o.database, a, w),
}


@pytest.mark.parametrize("how", LAST)
def test_the_last_admin_who_can_log_in_stays_one(here: Office, how: str) -> None:
    actor = here.actor(ADMIN)
    add_address(here.database, actor, ADMIN, MAIL, AddressState.PENDING)
    change_role(here.database, actor, MANAGER, Role.ADMIN)  # who has no password
    with here.refuses(
        "nobody could log in as an admin any more", "LAST_ADMIN_KEPT"
    ):  # an alarm is for others
        LAST[how](here, actor, ADMIN)
    assert here.detail()["person"] == actor.user_id
    here.password(MANAGER)
    LAST[how](here, actor, ADMIN)


def test_of_two_admins_who_demote_each_other_at_once_one_stays(here: Office) -> None:
    change_role(here.database, here.actor(ADMIN), MANAGER, Role.ADMIN)
    here.password(MANAGER)
    start, refused = Barrier(2), []

    def demote(who: str, whom: str) -> None:
        actor = here.actor(who)
        start.wait(10)
        try:
            change_role(here.database, actor, whom, Role.USER)
        except Refused as refusal:
            refused.append(str(refusal))

    threads = [Thread(target=demote, args=pair) for pair in ((ADMIN, MANAGER), (MANAGER, ADMIN))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(refused) == 1
    assert sorted(here.desk.column(people, "role")).count("admin") == 1


@pytest.mark.parametrize(("who", "told"), [(MANAGER, "your role"), (AGENT, "your role"), (USER, "nobody")])
def test_only_an_admin_resets_passwords_and_second_factors_and_ends_sessions(
    here: Office, who: str, told: str
) -> None:
    actor, person = here.actor(who), here.known[COLLEAGUE].person
    with here.refuses(told, "UNAUTHORIZED_ACCESS"):
        find_person(here.database, actor, Right.SESSIONS, COLLEAGUE)
    for act in (reset_password, remove_totp, revoke_sessions_of):
        with here.refuses("your role", "UNAUTHORIZED_ACCESS"):
            act(here.door, actor, person)


def test_sessions_are_ended_one_by_one_or_all(here: Office) -> None:
    first, _, mine = here.session(USER, "a"), here.session(USER, "b"), here.session(AGENT, "c")
    with here.refuses("there is no open session", "UNAUTHORIZED_ACCESS"):
        revoke_session(here.door, here.actor(AGENT), first)
    assert revoke_session(here.door, here.actor(AGENT), mine).person.name == "Agent"
    assert revoke_session(here.door, here.actor(ADMIN), first).person.name == "User"
    with here.refuses("there is no open session"):
        revoke_session(here.door, here.actor(ADMIN), first)
    assert revoke_sessions_of(here.door, here.actor(ADMIN), here.known[USER].person) == 1
    assert [one for one in here.audit() if one[1] == "SUCCESS"] == [("SESSION_REVOKED", "SUCCESS")] * 3
    assert here.sessions(USER) == here.sessions(AGENT) == 0


@pytest.mark.parametrize(
    ("dates", "good"),
    [
        pytest.param({"valid_until": None}, True, id="without dates"),
        pytest.param({"valid_until": NOW - 900 * DAY}, False, id="after the last day"),
    ],
)
def test_who_is_out_of_their_dates_cannot_log_in(here: Office, dates: dict[str, Any], good: bool) -> None:
    edit_person(here.database, here.actor(ADMIN), USER, dates=dates)
    password = reset_password(here.door, here.actor(ADMIN), here.known[USER].person)
    place = here.place()
    if good:
        assert prove_password(here.door, USER, password, place).must_change
        return
    with pytest.raises(Refused, match="does not match"):
        prove_password(here.door, USER, password, place)
