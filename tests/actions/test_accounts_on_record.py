"""What is done about passwords, second factors and locks is on record: by whom, from where, and without secrets."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pyotp
import pytest

from helpdesk.actions.accounts import bootstrap, choose_password, enrol_totp, remove_totp, unlock
from helpdesk.actions.login import send_code
from helpdesk.actions.passwords import new_totp_secret
from helpdesk.actions.sessions import prove_again
from helpdesk.core.people import KnownAddress, Role
from helpdesk.core.permissions import Actor
from helpdesk.errors import Refused
from tests.actions.logins import LAPTOP, LIBRARY, PASSWORD, WRONG, House

BETTER = "seven quite other words instead"


@dataclass
class Act:
    """Zoé, in a session on her laptop, and the admin, at the same table."""

    house: House
    zoe: KnownAddress
    boss: KnownAddress
    secrets: list[str] = field(default_factory=lambda: [PASSWORD, WRONG, BETTER])

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

    def first_admin(self) -> None:
        with suppress(Refused):
            bootstrap(self.house.door, self.at_keyboard(self.zoe), self.zoe, BETTER, LAPTOP, is_root=True)


ROWS: list[tuple[str, Callable[[Act], object], str, str, dict[str, Any]]] = [
    ("a password is chosen", lambda act: choose_password(act.house.door, act.at_keyboard(act.zoe), BETTER),
     "PASSWORD_CHANGED", "SUCCESS", {"sessions_ended": 1}),
    ("asked again, right", lambda act: act.asked_again(PASSWORD), "PASSWORD_CHECKED", "SUCCESS", {}),
    ("asked again, wrong", lambda act: act.asked_again(WRONG), "PASSWORD_CHECKED", "FAIL", {}),
    ("asked again, the fifth time", lambda act: act.asked_again(WRONG, 5), "PASSWORD_CHECKED", "FAIL", {}),
    ("asked again, the sixth time", lambda act: act.asked_again(WRONG, 6), "PASSWORD_CHECKED", "DENIED", {}),
    ("a code by mail", lambda act: act.codes(1), "LOGIN_CODE_SENT", "SUCCESS", {}),
    ("the last code of an hour", lambda act: act.codes(5), "LOGIN_CODE_SENT", "SUCCESS", {}),
    ("one more", lambda act: act.codes(6), "LOGIN_CODE_SENT", "DENIED", {"why": "too many within the hour"}),
    ("a second factor", Act.enrols, "TOTP_ENROLLED", "SUCCESS", {}),
    ("it is removed", lambda act: remove_totp(act.house.door, act.at_keyboard(act.zoe), act.zoe.person),
     "TOTP_REMOVED", "SUCCESS", {"person": "zoe"}),
    ("an admin removes it", lambda act: remove_totp(act.house.door, act.at_keyboard(act.boss), act.zoe.person),
     "TOTP_REMOVED", "SUCCESS", {"person": "zoe"}),
    ("a lock is opened", lambda act: unlock(act.house.door, act.at_keyboard(act.boss), act.zoe.person),
     "LOGIN_UNLOCKED", "SUCCESS", {"person": "zoe"}),
]  # fmt: skip
BY_BOSS = {"an admin removes it", "a lock is opened"}
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


def test_the_first_admin_is_on_record_and_a_second_is_none(house: House) -> None:
    act = Act(house, house.person(password=""), house.person("boss@univ.example", password=""))
    act.first_admin()
    act.first_admin()
    found = house.audited("action", "status", "user_id", "ip_address", "detail")
    made = [row for row in found if row[0] == "ADMIN_BOOTSTRAPPED"]
    whose = act.zoe.person.id
    assert made == [("ADMIN_BOOTSTRAPPED", "SUCCESS", whose, LAPTOP.ip_address, {"person": whose})]
    assert not [secret for secret in act.secrets if secret in str(found)]
