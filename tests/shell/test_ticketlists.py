"""``ticket list`` and ``ticket search`` as they are typed: what is printed, page after page, safe for a terminal."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from helpdesk.actions import passwords
from helpdesk.actions.people import add_person
from helpdesk.core.people import AddressState, Language, Role
from helpdesk.core.sessions import SessionKind
from helpdesk.store.engine import open_database
from helpdesk.store.schema import migrate
from helpdesk.store.tables import tags
from helpdesk.store.work import Work, in_work
from shell.completers import complete_colleague, complete_number, complete_person, complete_tag, complete_team
from shell.keyboard import Keyboard
from shell.nouns import every_verb
from shell.perform import perform
from shell.screen import Screen
from tests.shell.keyboards import parser_of
from tests.store.makers import a_post, a_ticket

SETTINGS = """\
[desk]
name = "Support"
address = "desk@ecole.example"
state_dir = "{state}"
[imap]
host = "127.0.0.1"
user = "desk"
[smtp]
host = "127.0.0.1"
[alerts]
to = ["admin@ecole.example"]
"""
HOSTILE = "réunion\x1b[2J\x1b]52;c;QUJD\x07\u202eevil\r\n\x9b31m\u200b"


@pytest.fixture
def keyboard(tmp_path: Path) -> Iterator[Keyboard]:
    """The keyboard of an admin on a desk with forty tickets; the last one's requester means ill."""
    url = f"sqlite:///{tmp_path}/desk.sqlite3"
    database = open_database(url)
    migrate(database)
    admin = add_person(
        database, "rosa@ecole.example", "Rosa", Role.ADMIN, Language.EN, AddressState.VERIFIED
    ).person
    token = passwords.new_token()

    def fill(work: Work) -> None:
        evil = work.people.add("Ev\x1b[31mil", Role.USER, Language.FR, work.database_now())
        work.people.add_address(evil, "evil@ecole.example", AddressState.VERIFIED, work.database_now())
        rows = [a_ticket(evil, number, subject=f"wifi {number}", urgency="high") for number in range(1, 40)]
        rows.append(a_ticket(evil, 40, subject=HOSTILE))
        work.tickets.add(rows)
        work.posts.add([a_post(rows[-1]["id"], f"Encore une {HOSTILE} " + "x" * 10_000)], [])
        work._connection.execute(insert(tags), [{"ticket_id": rows[0]["id"], "tag": "salle"}])
        now = work.database_now()
        hashed = passwords.token_hash(token)
        work.sessions.add(admin.id, hashed, SessionKind.SHELL.value, "", "", now, now.replace(year=2100))

    in_work(database, fill)
    database.close()
    config = tmp_path / "helpdesk.toml"
    config.write_text(SETTINGS.format(state=tmp_path / "state"))
    environ = {
        "HELPDESK_DATABASE_URL": url,
        "HELPDESK_SECRET_KEY": base64.b64encode(b"k" * 32).decode(),
    }
    screen = Screen(out=io.StringIO(), error=io.StringIO(), columns=100)
    opened = Keyboard(config, environ, screen, token=token)
    yield opened
    opened.close()


def run(keyboard: Keyboard, name: str, *typed: str) -> tuple[int, str, str]:
    """Run a verb; return its exit status and what it printed."""
    out, error = io.StringIO(), io.StringIO()
    keyboard.screen.out, keyboard.screen.error = out, error
    verb = next(one for one in every_verb() if one.full_name == name)
    given = parser_of(verb, keyboard.words).parse_args(list(typed))
    return perform(keyboard, verb, given), out.getvalue(), error.getvalue()


