"""Mail from an address is taken within its dates, and held before and after them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from helpdesk.actions.intake import file_batch
from helpdesk.core.people import AddressState
from helpdesk.store.work import in_work
from tests.actions.intakes import NOW, IntakeBench, a_mail, arrival, bench

TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
SPF_ONLY = "spf=pass smtp.mailfrom=univ.example"


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(each_url, tmp_path)
    yield made
    made.close()


def file(desk: IntakeBench, uid: int, raw: bytes, reached_at: datetime | None = None) -> str:
    """File one mail that our border took at a time, None where that is not known; return its fate."""
    (filed,) = file_batch(desk.desk, desk.source, [replace(arrival(raw, uid), reached_at=reached_at)])
    assert filed.fate
    return filed.fate.value


def dated(desk: IntakeBench, begins: datetime | None, ends: datetime | None) -> None:
    known = desk.person()
    dates = {"valid_from": begins, "valid_until": ends}
    in_work(
        desk.desk.database, lambda work: work.people.change_address(known.id, AddressState.VERIFIED, **dates)
    )


@pytest.mark.parametrize(
    ("begins", "ends", "fate", "reason"),
    [
        pytest.param(NOW, None, "opened", "", id="its first moment"),
        pytest.param(NOW + TICK, None, "held", "pass: the address is not valid yet", id="a tick too early"),
        pytest.param(None, NOW + TICK, "opened", "", id="its last moment"),
        pytest.param(None, NOW, "held", "pass: the address is not valid any more", id="a tick too late"),
    ],
)
def test_mail_is_taken_within_the_dates_of_its_address_only(
    desk: IntakeBench, begins: datetime | None, ends: datetime | None, fate: str, reason: str
) -> None:
    dated(desk, begins, ends)
    assert file(desk, 1, a_mail()) == fate
    assert desk.ledger()[0]["reason"] == reason
    assert [kind for kind, _ in desk.letters()] == ([] if reason else ["ticket_opened"])


@pytest.mark.parametrize(
    ("ends", "asked"),
    [
        pytest.param(NOW + TICK, True, id="within its dates"),
        pytest.param(NOW, False, id="after its last day"),
    ],
)
def test_the_owner_of_a_weak_mail_is_asked_within_the_dates_only(
    desk: IntakeBench, ends: datetime, asked: bool
) -> None:
    dated(desk, None, ends)
    assert file(desk, 1, a_mail(says=[SPF_ONLY])) == "held"
    assert [kind for kind, _ in desk.letters()] == (["confirm_sender"] if asked else [])


def test_mail_that_waited_for_us_counts_from_when_our_border_took_it(desk: IntakeBench) -> None:
    dated(desk, None, NOW - HOUR)
    assert file(desk, 1, a_mail(), NOW - HOUR) == "held"
    assert file(desk, 2, a_mail(message_id="<2@univ.example>"), NOW - HOUR - TICK) == "opened"
