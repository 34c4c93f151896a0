"""What is refused and was not told at once is told once an hour, together."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from helpdesk.actions.digest import hourly
from helpdesk.store.tables import audit_logs, budgets
from tests.actions.intakes import ADMIN, JEAN, IntakeBench, a_mail, bench
from tests.servers.sqlite import Sqlite

UNPROVEN = ("dmarc=none header.from=univ.example",)


@pytest.fixture
def desk(sqlite: Sqlite, tmp_path: Path) -> Iterator[IntakeBench]:
    url = sqlite.fresh_database()
    made = bench(url, tmp_path)
    made.person()
    yield made
    made.desk.database.close()
    sqlite.drop_database(url)


def test_the_hour_after_a_refusal_has_one_digest_for_each_contact(desk: IntakeBench) -> None:
    desk.file(a_mail(says=UNPROVEN), a_mail(says=UNPROVEN, message_id="<2@x>"))
    assert desk.letters() == [], "the table says: digest"
    assert not hourly(desk.desk), "the hour is not over"
    desk.later(timedelta(hours=1))
    assert hourly(desk.desk)
    assert not hourly(desk.desk), "another daemon finds it queued"
    assert desk.letters() == [("alert", ADMIN)]


def test_an_hour_in_which_all_was_told_at_once_has_none(desk: IntakeBench) -> None:
    desk.file(a_mail(says=("dmarc=fail header.from=univ.example",)))
    assert desk.letters() == [("alert", ADMIN), ("sender_forged", JEAN)]
    desk.later(timedelta(hours=1))
    assert not hourly(desk.desk)


def test_budgets_that_no_cap_looks_at_are_forgotten(desk: IntakeBench) -> None:
    desk.file(a_mail(says=UNPROVEN))
    desk.later(timedelta(days=2))
    hourly(desk.desk)
    assert desk.rows(budgets), "within two days"
    desk.later(timedelta(hours=2))
    hourly(desk.desk)
    assert desk.rows(budgets) == []


def test_an_address_in_the_display_name_that_is_not_the_senders_is_on_record(desk: IntakeBench) -> None:
    forged = ("dmarc=fail header.from=univ.example",)
    desk.file(a_mail(says=forged, sender=f'"admin@univ.example" <{JEAN}>'))
    assert desk.column(audit_logs, "detail")[-1]["display_name"] == "deceptive"
