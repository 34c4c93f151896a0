"""Mails give up their UIDs to others, on each database."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from helpdesk.actions.intake import file_batch, inbox_state, mark_settled
from helpdesk.actions.leases import Lease
from helpdesk.actions.reused import known_mails, leave_uids
from helpdesk.core.people import Language
from helpdesk.errors import LeaseLost, StoreAway
from helpdesk.store.mails import Mails
from helpdesk.store.tables import alerts
from tests.actions.intakes import ADMIN, IntakeBench, a_mail, arrival, bench


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(each_url, tmp_path)
    made.person()
    yield made
    made.close()


def test_a_mail_that_gave_up_its_uid_leaves_room_for_another(desk: IntakeBench) -> None:
    first, kept = desk.file(a_mail("One"), a_mail("Two", message_id="<2@x>"))
    mark_settled(desk.desk, [kept.mail_id])
    assert known_mails(desk.desk, [first.mail_id])[first.uid].subject == "One"
    leave_uids(desk.desk, desk.source, [first.mail_id])
    assert inbox_state(desk.desk, desk.source, [first.uid]).new == [first.uid]
    third = arrival(a_mail("Three", message_id="<3@x>"), first.uid)
    file_batch(desk.desk, desk.source, [third])
    leave_uids(desk.desk, desk.source, [first.mail_id])  # its UID is given up already: nobody else loses it
    rows = {row["subject"]: row for row in desk.ledger()}
    assert [rows[name]["uid"] for name in ("One", "Three")] == [first.uid] * 2
    assert [rows[name]["uidvalidity"] for name in ("One", "Two", "Three")] == [-first.mail_id, 7, 7]
    assert rows["One"]["settled_at"] == desk.now
    assert [alert["kind"] for alert in desk.rows(alerts)] == ["uid_reused:main"]
    assert desk.letters().count(("alert", ADMIN)) == 1


def test_uids_that_are_given_anew_again_within_the_hour_are_counted_in_the_same_alarm(
    desk: IntakeBench,
) -> None:
    filed = desk.file(*(a_mail(str(number), message_id=f"<{number}@x>") for number in range(3)))
    leave_uids(desk.desk, desk.source, [filed[0].mail_id])
    leave_uids(desk.desk, desk.source, [one.mail_id for one in filed[1:]])
    assert desk.column(alerts, "kind", "count") == [("uid_reused:main", 3)]
    assert desk.letters().count(("alert", ADMIN)) == 1


@pytest.mark.parametrize("language", Language)
def test_a_desk_without_its_lease_changes_nothing(desk: IntakeBench, language: Language) -> None:
    (filed,) = desk.file(a_mail())
    other = Lease(desk.desk.database, "imap:main", "other", 30.0)
    assert other.keep()
    lost = replace(desk.source, lease=Lease(desk.desk.database, "imap:main", "us", 30.0))
    with pytest.raises(LeaseLost):
        leave_uids(replace(desk.desk, language=language), lost, [filed.mail_id])
    assert [row["uidvalidity"] for row in desk.ledger()] == [7]
    assert desk.rows(alerts) == []
    other.release()


def test_what_could_not_be_written_is_counted_once_it_is(
    desk: IntakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    (filed,) = desk.file(a_mail())
    with monkeypatch.context() as away:
        away.setattr(Mails, "leave_uids", Mock(side_effect=StoreAway("away")))
        with pytest.raises(StoreAway):
            leave_uids(desk.desk, desk.source, [filed.mail_id])
    leave_uids(desk.desk, desk.source, [filed.mail_id])
    assert desk.column(alerts, "kind", "count") == [("uid_reused:main", 1)]
