"""A login: whoever is refused hears the same words at the same cost, and every way in closes after a few tries."""

import time
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import event

from helpdesk.actions import login, passwords
from helpdesk.actions.accounts import choose_password, reset_password
from helpdesk.actions.door import Place
from helpdesk.actions.login import REFUSED, WrongCode, begin_session
from helpdesk.core.people import AddressState, Language, Person, Role
from helpdesk.core.permissions import Actor
from helpdesk.core.sessions import SessionKind
from helpdesk.errors import Refused
from helpdesk.store.tables import credentials, letters, login_codes, login_failures
from helpdesk.store.work import in_work
from tests.actions.intakes import ADMIN as CONTACT
from tests.actions.logins import LAPTOP, LIBRARY, PASSWORD, TOTP_KEY, WRONG, House, at_once

MINUTE = timedelta(minutes=1)
ADMIN = Actor(Person(0, "console", Role.ADMIN, Language.EN))


def lock(house: House) -> None:
    for _ in range(5):
        house.refused()


def test_the_right_password_is_taken_and_a_wrong_one_is_not(house: House) -> None:
    known = house.person()
    assert house.proves().person.id == known.person.id
    assert house.proves(address=" ZOE@Univ.Example ").person.id == known.person.id
    house.refused()
    house.refused("")
    house.refused(PASSWORD.upper())


def closed(house: House) -> None:
    house.change_person(house.person(), active=False)


def locked(house: House) -> None:
    house.person()
    lock(house)


REFUSALS = {
    "wrong password": lambda house: house.person(password=WRONG),
    "unknown": lambda house: None,
    "no address at all": lambda house: None,
    "no text at all": lambda house: None,
    "no password": lambda house: house.person(password=""),
    "closed": closed,
    "pending": lambda house: house.person(state=AddressState.PENDING),
    "blocked": lambda house: house.person(state=AddressState.BLOCKED),
    "locked": locked,
}


@pytest.mark.parametrize("why", REFUSALS)
def test_whoever_is_refused_hears_the_same_words_after_the_same_work(house: House, why: str) -> None:
    house.person("other@univ.example")
    REFUSALS[why](house)
    words = " ".join(REFUSED)
    house.refused(WRONG, "other@univ.example")  # the work of a wrong password, to compare with
    house.checked.clear()
    with house.bench.statements() as usual:
        house.refused(WRONG, "other@univ.example")
    assert len(house.checked) == 1
    odd = {"no address at all": "nobody at all", "no text at all": "\udcff\0@univ.example"}
    address = odd.get(why, "zoe@univ.example")
    house.refused(
        WRONG if why == "locked" else PASSWORD, address
    )  # a first attempt makes the rows that count
    house.checked.clear()
    with house.bench.statements() as seen:
        assert house.refused(PASSWORD, address) == words
    assert len(house.checked) == 1
    writes = [one.split()[:3] for one in usual if not one.startswith("SELECT")]
    if why != "locked":  # there the attempt itself is not counted any more
        assert [one.split()[:3] for one in seen if not one.startswith("SELECT")] == writes
    assert house.audited("action", "status", "ip_address")[-1][0] == "LOGIN"
    assert house.audited("status")[-1][0] in ("FAIL", "DENIED")


def test_the_hash_for_nobody_costs_what_a_real_one_costs() -> None:
    stored = passwords.hash_password(PASSWORD)
    assert passwords._DUMMY[:10] == stored[:10]
    assert not passwords.password_is("dummy", "")


def test_a_password_of_any_length_counts_to_its_last_character() -> None:
    long = "x" * 200
    stored = passwords.hash_password(long)
    assert passwords.password_is(long, stored)
    assert not passwords.password_is(long[:-1], stored)
    assert not passwords.password_is(long + "\0", stored)


