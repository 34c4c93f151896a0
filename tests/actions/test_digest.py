"""What is refused and was not told at once is told once an hour, together."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from helpdesk.actions.digest import hourly
from helpdesk.actions.places import GATE, PLACES
from helpdesk.core.lettercaps import LetterLimits
from helpdesk.store.tables import audit_logs, budgets
from helpdesk.store.work import in_work
from tests.actions.intakes import ADMIN, JEAN, IntakeBench, a_mail, bench

HOUR = timedelta(hours=1)
FORGED = ("dmarc=fail header.from=univ.example",)
UNPROVEN = ("dmarc=none header.from=univ.example",)


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(sqlite_url, tmp_path)
    made.person()
    yield made
    made.close()


def test_the_hour_after_a_refusal_has_one_digest_for_each_contact(desk: IntakeBench) -> None:
    desk.file(a_mail(says=UNPROVEN), a_mail(says=UNPROVEN, message_id="<2@x>"))
    assert desk.letters() == [], "the table says: digest"
    assert not hourly(desk.desk), "the hour is not over"
    desk.later(timedelta(hours=1))
    assert hourly(desk.desk)
    assert not hourly(desk.desk), "another daemon finds it queued"
    assert desk.letters() == [("alert", ADMIN)]


def test_an_hour_in_which_all_was_told_at_once_has_none(desk: IntakeBench) -> None:
    desk.file(a_mail(says=FORGED))
    assert desk.letters() == [("alert", ADMIN), ("sender_forged", JEAN)]
    desk.later(timedelta(hours=1))
    assert not hourly(desk.desk)


def test_an_hour_in_which_one_letter_told_of_several_mails_has_none(desk: IntakeBench) -> None:
    desk.file(*(a_mail(says=FORGED, message_id=f"<{number}@x>") for number in range(3)))
    desk.later(HOUR)
    hourly(desk.desk)
    assert desk.letters().count(("alert", ADMIN)) == 1, "the owner alone has a digest"


def test_what_came_again_after_its_letter_is_told(desk: IntakeBench) -> None:
    desk.file(a_mail(says=FORGED))
    desk.file(a_mail(says=FORGED, message_id="<2@x>"))
    desk.later(HOUR)
    assert hourly(desk.desk)
    assert desk.letters().count(("alert", ADMIN)) == 2


def test_a_letter_about_something_else_keeps_no_digest_back(desk: IntakeBench) -> None:
    one = replace(desk, desk=replace(desk.desk, limits=LetterLimits(100, 100, 100, 100, overall_hour=1)))
    one.file(a_mail(message_id="<1@x>"), a_mail("Autre", message_id="<2@x>"))
    assert one.letters().count(("alert", ADMIN)) == 1, "letters wait"
    one.file(a_mail(says=UNPROVEN, message_id="<3@x>"))
    one.later(HOUR)
    hourly(one.desk)
    assert one.letters().count(("alert", ADMIN)) == 2


@pytest.mark.parametrize(("hours", "told"), [(1, True), (24, True), (25, False)])
def test_what_no_daemon_told_within_its_hour_is_told_within_a_day(
    desk: IntakeBench, hours: int, told: bool
) -> None:
    desk.file(a_mail(says=UNPROVEN))
    desk.later(timedelta(hours=hours))
    assert hourly(desk.desk) is told


def test_a_digest_that_found_no_room_comes_with_the_next_one(desk: IntakeBench) -> None:
    full = {f"{PLACES}{ADMIN}": desk.desk.alerts_per_hour}
    desk.file(a_mail(says=UNPROVEN))
    desk.later(timedelta(hours=1))
    in_work(desk.desk.database, lambda work: work.budgets.take(full, desk.desk.alerts_per_hour, desk.now))
    assert not hourly(desk.desk)
    assert desk.letters() == []
    desk.later(timedelta(hours=1))
    assert hourly(desk.desk)
    assert desk.letters() == [("alert", ADMIN)]
    desk.later(timedelta(hours=1))
    assert not hourly(desk.desk), "it was told"


def test_a_refusal_in_the_hour_of_the_digest_before_is_told_too(desk: IntakeBench) -> None:
    for number in range(3):
        desk.file(a_mail(says=UNPROVEN, message_id=f"<{number}@x>"))
        desk.later(timedelta(hours=1))
        assert hourly(desk.desk)
    assert len(desk.letters()) == 3


def test_budgets_that_no_cap_looks_at_are_forgotten(desk: IntakeBench) -> None:
    desk.file(a_mail(says=UNPROVEN))
    desk.later(timedelta(days=2))
    hourly(desk.desk)
    assert desk.rows(budgets), "within two days"
    desk.later(timedelta(hours=2))
    hourly(desk.desk)
    assert desk.column(budgets, "scope") == [GATE[0]]


def test_an_address_in_the_display_name_that_is_not_the_senders_is_on_record(desk: IntakeBench) -> None:
    desk.file(a_mail(says=FORGED, sender=f'"admin@univ.example" <{JEAN}>'))
    assert desk.column(audit_logs, "detail")[-1]["display_name"] == "deceptive"
