"""Failed logins and logins from elsewhere: on record, told to owner and contacts, and a reason to ask for a code."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from helpdesk.actions.digest import hourly
from helpdesk.actions.door import Place
from helpdesk.actions.login import begin_session
from helpdesk.core.people import AddressState, Language
from helpdesk.core.sessions import LoginLimits, SessionKind
from helpdesk.core.suspicion import Thresholds
from helpdesk.errors import Refused
from helpdesk.store.tables import alerts, letters, login_failures
from tests.actions.intakes import ADMIN
from tests.actions.logins import LAPTOP, PASSWORD, House, at_once

ZOE = "zoe@univ.example"
AT_HOME = replace(LAPTOP, remote="192.0.2.7", client="zoe @ laptop", country="FR")
ABROAD = Place(
    "e" * 64,
    "uid:1000",
    "zoe @ phone",
    "198.51.100.9",
    "helpdesk-admin, zoe",
    "198.51.100.9",
    "zoe @ phone",
    "DE",
)


def fails(house: House, *gaps: float) -> None:
    """Fail to log in once, and again after each of so many seconds."""
    house.refused()
    for gap in gaps:
        house.later(seconds=gap)
        house.refused()


def failures(house: House) -> list[object]:
    """Return when logins failed, without the moments of tries that the locks count."""
    return [row["at"] for row in house.rows(login_failures) if not row["scope"].endswith(":tries")]


def kinds(house: House) -> list[tuple[str, str]]:
    return sorted((row["kind"], row["recipient"]) for row in house.rows(letters))


def texts(house: House, kind: str = "suspicious_login") -> dict[str, str]:
    """Return subject and text of each letter of a kind, by its recipient."""
    found = {}
    for row in house.rows(letters):
        if row["kind"] == kind:
            message = message_from_bytes(row["content"], policy=default)
            part = message.get_body(("plain",))
            assert part is not None
            found[row["recipient"]] = f"{message['Subject']}\n{part.get_content()}"
    return found


def often(house: House) -> int:
    return sum(action == "LOGIN_FAILED_OFTEN" for (action,) in house.audited("action"))


BOTH = [("suspicious_login", ADMIN), ("suspicious_login", ZOE)]


@pytest.mark.parametrize(
    ("gaps", "count"),
    [
        pytest.param((60,), 0, id="two"),
        pytest.param((60, 60), 1, id="the third at 120 seconds"),
        pytest.param((60, 61), 0, id="the third at 121 seconds"),
        pytest.param((60, 60, 1), 1, id="a fourth"),
    ],
)
def test_three_failed_logins_within_two_minutes(house: House, gaps: tuple[float, ...], count: int) -> None:
    house.person()
    fails(house, *gaps)
    assert often(house) == count
    assert kinds(house) == BOTH * count


def test_owner_and_contacts_read_when_from_where_and_what_to_do_and_no_secret(house: House) -> None:
    house.person()
    fails(house, 1, 1)
    told = texts(house)
    owner, contact = told[ZOE], told[ADMIN]
    assert "Alerte de connexion suspecte à votre compte" in owner
    assert "Si ce n’est pas vous, changez votre mot de passe immédiatement." in owner
    assert "zoe[at]univ[.]example" in contact
    for text in (owner, contact):
        assert "20 novembre 2026" in text
        assert "zoe [at] laptop" in text
        assert "helpdesk-admin, zoe" in text
        assert "plusieurs échecs de connexion en peu de temps" in text
        assert PASSWORD not in text


def test_a_contact_who_is_the_owner_gets_the_owners_letter_in_their_language_and_no_other(
    house: House,
) -> None:
    house.person()
    house.bench = replace(
        house.bench, desk=replace(house.bench.desk, alert_addresses=(ZOE, ADMIN), language=Language.EN)
    )
    fails(house, 1, 1)
    assert kinds(house) == BOTH
    told = texts(house)
    assert "changez votre mot de passe immédiatement" in told[ZOE]
    assert "Something unusual happened to an account" in told[ADMIN]


def test_whoever_has_no_password_is_not_told_to_change_it(house: House) -> None:
    house.bench.person(ZOE)
    fails(house, 1, 1)
    text = texts(house)[ZOE]
    assert text.startswith("Tentatives de connexion avec votre adresse")
    assert "Vous n’avez pas de mot de passe chez nous" in text
    assert "changez" not in text


def test_a_digest_of_the_daemon_does_not_know_who_has_a_password(house: House) -> None:
    house.person()
    house.bench = replace(
        house.bench, desk=replace(house.bench.desk, thresholds=Thresholds(owner_letters_per_hour=1))
    )
    fails(house, 1, 1)
    for _ in range(2):
        house.refused()
    house.later(hours=1)
    with house.bench.statements() as seen:
        hourly(replace(house.bench.desk, clock=lambda _work: house.clock[0]))
    assert not any("credentials" in one for one in seen), "it may not read them"
    assert any("que vous avez un mot de passe, changez-le immédiatement" in one for one in all_texts(house))


def all_texts(house: House) -> list[str]:
    found = []
    for row in house.rows(letters):
        part = message_from_bytes(row["content"], policy=default).get_body(("plain",))
        assert part is not None
        found.append(str(part.get_content()))
    return found


def test_attempts_on_an_account_that_nobody_has_are_told_to_the_contacts_alone(house: House) -> None:
    for _ in range(3):
        house.refused(address="nobody@univ.example")
    assert often(house) == 1
    assert kinds(house) == BOTH[:1]
    assert "adresse inconnue" in texts(house)[ADMIN]


def test_the_same_is_written_whether_the_account_is_there_or_not(house: House) -> None:
    house.person()
    fails(house, 1)
    for _ in range(2):
        house.refused(address="nobody@univ.example")
    with house.bench.statements() as known:
        house.refused()
    with house.bench.statements() as unknown:
        house.refused(address="nobody@univ.example")
    writes = [[one.split()[:3] for one in seen if not one.startswith("SELECT")] for seen in (known, unknown)]
    assert writes[0] == writes[1]


def test_of_many_failures_at_once_one_makes_them_too_many(house: House) -> None:
    house.limits = LoginLimits(tries_per_source=50, tries_per_account=50)
    house.person()
    at_once(12, lambda _number: house.refused())
    assert often(house) == 1
    assert len(failures(house)) == 12


def test_what_a_lock_refuses_is_counted_no_more(house: House) -> None:
    house.person()
    fails(house, *[1] * 8)
    assert len(failures(house)) == 5


def test_a_lock_is_told_of(house: House) -> None:
    house.person()
    fails(house, *[150] * 4)  # five within a quarter of an hour, never three within two minutes
    assert often(house) == 0
    assert kinds(house) == BOTH
    assert "connexion verrouillée" in texts(house)[ZOE]


@pytest.mark.parametrize(
    ("later", "wanted"), [(3600, True), (3601, False)], ids=["within the hour", "a second later"]
)
def test_after_too_many_failures_the_right_password_is_not_enough(
    house: House, later: float, wanted: bool
) -> None:
    known = house.person()
    fails(house, 1, 1)
    house.later(seconds=later)
    proven = house.proves()
    assert proven.wants_mailed_code is wanted
    if wanted:
        house.mail_code(proven, house.code(proven))
        assert "après plusieurs échecs" in texts(house, "login_code")[known.address]
        begin_session(house.door, proven, SessionKind.SHELL)
        assert failures(house) == []
        assert not house.proves().wants_mailed_code, "the owner was there"


def test_two_failures_and_the_right_password_are_an_ordinary_login(house: House) -> None:
    known = house.person()
    fails(house, 1)
    house.session(known)
    assert house.rows(letters) == []


def test_whoever_has_a_second_factor_is_asked_for_that(house: House) -> None:
    house.with_totp(house.person())
    fails(house, 1, 1)
    proven = house.proves()
    assert (proven.wants_totp, proven.wants_mailed_code) == (True, False)


def test_wrong_codes_count_as_failed_logins(house: House) -> None:
    house.with_totp(house.person())
    proven = house.proves()
    for _ in range(3):
        with pytest.raises(Refused):
            house.telephone(proven, "000000")
    assert often(house) == 1


def test_wrong_codes_of_a_letter_count_too(house: House) -> None:
    house.person()
    proven = house.proves(place=ABROAD)
    house.code(proven)
    for _ in range(3):
        with pytest.raises(Refused):
            house.mail_code(proven, "00000000")
    assert often(house) == 1


def log_in(house: House, place: Place) -> None:
    proven = house.proves(place=place)
    if proven.wants_mailed_code:
        house.mail_code(proven, house.code(proven))
    begin_session(house.door, proven, SessionKind.SHELL)


def new_places(house: House) -> list[object]:
    return [
        detail["new"]
        for action, detail in house.audited("action", "detail")
        if action == "LOGIN_FROM_NEW_PLACE"
    ]


@pytest.mark.parametrize(
    ("place", "new"),
    [
        pytest.param(ABROAD, ["address", "country", "client"], id="all is new"),
        pytest.param(replace(AT_HOME, key="f" * 64, remote="192.0.2.8"), ["address"], id="an address"),
        pytest.param(replace(AT_HOME, key="f" * 64, client="zoe @ desk"), ["client"], id="a client"),
        pytest.param(replace(AT_HOME, country="DE"), ["country"], id="a known place in another country"),
    ],
)
def test_a_login_from_elsewhere_is_told_to_owner_and_contacts(
    house: House, place: Place, new: list[str]
) -> None:
    house.person(known_at=())
    log_in(house, AT_HOME)
    assert kinds(house) == [("login_code", ZOE)], "of the first login of all nobody is told"
    assert house.proves(place=place).wants_mailed_code
    log_in(house, place)
    assert new_places(house) == [[], new]
    assert [one for one in kinds(house) if one[0] == "suspicious_login"] == BOTH
    assert place.country in texts(house)[ZOE]
    log_in(house, place)
    assert len(new_places(house)) == 2, "it is known now"


def test_places_that_were_remembered_without_address_and_client_are_known(house: House) -> None:
    known = house.person()
    house.session(known)
    assert not house.proves(place=AT_HOME).wants_mailed_code
    log_in(house, AT_HOME)
    assert new_places(house) == []


def test_alarms_about_one_account_end_at_the_owners_budget(house: House) -> None:
    house.limits = LoginLimits(codes_per_hour=20)
    house.person()
    for number in range(7):
        log_in(house, replace(ABROAD, key=f"{number:064x}", remote=f"198.51.100.{number}"))
    letters_to_zoe = [one for one in kinds(house) if one == ("suspicious_login", ZOE)]
    assert len(letters_to_zoe) == 5
    told = [row["to_owner"] for row in house.rows(alerts)]
    assert sorted(told) == [0, 0, 1, 1, 1, 1, 1]


def test_an_address_that_staff_froze_since_is_no_way_in(house: House) -> None:
    house.person(state=AddressState.SUSPENDED)
    house.refused(PASSWORD)


def test_failures_are_forgotten_after_a_while(house: House) -> None:
    house.person()
    fails(house, 1)
    house.clock[0] += timedelta(minutes=63)
    house.refused()
    assert len(failures(house)) == 1