def test_a_cheaper_hash_is_made_anew_at_the_next_login(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    known = house.person()
    monkeypatch.setattr(passwords, "COST", 5)
    house.refused()
    assert house.hash_of(known).startswith("v1$$2b$04$")
    house.proves()
    assert house.hash_of(known).startswith("v1$$2b$05$")
    house.proves()


@pytest.mark.parametrize("where", ["one place", "many places"])
def test_of_sixty_attempts_at_once_exactly_the_allowed_ones_are_checked(house: House, where: str) -> None:
    known = house.person()
    hashed = house.hash_of(known).removeprefix("v1$")
    allowed = house.limits.tries_per_source if where == "one place" else house.limits.tries_per_account

    def attempt(number: int) -> object:
        place = LAPTOP if where == "one place" else Place("c" * 64, f"uid:{number}", "x")
        return house.proves(WRONG, place=place)

    for _ in range(2):
        house.checked.clear()
        answers = at_once(60, attempt)
        assert {str(answer) for answer in answers} == {REFUSED[0]}
        assert house.checked.count(hashed) == allowed
        assert len(house.checked) == 60
        house.later(minutes=house.limits.lock_minutes)


@pytest.mark.parametrize(
    ("seconds", "locked"),
    [
        pytest.param((0, 1, 2, 3, 899), True, id="a second before the quarter of an hour is over"),
        pytest.param((0, 1, 2, 3, 900), True, id="as it ends"),
        pytest.param((0, 1, 2, 3, 901), False, id="a second later"),
        pytest.param((0, 897, 898, 899, 901), False, id="four, and one long before"),
        pytest.param((0, 897, 898, 899, 901, 902), True, id="five across the end of the first one's quarter"),
    ],
)
def test_the_fifth_wrong_one_within_any_quarter_of_an_hour_locks(
    house: House, seconds: tuple[int, ...], locked: bool
) -> None:
    house.person()
    begin = house.clock[0]
    for at in seconds:
        house.clock[0] = begin + timedelta(seconds=at)
        house.refused()
    assert house.gets_in() is not locked


def test_a_source_is_locked_until_exactly_the_end_of_its_lock(house: House) -> None:
    house.person()
    lock(house)
    house.later(minutes=15, microseconds=-1000)
    assert not house.gets_in()
    house.later(microseconds=1000)
    assert house.gets_in()


def test_a_locked_source_locks_nobody_elses_way_in(house: House) -> None:
    house.person(known_at=(LAPTOP, LIBRARY))
    lock(house)
    assert not house.gets_in()
    assert house.gets_in(place=LIBRARY)


def test_many_sources_together_lock_the_account_and_each_lock_is_on_record_once(house: House) -> None:
    house.person()
    for number in range(20):
        house.refused(place=Place("c" * 64, f"uid:{number % 5}", "x"))
    assert not house.gets_in(place=LIBRARY)
    locks = [row for row in house.audited("action", "detail") if row[0] == "LOGIN_LOCKED"]
    assert [row[1]["scope"] for row in locks].count("account") == 1
    house.later(minutes=15)
    assert house.gets_in(place=LIBRARY)


def test_a_success_begins_the_count_anew_and_so_does_time(house: House) -> None:
    house.person()
    for _ in range(3):
        for _ in range(4):
            house.refused()
        assert house.gets_in()
    for _ in range(3):
        for _ in range(4):
            house.refused()
        house.later(minutes=15)
    assert house.gets_in()


def test_tries_of_one_person_do_not_count_for_another(house: House) -> None:
    house.person()
    house.person("sam@univ.example")
    lock(house)
    assert house.proves(address="sam@univ.example")


# The second factor


def totp(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30 * steps))


@pytest.mark.parametrize(("steps", "good"), [(-3, False), (-1, True), (0, True), (1, True), (3, False)])
def test_a_code_of_the_telephone_is_good_one_step_before_and_after(
    house: House, monkeypatch: pytest.MonkeyPatch, steps: int, good: bool
) -> None:
    at = 1_800_000_010.0
    monkeypatch.setattr(time, "time", lambda: at)
    secret = house.with_totp(house.person())
    code = pyotp.TOTP(secret).at(int(at) + 30 * steps)
    proven = house.proves()
    assert proven.wants_totp
    if good:
        house.telephone(proven, f" {code[:3]} {code[3:]}")
        assert not proven.wants_totp
    else:
        with pytest.raises(WrongCode, match="this code is wrong or was used already"):
            house.telephone(proven, code)
        assert proven.wants_totp


def test_a_code_is_good_once_even_for_two_at_once(house: House) -> None:
    secret = house.with_totp(house.person())
    first, second, later = house.proves(), house.proves(), house.proves()
    code = totp(secret)
    answers = at_once(2, lambda number: house.telephone((first, second)[number], code))
    assert sum(answer is None for answer in answers) == 1
    with pytest.raises(WrongCode):
        house.telephone(later, code)
    with pytest.raises(Refused):
        house.telephone(house.proves(), totp(secret, -1))


