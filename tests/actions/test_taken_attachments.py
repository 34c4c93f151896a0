"""Taking an attachment out of the desk: the right one, whole, by whoever sees the ticket, and on record."""

import hashlib

import pytest

from helpdesk.actions.attachments import attachments_of, take_attachment
from helpdesk.actions.regroup import merge_tickets
from helpdesk.errors import Refused
from tests.actions.intakes import JEAN, ZOE, a_mail
from tests.actions.staff import AGENT, STRANGER, Staffed


def with_files(*files: tuple[str, str], message_id: str = "<f@x>") -> bytes:
    parts = [
        f'--B\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\n{text}\r\n'
        for name, text in files
    ]
    body = "--B\r\nContent-Type: text/plain\r\n\r\nVoici.\r\n" + "".join(parts) + "--B--"
    extra = ["Content-Type: multipart/mixed; boundary=B"]
    return a_mail(text=body, extra=extra, message_id=message_id)


@pytest.fixture
def desk(staffed: Staffed) -> Staffed:
    """Jean's ticket 1 with three files, of the network team."""
    staffed.bench.file(with_files(("a.txt", "first"), ("2", "second"), ("a.txt", "third")))
    staffed.change(1, team_id=staffed.teams["Network"])
    return staffed


@pytest.mark.parametrize(
    ("wanted", "content"),
    [
        pytest.param("1", b"first", id="by its place"),
        pytest.param("3", b"third", id="the last"),
        pytest.param("2", b"second", id="a name that looks like a place is a name"),
    ],
)
def test_one_is_taken_whole_and_on_record(desk: Staffed, wanted: str, content: bytes) -> None:
    taken = take_attachment(desk.bench.desk, desk.actor(AGENT), 1, wanted)
    assert taken.content == content
    detail = {"ticket": 1, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    assert desk.audited()[-1] == ("ATTACHMENT_SAVED", "SUCCESS", detail)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        pytest.param(
            "a.txt", "several attachments a.txt: say which by its number, 1, 3", id="two of one name"
        ),
        pytest.param("0", "has no attachment 0; it has 3", id="before the first"),
        pytest.param("4", "has no attachment 4", id="behind the last"),
        pytest.param("-1", "has no attachment -1", id="from the end"),
        pytest.param("9" * 5000, "has no attachment 9", id="far behind the last"),
        pytest.param("../a.txt", "has no attachment", id="a path"),
    ],
)
def test_what_is_not_one_attachment_is_refused(desk: Staffed, wanted: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        take_attachment(desk.bench.desk, desk.actor(AGENT), 1, wanted)
    assert "ATTACHMENT_SAVED" not in [row[0] for row in desk.audited()]


def test_its_requester_takes_it_too_and_nobody_who_does_not_see_the_ticket(desk: Staffed) -> None:
    assert take_attachment(desk.bench.desk, desk.actor(JEAN), 1, "1").content == b"first"
    for by in (ZOE, STRANGER):
        with pytest.raises(Refused, match="there is no ticket 1"):
            take_attachment(desk.bench.desk, desk.actor(by), 1, "1")


def test_those_of_a_merged_ticket_are_in_the_list_too(desk: Staffed) -> None:
    desk.bench.file(with_files(("b.txt", "later"), message_id="<2@x>"))
    desk.change(2, team_id=desk.teams["Network"])
    merge_tickets(desk.bench.desk, desk.actor(AGENT), 1, 2)
    found = attachments_of(desk.bench.desk, desk.actor(AGENT), 2)
    assert [one.name for one in found] == ["a.txt", "2", "a.txt", "b.txt"]
    assert take_attachment(desk.bench.desk, desk.actor(AGENT), 2, "4").content == b"later"


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        pytest.param(lambda path: path.unlink(), "cannot be read here", id="gone"),
        pytest.param(lambda path: path.write_bytes(b"other"), "is damaged", id="another's bytes"),
    ],
)
def test_a_file_that_is_not_what_came_in_is_not_given_out(desk: Staffed, damage: object, why: str) -> None:
    path = desk.bench.desk.blobs.path(hashlib.sha256(b"first").hexdigest())
    damage(path)  # type: ignore[operator]
    with pytest.raises(Refused, match=why):
        take_attachment(desk.bench.desk, desk.actor(AGENT), 1, "1")
