"""Sessions end by themselves and when somebody ends them, and a change of their owner counts at the next command."""

import pyotp
import pytest

from helpdesk.actions import passwords
from helpdesk.actions.accounts import choose_password, enrol_totp, remove_totp, reset_password, unlock
from helpdesk.actions.bootstrap import FirstAdmin, bootstrap
from helpdesk.actions.door import Place, charge
from helpdesk.actions.login import begin_session, choose_first_password
from helpdesk.actions.passwords import new_totp_secret
from helpdesk.actions.sessions import (
    end_session,
    open_sessions,
    prove_again,
    proved_lately,
    revoke_session,
)
from helpdesk.core.people import AddressState, Language, Person, Role
from helpdesk.core.permissions import Actor
from helpdesk.core.sessions import SessionKind
from helpdesk.errors import LoggedOut, NotAllowed, Refused
from helpdesk.store.tables import credentials, memberships, people, sessions, teams
from tests.actions.logins import LAPTOP, LIBRARY, PASSWORD, WRONG, House, at_once

CONSOLE = Actor(Person(0, "console", Role.ADMIN, Language.EN))


def in_force(house: House, token: str) -> bool:
    try:
        house.actor(token)
    except LoggedOut:
        return False
    return True


def test_a_session_is_known_by_its_token_of_which_only_a_hash_is_stored(house: House) -> None:
    known = house.person()
    token = house.session(known)
    actor = house.actor(token)
    assert (actor.person, actor.user_agent, actor.ip_address) == (
        known.person, LAPTOP.user_agent, LAPTOP.ip_address,
    )  # fmt: skip
    assert token not in str(house.rows(sessions))
    assert not in_force(house, token + "x")
    assert not in_force(house, "")


def test_an_idle_session_ends_and_one_in_use_does_not(house: House) -> None:
    token = house.session(house.person())
    for _ in range(3):
        house.later(minutes=15, microseconds=-1000)
        assert in_force(house, token)
    house.later(minutes=15)
    with pytest.raises(LoggedOut, match="idle for 15 minutes"):
        house.actor(token)


def test_a_session_ends_after_its_hours_however_busy(house: House) -> None:
    token = house.session(house.person())
    for _ in range(47):
        house.later(minutes=10)
        assert in_force(house, token)
    house.later(minutes=10, microseconds=-1000)
    assert in_force(house, token)
    house.later(microseconds=1000)
    with pytest.raises(LoggedOut, match="has ended"):
        house.actor(token)


def test_a_remembered_session_lasts_its_days_without_use(house: House) -> None:
    token = house.session(house.person(), SessionKind.REMEMBERED)
    house.later(days=30, microseconds=-1000)
    assert in_force(house, token)
    house.later(microseconds=1000)
    assert not in_force(house, token)


def test_a_changed_role_and_team_count_at_the_next_command(house: House) -> None:
    known = house.person(role=Role.ADMIN)
    token = house.session(known)
    assert house.actor(token).person.role is Role.ADMIN
    house.change_person(known, role="user")
    with house.bench.desk.database.engine.begin() as connection:
        connection.execute(teams.insert(), {"id": 7, "name": "network"})
        connection.execute(memberships.insert(), {"team_id": 7, "person_id": known.person.id})
    actor = house.actor(token)
    assert (actor.person.role, actor.team_ids) == (Role.USER, frozenset({7}))
    house.change_person(known, active=False)
    assert not in_force(house, token)


def test_whoever_logs_out_is_out_and_it_is_on_record(house: House) -> None:
    known = house.person()
    token, other = house.session(known), house.session(known)
    end_session(house.door, house.actor(token))
    assert not in_force(house, token)
    assert in_force(house, other)
    assert house.audited("action")[-1] == ("LOGOUT",)


def test_one_ends_ones_own_sessions_and_an_admin_everybodys(house: House) -> None:
    zoe, boss = house.person(), house.person("boss@univ.example", Role.ADMIN)
    first, second, third = house.session(zoe), house.session(zoe), house.session(zoe)
    actor = house.actor(first)
    revoke_session(house.door, actor, house.actor(second).session_id or 0)
    assert [in_force(house, one) for one in (first, second, third)] == [True, False, True]
    revoke_session(house.door, house.actor(house.session(boss)), house.actor(third).session_id or 0)
    assert [in_force(house, one) for one in (first, second, third)] == [True, False, False]
    assert [row for row in house.audited("action", "status") if row[0] == "SESSION_REVOKED"] == [
        ("SESSION_REVOKED", "SUCCESS")
    ] * 2


