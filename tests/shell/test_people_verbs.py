"""``person``, ``address``, ``team`` and ``session revoke`` at the keyboard of each role."""

import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from helpdesk.actions.passwords import password_is
from helpdesk.core.people import Language, Role
from helpdesk.core.permissions import MAY, Reach, Right, in_words
from helpdesk.errors import LoggedOut, NotAllowed
from helpdesk.store.engine import open_database
from helpdesk.store.schema import migrate
from helpdesk.store.tables import addresses, audit_logs, people, sessions, teams
from helpdesk.store.work import Work
from shell.app import shell_for
from shell.commands.people import complete_person, complete_team
from shell.commands.sessions import _complete
from shell.nouns import every_verb
from shell.perform import perform
from shell.verbs import Verb
from tests.actions.offices import ADMIN, AGENT, HOSTILE, MANAGER, NETWORK, STRANGER, USER, Office, office
from tests.servers.sqlite import Sqlite
from tests.shell.desks import ShellDesk, said
from tests.shell.keyboards import parser_of
from tests.shell.seats import Seat, seated, verb_of
from tests.store.cleaning import empty_tables

OURS = [one for one in every_verb() if one.noun in ("person", "address", "team")]
OURS += [one for one in every_verb() if one.full_name == "session revoke"]
WHO = {Role.ADMIN: ADMIN, Role.MANAGER: MANAGER, Role.AGENT: AGENT, Role.USER: USER}


@pytest.fixture(scope="module")
def url(sqlite: Sqlite) -> str:
    """One database with the newest schema for all tests: making it takes longer than they do."""
    made = sqlite.fresh_database()
    database = open_database(made)
    migrate(database)
    database.close()
    return made


@pytest.fixture
def here(url: str, tmp_path: Path) -> Iterator[Office]:
    made = office(url, tmp_path)
    yield made
    empty_tables(made.desk.desk.database)
    made.desk.desk.database.close()


@pytest.fixture
def admin(here: Office, tmp_path: Path) -> Iterator[Seat]:
    with seated(here, tmp_path, ADMIN) as seat:
        yield seat


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("verb", OURS, ids=lambda verb: verb.full_name)
def test_each_verb_is_for_whom_the_table_names(here: Office, tmp_path: Path, verb: Verb, role: Role) -> None:
    assert verb.right
    with seated(here, tmp_path, WHO[role]) as seat:
        if MAY[verb.right][role] is not Reach.NONE:
            seat.keyboard.admit(verb)
            assert here.audit() == []
            return
        with pytest.raises(NotAllowed, match=in_words(verb.right, Language.EN)):
            seat.keyboard.admit(verb)
    change = verb.right is Right.CHANGE_ROLES
    assert here.audit() == [("UNAUTHORIZED_ROLE_CHANGE" if change else "UNAUTHORIZED_ACCESS", "DENIED")]


@pytest.mark.parametrize("verb", OURS, ids=lambda verb: verb.full_name)
def test_each_example_is_one(here: Office, admin: Seat, verb: Verb) -> None:
    found, rest = verb_of(verb.example)
    assert found is verb
    admin.run(verb.example)
    assert "usage" not in admin.told
    assert rest or verb.name == "list"


def test_people_are_listed_page_by_page(admin: Seat) -> None:
    assert admin.run("person list --limit 4") == 0
    assert [line.split()[0] for line in admin.shown.splitlines()[1:5]] == [
        "Admin",
        "Agent",
        "Colleague",
        "Manager",
    ]
    assert f"More: --after {MANAGER}" in admin.shown
    assert admin.run(f"person list --limit 4 --after {MANAGER}") == 0
    assert [line.split()[0] for line in admin.shown.splitlines()] == ["name", "Stranger", "User"]


def test_people_as_json_have_stable_keys(admin: Seat) -> None:
    assert admin.run("person list colleague --json") == 0
    assert json.loads(admin.shown) == {
        "name": "Colleague",
        "role": "agent",
        "language": "fr",
        "state": "verified",
        "teams": [NETWORK],
        "addresses": [
            {
                "address": "colleague@univ.example",
                "state": "verified",
                "valid_from": None,
                "valid_until": None,
            }
        ],
    }


def test_no_spreadsheet_takes_a_name_for_a_formula(here: Office, admin: Seat) -> None:
    assert admin.run(f"person edit {USER} --name '=cmd|x!A1' --from 2026-09-01 --until 30/06/2099") == 0
    assert "2026-09-01" in admin.shown
    assert admin.run(f"person list {USER} --csv") == 0
    assert admin.shown.splitlines() == [
        "email,name,language,role,state,team,valid_from,valid_until",
        f"{USER},'=cmd|x!A1,fr,user,verified,{NETWORK},2026-09-01,2099-06-30",
    ]
    assert here.audit()[-1] == ("PEOPLE_EXPORTED", "SUCCESS")
    assert here.desk.rows(audit_logs)[-1]["detail"] == {"count": 1}


