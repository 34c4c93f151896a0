"""Whoever should deal with a ticket hears once that it is overdue."""

from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from helpdesk.actions.overdue import remind_of_overdue
from helpdesk.core.jobs import JobPlan
from helpdesk.core.people import AddressState
from helpdesk.errors import LeaseLost
from helpdesk.store.tables import addresses, letters
from tests.actions.intakes import ADMIN as CONTACT
from tests.actions.intakes import NOW, a_mail
from tests.actions.staff import AGENT, MANAGER, Staffed
from tests.actions.turns import a_turn

SECOND = timedelta(seconds=1)


def opened(staffed: Staffed, count: int = 1) -> None:
    """Open tickets that are due now."""
    staffed.bench.file(*(a_mail(f"Subject {n}", message_id=f"<{n}@x>") for n in range(1, count + 1)))
    for number in range(1, count + 1):
        staffed.change(number, due_at=NOW)
    with staffed.bench.desk.database.engine.begin() as connection:
        connection.execute(letters.delete())


def remind(staffed: Staffed) -> str:
    return remind_of_overdue(staffed.bench.desk, JobPlan(), a_turn())


def told(staffed: Staffed) -> list[str]:
    return sorted(recipient for _kind, recipient in staffed.bench.letters())


@pytest.mark.parametrize(("at", "count"), [(NOW - SECOND, 0), (NOW, 1)], ids=["a second before", "due"])
def test_a_ticket_is_told_of_from_the_moment_it_is_due(staffed: Staffed, at: object, count: int) -> None:
    opened(staffed)
    staffed.bench.clock[0] = at  # type: ignore[call-overload]
    assert remind(staffed) == ("1 tickets told of" if count else "")
    assert len(told(staffed)) == count


def test_the_assignee_hears_of_it_once_for_each_date(staffed: Staffed) -> None:
    opened(staffed)
    staffed.change(1, assignee_id=staffed.id(AGENT), team_id=staffed.teams["Network"])
    remind(staffed)
    assert remind(staffed) == ""
    assert told(staffed) == [AGENT]
    staffed.change(1, due_at=NOW - SECOND)
    assert remind(staffed) == "1 tickets told of"
    assert told(staffed) == [AGENT, AGENT]


def test_where_nobody_has_it_the_managers_of_its_team_hear_of_it(staffed: Staffed) -> None:
    opened(staffed)
    staffed.change(1, team_id=staffed.teams["Network"])
    remind(staffed)
    assert told(staffed) == [MANAGER]


@pytest.mark.parametrize("team", ["Printers", None], ids=["a team without manager", "no team"])
def test_where_there_is_no_manager_the_contacts_hear_of_it(staffed: Staffed, team: str | None) -> None:
    opened(staffed)
    staffed.change(1, team_id=staffed.teams[team] if team else None)
    remind(staffed)
    assert told(staffed) == [CONTACT]


def test_whoever_cannot_be_written_to_is_passed_over(staffed: Staffed) -> None:
    opened(staffed)
    staffed.change(1, assignee_id=staffed.id(AGENT), team_id=staffed.teams["Network"])
    with staffed.bench.desk.database.engine.begin() as connection:
        blocked = addresses.update().where(addresses.c.address == AGENT)
        connection.execute(blocked.values(state=AddressState.BLOCKED.value))
    remind(staffed)
    assert told(staffed) == [MANAGER]


def test_what_is_one_persons_is_one_letter(staffed: Staffed) -> None:
    opened(staffed, 3)
    for number in (1, 2, 3):
        staffed.change(number, assignee_id=staffed.id(AGENT))
    remind(staffed)
    assert told(staffed) == [AGENT]
    (content,) = staffed.bench.column(letters, "content")
    body = message_from_bytes(content, policy=default).get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert all(f"n° {number}" in text and f"« Subject {number} »" in text for number in (1, 2, 3))


@pytest.mark.parametrize("change", ["resolved", "deleted", "merged"])
def test_what_needs_nobody_is_not_told_of(staffed: Staffed, change: str) -> None:
    opened(staffed, 2)
    staffed.change(2, due_at=NOW + SECOND)
    other = staffed.ticket(2)["id"]
    changes: dict[str, dict[str, object]] = {
        "resolved": {"status": "resolved"},
        "deleted": {"deleted_at": NOW},
        "merged": {"merged_into_id": other},
    }
    staffed.change(1, **changes[change])
    assert remind(staffed) == ""
    assert told(staffed) == []


def test_many_are_told_of_in_batches_and_a_stop_loses_none(
    staffed: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk.actions.overdue.BATCH", 2)
    opened(staffed, 5)
    with pytest.raises(LeaseLost):
        remind_of_overdue(staffed.bench.desk, JobPlan(), a_turn(going=lambda: False))
    assert len(told(staffed)) == 1
    assert remind(staffed) == "3 tickets told of"
