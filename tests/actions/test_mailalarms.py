"""What mails show that is suspicious: floods, strangers, other routes, forgeries; on record, told of, and bounded."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from helpdesk.actions.digest import hourly
from helpdesk.actions.intake import file_batch
from helpdesk.actions.places import PLACES
from helpdesk.core.lettercaps import LetterLimits
from helpdesk.core.people import AddressState, Language
from helpdesk.core.suspicion import Thresholds
from helpdesk.core.tickets import Fate
from helpdesk.store.tables import addresses, alerts, audit_logs, letters, people, tickets
from helpdesk.store.work import in_work
from tests.actions.intakes import ADMIN, JEAN, NOW, ZOE, IntakeBench, a_mail, bench, with_mail
from tests.core.makers import DKIM_PASS, DMARC_PASS, DOMAIN, SPF_PASS
from tests.servers.sqlite import Sqlite

MINUTE, HOUR, SECOND = timedelta(minutes=1), timedelta(hours=1), timedelta(seconds=1)
FORGED = ("dmarc=fail header.from=univ.example",)
STRANGER = "somebody@elsewhere.example"
STRANGERS = ("dmarc=pass header.from=elsewhere.example",)
LIMITS = Thresholds(unknown_mails=3, unknown_minutes=60, sender_mails=4, sender_minutes=10)


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    """A desk with Jean, on each engine in turn; few mails are a flood."""
    made = bench(each_url, tmp_path, thresholds=LIMITS)
    made.person()
    yield made
    made.close()


def proven(number: int, sender: str = JEAN, says: Sequence[str] = (DMARC_PASS, SPF_PASS)) -> bytes:
    return a_mail(f"Question {number}", sender=sender, message_id=f"<q{number}@x>", says=says)


def unknown(number: int) -> bytes:
    return a_mail(
        f"Offer {number}", sender=f"s{number}@elsewhere.example", message_id=f"<u{number}@x>", says=STRANGERS
    )


def forged(number: int = 0, sender: str = JEAN) -> bytes:
    return a_mail(f"Urgent {number}", sender=sender, message_id=f"<f{number}@x>", says=FORGED)


def rows_of(desk: IntakeBench, action: str) -> list[Any]:
    return [row for row in desk.rows(audit_logs) if row["action"] == action]


def kinds(desk: IntakeBench) -> Counter[tuple[str, str]]:
    """Return how many letters of which kind went to whom, confirmations left out."""
    return Counter(one for one in desk.letters() if one[0] != "ticket_opened")


def text_of(desk: IntakeBench, kind: str) -> str:
    """Return subject and text of the newest letter of a kind."""
    newest = [row for row in desk.rows(letters) if row["kind"] == kind][-1]
    message = message_from_bytes(newest["content"], policy=default)
    part = message.get_body(("plain",))
    assert part is not None
    return f"{message['Subject']}\n{part.get_content()}"


# Floods


@pytest.mark.parametrize(
    ("last_after", "flood"),
    [
        pytest.param(10 * MINUTE - SECOND, True, id="the fourth in the tenth minute"),
        pytest.param(10 * MINUTE, False, id="a second later"),
    ],
)
def test_a_flood_from_one_sender_is_on_record_and_told_of(
    desk: IntakeBench, last_after: timedelta, flood: bool
) -> None:
    for number in range(3):
        desk.file(proven(number))
    assert rows_of(desk, "SENDER_FLOOD") == []
    desk.later(last_after)
    desk.file(proven(3))
    assert len(rows_of(desk, "SENDER_FLOOD")) == flood
    assert kinds(desk) == ({("alert", ADMIN): 1} if flood else {})
    assert len(desk.rows(tickets)) == 4, "nothing is refused for it"
    if flood:
        (row,) = rows_of(desk, "SENDER_FLOOD")
        assert row["detail"] == {"count": 4, "minutes": 10}
        assert "4 messages de jean[at]univ[.]example en 10 minutes" in text_of(desk, "alert")


def test_a_flood_that_goes_on_is_one_row_and_one_letter(desk: IntakeBench) -> None:
    for number in range(12):
        desk.file(proven(number))
        desk.later(SECOND)
    assert len(rows_of(desk, "SENDER_FLOOD")) == 1
    assert kinds(desk) == {("alert", ADMIN): 1}


def test_several_senders_make_no_flood_of_one(desk: IntakeBench) -> None:
    desk.person(ZOE)
    desk.file(*(proven(number) for number in range(3)), *(proven(10 + number, ZOE) for number in range(3)))
    assert rows_of(desk, "SENDER_FLOOD") == []


def test_mails_that_come_again_make_no_flood(desk: IntakeBench) -> None:
    mails = [proven(number) for number in range(3)]
    desk.file(*mails)
    desk.source = replace(desk.source, uidvalidity=8)
    desk.file(*mails)
    assert rows_of(desk, "SENDER_FLOOD") == []


@pytest.mark.parametrize(
    ("last_after", "many"), [(HOUR - SECOND, True), (HOUR, False)], ids=["within the hour", "a second later"]
)
def test_many_mails_of_people_whom_nobody_registered(
    desk: IntakeBench, last_after: timedelta, many: bool
) -> None:
    desk.file(unknown(1), unknown(2))
    desk.later(last_after)
    desk.file(unknown(3))
    assert len(rows_of(desk, "MANY_UNKNOWN_SENDERS")) == many
    assert kinds(desk) == ({("alert", ADMIN): 1} if many else {})


def test_of_two_daemons_exactly_one_sees_the_threshold_passed(each_url: str, tmp_path: Path) -> None:
    desk = bench(each_url, tmp_path, thresholds=replace(LIMITS, unknown_mails=8))
    batches = [desk.arrivals(unknown(number)) for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda batch: file_batch(desk.desk, desk.source, batch), batches))
    assert len(rows_of(desk, "MANY_UNKNOWN_SENDERS")) == 1
    desk.close()


# Routes


SIGNED = f"{DKIM_PASS} header.s=s1"
BY_S1 = (DMARC_PASS, SIGNED)
BY_S2 = (DMARC_PASS, SIGNED.replace("=s1", "=s2"))


def test_a_route_is_remembered_at_first_sight_and_a_change_is_one_row(desk: IntakeBench) -> None:
    desk.file(proven(1, says=BY_S1))
    assert rows_of(desk, "ROUTE_CHANGED") == []
    assert desk.column(addresses, "route") == ["dkim=s1"]
    (filed, _) = desk.file(proven(2, says=BY_S2), proven(3, says=BY_S2))
    assert filed.fate is Fate.OPENED, "a change is no reason to refuse"
    (row,) = rows_of(desk, "ROUTE_CHANGED")
    assert (row["detail"]["before"], row["detail"]["after"]) == ("dkim=s1", "dkim=s2")
    assert desk.column(addresses, "route") == ["dkim=s2"]
    assert kinds(desk) == {}
    desk.later(HOUR)
    assert hourly(desk.desk)
    assert "message d’une adresse inscrite par un autre chemin (1)" in text_of(desk, "alert")


def test_a_mail_that_is_not_accepted_changes_no_route(desk: IntakeBench) -> None:
    desk.file(proven(1, says=BY_S1))
    desk.file(a_mail("Old", message_id="<old@x>", says=BY_S2, date=NOW - timedelta(days=30)))
    assert desk.column(addresses, "route") == ["dkim=s1"]
    assert rows_of(desk, "ROUTE_CHANGED") == []


# Forgeries


def test_the_owner_of_a_forged_address_hears_of_it_once_a_day(desk: IntakeBench) -> None:
    desk.clock[0] = datetime(2026, 11, 20, tzinfo=NOW.tzinfo)
    desk.file(forged(1), forged(2))
    desk.later(timedelta(days=1) - SECOND)
    desk.file(forged(3))
    assert kinds(desk)["sender_forged", JEAN] == 1
    desk.later(SECOND)
    desk.file(forged(4))
    assert kinds(desk)["sender_forged", JEAN] == 2


def test_what_the_owner_reads_repeats_nothing_of_the_forged_mail(desk: IntakeBench) -> None:
    desk.file(forged(1))
    (row,) = [one for one in desk.rows(letters) if one["kind"] == "sender_forged"]
    assert b"Urgent" not in row["content"]
    assert b"<f1@x>" not in row["content"]
    assert "pas moi" in text_of(desk, "sender_forged")


@pytest.mark.parametrize("state", [AddressState.PENDING, AddressState.SUSPENDED, AddressState.BLOCKED])
def test_nobody_is_told_at_an_address_that_is_not_verified(desk: IntakeBench, state: AddressState) -> None:
    desk.person(ZOE, state=state)
    desk.file(forged(1, ZOE))
    assert ("sender_forged", ZOE) not in kinds(desk)


@pytest.mark.parametrize(
    ("left", "told"), [(SECOND, 1), (timedelta(0), 0)], ids=["a second before its end", "at its end"]
)
def test_nobody_is_told_at_an_address_that_is_not_valid_any_more(
    desk: IntakeBench, left: timedelta, told: int
) -> None:
    with desk.desk.database.engine.begin() as connection:
        connection.execute(update(addresses).values(valid_until=desk.now + left))
    desk.file(forged(1))
    assert kinds(desk)["sender_forged", JEAN] == told


def test_nobody_is_told_whose_account_is_closed(desk: IntakeBench) -> None:
    desk.person(ZOE, active=False)
    desk.file(forged(1, ZOE))
    assert ("sender_forged", ZOE) not in kinds(desk)


def test_an_owner_who_is_a_contact_hears_as_the_owner_and_the_others_as_contacts(desk: IntakeBench) -> None:
    boss = f"boss@{DOMAIN}"
    desk.person(boss)
    both = replace(desk, desk=replace(desk.desk, alert_addresses=(boss, ADMIN)))
    both.file(forged(1, boss))
    assert kinds(both) == {("sender_forged", boss): 1, ("alert", ADMIN): 1}
    both.file(forged(2))
    assert kinds(both)["alert", boss] == 1, "about somebody else"


def test_a_flood_of_ten_thousand_forged_mails_is_five_letters_an_hour_at_most_to_anybody(
    sqlite: Sqlite, tmp_path: Path
) -> None:
    url = sqlite.fresh_database()
    boss = f"boss@{DOMAIN}"
    desk = bench(url, tmp_path, addresses=("desk@help.example",), alert_addresses=(ADMIN, boss))
    forger = desk.person(f"forger@{DOMAIN}").address
    owned = {victim: [victim] for victim in (f"learner{number}@{DOMAIN}" for number in range(20))}
    owned |= {boss: [boss, f"boss2@{DOMAIN}"], JEAN: [JEAN, *(f"jean{n}@{DOMAIN}" for n in range(9))]}
    for person, theirs in owned.items():
        desk.also_at(desk.person(person), *theirs[1:])
    claimed = [address for theirs in owned.values() for address in theirs]
    raws = [a_mail(sender=address, says=FORGED, extra=[f"Reply-To: {forger}"]) for address in claimed]
    samples = desk.arrivals(*raws)
    begun, uid = desk.now, 1000
    for _ in range(100):
        batch = []
        for _number in range(100):
            uid += 1
            one = replace(samples[uid % len(samples)], uid=uid)
            batch.append(with_mail(one, fingerprint=f"{uid:064x}"))
        assert {filed.fate for filed in file_batch(desk.desk, desk.source, batch)} == {Fate.HELD}
        hourly(desk.desk)
        desk.later(timedelta(seconds=72))  # two hours in all, which begin at a full one
    hourly(desk.desk)
    sent = [(row["recipient"], row["queued_at"]) for row in desk.rows(letters)]
    assert desk.now - begun == 2 * HOUR
    for theirs in (*owned.values(), [ADMIN]):
        times = sorted(at for to, at in sent if to in theirs)
        assert times, f"{theirs} never heard of it"
        assert all(sum(at - HOUR < other <= at for other in times) <= 5 for at in times)
    assert {to for to, _ in sent} <= {*claimed, ADMIN}, "none to the forger"
    assert len(rows_of(desk, "SENDER_FORGED")) == 10_000
    desk.desk.database.close()
    sqlite.drop_database(url)


# Budgets and the second way out


def test_alarms_go_out_before_letters_that_wait_and_no_cap_holds_them(desk: IntakeBench) -> None:
    tight = replace(desk, desk=replace(desk.desk, limits=LetterLimits(1, 1, 1, 1, 1)))
    tight.file(*(proven(number) for number in range(3)), forged(9))
    waiting = [row["next_at"] for row in desk.rows(letters) if row["kind"] == "ticket_opened"]
    alarms = [row["next_at"] for row in desk.rows(letters) if row["kind"] == "sender_forged"]
    assert max(alarms) < min(waiting)


def test_every_alert_is_a_row_even_where_no_letter_can_go(desk: IntakeBench) -> None:
    few = replace(desk, desk=replace(desk.desk, alerts_per_hour=1))
    few.person(ZOE)
    few.file(forged(1), forged(2, ZOE))
    told = Counter(few.column(alerts, "kind", "letters"))
    assert told == {("alert:spoof", 1): 1, ("alert:spoof", 0): 1, ("SENDER_FORGED", 1): 2}


def test_a_cause_that_comes_again_is_counted_in_its_row(desk: IntakeBench) -> None:
    desk.file(forged(1), forged(2))
    desk.file(forged(3))
    assert ("SENDER_FORGED", 3, 1) in desk.column(alerts, "kind", "count", "to_owner")


def test_the_owner_hears_the_rest_of_the_hour_in_one_letter(desk: IntakeBench) -> None:
    desk.file(forged(1), forged(2), forged(3))
    assert not any(kind == "suspicious_login" for kind, _ in desk.letters()), "the hour is not over"
    desk.later(HOUR)
    assert hourly(desk.desk)
    hourly(desk.desk)
    assert kinds(desk)["suspicious_login", JEAN] == 1
    text = text_of(desk, "suspicious_login")
    assert "Alertes de l’heure écoulée sur votre compte" in text
    assert "(2 fois)" in text


def test_forgeries_of_a_later_hour_are_in_the_digest_of_that_hour(desk: IntakeBench) -> None:
    desk.later(10 * MINUTE)
    desk.file(forged(1), forged(2))
    desk.later(50 * MINUTE)
    assert hourly(desk.desk)
    assert "(2 fois)" not in text_of(desk, "suspicious_login"), "a letter told of the first"
    desk.later(4 * HOUR)
    assert not hourly(desk.desk)
    desk.file(*(forged(number) for number in range(10, 60)))
    desk.later(HOUR)
    assert hourly(desk.desk)
    assert "(50 fois)" in text_of(desk, "suspicious_login")
    assert kinds(desk)["suspicious_login", JEAN] == 2
    assert kinds(desk)["sender_forged", JEAN] == 1
    desk.later(HOUR)
    assert not hourly(desk.desk), "it was told"


def test_a_letter_about_forgeries_that_found_no_room_comes_in_a_later_hour(desk: IntakeBench) -> None:
    (jean,) = desk.column(people, "id")
    in_work(desk.desk.database, lambda work: work.budgets.take({f"{PLACES}{jean}": 5}, 5, desk.now))
    desk.file(forged(1))
    assert kinds(desk)["sender_forged", JEAN] == 0
    desk.later(HOUR)
    desk.file(forged(2))
    assert kinds(desk)["sender_forged", JEAN] == 1


def test_letters_to_owners_end_at_their_own_budget_and_begin_again_within_the_hour(desk: IntakeBench) -> None:
    one = replace(desk, desk=replace(desk.desk, thresholds=replace(LIMITS, owner_letters_per_hour=1)))
    one.clock[0] = datetime(2026, 11, 20, 23, 30, tzinfo=NOW.tzinfo)
    one.file(forged(1))
    one.later(HOUR - SECOND)  # another day, the same sixty minutes
    one.file(forged(2))
    assert kinds(one)["sender_forged", JEAN] == 1
    one.later(SECOND + timedelta(days=1))
    one.file(forged(3))
    assert kinds(one)["sender_forged", JEAN] == 2


def test_english_owners_are_told_in_english(desk: IntakeBench) -> None:
    desk.person(ZOE, language=Language.EN)
    desk.file(forged(1, ZOE))
    assert "not me" in text_of(desk, "sender_forged")