@pytest.mark.parametrize("who", [AGENT, MANAGER, ADMIN])
def test_people_as_csv_are_an_export_which_asks_for_the_password_again(
    here: Office, tmp_path: Path, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("not it\n"))
    with seated(here, tmp_path, who) as seat:
        with here.database.engine.begin() as connection:
            connection.execute(update(sessions).values(proved_at=here.desk.now.replace(year=2020)))
        assert seat.run("person list") == 0
        assert seat.run("person list --csv") == 1
        assert seat.shown == ""
        assert ("that is not your password" in seat.told) is (who == ADMIN)
    asked = ("PASSWORD_CHECKED", "FAIL")
    assert here.audit() == [asked if who == ADMIN else ("UNAUTHORIZED_ACCESS", "DENIED")]
    if who != ADMIN:
        assert here.desk.rows(audit_logs)[-1]["detail"]["right"] == Right.EXPORT.value


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    "line",
    [
        "person list", "person list --csv", "person list --json", f"person show {USER}", "team list",
        f"person show {USER} --json", f"address list {USER}", "team list --json", f"person freeze {USER}",
        f"person close {USER}", f"person role {USER} agent", f"person role {USER} user", f"team join {USER} x",
        f"person password {USER}", f"person totp-reset {USER}", f"session revoke --person {USER}",
        f"address add {USER} z@x.example", f"address remove {USER}", "team remove x", "session revoke 7",
        f"person add {USER} --name x",
    ],
)  # fmt: skip
def test_nothing_hostile_reaches_the_terminal(
    here: Office, tmp_path: Path, line: str, language: Language
) -> None:
    """Names were checked when they came in; here somebody wrote them into the tables."""
    hostile = HOSTILE.replace("\0", "")
    with here.database.engine.begin() as connection:
        connection.execute(update(people).where(people.c.name != "Admin").values(name=hostile))
        connection.execute(update(teams).where(teams.c.name == NETWORK).values(name=hostile))
    with seated(here, tmp_path, ADMIN, language) as seat:
        seat.run(line)
        printed = seat.shown + seat.told
    assert printed
    assert [char for char in printed if not char.isprintable() and char != "\n"] == []
    assert not any(text.startswith("Bcc:") for text in printed.splitlines())


@pytest.mark.parametrize("name", [HOSTILE, "\udcff", "a\0b"])
@pytest.mark.parametrize(
    "line",
    ["person add z@x.example --name", f"person edit {USER} --name", "team add", f"team rename {NETWORK}"],
)
def test_nothing_hostile_is_taken_from_the_keyboard(here: Office, admin: Seat, line: str, name: str) -> None:
    before = here.people()
    verb, rest = verb_of(line)
    given = parser_of(verb, admin.keyboard.words).parse_args([*rest, name])
    assert perform(admin.keyboard, verb, given) == 1
    assert admin.told.isprintable() or admin.told.count("\n") == 1
    assert here.people() == before


def test_a_first_password_is_shown_once_and_has_to_be_changed(here: Office, admin: Seat) -> None:
    assert admin.run(f"person password {USER}") == 0
    password = admin.shown.split()[-1]
    with Work(here.database, read_only=True) as work:
        stored = work.logins.of(here.known[USER].person.id)
    assert stored
    assert stored.must_change
    assert password_is(password, stored.password_hash)
    assert password not in str(here.desk.rows(audit_logs))


