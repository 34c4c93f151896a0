"""The dialogue of a login with a second factor: a wrong code is asked for again, a lock ends it."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from helpdesk.actions import passwords
from helpdesk.actions.login import REFUSED
from helpdesk.core.people import Role
from helpdesk.core.sessions import SessionKind
from helpdesk.errors import Refused
from helpdesk.store.tables import sessions
from helpdesk.store.work import in_work
from shell.keyboard import Keyboard
from shell.login import log_in
from tests.shell.desks import PASSWORD, ShellDesk, at_standard_input

SECRET = passwords.new_totp_secret()
ZOE = "zoe@help.example"
AGAIN = "helpdesk-admin: this code is wrong or was used already: wait for the next one\n"


@pytest.fixture
def keyboard(shell_desk: ShellDesk) -> Keyboard:
    """A keyboard at which nobody has logged in; Zoe has a second factor."""
    known = shell_desk.person("Zoe", Role.AGENT, password=PASSWORD)
    made = shell_desk.plain_keyboard()
    sealed = passwords.seal(made.door.totp_key, known.person.id, SECRET)
    in_work(shell_desk.database, lambda work: work.logins.set_totp(known.person.id, sealed))
    return made


def code(steps: int = 0) -> str:
    """Return the code that Zoe's telephone shows so many steps of half a minute later."""
    return pyotp.TOTP(SECRET).at(datetime.now(UTC) + timedelta(seconds=30 * steps))


def answered(keyboard: Keyboard, *lines: str) -> str:
    """Log in with these answers; return the token."""
    with at_standard_input("".join(f"{line}\n" for line in lines)):
        return log_in(keyboard, SessionKind.SHELL)


def complained(keyboard: Keyboard) -> str:
    return keyboard.screen.error.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_a_code_that_was_used_already_is_asked_for_again_and_nothing_else_is(
    keyboard: Keyboard, shell_desk: ShellDesk
) -> None:
    first, later = code(), code(1)
    assert answered(keyboard, ZOE, PASSWORD, first)
    assert answered(keyboard, ZOE, PASSWORD, first, later)
    assert complained(keyboard) == AGAIN
    assert len(shell_desk.rows(sessions)) == 2


def test_after_three_wrong_codes_the_password_is_asked_for_and_the_lock_counts_them_all(
    keyboard: Keyboard,
) -> None:
    """The password, three codes and the password again are the five tries; the right code comes too late."""
    with pytest.raises(EOFError):
        answered(keyboard, ZOE, PASSWORD, "000000", "000000", "000000", ZOE, PASSWORD, code())
    assert complained(keyboard) == AGAIN * 3 + f"helpdesk-admin: {REFUSED[0]}\n"
    with pytest.raises(Refused):  # nobody is asked for a code any more
        answered(keyboard, *(ZOE, PASSWORD) * 3)
