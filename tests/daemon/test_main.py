"""The command line: exit statuses, one line for each trouble, help that is enough."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAIL = ROOT / "tests" / "mails" / "mime" / "french-utf-8-8bit.eml"
COMMANDS = [
    "init",
    "migrate",
    "check",
    "run",
    "once",
    "inspect",
    "trust",
    "why",
    "replay",
    "reconcile",
    "status",
    "letter",
    "breaker",
    "report",
    "demo",
]


def _run(*arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}
    return subprocess.run(
        [sys.executable, str(ROOT / arguments[0]), *arguments[1:]],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_names_every_command_and_the_exit_statuses(tmp_path: Path) -> None:
    shown = _run("helpdeskd.py", "--help", folder=tmp_path)
    assert shown.returncode == 0
    assert all(command in shown.stdout for command in COMMANDS)
    assert "78" in shown.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_of_its_own(command: str, tmp_path: Path) -> None:
    shown = _run("helpdeskd.py", command, "--help", folder=tmp_path)
    assert shown.returncode == 0
    assert f"helpdeskd.py {command}" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        pytest.param(["helpdeskd.py"], 2, id="no command"),
        pytest.param(["helpdeskd.py", "fly"], 2, id="unknown command"),
        pytest.param(["helpdeskd.py", "run", "--fast"], 2, id="unknown option"),
        pytest.param(["helpdeskd.py", "run"], 78, id="no settings"),
        pytest.param(
            ["helpdeskd.py", "check", "--config", "missing.toml"], 78, id="settings that are not there"
        ),
        pytest.param(
            ["helpdeskd.py", "--config", "missing.toml", "check"], 78, id="the same before the command"
        ),
        pytest.param(
            ["helpdeskd.py", "--config", "missing.toml", "trust", "calibrate"], 78, id="before two words"
        ),
        pytest.param(["helpdeskd.py", "--config", "a", "run", "--config", "b"], 2, id="two settings"),
        pytest.param(["helpdeskd.py", "--config", "a", "init"], 2, id="settings where none are read"),
        pytest.param(["helpdeskd.py", "report", "weekly", "--since", "yesterday"], 2, id="no day"),
        pytest.param(["helpdeskd.py", "report", "weekly", "--send", "--json"], 2, id="to send or to print"),
        pytest.param(["helpdeskd.py", "audit", "verify", "--anchor", "foo"], 2, id="no anchor"),
        pytest.param(["helpdeskd.py", "audit", "verify", "--anchor", ""], 2, id="an empty anchor"),
        pytest.param(["helpdeskd.py", "replay", "foo"], 2, id="no mail"),
        pytest.param(["helpdeskd.py", "why", "foo"], 2, id="nothing that can be asked"),
        pytest.param(["helpdeskd.py", "why", "12", "--last", "0"], 2, id="no mails at all"),
        pytest.param(["helpdeskd.py", "letter", "again", "x"], 2, id="no letter"),
        pytest.param(["helpdeskd.py", "letter", "list", "--last", "0"], 2, id="no letters at all"),
        pytest.param(["helpdesk-admin.py"], 2, id="no noun"),
        pytest.param(["helpdesk-admin.py", "person", "add", "a@b.example"], 2, id="no name"),
        pytest.param(
            ["helpdesk-admin.py", "person", "add", "a@b.example", "--name", "A"], 78, id="no database"
        ),
        pytest.param(
            ["helpdesk-admin.py", "person", "add", "not an addr", "--name", "A"], 2, id="no mail address"
        ),
        pytest.param(["helpdeskd.py", "inspect", "missing.eml"], 1, id="a file that is not there"),
    ],
)
def test_wrong_usage_ends_with_its_status_and_no_traceback(
    arguments: list[str], status: int, tmp_path: Path
) -> None:
    done = _run(*arguments, folder=tmp_path)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_address_on_the_command_line_is_told_with_what_an_address_looks_like(tmp_path: Path) -> None:
    done = _run("helpdesk-admin.py", "person", "add", "\x1b[2Jnobody", "--name", "A", folder=tmp_path)
    assert done.returncode == 2
    assert "a mail address has an @" in done.stderr
    assert "\x1b" not in done.stderr


def _write_settings(tmp_path: Path) -> None:
    assert _run("helpdeskd.py", "init", folder=tmp_path).returncode == 0
    settings = tmp_path / "helpdesk.toml"
    filled = settings.read_text()
    for line, value in (
        ('name = ""', 'name = "Desk"'),
        ('address = ""', 'address = "desk@a.example"'),
        ('host = ""', 'host = "mail.a.example"'),
        ('user = ""', 'user = "desk"'),
        ("to = []", 'to = ["admin@a.example"]'),
        ('#state_dir = "/var/lib/helpdesk"', f'state_dir = "{tmp_path / "state"}"'),
        ('#url = "sqlite:////var/lib/helpdesk/helpdesk.sqlite3"', ""),
    ):
        filled = filled.replace(line, value)
    settings.write_text(filled)
    password = tmp_path / "credentials" / "imap_password"
    password.touch(mode=0o600)
    password.write_text("secret\n")


def test_init_migrate_and_person_add_work_from_an_empty_folder(tmp_path: Path) -> None:
    _write_settings(tmp_path)
    migrated = _run("helpdeskd.py", "migrate", folder=tmp_path)
    assert migrated.returncode == 0, migrated.stderr
    person = ["person", "add", "Marie@A.example", "--name", "Marie", "--role", "user", "--language", "fr"]
    added = _run("helpdesk-admin.py", *person, folder=tmp_path)
    assert added.returncode == 0, added.stderr
    assert "marie@a.example" in added.stdout
    again = _run("helpdesk-admin.py", *person, folder=tmp_path)
    assert again.returncode == 1
    assert "registered already" in again.stderr


def _shell(line: str, folder: Path) -> str:
    """Run a line of bash and return its stderr."""
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stderr


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        pytest.param("helpdeskd.py", ["inspect", str(MAIL)], id="the daemon's"),
        pytest.param(
            "helpdesk-admin.py", ["person", "add", "a@$RANDOM.example", "--name", "A"], id="the admins'"
        ),
    ],
)
def test_a_reader_that_went_away_or_a_full_disk_is_no_traceback(
    program: str, arguments: list[str], tmp_path: Path
) -> None:
    _write_settings(tmp_path)
    assert _run("helpdeskd.py", "migrate", folder=tmp_path).returncode == 0
    command = " ".join([sys.executable, str(ROOT / program), *arguments])
    assert _shell(f"{{ sleep 0.2; {command}; echo $? >&2; }} | true", tmp_path) == "1\n"
    full = _shell(f"{command} > /dev/full; echo $? >&2", tmp_path).splitlines()
    assert full[-1] == "1"
    assert len(full) == 2
    assert "No space left on device" in full[0]


def test_a_terminal_that_knows_no_accents_gets_the_text_all_the_same(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, str(ROOT / "helpdeskd.py"), "inspect", str(MAIL)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert shown.returncode == 0, shown.stderr
    assert "L\\xe9a" in shown.stdout


@pytest.mark.parametrize("command", ["status", "why 12", "letter list"])
def test_who_only_looks_makes_no_state_folder_and_no_database(command: str, tmp_path: Path) -> None:
    _write_settings(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    ended = _run("helpdeskd.py", *command.split(), folder=tmp_path)
    assert ended.returncode == 1
    assert "with its folder: missing; put it back" in ended.stderr
    assert sorted(tmp_path.rglob("*")) == before
