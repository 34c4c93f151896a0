"""A session for scripts: its token lies in a file that is one person's alone, and is used only while it is."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk.actions import passwords
from helpdesk.core.people import Role
from helpdesk.errors import Refused
from helpdesk.store.tables import audit_logs, credentials, posts, sessions
from shell import place
from shell.place import login_uid, place_here
from shell.remembered import VARIABLE, forget, remember, remembered_token, session_file
from tests.mmdb import mmdb
from tests.shell.desks import PASSWORD, ShellDesk, said
from tests.sources import ROOT


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a token is kept, its folder not there yet."""
    return tmp_path / "state" / "helpdesk" / "session"


def test_a_token_is_written_for_its_owner_alone_and_read_again(file: Path) -> None:
    assert remembered_token(file) == ""
    old = os.umask(0)
    try:
        remember(file, "token-1")
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    remember(file, "token-2")
    assert remembered_token(file) == "token-2"
    assert [one.name for one in file.parent.iterdir()] == ["session"]
    forget(file)
    forget(file)
    assert remembered_token(file) == ""


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o660, 0o666, 0o644])
def test_a_file_that_others_can_read_or_write_is_not_used(file: Path, mode: int) -> None:
    remember(file, "token")
    file.chmod(mode)
    with pytest.raises(Refused, match="others can read or write it"):
        remembered_token(file)


