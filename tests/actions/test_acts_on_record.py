"""Small acts of staff are on record: by whom, about what, and without the text."""

from collections.abc import Callable

import pytest

from helpdesk.actions.canned import delete_canned, set_canned
from helpdesk.actions.marks import tag_ticket, untag_ticket
from helpdesk.actions.ticketwork import add_note
from helpdesk.core.people import Language
from helpdesk.core.permissions import Actor
from helpdesk.store.tables import audit_logs
from tests.actions.intakes import a_mail
from tests.actions.staff import AGENT, Staffed

FR = Language.FR
SAID = "Il râle."
Do = Callable[[Staffed, Actor], object]


@pytest.mark.parametrize(
    ("do", "action", "detail"),
    [
        pytest.param(
            lambda desk, agent: add_note(desk.bench.desk, agent, 1, SAID),
            "NOTE_ADDED", {"ticket": 1}, id="a note",
        ),
        pytest.param(
            lambda desk, agent: tag_ticket(desk.bench.desk, agent, 1, ["salle-4"]),
            "TICKET_TAGGED", {"ticket": 1, "before": "", "after": "salle-4"}, id="a tag",
        ),
        pytest.param(
            lambda desk, agent: untag_ticket(desk.bench.desk, agent, 1, ["pc"]),
            "TICKET_TAGGED", {"ticket": 1, "before": "pc", "after": ""}, id="a tag less",
        ),
        pytest.param(
            lambda desk, agent: set_canned(desk.bench.desk, agent, "Réseau", FR, SAID),
            "CANNED_ANSWER_SET", {"name": "reseau", "language": "fr"}, id="a canned answer",
        ),
        pytest.param(
            lambda desk, agent: delete_canned(desk.bench.desk, agent, "Ancien", FR),
            "CANNED_ANSWER_DELETED", {"name": "ancien", "language": "fr"}, id="one less",
        ),
        pytest.param(
            lambda desk, agent: delete_canned(desk.bench.desk, agent, "ancien", None),
            "CANNED_ANSWER_DELETED", {"name": "ancien", "language": None}, id="one less, in all languages",
        ),
    ],
)  # fmt: skip
def test_who_did_what_to_what_is_on_record(
    staffed: Staffed, do: Do, action: str, detail: dict[str, object]
) -> None:
    staffed.bench.file(a_mail())
    staffed.change(1, team_id=staffed.teams["Network"])
    agent = staffed.actor(AGENT)
    tag_ticket(staffed.bench.desk, agent, 1, ["pc"])
    set_canned(staffed.bench.desk, agent, "ancien", FR, SAID)
    before = len(staffed.bench.rows(audit_logs))
    do(staffed, agent)
    (row,) = staffed.bench.rows(audit_logs)[before:]
    assert (row["action"], row["status"], row["user_id"]) == (action, "SUCCESS", staffed.id(AGENT))
    assert row["detail"] == detail
    assert SAID not in str(row)