def test_a_recovery_code_is_good_once_and_on_record(house: House) -> None:
    house.with_totp(house.person(), ["abcde-fghjk"])
    other = house.person("sam@univ.example")
    house.with_totp(other, ["mnpqr-stuvw"])
    with pytest.raises(Refused):
        house.telephone(house.proves(), "mnpqr-stuvw")
    house.telephone(house.proves(), "ABCDE FGHJK")
    with pytest.raises(Refused):
        house.telephone(house.proves(), "abcde-fghjk")
    assert ("RECOVERY_CODE_USED",) in house.audited("action")


def test_a_secret_that_was_moved_to_another_row_opens_nothing(house: House) -> None:
    zoe, mallory = house.person(), house.person("mallory@univ.example")
    house.with_totp(zoe)
    secret = house.with_totp(mallory)
    sealed = next(r["totp_sealed"] for r in house.rows(credentials) if r["person_id"] == mallory.person.id)
    in_work(house.bench.desk.database, lambda work: work.logins.set_totp(zoe.person.id, sealed))
    with pytest.raises(Refused):
        house.telephone(house.proves(), totp(secret))
    assert passwords.unsealed(TOTP_KEY, mallory.person.id, sealed) == secret
    assert passwords.unsealed(b"u" * 32, mallory.person.id, sealed) is None


def test_wrong_codes_lock_as_wrong_passwords_do(house: House) -> None:
    secret = house.with_totp(house.person())
    proven = house.proves()
    for _ in range(4):
        with pytest.raises(WrongCode):
            house.telephone(proven, "000000")
    with pytest.raises(Refused, match=REFUSED[0][:20]) as locked:
        house.telephone(proven, totp(secret))
    assert not isinstance(locked.value, WrongCode), "it would be asked for again"
    assert not house.gets_in()


def test_the_right_password_alone_does_not_begin_the_count_anew_where_a_code_is_wanted(house: House) -> None:
    house.with_totp(house.person())
    for _ in range(5):
        house.proves()
    assert not house.gets_in()


