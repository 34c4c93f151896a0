"""A ticket that is opened at the keyboard: for whom, by whom, who sees it then, who is told."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from helpdesk.actions.newticket import open_ticket
from helpdesk.core.lettercaps import LetterLimits
from helpdesk.core.people import AddressState, Language, Person, Role
from helpdesk.core.permissions import Actor
from helpdesk.core.tickets import Urgency
from helpdesk.errors import NotAllowed, Refused
from helpdesk.store.tables import addresses, breakers, letters, people, posts, tickets
from tests.actions.intakes import JEAN, ZOE, a_mail
from tests.actions.staff import ADMIN, AGENT, MANAGER, STRANGER, Staffed


def opened(desk: Staffed, by: str, **given: Any) -> int:
    subject, text = given.pop("subject", "Mon écran"), given.pop("text", "Il est noir.")
    return open_ticket(desk.bench.desk, desk.actor(by), subject, text, **given)


def test_a_learner_opens_a_ticket_and_gets_its_number(staffed: Staffed) -> None:
    assert opened(staffed, JEAN, subject=" Mon\n écran ") == 1
    row, (post,) = staffed.ticket(1), staffed.bench.rows(posts)
    assert (row["subject"], row["status"], row["urgency"]) == ("Mon écran", "waiting", "normal")
    assert row["requester_id"] == post["author_id"] == staffed.id(JEAN)
    assert (row["team_id"], row["assignee_id"], post["internal"]) == (None, None, False)
    assert staffed.bench.letters() == [("ticket_opened", JEAN)]
    assert staffed.history(1) == [("opened", "", "jean")]
    detail = {"ticket": 1, "requester": staffed.id(JEAN)}
    assert staffed.audited()[-1] == ("TICKET_OPENED", "SUCCESS", detail)


def test_what_an_agent_writes_for_a_learner_bears_the_agents_name(staffed: Staffed) -> None:
    opened(staffed, AGENT, address=JEAN, urgency=Urgency.HIGH)
    row, (post,) = staffed.ticket(1), staffed.bench.rows(posts)
    assert (row["requester_id"], post["author_id"]) == (staffed.id(JEAN), staffed.id(AGENT))
    assert (row["team_id"], row["urgency"]) == (staffed.teams["Network"], "high")
    assert staffed.bench.letters() == [("ticket_opened", JEAN)]


def test_an_answer_to_the_confirmation_joins_the_ticket(staffed: Staffed) -> None:
    opened(staffed, AGENT, address=JEAN)
    (letter,) = staffed.bench.rows(letters)
    (filed,) = staffed.bench.file(a_mail(extra=[f"In-Reply-To: {letter['message_id']}"]))
    assert (filed.fate, filed.ticket_number) == ("appended", 1)


@pytest.mark.parametrize(
    ("by", "given", "error"),
    [
        pytest.param(JEAN, {"address": ZOE}, NotAllowed, id="a learner for another"),
        pytest.param(JEAN, {"address": "x@nowhere.example"}, NotAllowed, id="who does not learn of others"),
        pytest.param(JEAN, {"urgency": Urgency.CRITICAL}, NotAllowed, id="a learner, urgently"),
        pytest.param(JEAN, {"team": "Network"}, NotAllowed, id="a learner, to a team"),
        pytest.param(
            AGENT, {"address": JEAN, "team": "Printers"}, NotAllowed, id="an agent, to another team"
        ),
        pytest.param(MANAGER, {"address": JEAN, "team": "Printers"}, NotAllowed, id="a manager too"),
        pytest.param(AGENT, {"address": "x@nowhere.example"}, Refused, id="for nobody"),
        pytest.param(AGENT, {"subject": "  "}, Refused, id="without a subject"),
        pytest.param(AGENT, {"subject": "x" * 501}, Refused, id="with a book for a subject"),
        pytest.param(AGENT, {"text": " \n"}, Refused, id="without a text"),
        pytest.param(AGENT, {"address": JEAN, "team": "?"}, Refused, id="for a team that is not there"),
    ],
)
def test_what_may_not_be_opened_is_not(
    staffed: Staffed, by: str, given: dict[str, Any], error: type[Refused]
) -> None:
    with pytest.raises(error):
        opened(staffed, by, **given)
    assert staffed.bench.rows(tickets) == []
    if error is NotAllowed:
        assert staffed.audited()[-1][:2] == ("UNAUTHORIZED_ACCESS", "DENIED")


@pytest.mark.parametrize("address", [ZOE, "x@nowhere.example"])
def test_a_learner_is_told_to_open_for_themselves(staffed: Staffed, address: str) -> None:
    with pytest.raises(NotAllowed, match="you may open tickets for yourself only"):
        opened(staffed, JEAN, address=address)


@pytest.mark.parametrize(
    ("by", "team", "expected"),
    [
        pytest.param(ADMIN, "Printers", "Printers", id="an admin, to any team"),
        pytest.param(MANAGER, "network", "Network", id="a manager, to their own"),
        pytest.param(STRANGER, "", "Printers", id="an agent without a word"),
        pytest.param(ADMIN, "", None, id="an admin without a word"),
    ],
)
def test_it_goes_to_a_team_where_its_opener_sees_it(
    staffed: Staffed, by: str, team: str, expected: str | None
) -> None:
    opened(staffed, by, address=JEAN, team=team)
    assert staffed.ticket(1)["team_id"] == (staffed.teams[expected] if expected else None)


def test_a_ticket_for_somebody_without_a_verified_address_opens_without_a_letter(staffed: Staffed) -> None:
    with staffed.bench.desk.database.engine.begin() as connection:
        mine = addresses.c.person_id == staffed.id(JEAN)
        connection.execute(update(addresses).where(mine).values(state=AddressState.PENDING.value))
    assert opened(staffed, AGENT, address=JEAN) == 1
    assert staffed.bench.letters() == []


def test_nothing_is_opened_for_a_closed_account(staffed: Staffed) -> None:
    with staffed.bench.desk.database.engine.begin() as connection:
        connection.execute(update(people).where(people.c.id == staffed.id(JEAN)).values(active=False))
    with pytest.raises(Refused, match="is closed"):
        opened(staffed, AGENT, address=JEAN)


def test_confirmations_count_against_the_caps(staffed: Staffed) -> None:
    one = LetterLimits(1, 1, 1, 1, 1)
    staffed.bench.desk = replace(staffed.bench.desk, limits=one)
    opened(staffed, JEAN)
    opened(staffed, JEAN, subject="Autre chose")
    first, second = staffed.bench.rows(letters)[:2]
    assert first["next_at"] < second["next_at"]
    assert staffed.bench.rows(breakers) != []


def test_at_the_console_one_says_for_whom(staffed: Staffed) -> None:
    console = Actor(Person(0, "console", Role.ADMIN, Language.FR))
    with pytest.raises(Refused, match="say for whom"):
        open_ticket(staffed.bench.desk, console, "x", "y")
    assert open_ticket(staffed.bench.desk, console, "x", "y", address=JEAN) == 1
