"""Who is told of refused mail: the contacts once for each cause and hour, the owners asked now and then."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import event

from helpdesk.actions.intake import file_batch
from helpdesk.actions.places import PLACES
from helpdesk.core.alertwords import why
from helpdesk.core.lettercaps import LetterLimits
from helpdesk.core.people import AddressState, Language
from helpdesk.core.verdicts import Verdict
from helpdesk.store.tables import alerts as alerts_table
from helpdesk.store.tables import breakers, budgets, letters, mails, tickets
from helpdesk.store.work import Work
from tests.actions.intakes import ADMIN, JEAN, NOW, ZOE, IntakeBench, a_mail, arrival, bench, with_mail
from tests.core.makers import DMARC_NONE, DOMAIN, SPF_PASS
from tests.servers.mariadb import MariaDb

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FORGED = ("dmarc=fail header.from=univ.example",)
WEAK = (DMARC_NONE, SPF_PASS)
SECOND_ADMIN = "second@help.example"


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(sqlite_url, tmp_path)
    made.person()
    yield made
    made.close()


def forged(sender: str = JEAN) -> bytes:
    return a_mail("Urgent http://evil.example/x", sender=sender, says=FORGED)


def bomb() -> bytes:
    return a_mail(extra=[f"X-{number}: x" for number in range(600)])


def alerts(desk: IntakeBench) -> int:
    return sum(kind == "alert" for kind, _recipient in desk.letters())


def questions(desk: IntakeBench) -> list[str]:
    return [recipient for kind, recipient in desk.letters() if kind == "confirm_sender"]


def shown(desk: IntakeBench) -> str:
    """Return the text of the newest alert to the contacts."""
    newest = [row for row in desk.rows(letters) if row["kind"] == "alert"][-1]
    part = message_from_bytes(newest["content"], policy=default).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def to_contacts(desk: IntakeBench) -> list[tuple[str, str]]:
    return [one for one in desk.letters() if one[0] == "alert"]


def test_an_alert_says_what_how_often_and_why_with_nothing_live_in_it(desk: IntakeBench) -> None:
    desk.file(forged(), forged(), forged())
    assert alerts(desk) == 1
    text = shown(desk)
    assert "expéditeur falsifié" in text
    assert "Combien de fois\u00a0: 3 (depuis le 20 novembre 2026 à 10\u00a0h\u00a000)" in text
    assert "Adresse\u00a0: jean[at]univ[.]example" in text
    assert "le domaine de l’adresse dit que le message ne vient pas de lui" in text
    assert "(en anglais)\u00a0: spoof: dmarc=fail for univ[.]example" in text
    assert "Urgent" not in text, "nothing that a stranger wrote"
    assert "evil" not in text
    assert JEAN not in text


def test_an_alert_in_english_is_all_in_english(desk: IntakeBench) -> None:
    english = replace(desk, desk=replace(desk.desk, language=Language.EN))
    english.file(forged())
    text = shown(english)
    assert "How often: 1 (since 20 November 2026 at 10:00)" in text
    assert "Reason: the domain of the address says that the mail is not from there" in text


def subjects(desk: IntakeBench) -> list[str]:
    """Return the subjects of the alerts, oldest first."""
    found = [row["content"] for row in desk.rows(letters) if row["kind"] == "alert"]
    return [str(message_from_bytes(content, policy=default)["Subject"]) for content in found]


def test_what_is_told_again_within_the_hour_is_counted(desk: IntakeBench) -> None:
    desk.file(forged(), forged())
    desk.file(forged())
    assert dict(desk.column(alerts_table, "kind", "count"))["alert:spoof"] == 3


def test_alerts_of_a_day_are_numbered(desk: IntakeBench) -> None:
    desk.person(ZOE)
    desk.file(forged(), forged(ZOE))
    desk.later(HOUR)
    desk.file(forged())
    desk.clock[0] = NOW.replace(hour=23)  # midnight in Paris
    desk.file(forged())
    numbers = [subject.rpartition("\u00a0")[2] for subject in subjects(desk)]
    assert sorted(numbers[:2]) == ["1)", "2)"]
    assert numbers[2:] == ["3)", "1)"]


def test_an_alert_counts_what_came_since_the_one_before_about_that_address(desk: IntakeBench) -> None:
    desk.person(ZOE)
    desk.file(forged(), forged())
    assert "fois\u00a0: 2 (" in shown(desk)
    desk.file(forged(), forged(), forged(ZOE))
    assert "fois\u00a0: 1 (" in shown(desk), "about Zoé"
    desk.later(HOUR)
    desk.file(forged())
    text = shown(desk)
    assert "fois\u00a0: 3 (depuis le 20 novembre 2026 à 10\u00a0h\u00a000)" in text
    desk.later(HOUR)
    desk.file(forged())
    assert "fois\u00a0: 1 (depuis le 20 novembre 2026 à 12\u00a0h\u00a000)" in shown(desk)


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("language", Language)
def test_every_verdict_has_its_reason_in_every_language(verdict: Verdict, language: Language) -> None:
    assert why(verdict, language) != why(verdict, next(one for one in Language if one is not language))


def test_one_cause_is_told_once_an_hour(desk: IntakeBench) -> None:
    desk.file(forged())
    desk.later(HOUR - timedelta(seconds=1))
    desk.file(forged())
    assert alerts(desk) == 1
    desk.later(timedelta(seconds=1))
    desk.file(forged())
    assert alerts(desk) == 2


def test_each_address_that_is_claimed_is_told_of(desk: IntakeBench) -> None:
    desk.person(ZOE)
    desk.file(forged(), forged(ZOE))
    assert alerts(desk) == 2


def test_a_cause_without_a_victim_is_told_once_whoever_is_claimed(desk: IntakeBench) -> None:
    desk.person(ZOE)
    hop = ["mx.attack.example"]
    desk.file(a_mail(hops=hop), a_mail(hops=hop, sender=ZOE))
    assert alerts(desk) == 1


@pytest.mark.parametrize(("limit", "told"), [(5, 2), (6, 3)], ids=["five an hour", "six an hour"])
def test_a_flood_of_causes_leaves_three_places_of_the_hour_and_begins_again(
    desk: IntakeBench, limit: int, told: int
) -> None:
    desk = replace(desk, desk=replace(desk.desk, alerts_per_hour=limit))
    victims = [f"learner{number}@{DOMAIN}" for number in range(8)]
    for victim in victims:
        desk.person(victim)
    desk.file(forged(victims[0]))
    desk.file(*(forged(victim) for victim in victims))
    assert alerts(desk) == told
    spent = dict(desk.column(budgets, "scope", "used"))
    assert spent[f"{PLACES}{ADMIN}"] == spent[f"{PLACES}{ADMIN}:mail"] == told, (
        "what was not told is not counted"
    )
    desk.later(HOUR)
    desk.file(forged(victims[7]))
    assert alerts(desk) == told + 1


def test_two_daemons_that_tell_at_once_stay_within_the_hours_budget(mariadb: MariaDb, tmp_path: Path) -> None:
    url = mariadb.fresh_database()
    made = bench(url, tmp_path)
    victims = [f"learner{number}@{DOMAIN}" for number in range(3)]
    for victim in victims:
        made.person(victim)
    window = (f"{PLACES}{ADMIN}", NOW)
    about_to_spend = Event()

    def note(_c: object, _cursor: object, statement: str, values: object, *_rest: object) -> None:
        if statement.startswith("INSERT INTO budgets") and PLACES in str(values):
            about_to_spend.set()

    with ThreadPoolExecutor(1) as rival, Work(made.desk.database) as work:
        work.budgets.spend({window: 4})
        event.listen(made.desk.database.engine, "before_cursor_execute", note)
        filed = rival.submit(made.file, *map(forged, victims))
        about_to_spend.wait(5.0)
        work.commit()
        filed.result()
    assert alerts(made) == 1
    with Work(made.desk.database, read_only=True) as work:
        assert work.budgets.used([window]) == {window: 5}
    made.desk.database.close()
    mariadb.drop_database(url)


def test_every_contact_gets_the_alert_and_the_budget_counts_it_once(desk: IntakeBench) -> None:
    both = replace(desk, desk=replace(desk.desk, alert_addresses=(ADMIN, SECOND_ADMIN), alerts_per_hour=1))
    both.person(ZOE)
    both.file(forged(), forged(ZOE))
    assert to_contacts(both) == [("alert", ADMIN), ("alert", SECOND_ADMIN)]


def test_a_new_contact_hears_of_a_cause_that_the_others_know(desk: IntakeBench) -> None:
    desk.file(forged())
    more = replace(desk, desk=replace(desk.desk, alert_addresses=(ADMIN, SECOND_ADMIN)))
    more.file(forged())
    assert to_contacts(more) == [("alert", ADMIN), ("alert", SECOND_ADMIN)]


def test_without_contacts_nobody_is_told(desk: IntakeBench) -> None:
    alone = replace(desk, desk=replace(desk.desk, alert_addresses=()))
    alone.file(forged())
    assert to_contacts(alone) == []


@pytest.mark.parametrize(("count", "told"), [(5, 0), (6, 1)], ids=["five an hour", "six an hour"])
def test_bombs_are_told_of_when_they_are_many(desk: IntakeBench, count: int, told: int) -> None:
    for _ in range(count):
        desk.file(bomb())
    assert alerts(desk) == told


def test_bombs_of_another_hour_do_not_count(desk: IntakeBench) -> None:
    desk.file(*[bomb()] * 5)
    desk.later(HOUR)
    desk.file(*[bomb()] * 5)
    assert alerts(desk) == 0


def test_a_mail_of_somebody_known_that_could_not_be_filed_is_told_at_once(desk: IntakeBench) -> None:
    (one,) = desk.arrivals(a_mail())
    file_batch(desk.desk, desk.source, [with_mail(one, subject="\0")])
    assert alerts(desk) == 1
    assert "could not be filed" in shown(desk)


NO_RESULTS = a_mail(above=[])
TEMPORARY = a_mail(says=["dmarc=temperror"])


@pytest.mark.parametrize(
    ("raw", "waited", "told"),
    [
        pytest.param(NO_RESULTS, 15 * MINUTE - timedelta(seconds=1), 0, id="no verdict, under 15 minutes"),
        pytest.param(NO_RESULTS, 15 * MINUTE, 1, id="no verdict, 15 minutes"),
        pytest.param(TEMPORARY, 15 * MINUTE, 0, id="temporary, 15 minutes"),
        pytest.param(TEMPORARY, 4 * HOUR - timedelta(seconds=1), 0, id="temporary, under 4 hours"),
        pytest.param(TEMPORARY, 4 * HOUR, 1, id="temporary, 4 hours"),
        pytest.param(TEMPORARY, 48 * HOUR, 1, id="temporary, held at last"),
    ],
)
def test_a_deferred_mail_is_told_of_when_it_waits_too_long(
    desk: IntakeBench, raw: bytes, waited: timedelta, told: int
) -> None:
    desk.file(raw)
    assert alerts(desk) == 0
    desk.later(waited)
    file_batch(desk.desk, desk.source, [arrival(raw, 101)])
    assert alerts(desk) == told


def weak(number: int = 1, sender: str = JEAN) -> bytes:
    return a_mail(str(number), sender=sender, message_id=f"<{number}@x>", says=WEAK)


def test_the_owner_of_weakly_proven_mail_is_asked_about_the_first_one(desk: IntakeBench) -> None:
    desk.file(weak(1), weak(2))
    assert questions(desk) == [JEAN]
    (letter,) = desk.rows(letters)
    first = desk.rows(mails)[0]
    assert (letter["mail_id"], letter["person_id"]) == (first["id"], first["person_id"])
    assert b"<1@x>" not in letter["content"], "a forger must not write to the owner through us"


def test_an_owner_is_asked_once_an_hour(desk: IntakeBench) -> None:
    desk.file(weak(1))
    desk.later(HOUR - timedelta(seconds=1))
    desk.file(weak(2))
    assert len(questions(desk)) == 1
    desk.later(timedelta(seconds=1))
    desk.file(weak(3))
    assert len(questions(desk)) == 2


@pytest.mark.parametrize("begin", [0, 9], ids=["from midnight on", "from nine on"])
def test_an_owner_is_asked_five_times_a_day(desk: IntakeBench, begin: int) -> None:
    desk.clock[0] = NOW.replace(hour=begin)
    for number in range(24 - begin):
        desk.file(weak(number))
        desk.later(HOUR)
    assert len(questions(desk)) == 5
    desk.file(weak(99))
    assert len(questions(desk)) == 6, "the next day"


def test_a_mail_that_is_not_asked_about_takes_nothing_of_the_day(desk: IntakeBench) -> None:
    for number in range(5):
        desk.file(weak(number))
        desk.file(weak(100 + number))
        desk.later(HOUR)
    assert len(questions(desk)) == 5


def test_each_owner_has_a_budget_of_his_own(desk: IntakeBench) -> None:
    desk.person(ZOE)
    desk.file(weak(1), weak(2, ZOE))
    desk.file(weak(3), weak(4, ZOE))
    assert sorted(questions(desk)) == [JEAN, ZOE]


@pytest.mark.parametrize("state", [AddressState.PENDING, AddressState.SUSPENDED, AddressState.BLOCKED])
def test_nobody_is_asked_at_an_address_that_is_not_verified(desk: IntakeBench, state: AddressState) -> None:
    desk.person(ZOE, state=state)
    desk.file(weak(1, ZOE))
    assert questions(desk) == []


def proven(count: int, first: int = 0) -> list[bytes]:
    return [
        a_mail(f"Question {number}", message_id=f"<q{number}@x>") for number in range(first, first + count)
    ]


def limited(desk: IntakeBench, limits: LetterLimits) -> IntakeBench:
    return replace(desk, desk=replace(desk.desk, limits=limits))


def test_the_cap_on_all_letters_is_told_of_once_and_no_ticket_is_lost(desk: IntakeBench) -> None:
    tight = limited(desk, LetterLimits(100, 100, 100, 100, overall_hour=3))
    tight.file(*proven(3))
    assert alerts(tight) == 0
    tight.file(*proven(2, first=3))
    tight.file(*proven(2, first=5))
    assert alerts(tight) == 1
    text = " ".join(shown(tight).split())
    assert "les suivantes attendent jusqu’au 20 novembre 2026 à 11 h 00" in text
    assert "3 letters an hour: later ones wait" in text
    assert len(tight.rows(tickets)) == 7
    assert sum(kind == "ticket_opened" for kind, _ in tight.letters()) == 7


def test_the_cap_of_one_person_is_no_affair_of_the_contacts(desk: IntakeBench) -> None:
    tight = limited(desk, LetterLimits(per_address_hour=2))
    tight.file(*proven(5))
    assert tight.column(breakers, "scope") == [f"hour:address:{JEAN}"]
    assert alerts(tight) == 0