def test_an_attempt_beside_somebodys_first_one_is_counted_and_not_refused(house: House) -> None:
    database = house.bench.desk.database
    if database.kind == "sqlite":
        pytest.skip("SQLite lets nobody write in between")
    rivals = [1]

    def first_attempt(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("INSERT INTO login_locks") and rivals and rivals.pop():
            in_work(database, lambda work: work.logins.charge("account:1", 5, MINUTE, MINUTE, house.clock[0]))

    event.listen(database.engine, "before_cursor_execute", first_attempt)
    try:
        charged = in_work(
            database, lambda work: work.logins.charge("account:1", 5, MINUTE, MINUTE, house.clock[0])
        )
    finally:
        event.remove(database.engine, "before_cursor_execute", first_attempt)
    assert charged
    assert len(house.rows(login_failures)) == 2


# The code by mail


def test_a_new_place_wants_a_code_by_mail_once(house: House) -> None:
    known = house.person()
    proven = house.proves(place=LIBRARY)
    assert proven.wants_mailed_code
    with pytest.raises(AssertionError):
        begin_session(house.door, proven, SessionKind.SHELL)
    house.mail_code(proven, house.code(proven))
    token = begin_session(house.door, proven, SessionKind.SHELL)
    assert house.actor(token).person.id == known.person.id
    assert not house.proves(place=LIBRARY).wants_mailed_code
    assert ("LOGIN_FROM_NEW_PLACE",) in house.audited("action")
    sent = sorted((row["kind"], row["recipient"]) for row in house.rows(letters))
    told = [("suspicious_login", CONTACT), ("suspicious_login", known.address)]
    assert sent == [("login_code", known.address), *told]


def test_a_code_by_mail_is_good_until_its_end_and_once(house: House) -> None:
    house.person()
    proven = house.proves(place=LIBRARY)
    code = house.code(proven)
    house.later(minutes=15)
    with pytest.raises(Refused):
        house.mail_code(proven, code)
    code = house.code(proven)
    house.later(minutes=15, microseconds=-1000)
    house.mail_code(proven, code)
    with pytest.raises(Refused):
        house.mail_code(house.proves(place=LIBRARY), code)


def test_a_code_by_mail_is_for_its_person_and_place_only(house: House) -> None:
    house.person()
    house.person("sam@univ.example")
    code = house.code(house.proves(place=LIBRARY))
    with pytest.raises(Refused):
        house.mail_code(house.proves(address="sam@univ.example", place=LIBRARY), code)
    elsewhere = Place("d" * 64, "uid:3000", "x")
    with pytest.raises(Refused):
        house.mail_code(house.proves(place=elsewhere), code)


def test_the_sixth_try_of_a_code_is_refused_and_a_newer_code_ends_the_older(house: House) -> None:
    house.person()
    proven = house.proves(place=LIBRARY)
    code = house.code(proven)
    for _ in range(5):
        with pytest.raises(Refused):
            house.mail_code(proven, "00000000")
    with pytest.raises(Refused):
        house.mail_code(proven, code)
    older = house.code(proven)
    newer = house.code(proven)
    with pytest.raises(Refused):
        house.mail_code(proven, older)
    house.mail_code(proven, newer)


def test_tries_of_a_code_are_counted_before_the_code_is_looked_at(house: House) -> None:
    house.person()
    proven = house.proves(place=LIBRARY)
    house.code(proven)
    with house.bench.statements() as seen, pytest.raises(Refused):
        house.mail_code(proven, "00000000")
    changes = [one for one in seen if one.startswith("UPDATE login_codes")]
    assert "tries=" in changes[0].replace(" ", "")
    assert "code_hash" not in changes[0]


def test_of_forty_codes_wanted_at_once_five_are_sent_and_again_five_an_hour_later(house: House) -> None:
    house.person()
    proven = house.proves(place=LIBRARY)
    for count in (5, 10):
        at_once(40, lambda _number: login.send_code(house.door, proven))
        assert len(house.rows(letters)) == count
        assert len(house.rows(login_codes)) == count
        house.later(hours=1)


def test_codes_of_many_places_share_the_limit(house: House) -> None:
    house.person()
    for number in range(5):
        house.code(house.proves(place=Place(f"{number}" * 64, "uid:1", "x")))
    with pytest.raises(Refused, match="too many codes"):
        house.code(house.proves(place=Place("9" * 64, "uid:1", "x")))


def test_with_a_second_factor_no_code_is_mailed(house: House) -> None:
    secret = house.with_totp(house.person())
    proven = house.proves(place=LIBRARY)
    assert not proven.wants_mailed_code
    house.telephone(proven, totp(secret))
    assert begin_session(house.door, proven, SessionKind.SHELL)


# What changes while somebody is on the way in


def test_a_password_that_was_reset_meanwhile_begins_no_session(house: House) -> None:
    known = house.person()
    proven = house.proves()
    house.later(seconds=1)
    reset_password(house.door, ADMIN, known.person)
    with pytest.raises(Refused):
        begin_session(house.door, proven, SessionKind.SHELL)


def test_an_account_that_was_closed_meanwhile_begins_no_session(house: House) -> None:
    known = house.person()
    proven = house.proves()
    house.change_person(known, active=False)
    with pytest.raises(Refused):
        begin_session(house.door, proven, SessionKind.SHELL)


def test_a_second_factor_that_came_meanwhile_is_wanted(house: House) -> None:
    known = house.person()
    proven = house.proves()
    house.with_totp(known)
    with pytest.raises(Refused):
        begin_session(house.door, proven, SessionKind.SHELL)


def test_a_password_that_somebody_else_has_set_begins_no_session(house: House) -> None:
    known = house.person()
    first = reset_password(house.door, ADMIN, known.person)
    proven = house.proves(first)
    assert proven.must_change
    with pytest.raises(AssertionError):
        begin_session(house.door, proven, SessionKind.SHELL)
    with pytest.raises(Refused, match="already"):
        login.choose_first_password(house.door, proven, first)
    login.choose_first_password(house.door, proven, "another four words")
    assert house.actor(begin_session(house.door, proven, SessionKind.SHELL)).person.id == known.person.id
    assert not house.proves("another four words").must_change


def test_a_new_password_ends_every_other_session(house: House) -> None:
    known = house.person()
    mine, other = house.session(known), house.session(known, SessionKind.REMEMBERED)
    choose_password(house.door, house.actor(mine), "another four words")
    assert house.actor(mine)
    with pytest.raises(Refused):
        house.actor(other)