@pytest.mark.parametrize(
    "line",
    ["person role {} admin", "person password {}", "person totp-reset {}", "job run purge-audit"],
)
def test_what_is_grave_asks_for_the_password_again(
    here: Office, admin: Seat, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with here.database.engine.begin() as connection:
        proved = here.desk.now.replace(year=2020)
        connection.execute(update(sessions).values(proved_at=proved))
    monkeypatch.setattr(sys, "stdin", io.StringIO("not it\n"))
    assert admin.run(line.format(USER)) == 1
    assert "that is not your password" in admin.told
    known = here.now_known(USER)
    assert known
    assert known.person.role is Role.USER


@pytest.mark.parametrize(("role", "asked"), [("user", False), ("agent", True), ("admin", True)])
def test_new_staff_is_as_grave_as_another_role(
    here: Office, admin: Seat, role: str, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with here.database.engine.begin() as connection:
        connection.execute(update(sessions).values(proved_at=here.desk.now.replace(year=2020)))
    monkeypatch.setattr(sys, "stdin", io.StringIO("not it\n"))
    assert admin.run(f"person add new@univ.example --name Neu --role {role}") == int(asked)
    assert ("that is not your password" in admin.told) is asked


def test_an_empty_list_says_so(here: Office, admin: Seat, tmp_path: Path) -> None:
    assert admin.run("person list nosuch") == 0
    assert admin.shown == "No such person.\n"
    assert admin.run("person list nosuch --json") == 0
    assert admin.shown == ""
    with seated(here, tmp_path, MANAGER, Language.FR) as seat:
        assert seat.run("person list nosuch") == 0
        assert seat.shown == "Aucune personne.\n"


def test_a_desk_without_teams_says_so(shell_desk: ShellDesk) -> None:
    boss = shell_desk.person("Boss", Role.ADMIN)
    assert said(shell_desk.keyboard(boss), "team list").out == "No team yet.\n"
    assert said(shell_desk.keyboard(boss), "team list --json").out == ""


def test_who_is_logged_out_runs_nothing(here: Office, admin: Seat) -> None:
    admin.run(f"session revoke --person {ADMIN}")
    with pytest.raises(LoggedOut):
        admin.run("person list")


def test_own_sessions_are_ended_by_id_and_others_need_an_admin(here: Office, tmp_path: Path) -> None:
    other = here.session(USER, "a")
    with seated(here, tmp_path, AGENT) as seat:
        mine = here.session(AGENT, "b")
        assert seat.run(f"session revoke {other}") == 1
        assert seat.run("session revoke") == 1
        assert seat.run(f"session revoke {mine} --person {AGENT}") == 1
        assert seat.run(f"session revoke --person {AGENT}") == 1
        assert seat.run(f"session revoke {mine}") == 0
        assert {value for value, _ in _complete(seat.keyboard, "")}.isdisjoint({str(other), str(mine)})
    assert here.sessions(USER) == 1


def test_a_class_comes_from_a_file_of_excel_in_french(here: Office, admin: Seat, tmp_path: Path) -> None:
    file = tmp_path / "classe.csv"
    file.write_bytes("Courriel;Nom\r\nzoé@univ.example;Zoé\r\neve@univ.example;Ève\r\n".encode("cp1252"))
    assert admin.run(f"person import {file}") == 1
    assert admin.shown.splitlines()[0].startswith("line 2: zoé@univ.example: before the @ stand letters")
    assert admin.shown.splitlines()[1:] == [
        "new: 1, registered already just so: 0, bad lines: 1",
        "Nothing was written; --partial takes the good lines.",
    ]
    assert admin.run(f"person import {file} --partial --dry-run") == 0
    assert here.now_known("eve@univ.example") is None
    assert admin.run(f"person import {file} --partial --team {NETWORK} --pending --language en") == 0
    assert admin.shown.endswith("registered: 1\n")
    bad = tmp_path / "bad.csv"
    bad.write_text("email;name\nzoé@univ.example;Zoé\n")
    for line in (f"person import {bad} --partial", f"person import {bad}"):
        admin.run(line)
        assert admin.shown.endswith("Nothing was written: no line is good and new.\n")
    known = here.now_known("eve@univ.example")
    assert known
    assert (known.person.name, known.person.language, known.state.value) == ("Ève", Language.EN, "pending")


def test_a_class_comes_from_standard_input(
    here: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = io.BytesIO(b"email,name\neve@univ.example,Eve\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
    with seated(here, tmp_path, MANAGER, Language.FR) as seat:
        assert seat.run("person import -") == 0
        assert seat.shown.endswith("inscrites : 1\n")


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "device", "secret"])
def test_only_a_file_with_our_columns_is_read_and_no_other_is_shown(
    admin: Seat, tmp_path: Path, kind: str
) -> None:
    """The shell may run as somebody who can read more than the person at the keyboard."""
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "secret":
        path.write_text("HELPDESK_SECRET_KEY=hunter2\nemail,name\n")
    assert admin.run(f"person import {path}") == 1
    assert admin.shown == ""
    assert admin.told.count("\n") == 1
    assert "hunter2" not in admin.told


def test_completion_finds_people_by_name_and_by_address_and_teams(here: Office, tmp_path: Path) -> None:
    with here.database.engine.begin() as connection:
        connection.execute(
            update(addresses).where(addresses.c.address == USER).values(address="x1@univ.example")
        )
    for who, strangers in ((ADMIN, 1), (AGENT, 0)):
        with seated(here, tmp_path, who) as seat:
            seat.keyboard.admit(verb_of("person list")[0])
            app = shell_for(seat.keyboard)
            assert [item.text for item in app.complete_with(complete_person, "use").items] == [
                "x1@univ.example"
            ]
            assert [item.text for item in app.complete_with(complete_person, "x1").items] == [
                "x1@univ.example"
            ]
            assert len(app.complete_with(complete_person, STRANGER[:4]).items) == strangers
            assert [item.text for item in app.complete_with(complete_team, "ré").items] == [NETWORK]


@pytest.mark.parametrize("line", ["login", "person language fr", "session revoke 7", "person list"])
def test_an_address_that_may_be_left_out_may_be(admin: Seat, line: str) -> None:
    """argparse sends a default that is text through the argument's type, which refuses an empty address."""
    verb, rest = verb_of(line)
    assert not getattr(parser_of(verb, admin.keyboard.words).parse_args(rest), "address", None)