def test_a_file_of_somebody_else_is_not_used(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(file, "token")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(Refused, match="others can read or write it"):
        remembered_token(file)


def test_a_link_is_neither_followed_nor_written_through(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    remember(other, "somebody's")
    file.parent.mkdir(parents=True)
    file.symlink_to(other)
    with pytest.raises(Refused, match="cannot be read"):
        remembered_token(file)
    remember(file, "mine")
    assert not file.is_symlink()
    assert remembered_token(file) == "mine"
    assert remembered_token(other) == "somebody's"


def test_a_pipe_or_a_folder_is_refused_at_once(file: Path) -> None:
    file.parent.mkdir(parents=True)
    os.mkfifo(file, 0o600)
    with pytest.raises(Refused, match="not a regular file"):
        remembered_token(file)
    file.unlink()
    file.mkdir(0o700)
    with pytest.raises(Refused, match=r"cannot be read|not a regular file"):
        remembered_token(file)


def test_people_who_share_a_unix_user_do_not_share_a_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"HOME": str(tmp_path)}
    files = set()
    for uid in ("1000", "1001"):
        login = tmp_path / f"loginuid-{uid}"
        login.write_text(uid)
        monkeypatch.setattr(place, "LOGIN_UID", login)
        assert login_uid() == uid
        files.add(session_file(environ, "hd-1"))
    assert len(files) == 2
    assert session_file({VARIABLE: "/x/y"}, "hd-1") == Path("/x/y")
    assert len({session_file(environ, name) for name in ("hd-1", "hd-2")}) == 2


def test_without_a_login_the_process_own_user_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("4294967295", ""):
        (tmp_path / "loginuid").write_text(text)
        monkeypatch.setattr(place, "LOGIN_UID", tmp_path / "loginuid")
        assert login_uid() == str(os.getuid())


def test_what_a_person_can_set_makes_no_other_place_and_nothing_hostile_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = place_here({})
    hostile = place_here(
        {"SSH_CONNECTION": "192.0.2.9\x1b]52;c;x\x07 1 2 3", "USER": "root", "LOGNAME": "\x1b"}
    )
    assert (hostile.key, hostile.source) == (known.key, known.source)
    assert (hostile.remote, hostile.client) == (known.remote, known.client)
    assert "\x1b" not in hostile.shown + hostile.ip_address + hostile.user_agent
    assert len(hostile.ip_address) <= 45


@pytest.mark.parametrize(
    ("remote", "country"), [("192.0.2.9", "FR"), ("192.0.3.9", ""), ("laptop.help.example", "")]
)
def test_the_country_of_a_place_comes_from_the_file_in_the_settings(
    shell_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch, remote: str, country: str
) -> None:
    monkeypatch.setattr(place, "_remote_host", lambda: remote)
    (shell_desk.folder / "c.mmdb").write_bytes(mmdb({"192.0.2.0/24": "FR"}))
    with shell_desk.config.open("a") as settings:
        settings.write(f'[suspicion]\ncountry_file = "{shell_desk.folder / "c.mmdb"}"\n')
    here = shell_desk.plain_keyboard().place
    assert (here.remote, here.country) == (remote, country)


def test_after_three_wrong_passwords_the_right_one_is_not_enough(
    shell_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "COST", 4)
    shell_desk.person("Boss", Role.ADMIN, password=PASSWORD)
    keyboard = shell_desk.plain_keyboard()
    assert said(keyboard, "login boss@help.example", "wrong\n" * 3).status == 1
    told = said(keyboard, "login boss@help.example", f"{PASSWORD}\n" + "00000000\n" * 3)
    assert "unusual: a code was sent to your address" in told.out
    assert told.status == 1


def test_a_login_for_scripts_is_used_by_the_next_commands_until_it_is_ended(
    shell_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "COST", 4)
    boss = shell_desk.person("Boss", Role.ADMIN, password=PASSWORD)
    keyboard = shell_desk.plain_keyboard()
    told = said(keyboard, "login boss@help.example", f"{PASSWORD}\n")
    assert told.status == 0
    file = session_file(keyboard.environ, keyboard.settings.keys.install_id)
    token = remembered_token(file)
    assert str(file) in told.out
    assert token not in told.out + told.error
    assert [row["kind"] for row in shell_desk.rows(sessions)] == ["remembered"]

    script = shell_desk.plain_keyboard()
    script.token = token
    assert said(script, "ticket list --json").status == 0

    other = shell_desk.keyboard(boss)
    assert said(other, "logout").status == 0
    assert remembered_token(file) == token, "the end of a shell's session does not end a script's"
    assert said(script, "logout").status == 0
    assert remembered_token(file) == ""
    script.token = token
    refused = said(script, "ticket list")
    assert (refused.status, refused.out) == (1, "")
    assert "not logged in any more" in refused.error
    (row,) = [one for one in shell_desk.rows(audit_logs) if one["action"] == "SESSION_REFUSED"]
    assert (row["status"], row["detail"]["why"]) == ("DENIED", "revoked")
    assert row["user_agent"] == script.place.user_agent != ""


def test_a_new_login_for_scripts_ends_the_one_before(
    shell_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "COST", 4)
    shell_desk.person("Boss", Role.ADMIN, password=PASSWORD)
    for _ in range(2):
        assert said(shell_desk.plain_keyboard(), "login boss@help.example", f"{PASSWORD}\n").status == 0
    assert [row["revoked_at"] is None for row in shell_desk.rows(sessions)] == [False, True]


def test_root_opens_a_lock_although_his_own_session_has_ended(
    shell_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = shell_desk.person("Boss", Role.ADMIN, password=PASSWORD)
    keyboard = shell_desk.keyboard(boss)
    keyboard.token += "x"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert said(keyboard, "unlock boss@help.example").status == 0
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert said(keyboard, "unlock boss@help.example").status == 1
    assert said(shell_desk.plain_keyboard(), "unlock boss@help.example").status == 1


def test_before_anybody_has_a_password_the_console_does_everything_and_afterwards_nothing(
    shell_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "COST", 4)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    keyboard = shell_desk.plain_keyboard()
    assert said(keyboard, "person add zoe@help.example --name Zoe --role admin").status == 0
    assert said(keyboard, "ticket list").status == 0
    weak = said(keyboard, "bootstrap boss@help.example", "passwordpassword\npasswordpassword\n")
    assert (weak.status, weak.out) == (1, "")
    assert "nobody is registered" in said(keyboard, "person show boss@help.example").error
    unlike = said(keyboard, "bootstrap boss@help.example", f"{PASSWORD}\n{PASSWORD}x\n")
    assert "not alike" in unlike.error
    done = said(keyboard, "bootstrap boss@help.example --name Boss", f"{PASSWORD}\n{PASSWORD}\n")
    assert (done.status, done.error) == (0, "")
    for line in ("ticket list", "person add x@help.example --name X", "bootstrap sam@help.example"):
        assert said(keyboard, line, f"{PASSWORD}\n{PASSWORD}\n").status == 1


def test_a_first_password_is_changed_before_anything_else_and_each_mistake_is_told(
    shell_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "COST", 4)
    boss = shell_desk.person("Boss", Role.ADMIN, password=PASSWORD)
    with shell_desk.database.engine.begin() as connection:
        connection.execute(credentials.update().values(must_change=True))
    given_up = said(shell_desk.plain_keyboard(), f"login {boss.address}", f"{PASSWORD}\n")
    assert given_up.status == 1
    assert shell_desk.rows(sessions) == []
    typed = f"{PASSWORD}\nshort\nshort\n{PASSWORD}\n{PASSWORD}\nanother four words\nanother four words\n"
    told = said(shell_desk.plain_keyboard(), f"login {boss.address}", typed)
    assert told.status == 0
    assert "15 characters or more" in told.error
    assert "already" in told.error


def test_a_login_whose_session_cannot_be_kept_leaves_none_in_force_and_the_one_before_as_it_was(
    shell_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "COST", 4)
    boss = shell_desk.person("Boss", Role.ADMIN, password=PASSWORD)
    file = shell_desk.folder / "state" / "session"
    keyboard = shell_desk.plain_keyboard({VARIABLE: str(file)})
    assert said(keyboard, f"login {boss.address}", f"{PASSWORD}\n").status == 0
    before = shell_desk.rows(sessions)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    told = said(keyboard, f"login {boss.address}", f"{PASSWORD}\n")
    assert told.status == 1
    assert "cannot be written (No space left on device)" in told.error
    assert [row for row in shell_desk.rows(sessions) if row["revoked_at"] is None] == before


@pytest.mark.parametrize(
    ("arguments", "typed", "status", "told"),
    [
        pytest.param(["ticket", "reply", "[#7]"], b"un\n.\ndeux\n", 0, "Written to ticket 7", id="text by a pipe"),
        pytest.param(["ticket", "note", "7", "un", "--yes"], b"", 0, "Noted on ticket 7", id="text in the line"),
        pytest.param(["ticket", "note", "7"], b"", 1, "the text is empty", id="no text"),
        pytest.param(["ticket", "note", "7"], b"\xe9", 1, "not UTF-8", id="no text that can be read"),
        pytest.param(["ticket", "note", "7"], b"a\0b", 1, "a text has a NUL", id="a text that no database keeps"),
        pytest.param(["ticket", "note", "8", "un"], b"", 1, "there is no ticket 8", id="no such ticket"),
        pytest.param(["ticket", "note", "x", "un"], b"", 2, "expected the number of a ticket", id="wrong usage"),
        pytest.param(["--config", "/nowhere", "ticket", "list"], b"", 78, "/nowhere", id="no settings"),
    ],
)  # fmt: skip
def test_a_script_writes_without_a_terminal_and_knows_by_the_status_how_it_went(
    ticket_desk: ShellDesk, arguments: list[str], typed: bytes, status: int, told: str
) -> None:
    file = ticket_desk.folder / "session"
    remember(file, ticket_desk.token(ticket_desk.people["Boss"], kind="remembered"))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}
    ended = subprocess.run(
        [sys.executable, "helpdesk-admin.py", *arguments],
        cwd=ROOT,
        env=environ | {VARIABLE: str(file), "HELPDESK_CONFIG": str(ticket_desk.config), "LC_ALL": "C.UTF-8"},
        input=typed,
        capture_output=True,
        check=False,
    )
    assert (ended.returncode, told in (ended.stdout + ended.stderr).decode()) == (status, True), ended.stderr
    assert b"Traceback" not in ended.stderr
    written = {"reply": ["un\n.\ndeux"], "note": ["un --yes"]}.get(arguments[1], []) if status == 0 else []
    assert [row["text"] for row in ticket_desk.rows(posts)] == written
