"""Letters of alarms have so many places an hour for each reader, and a flood of forged mail takes only some."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from helpdesk.actions.digest import hourly
from helpdesk.actions.intake import known_source
from helpdesk.actions.rolealarms import alarm_of_role_changes
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.people import KnownAddress, Role
from helpdesk.core.suspicion import FEWEST_PLACES
from helpdesk.store.audit import Event
from helpdesk.store.tables import alerts, letters
from helpdesk.store.work import in_work
from tests.actions.intakes import ADMIN, JEAN, IntakeBench, a_mail
from tests.actions.logins import House
from tests.core.makers import DMARC_PASS, DOMAIN, SPF_PASS

HOUR = timedelta(hours=1)
BOSS = f"boss@{DOMAIN}"
VICTIMS = [f"learner{number}@{DOMAIN}" for number in range(6)]


@pytest.fixture
def house(house: House) -> House:
    """A desk with a door; mails and logins have the same clock."""
    desk = replace(house.bench.desk, clock=lambda _work: house.clock[0])
    house.bench = IntakeBench(desk, known_source(desk, "main", 7, 14), house.clock)
    return house


def contacts_are(house: House, *addresses: str) -> None:
    house.bench = replace(house.bench, desk=replace(house.bench.desk, alert_addresses=addresses))


def forge(house: House, *addresses: str) -> None:
    """File a mail in the name of each of these addresses."""
    number = house.bench.last_uid
    house.bench.file(
        *(
            a_mail(
                sender=address,
                says=("dmarc=fail header.from=univ.example",),
                message_id=f"<f{number}.{address}>",
            )
            for address in addresses
        )
    )


def more_addresses(house: House, known: KnownAddress, count: int) -> list[str]:
    """Give somebody more addresses, *count* in all; return them."""
    new = [f"{known.person.name}{number}@{DOMAIN}" for number in range(1, count)]
    house.bench.also_at(known, *new)
    return [known.address, *new]


def later(house: House) -> None:
    """Let an hour pass, at whose end the digests go out."""
    house.later(hours=1)
    hourly(house.bench.desk)


def failed_logins(house: House, address: str) -> None:
    for _ in range(3):
        house.refused(address=address)


def refused_role(house: House, known: KnownAddress) -> None:
    row = Event(Action.UNAUTHORIZED_ROLE_CHANGE, Outcome.DENIED, house.bench.now, known.person.id)
    in_work(house.bench.desk.database, lambda work: work.audit.add([row]))
    alarm_of_role_changes(house.bench.desk)


def not_me(house: House, address: str) -> None:
    """Let the owner of a forged address answer the letter about it."""
    found = [row for row in house.rows(letters) if row["kind"] == "sender_forged"]
    asked = next(row["content"] for row in found if row["recipient"] == address)
    house.bench.file(
        a_mail(
            "Re: ?",
            "Pas moi !",
            sender=address,
            message_id=f"<not-me.{address}>",
            says=(DMARC_PASS, SPF_PASS),
            extra=[f"In-Reply-To: {message_from_bytes(asked)['Message-ID']}"],
        )
    )


def told(house: House) -> Counter[str]:
    """Return of which causes how many letters went to others than their owners."""
    counts = Counter[str]()
    for row in house.rows(alerts):
        counts[row["kind"]] += row["letters"] - row["to_owner"]
    return counts


def letters_to(house: House, *addresses: str) -> Counter[str]:
    """Return the kinds of letters of the last hour to any of these addresses."""
    since = house.bench.now - HOUR
    return Counter(
        row["kind"]
        for row in house.rows(letters)
        if row["recipient"] in addresses and row["queued_at"] > since
    )


@pytest.mark.parametrize("hours", [0, 1, 3], ids=["at its beginning", "an hour later", "three hours later"])
def test_a_flood_of_forged_mail_silences_no_login_no_role_and_no_owner(house: House, hours: int) -> None:
    for victim in VICTIMS:
        house.bench.person(victim)
    jean = house.person(JEAN)
    for _ in range(hours):
        forge(house, *VICTIMS)
        later(house)
    forge(house, *VICTIMS)
    before = told(house)
    assert before["alert:spoof"] >= 1
    failed_logins(house, JEAN)
    refused_role(house, jean)
    not_me(house, VICTIMS[0])
    for kind in ("LOGIN_FAILED_OFTEN", "UNAUTHORIZED_ROLE_CHANGE", "MAIL_DISOWNED"):
        assert told(house)[kind] == 1, kind
    assert letters_to(house, ADMIN).total() == 5
    forge(house, *VICTIMS)
    refused_role(house, house.person(f"other@{DOMAIN}"))
    assert letters_to(house, ADMIN).total() == 5


def test_a_flood_keeps_the_digest_back_for_no_hour(house: House) -> None:
    for victim in VICTIMS:
        house.bench.person(victim)
    for _ in range(4):
        forge(house, *VICTIMS)
        house.later(minutes=59)
        forge(house, *VICTIMS)
        house.later(minutes=1)
        assert hourly(house.bench.desk)
        assert letters_to(house, ADMIN).total() <= 3


def test_a_person_with_many_addresses_is_one_reader(house: House) -> None:
    forged = more_addresses(house, house.person(JEAN), 10)
    forge(house, *forged)
    assert letters_to(house, *forged) == {"sender_forged": 2}
    failed_logins(house, JEAN)
    assert letters_to(house, *forged) == {"sender_forged": 2, "suspicious_login": 1}
    for _ in range(3):
        later(house)
        forge(house, *forged)
        failed_logins(house, JEAN)
        assert letters_to(house, *forged).total() <= 5


def test_the_digest_of_a_person_joins_what_happened_to_their_addresses(house: House) -> None:
    forge(house, *more_addresses(house, house.person(JEAN), 10))
    later(house)
    (digest,) = [row for row in house.rows(letters) if row["kind"] == "suspicious_login"]
    part = message_from_bytes(digest["content"], policy=default).get_body(("plain",))
    assert part is not None
    assert part.get_content().count("message envoyé au nom d’une adresse inscrite") == 1
    assert "(8 fois)" in part.get_content()


def test_what_a_contact_reads_as_owner_and_as_contact_is_counted_together(house: House) -> None:
    for victim in VICTIMS:
        house.bench.person(victim)
    theirs = more_addresses(house, house.person(BOSS), 4)
    contacts_are(house, ADMIN, BOSS)
    forge(house, *theirs, *VICTIMS)
    assert letters_to(house, *theirs).total() == 2
    jean = house.person(JEAN)
    failed_logins(house, JEAN)
    failed_logins(house, BOSS)
    refused_role(house, jean)
    refused_role(house, house.person(f"other@{DOMAIN}"))
    assert letters_to(house, *theirs).total() == 5
    assert letters_to(house, ADMIN).total() == 5


def test_a_contact_whom_a_letter_did_not_reach_has_the_digest(house: House) -> None:
    boss = house.bench.person(BOSS)
    house.bench.person(JEAN)
    contacts_are(house, ADMIN, BOSS)
    full = {f"alerts:to:{boss.person.id}:mail": 2}
    in_work(house.bench.desk.database, lambda work: work.budgets.take(full, 2, house.bench.now))
    forge(house, JEAN)
    assert (letters_to(house, ADMIN), letters_to(house, BOSS)) == ({"alert": 1}, {})
    later(house)
    assert letters_to(house, BOSS) == {"alert": 1}


def test_whoever_may_send_one_letter_an_hour_sends_it(house: House) -> None:
    house.bench.person(JEAN, role=Role.AGENT)
    house.bench = replace(house.bench, desk=replace(house.bench.desk, alerts_per_hour=1))
    forge(house, JEAN)
    assert letters_to(house, ADMIN) == {"alert": 1}


def test_who_is_contact_and_owner_at_another_address_hears_as_the_owner_alone(house: House) -> None:
    house.bench.also_at(house.person(JEAN), BOSS)
    contacts_are(house, BOSS)
    failed_logins(house, JEAN)
    assert letters_to(house, JEAN, BOSS) == {"suspicious_login": 1}
    forge(house, JEAN)
    assert letters_to(house, JEAN, BOSS) == {"suspicious_login": 1, "sender_forged": 1}


def test_the_only_contact_has_no_digest_of_what_they_read_as_the_owner(house: House) -> None:
    house.person(BOSS)
    contacts_are(house, BOSS)
    forge(house, BOSS)
    forge(house, BOSS)
    assert letters_to(house, BOSS) == {"sender_forged": 1}
    house.later(hours=1)
    hourly(house.bench.desk)
    assert letters_to(house, BOSS)["alert"] == 0


def test_a_digest_that_was_late_keeps_the_next_one_back_for_no_hour(house: House) -> None:
    for victim in VICTIMS:
        house.bench.person(victim)
    forge(house, *VICTIMS)
    house.later(minutes=61)
    forge(house, *VICTIMS)
    house.later(minutes=1)
    assert hourly(house.bench.desk)
    house.later(minutes=58)
    assert hourly(house.bench.desk)
    assert letters_to(house, ADMIN) == {"alert": 4}


def test_whoever_is_contact_and_owner_gets_both_digests(house: House) -> None:
    forged = more_addresses(house, house.person(BOSS), 4)
    for victim in VICTIMS:
        house.bench.person(victim)
    contacts_are(house, BOSS)
    forge(house, *forged, *VICTIMS)
    house.later(minutes=1)
    later(house)
    assert letters_to(house, BOSS) == {"alert": 1, "suspicious_login": 1}


def test_with_the_fewest_places_a_flood_of_mail_leaves_one(house: House) -> None:
    for victim in VICTIMS:
        house.bench.person(victim)
    jean = house.person(JEAN)
    few = replace(house.bench.desk, alerts_per_hour=FEWEST_PLACES)
    house.bench = replace(house.bench, desk=few)
    for _ in range(3):
        forge(house, *VICTIMS)
        later(house)
        forge(house, *VICTIMS)
    refused_role(house, jean)
    assert told(house)["UNAUTHORIZED_ROLE_CHANGE"] == 1
