"""Canned answers: plain text in the requester's language, for staff alone."""

import pytest

from helpdesk.actions.canned import canned_answers, canned_text, delete_canned, set_canned
from helpdesk.core.people import Language
from helpdesk.errors import NotAllowed, Refused
from tests.actions.intakes import JEAN, a_mail
from tests.actions.staff import ADMIN, AGENT, STRANGER, Staffed

FR, EN = Language.FR, Language.EN


@pytest.fixture
def desk(staffed: Staffed) -> Staffed:
    """Jean's ticket 1, of the network team, and an answer."""
    staffed.bench.file(a_mail())
    staffed.change(1, team_id=staffed.teams["Network"])
    set_canned(staffed.bench.desk, staffed.actor(AGENT), "Réseau", FR, "Bonjour {{ name }} %s {0}\n")
    return staffed


def test_an_answer_is_sent_as_it_stands_in_the_requesters_language(desk: Staffed) -> None:
    set_canned(desk.bench.desk, desk.actor(AGENT), "reseau", EN, "Hello.")
    text = canned_text(desk.bench.desk, desk.actor(AGENT), 1, "Réseau")
    assert text == "Bonjour {{ name }} %s {0}\n"
    found = canned_answers(desk.bench.desk, desk.actor(ADMIN))
    assert [(one.name, one.language) for one in found] == [("reseau", EN), ("reseau", FR)]
    assert ("CANNED_ANSWER_SET", "SUCCESS", {"name": "reseau", "language": "en"}) in desk.audited()


def test_it_is_written_over_and_deleted_in_one_language_or_in_all(desk: Staffed) -> None:
    agent = desk.actor(AGENT)
    set_canned(desk.bench.desk, agent, "reseau", FR, "Autre.")
    set_canned(desk.bench.desk, agent, "reseau", EN, "Other.")
    assert canned_text(desk.bench.desk, agent, 1, "reseau") == "Autre."
    assert delete_canned(desk.bench.desk, agent, "reseau", FR) == 1
    with pytest.raises(Refused, match="reads fr, and reseau is there in en only"):
        canned_text(desk.bench.desk, agent, 1, "reseau")
    assert delete_canned(desk.bench.desk, agent, "reseau", None) == 1
    with pytest.raises(Refused, match="no canned answer reseau"):
        delete_canned(desk.bench.desk, agent, "reseau", None)
    with pytest.raises(Refused, match="no canned answer reseau"):
        canned_text(desk.bench.desk, agent, 1, "reseau")
    assert canned_answers(desk.bench.desk, agent) == []


def test_a_learner_has_nothing_to_do_with_them(desk: Staffed) -> None:
    jean = desk.actor(JEAN)
    for work in (
        lambda: canned_answers(desk.bench.desk, jean),
        lambda: canned_text(desk.bench.desk, jean, 1, "reseau"),
        lambda: set_canned(desk.bench.desk, jean, "reseau", FR, "x"),
        lambda: delete_canned(desk.bench.desk, jean, "reseau", None),
    ):
        with pytest.raises(NotAllowed):
            work()
        assert desk.audited()[-1][:2] == ("UNAUTHORIZED_ACCESS", "DENIED")


def test_no_language_of_a_ticket_is_told_to_who_does_not_see_it(desk: Staffed) -> None:
    with pytest.raises(Refused, match="there is no ticket 1"):
        canned_text(desk.bench.desk, desk.actor(STRANGER), 1, "reseau")


@pytest.mark.parametrize(
    ("name", "text"), [("a/b", "x"), ("", "x"), ("x", "  ")], ids=["a path", "none", "empty"]
)
def test_what_cannot_be_kept_is_refused(desk: Staffed, name: str, text: str) -> None:
    with pytest.raises(Refused):
        set_canned(desk.bench.desk, desk.actor(AGENT), name, FR, text)