def as_json(keyboard: Keyboard, name: str, *typed: str) -> list[dict[str, object]]:
    status, out, error = run(keyboard, name, *typed, "--json")
    assert (status, error) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def test_a_list_ends_with_the_mark_of_the_next_page(keyboard: Keyboard) -> None:
    _status, out, _error = run(keyboard, "ticket list", "--limit", "5")
    assert out.splitlines()[-1] == "More: --after 36"
    assert out.splitlines()[-2].startswith("36 ")
    _status, out, _error = run(keyboard, "ticket list", "--after", "36", "--limit", "1000")
    assert len(out.splitlines()) == 1 + 35
    found = as_json(keyboard, "ticket list", "--sort", "urgency", "--limit", "2")
    assert [one["mark"] for one in found] == ["high/39", "high/38"]
    found = as_json(keyboard, "ticket list", "--sort", "urgency", "--after", "high/1")
    assert [one["number"] for one in found] == [40]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["--after", "x"], "x is no mark"),
        (["--after", "12", "--sort", "updated"], "12 is no mark"),
        (["--text", "wifi", "--sort", "due"], "leave --sort out"),
        (["--text", "🎉"], "no word"),
        (["--requester", "nobody"], "nobody is registered"),
        (["--team", "nobody"], "there is no team"),
        (["--sort", "due", "--status", "resolved"], "not resolved"),
    ],
)
def test_what_cannot_be_listed_is_told_in_one_line(keyboard: Keyboard, typed: list[str], told: str) -> None:
    status, out, error = run(keyboard, "ticket list", *typed)
    assert (status, out) == (1, "")
    assert told in error
    assert len(error.splitlines()) == 1


def test_a_list_can_be_of_a_text_a_tag_and_a_person(keyboard: Keyboard) -> None:
    for typed in (["--text", "wifi 7"], ["--text", "wifi", "--after", "8", "--limit", "1"]):
        assert [one["number"] for one in as_json(keyboard, "ticket list", *typed)] == [7]
    assert [one["number"] for one in as_json(keyboard, "ticket list", "--tag", "salle")] == [1]
    assert len(as_json(keyboard, "ticket list", "--requester", "evil@ecole.example")) == 20
    assert as_json(keyboard, "ticket list", "--mine") == []
    assert run(keyboard, "ticket list", "--overdue")[1] == "No such ticket.\n"


@pytest.mark.parametrize("name", ["ticket list", "ticket search"])
def test_whom_a_ticket_of_json_is_of_is_told_by_address_too(keyboard: Keyboard, name: str) -> None:
    told = as_json(
        keyboard, name, *(["wifi"] if name == "ticket search" else []), "--requester", "evil@ecole.example"
    )
    assert {one["requester_address"] for one in told} == {"evil@ecole.example"}
    assert {one["assignee_address"] for one in told} == {None}


def test_a_search_shows_where_the_words_stand(keyboard: Keyboard) -> None:
    status, out, _error = run(keyboard, "ticket search", "REUNION")
    assert status == 0
    assert out.startswith("#40 ")
    assert "Encore une réunion" in out
    assert run(keyboard, "ticket search", "nothing")[1] == "Nothing found.\n"
    (found,) = as_json(keyboard, "ticket search", "reunion", "encore")
    assert str(found["snippet"]).startswith("Encore une")
    assert as_json(keyboard, "ticket search", "wifi", "--limit", "1")[0]["number"] == 39


@pytest.mark.parametrize("plain", [False, True])
def test_nothing_from_a_mail_steers_the_terminal(keyboard: Keyboard, plain: bool) -> None:
    keyboard.screen.plain = plain
    for name, typed in (("ticket list", []), ("ticket search", ["reunion"])):
        _status, out, error = run(keyboard, name, *typed)
        assert "40" in out
        for bad in ("\x1b", "\x9b", "\r", "\u202e", "\u200b", "\x07"):
            assert bad not in out + error


def test_what_is_being_typed_is_completed(keyboard: Keyboard) -> None:
    run(keyboard, "ticket list")  # somebody acts
    assert [value for value, _ in complete_number(keyboard, "4")] == ["40", "4"]
    assert next(iter(complete_number(keyboard, "7")))[1].startswith("wifi 7 (")
    assert list(complete_person(keyboard, "ros")) == [("rosa@ecole.example", "Rosa")]
    assert list(complete_person(keyboard, "ROS")) == [("rosa@ecole.example", "Rosa")]
    assert [value for value, _ in complete_colleague(keyboard, "")] == ["rosa@ecole.example"]
    assert list(complete_tag(keyboard, "s")) == [("salle", "")]
    assert list(complete_team(keyboard, "")) == []