def test_anothers_session_cannot_be_ended_nor_told_from_none(house: House) -> None:
    zoe, boss = house.person(), house.person("boss@univ.example", Role.ADMIN)
    token, mine = house.session(boss), house.session(zoe)
    theirs = house.actor(token).session_id or 0
    told = []
    for session_id in (theirs, 12345):
        with pytest.raises(Refused) as refusal:
            revoke_session(house.door, house.actor(mine), session_id)
        told.append(str(refusal.value).replace(str(session_id), "N"))
    assert told[0] == told[1]
    assert in_force(house, token)
    denied = [row for row in house.audited("action", "status", "user_id") if row[1] == "DENIED"]
    assert denied == [("UNAUTHORIZED_ACCESS", "DENIED", zoe.person.id)]


def test_one_lists_ones_own_sessions_and_an_admin_all(house: House) -> None:
    zoe, boss = house.person(), house.person("boss@univ.example", Role.ADMIN)
    mine, theirs = house.session(zoe), house.session(boss)
    ours = [one.person.id for one in open_sessions(house.door, house.actor(mine))]
    assert ours == [zoe.person.id]
    with pytest.raises(NotAllowed):
        open_sessions(house.door, house.actor(mine), everybody=True)
    found = open_sessions(house.door, house.actor(theirs), everybody=True)
    assert {one.person.id for one in found} == {zoe.person.id, boss.person.id}


def test_an_idle_shell_is_not_listed(house: House) -> None:
    zoe = house.person()
    house.session(zoe)
    house.later(minutes=15)
    token = house.session(zoe)
    assert len(open_sessions(house.door, house.actor(token))) == 1


# The password once more


def test_the_password_is_fresh_for_five_minutes_and_then_wanted_again(house: House) -> None:
    token = house.session(house.person())
    house.later(minutes=5, microseconds=-1000)
    assert proved_lately(house.door, house.actor(token))
    house.later(microseconds=1000)
    actor = house.actor(token)
    assert not proved_lately(house.door, actor)
    with pytest.raises(Refused):
        prove_again(house.door, actor, WRONG, LAPTOP)
    assert not proved_lately(house.door, actor)
    prove_again(house.door, actor, PASSWORD, LAPTOP)
    assert proved_lately(house.door, actor)


def test_wrong_passwords_in_a_session_lock_as_at_the_door(house: House) -> None:
    known = house.person()
    actor = house.actor(house.session(known))
    hashed = house.hash_of(known).removeprefix("v1$")
    house.checked.clear()

    def again(_number: int) -> None:
        prove_again(house.door, actor, WRONG, LAPTOP)

    at_once(20, again)
    assert house.checked.count(hashed) == 5
    with pytest.raises(Refused, match="not your password"):
        prove_again(house.door, actor, PASSWORD, LAPTOP)
    assert not house.gets_in()


# The first admin, and locks


def test_the_first_admin_is_made_once(house: House) -> None:
    zoe, sam = house.person(password=""), house.person("sam@univ.example", password="")
    bootstrap(house.door, CONSOLE, FirstAdmin(zoe.address), PASSWORD, LIBRARY)
    assert house.proves(place=LIBRARY).wants_mailed_code is False
    with pytest.raises(Refused, match="already"):
        bootstrap(house.door, CONSOLE, FirstAdmin(sam.address), PASSWORD, LIBRARY)
    roles = {row["id"]: row["role"] for row in house.rows(people)}
    assert (roles[zoe.person.id], roles[sam.person.id]) == ("admin", "agent")
    assert len(house.rows(credentials)) == 1


def test_of_ten_first_admins_at_once_one_is_made(house: House) -> None:
    ones = [house.person(f"p{number}@univ.example", password="") for number in range(10)]
    at_once(
        10, lambda number: bootstrap(house.door, CONSOLE, FirstAdmin(ones[number].address), PASSWORD, LIBRARY)
    )
    assert [row["role"] for row in house.rows(people)].count("admin") == 1
    assert len(house.rows(credentials)) == 1


def test_once_anybody_has_a_password_only_root_makes_a_first_admin(house: House) -> None:
    zoe = house.person(role=Role.ADMIN)
    house.change_person(zoe, active=False)
    sam = house.person("sam@univ.example", password="")
    with pytest.raises(Refused, match="root"):
        bootstrap(house.door, CONSOLE, FirstAdmin(sam.address), PASSWORD, LIBRARY)
    bootstrap(house.door, CONSOLE, FirstAdmin(sam.address), PASSWORD, LIBRARY, is_root=True)
    assert house.proves(address="sam@univ.example", place=LIBRARY).person.id == sam.person.id


