"""What is done about passwords, second factors and locks is on record: by whom, from where, and without secrets."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pyotp
import pytest

from helpdesk.actions.accounts import choose_password, enrol_totp, remove_totp, reset_password, unlock
from helpdesk.actions.bootstrap import FirstAdmin, bootstrap, look_at_bootstrap
from helpdesk.actions.login import send_code
from helpdesk.actions.passwords import new_totp_secret
from helpdesk.actions.sessions import actor_of, prove_again, revoke_sessions_of
from helpdesk.core.people import KnownAddress, Role
from helpdesk.core.permissions import Actor
from helpdesk.errors import LoggedOut, Refused
from helpdesk.store.tables import addresses, credentials, people, places, sessions
from tests.actions.logins import LAPTOP, LIBRARY, PASSWORD, WRONG, House

BETTER = "seven quite other words instead"
SHORT, LONG, BROKEN, COMMON = "x1y2z3a4b5c6d7", "ab cd ef gh " * 11, f"{BETTER}\a", "motdepasse123456"
WEAK = {SHORT: "too short", LONG: "too long", BROKEN: "control characters", COMMON: "guessable"}


@dataclass
class Act:
    """Zoé, in a session on her laptop, and the admin, at the same table."""

    house: House
    zoe: KnownAddress
    boss: KnownAddress
    secrets: list[str] = field(default_factory=lambda: [PASSWORD, WRONG, BETTER, *WEAK])

    def at_keyboard(self, known: KnownAddress) -> Actor:
        return Actor(known.person, ip_address=LAPTOP.ip_address, user_agent=LAPTOP.user_agent)

    def asked_again(self, password: str, times: int = 1) -> None:
        for _ in range(times):
            with suppress(Refused):
                prove_again(self.house.door, self.at_keyboard(self.zoe), password, LAPTOP)

    def codes(self, count: int) -> None:
        proven = self.house.proves(place=LIBRARY)
        for _ in range(count - 1):
            self.secrets.append(self.house.code(proven))
        with suppress(Refused):
            send_code(self.house.door, proven)

    def enrols(self) -> None:
        secret = new_totp_secret()
        now = pyotp.TOTP(secret).now()
        self.secrets += [secret, now]
        self.secrets += enrol_totp(self.house.door, self.at_keyboard(self.zoe), secret, now)

    def chooses(self, password: str) -> None:
        with suppress(Refused):
            choose_password(self.house.door, self.at_keyboard(self.zoe), password)

    def is_reset(self) -> None:
        self.secrets.append(reset_password(self.house.door, self.at_keyboard(self.boss), self.zoe.person))

    def enrols_wrongly(self) -> None:
        secret = new_totp_secret()
        self.secrets.append(secret)
        with suppress(Refused):
            enrol_totp(self.house.door, self.at_keyboard(self.zoe), secret, "no code")

    def first_admin(
        self,
        address: str = "zoe@univ.example",
        password: str = BETTER,
        *,
        name: str = "",
        is_root: bool = True,
    ) -> None:
        first = FirstAdmin(address, name)
        with suppress(Refused):
            bootstrap(self.house.door, self.at_keyboard(self.zoe), first, password, LAPTOP, is_root=is_root)


ROWS: list[tuple[str, Callable[[Act], object], str, str, dict[str, Any]]] = [
    ("a password is chosen", lambda act: choose_password(act.house.door, act.at_keyboard(act.zoe), BETTER),
     "PASSWORD_CHANGED", "SUCCESS", {"sessions_ended": 1}),
    *(
        (f"a password is {why}", lambda act, weak=weak: act.chooses(weak), "PASSWORD_CHANGED", "FAIL", {"why": why})
        for weak, why in {**WEAK, PASSWORD: "the same"}.items()
    ),
    ("asked again, right", lambda act: act.asked_again(PASSWORD), "PASSWORD_CHECKED", "SUCCESS", {}),
    ("asked again, wrong", lambda act: act.asked_again(WRONG), "PASSWORD_CHECKED", "FAIL", {}),
    ("asked again, the fifth time", lambda act: act.asked_again(WRONG, 5), "PASSWORD_CHECKED", "FAIL", {}),
    ("asked again, the sixth time", lambda act: act.asked_again(WRONG, 6), "PASSWORD_CHECKED", "DENIED", {}),
    ("a code by mail", lambda act: act.codes(1), "LOGIN_CODE_SENT", "SUCCESS", {}),
    ("the last code of an hour", lambda act: act.codes(5), "LOGIN_CODE_SENT", "SUCCESS", {}),
    ("one more", lambda act: act.codes(6), "LOGIN_CODE_SENT", "DENIED", {"why": "too many within the hour"}),
    ("a second factor", Act.enrols, "TOTP_ENROLLED", "SUCCESS", {}),
    ("a wrong code at first", Act.enrols_wrongly, "TOTP_ENROLLED", "FAIL", {"why": "wrong code"}),
    ("it is removed", lambda act: remove_totp(act.house.door, act.at_keyboard(act.zoe), act.zoe.person),
     "TOTP_REMOVED", "SUCCESS", {"person": "zoe"}),
    ("an admin removes it", lambda act: remove_totp(act.house.door, act.at_keyboard(act.boss), act.zoe.person),
     "TOTP_REMOVED", "SUCCESS", {"person": "zoe"}),
    ("an admin resets the password", Act.is_reset, "PASSWORD_RESET", "SUCCESS", {"person": "zoe"}),
    ("a lock is opened", lambda act: unlock(act.house.door, act.at_keyboard(act.boss), act.zoe.person),
     "LOGIN_UNLOCKED", "SUCCESS", {"person": "zoe"}),
]  # fmt: skip
BY_BOSS = {"an admin removes it", "an admin resets the password", "a lock is opened"}
AWAY = {"a code by mail", "the last code of an hour", "one more"}


@pytest.mark.parametrize(
    ("name", "do", "action", "outcome", "detail"), ROWS, ids=[row[0].replace(" ", "-") for row in ROWS]
)
def test_each_is_on_record(
    house: House, name: str, do: Callable[[Act], object], action: str, outcome: str, detail: dict[str, Any]
) -> None:
    act = Act(house, house.person(), house.person("boss@univ.example", Role.ADMIN))
    house.session(act.zoe)
    do(act)
    whose, place = act.boss if name in BY_BOSS else act.zoe, LIBRARY if name in AWAY else LAPTOP
    detail = {key: act.zoe.person.id if value == "zoe" else value for key, value in detail.items()}
    found = house.audited("action", "status", "user_id", "ip_address", "user_agent", "detail")
    mine = [row for row in found if row[0] == action]
    assert mine[-1] == (action, outcome, whose.person.id, place.ip_address, place.user_agent, detail)
    assert not [secret for secret in act.secrets if secret in str(found)]


def made(house: House) -> list[tuple[Any, ...]]:
    """Return what is on record of first admins: outcome, who did it, from where, detail."""
    found = house.audited("action", "status", "user_id", "ip_address", "detail")
    return [row[1:] for row in found if row[0] == "ADMIN_BOOTSTRAPPED"]


def test_the_first_admin_is_on_record_and_a_second_is_refused_on_record(house: House) -> None:
    act = Act(house, house.person(password=""), house.person("boss@univ.example", password=""))
    act.first_admin()
    act.first_admin("boss@univ.example")
    act.first_admin("nobody@univ.example")
    with suppress(Refused):
        look_at_bootstrap(house.door, act.at_keyboard(act.zoe), "boss@univ.example", is_root=True)
    zoe, boss = act.zoe.person.id, act.boss.person.id
    refused = {"why": "there is an admin", "person": boss}
    assert made(house) == [
        ("SUCCESS", zoe, LAPTOP.ip_address, {"person": zoe}),
        ("DENIED", zoe, LAPTOP.ip_address, refused),
        ("DENIED", zoe, LAPTOP.ip_address, {"why": "there is an admin"}),
        ("DENIED", zoe, LAPTOP.ip_address, refused),
    ]
    assert not [secret for secret in act.secrets if secret in str(house.audited("detail"))]


def test_somebody_is_registered_as_the_first_admin_in_one_go(house: House) -> None:
    act = Act(house, house.person(password=""), house.person("boss@univ.example", password=""))
    act.first_admin("new@univ.example", name="Nina")
    (row,) = [row for row in house.rows(people) if row["role"] == "admin"]
    assert row["name"] == "Nina"
    assert made(house) == [("SUCCESS", act.zoe.person.id, LAPTOP.ip_address, {"person": row["id"]})]
    added = [row for row in house.audited("action", "detail") if row[0] == "PERSON_ADDED"]
    assert added[-1][1] == {"person": row["id"], "role": "admin", "state": "verified"}
    assert house.proves(BETTER, "new@univ.example").person.id == row["id"]


@pytest.mark.parametrize("address", ["zoe@univ.example", "typo@univ.example"], ids=["registered", "nobody's"])
@pytest.mark.parametrize(
    ("given", "why"),
    [
        *(
            pytest.param({"password": weak}, why, id=f"a password that is {why}")
            for weak, why in WEAK.items()
        ),
        pytest.param({"is_root": False}, "not root", id="others have passwords"),
    ],
)
def test_a_refused_first_admin_leaves_a_row_and_nothing_else(
    house: House, address: str, given: dict[str, Any], why: str
) -> None:
    act = Act(house, house.person(password=""), house.person("boss@univ.example", Role.AGENT))
    before = [house.rows(table) for table in (people, addresses, credentials, places)]
    act.first_admin(address, **given)
    assert [house.rows(table) for table in (people, addresses, credentials, places)] == before
    zoe = act.zoe.person.id
    whom = {"person": zoe} if address == act.zoe.address else {}
    assert made(house) == [("DENIED", zoe, LAPTOP.ip_address, {"why": why} | whom)]
    assert not [secret for secret in act.secrets if secret in str(house.audited("detail"))]


def test_a_name_that_cannot_be_one_makes_no_first_admin(house: House) -> None:
    act = Act(house, house.person(password=""), house.person("boss@univ.example", password=""))
    act.first_admin("typo@univ.example", name=" \u202e")
    assert [row["role"] for row in house.rows(people)] == ["agent", "agent"]
    assert [detail for *_rest, detail in made(house)] == [{"why": "name"}]


def revoked(act: Act) -> None:
    revoke_sessions_of(act.house.door, act.at_keyboard(act.boss), act.zoe.person)


def closed(act: Act) -> None:
    act.house.change_person(act.zoe, active=False)


@pytest.mark.parametrize(
    ("end", "why"),
    [
        pytest.param(revoked, "revoked", id="revoked"),
        pytest.param(closed, "account closed", id="its owner's account is closed"),
        pytest.param(lambda act: act.house.later(minutes=15), "over", id="idle for its minutes"),
        pytest.param(lambda act: act.house.later(minutes=15, microseconds=-1000), None, id="not quite"),
        pytest.param(lambda act: act.house.later(days=1), "over", id="past its hours"),
    ],
)
def test_each_command_with_a_session_that_is_over_is_on_record_and_a_tab_is_not(
    house: House, end: Callable[[Act], None], why: str | None
) -> None:
    act = Act(house, house.person(), house.person("boss@univ.example", Role.ADMIN))
    token = house.session(act.zoe)
    (session,) = house.rows(sessions)
    end(act)
    for whence in (None, lambda: LIBRARY, lambda: LIBRARY):
        with suppress(LoggedOut):
            actor_of(house.door, token, whence=whence)
    found = house.audited("action", "status", "user_id", "ip_address", "user_agent", "detail")
    row = ("SESSION_REFUSED", "DENIED", act.zoe.person.id, LIBRARY.ip_address, LIBRARY.user_agent,
           {"why": why, "session": session["id"]})  # fmt: skip
    assert [one for one in found if one[0] == "SESSION_REFUSED"] == ([row] * 2 if why else [])
    assert token not in str(found)


def test_a_token_that_somebody_made_up_is_on_no_record(house: House) -> None:
    before = house.audited("action")
    with pytest.raises(LoggedOut):
        actor_of(house.door, "made up", whence=lambda: LIBRARY)
    assert house.audited("action") == before