@pytest.mark.parametrize("state", [AddressState.PENDING, AddressState.BLOCKED])
def test_nobody_becomes_the_first_admin_who_could_not_log_in(house: House, state: AddressState) -> None:
    zoe = house.person(password="", state=state)
    with pytest.raises(Refused, match=f"address is {state.value}"):
        bootstrap(house.door, CONSOLE, FirstAdmin(zoe.address), PASSWORD, LIBRARY)
    sam = house.person("sam@univ.example", password="")
    house.change_person(sam, active=False)
    with pytest.raises(Refused, match="closed"):
        bootstrap(house.door, CONSOLE, FirstAdmin(sam.address), PASSWORD, LIBRARY)
    assert house.rows(credentials) == []


def test_an_admin_opens_a_locked_account_and_nobody_else_does(house: House) -> None:
    zoe, boss = house.person(), house.person("boss@univ.example", Role.ADMIN)
    sam = house.person("sam@univ.example", Role.MANAGER)
    for number in range(20):
        house.refused(place=Place("c" * 64, f"uid:{number % 5}", "x"))
    with pytest.raises(NotAllowed):
        unlock(house.door, house.actor(house.session(sam)), zoe.person)
    assert not house.gets_in()
    assert unlock(house.door, house.actor(house.session(boss)), zoe.person) == 1
    assert house.gets_in()
    assert unlock(house.door, CONSOLE, zoe.person) == 0


def test_opening_one_account_opens_no_other_whose_number_begins_alike(house: House) -> None:
    for account in ("account:5", "account:51"):
        for _ in range(5):
            charge(house.door, account, LAPTOP)
    unlock(house.door, CONSOLE, Person(5, "Zoé", Role.USER, Language.FR))
    assert charge(house.door, "account:5", LAPTOP)
    assert not charge(house.door, "account:51", LAPTOP)


def test_only_an_admin_resets_what_others_log_in_with_and_their_sessions_end(house: House) -> None:
    zoe, boss = house.person(), house.person("boss@univ.example", Role.ADMIN)
    sam = house.person("sam@univ.example", Role.MANAGER)
    house.with_totp(zoe, ["abcde-fghjk"])
    manager = house.actor(house.session(sam))
    for change in (reset_password, remove_totp):
        with pytest.raises(NotAllowed):
            change(house.door, manager, zoe.person)
    admin = house.actor(house.session(boss))
    remove_totp(house.door, admin, zoe.person)
    choose_password(house.door, Actor(zoe.person), "another four words")
    token = begin_session(house.door, house.proves("another four words"), SessionKind.SHELL)
    first = reset_password(house.door, admin, zoe.person)
    assert not in_force(house, token)
    assert not house.gets_in()
    assert house.proves(first).must_change


def test_a_second_factor_is_on_once_a_telephone_has_shown_a_code(house: House) -> None:
    zoe = house.person()
    actor = house.actor(house.session(zoe))
    secret = new_totp_secret()
    with pytest.raises(Refused, match="clock"):
        enrol_totp(house.door, actor, secret, "000000")
    assert not house.proves().has_totp
    code = pyotp.TOTP(secret).now()
    codes = enrol_totp(house.door, actor, secret, code)
    assert len(set(codes)) == 10
    proven = house.proves()
    with pytest.raises(Refused):
        house.telephone(proven, code)
    house.telephone(proven, codes[3])
    assert secret not in str(house.rows(credentials))
    remove_totp(house.door, actor, zoe.person)
    assert not house.proves().has_totp


def test_a_password_that_lost_its_second_factor_is_changed_at_the_next_login(house: House) -> None:
    zoe = house.person()
    with_twelve, with_fifteen = "x1y2z3a4b5c6", "x1y2z3a4b5c6d7e"
    house.with_totp(zoe)
    choose_password(house.door, Actor(zoe.person), with_twelve)
    remove_totp(house.door, Actor(zoe.person), zoe.person)
    proven = house.proves(with_twelve)
    assert proven.must_change
    with pytest.raises(Refused, match="15 characters or more"):
        choose_first_password(house.door, proven, with_fifteen[:-1])
    choose_first_password(house.door, proven, with_fifteen)
    assert in_force(house, begin_session(house.door, proven, SessionKind.SHELL))


def test_where_there_was_no_second_factor_its_removal_asks_for_nothing(house: House) -> None:
    zoe = house.person()
    remove_totp(house.door, Actor(zoe.person), zoe.person)
    assert not house.proves().must_change


def test_a_short_password_is_of_no_use_where_the_second_factor_goes_while_it_is_chosen(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe, boss = house.person(), house.person("boss@univ.example", Role.ADMIN)
    house.with_totp(zoe)
    plain = passwords.hash_password

    def meanwhile(password: str) -> str:
        remove_totp(house.door, Actor(boss.person), zoe.person)
        return plain(password)

    with monkeypatch.context() as patched:
        patched.setattr(passwords, "hash_password", meanwhile)
        choose_password(house.door, Actor(zoe.person), "x1y2z3a4b5c6")
    assert house.proves("x1y2z3a4b5c6").must_change
