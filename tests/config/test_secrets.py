"""Secrets come from files of their own or from the environment, never from the settings, and never show."""

import base64
import copy
from dataclasses import asdict
from pathlib import Path

import pytest

from helpdesk.config import Secret, load
from helpdesk.errors import BadSettings
from tests.config.made import KEY, MINIMAL, credential, loaded, problems, with_line, write


def with_files(folder: Path) -> Path:
    credential(folder, "imap_password", "imap-file\n")
    credential(folder, "secret_key", KEY + "\n")
    return write(folder, MINIMAL)


def complaints(file: Path, **environ: str) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        load(file, environ)
    return [problem.replace(str(file.parent), "FOLDER") for problem in caught.value.problems]


def test_a_secret_shows_as_stars_wherever_it_is_printed() -> None:
    secret = Secret("hunter2")
    assert [repr(secret), str(secret), f"{secret}", f"{secret!r:>5}"] == ["***", "***", "***", "  ***"]
    assert "hunter2" not in repr({"a": [secret]})
    assert secret.reveal() == "hunter2"
    assert secret == Secret("hunter2")
    assert secret != Secret("hunter3")
    assert hash(secret) == hash(Secret("hunter2"))


def test_settings_print_no_secret(tmp_path: Path) -> None:
    text = with_line("smtp", 'user = "desk"')
    settings = loaded(
        tmp_path, text, HELPDESK_SMTP_PASSWORD="smtp-pw", HELPDESK_DATABASE_URL="mysql://u:db-pw@h/d"
    )
    for secret in ("imap-pw", "smtp-pw", "db-pw", KEY, str(base64.b64decode(KEY))):
        assert secret not in repr(settings)
        assert secret not in str(copy.copy(settings))
    assert settings.smtp.password.reveal() == "smtp-pw"
    assert "db-pw" not in str(asdict(settings.database))


def test_secrets_are_read_from_the_folder_beside_the_file_without_their_last_line_end(tmp_path: Path) -> None:
    settings = load(with_files(tmp_path), {})
    assert settings.mailboxes[0].password.reveal() == "imap-file"
    assert settings.keys.secret == base64.b64decode(KEY)


def test_another_folder_of_secrets_begins_at_the_folder_of_the_file(tmp_path: Path) -> None:
    with_files(tmp_path)
    (tmp_path / "credentials").rename(tmp_path / "elsewhere")
    file = write(tmp_path, with_line("desk", 'credentials = "elsewhere"'))
    assert load(file, {}).mailboxes[0].password.reveal() == "imap-file"


def test_blanks_belong_to_a_password(tmp_path: Path) -> None:
    file = with_files(tmp_path)
    credential(tmp_path, "imap_password", " p w \r\n")
    assert load(file, {}).mailboxes[0].password.reveal() == " p w "


def test_the_environment_wins_over_a_file_and_an_empty_variable_counts_as_none(tmp_path: Path) -> None:
    file = with_files(tmp_path)
    assert load(file, {"HELPDESK_IMAP_PASSWORD": "env"}).mailboxes[0].password.reveal() == "env"
    assert load(file, {"HELPDESK_IMAP_PASSWORD": ""}).mailboxes[0].password.reveal() == "imap-file"


@pytest.mark.parametrize(
    ("mode", "fits"),
    [
        (0o600, True),
        (0o400, True),
        (0o640, False),
        (0o604, False),
        (0o610, False),
        (0o601, False),
        (0o620, False),
    ],
)
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int, fits: bool) -> None:
    file = with_files(tmp_path)
    credential(tmp_path, "imap_password", "pw").chmod(mode)
    if fits:
        assert load(file, {}).mailboxes[0].password.reveal() == "pw"
    else:
        assert complaints(file) == [
            f"FOLDER/credentials/imap_password: others can read it (mode {mode:04o}); expected 0600: "
            "chmod 600 FOLDER/credentials/imap_password"
        ]


def test_the_folder_that_systemd_provides_is_the_only_one_and_its_modes_are_its_own(tmp_path: Path) -> None:
    file = with_files(tmp_path)
    (tmp_path / "given").mkdir()
    for name, text in (("imap_password", "from-systemd"), ("secret_key", KEY), ("smtp_password", "")):
        (tmp_path / "given" / name).write_text(text)
        (tmp_path / "given" / name).chmod(0o440)
    settings = load(file, {"CREDENTIALS_DIRECTORY": str(tmp_path / "given")})
    assert settings.mailboxes[0].password.reveal() == "from-systemd"
    (tmp_path / "given" / "imap_password").unlink()
    assert complaints(file, CREDENTIALS_DIRECTORY=str(tmp_path / "given")) == [
        "FOLDER/helpdesk.toml: [imap] password: missing: write it to FOLDER/credentials/imap_password "
        "(the unit must say LoadCredential=imap_password:FOLDER/credentials/imap_password) or $HELPDESK_IMAP_PASSWORD"
    ]


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("imap", 'password = "hunter2"'),
        ("smtp", 'Password = "hunter2"'),
        ("desk", 'secret_key = "hunter2"'),
        ("database", 'db_url = "hunter2"'),
        ("imap.trust", 'token = "hunter2"'),
    ],
)
def test_a_secret_in_the_settings_is_refused_with_advice_and_not_shown(
    tmp_path: Path, section: str, line: str
) -> None:
    key = line.partition(" ")[0]
    assert problems(tmp_path, with_line(section, line)) == [
        f"FILE: [{section}] {key}: a secret never stands in this file: "
        "write it to its own file in the credentials folder"
    ]


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("mariadb://desk@db.example.org/helpdesk", True),
        ("mariadb://desk:hunter2@db.example.org/helpdesk", False),
        ("postgresql://desk@/helpdesk?host=db&password=hunter2", False),
        ("postgresql://desk@db/helpdesk?host=/run/postgresql", True),
        ("postgresql://desk:hunter2@[db/helpdesk", False),
        ("sqlite:////var/lib/helpdesk/desk.sqlite3", True),
    ],
)
def test_a_database_url_with_a_password_is_no_setting_but_a_secret(
    tmp_path: Path, url: str, fits: bool
) -> None:
    text = with_line("database", f'url = "{url}"')
    if fits:
        assert loaded(tmp_path, text).database.url.reveal() == url
    else:
        assert problems(tmp_path, text) == [
            "FILE: [database] url: a password never stands in this file: write the whole URL to the credential db_url"
        ]


def test_a_database_url_with_a_password_comes_from_the_environment_or_a_credential(tmp_path: Path) -> None:
    url = "mariadb://desk:hunter2@db.example.org/helpdesk"
    assert loaded(tmp_path, HELPDESK_DATABASE_URL=url).database.url.reveal() == url
    credential(tmp_path, "db_url", url)
    assert loaded(tmp_path).database.url.reveal() == url


def test_a_bad_database_url_is_told_where_it_stands_and_beside_all_other_problems(tmp_path: Path) -> None:
    problem = "expected host= after the question mark"
    bad = "postgresql://desk@db/helpdesk?sslmode=disable"
    text = with_line("database", f'url = "{bad}"').replace('user = "desk"', 'user = ""')
    assert problems(tmp_path, text) == [
        f"FILE: [database] url: {problem}",
        "FILE: [imap] user: expected one line of text, found an empty text",
    ]
    assert problems(tmp_path, HELPDESK_DATABASE_URL=bad) == [f"environment: HELPDESK_DATABASE_URL: {problem}"]
    credential(tmp_path, "db_url", bad)
    assert problems(tmp_path) == [f"FILE: [database] url: {problem} in the credential db_url"]


def test_variables_of_postgresql_do_not_lead_our_data_elsewhere(tmp_path: Path) -> None:
    text = with_line("database", 'url = "postgresql://desk@/helpdesk"')
    assert problems(tmp_path, text, PGHOST="db.example", PGHOSTADDR="192.0.2.1") == [
        "FILE: [database] url: $PGHOSTADDR in the environment would lead PostgreSQL's library to another server;"
        " unset it",
        "FILE: [database] url: $PGHOST in the environment would lead PostgreSQL's library to another server;"
        " unset it",
    ]


@pytest.mark.parametrize(
    "url", ["oracle://desk:hunter2@db/x", "hunter2", "sqlite:///hunter2.sqlite3", "sqlite://"]
)
def test_a_database_that_we_cannot_use_is_refused_without_showing_its_url(tmp_path: Path, url: str) -> None:
    credential(tmp_path, "db_url", url)
    (problem,) = problems(tmp_path)
    assert problem.startswith("FILE: [database] url: expected ")
    assert problem.endswith(" in the credential db_url")
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    ("key", "fits"),
    [
        pytest.param(base64.b64encode(b"k" * 32).decode(), True, id="32 bytes"),
        pytest.param(base64.b64encode(b"k" * 48).decode(), True, id="48 bytes"),
        pytest.param(base64.b64encode(b"k" * 31).decode(), False, id="31 bytes"),
        pytest.param("k" * 43 + "!", False, id="not base64"),
        pytest.param("!" + base64.b64encode(b"k" * 32).decode(), False, id="more than base64"),
        pytest.param("correct horse battery staple", False, id="a pass phrase"),
        pytest.param("k" * 43 + "é", False, id="not ASCII"),
    ],
)
def test_the_secret_key_is_32_bytes_or_more_in_base64(tmp_path: Path, key: str, fits: bool) -> None:
    file = with_files(tmp_path)
    credential(tmp_path, "secret_key", key)
    if fits:
        assert load(file, {}).keys.secret == base64.b64decode(key)
    else:
        (problem,) = complaints(file)
        assert problem.startswith(
            "secret_key in FOLDER/credentials/secret_key or $HELPDESK_SECRET_KEY: expected 32"
        )
        assert key not in problem


def test_missing_secrets_are_named_with_where_to_write_them(tmp_path: Path) -> None:
    file = write(tmp_path, with_line("smtp", 'user = "desk"'))
    assert complaints(file) == [
        "FOLDER/helpdesk.toml: [imap] password: missing: "
        "write it to FOLDER/credentials/imap_password or $HELPDESK_IMAP_PASSWORD",
        "FOLDER/helpdesk.toml: [smtp] password: missing: "
        "write it to FOLDER/credentials/smtp_password or $HELPDESK_SMTP_PASSWORD",
        "secret_key: missing: `helpdeskd.py init` or `head -c 32 /dev/urandom | base64` makes one for "
        "FOLDER/credentials/secret_key or $HELPDESK_SECRET_KEY",
    ]


def test_a_relay_password_without_a_user_is_a_forgotten_user(tmp_path: Path) -> None:
    assert problems(tmp_path, HELPDESK_SMTP_PASSWORD="pw") == [
        "FILE: [smtp] user: missing although there is a smtp_password; a login needs both"
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xfe", "expected UTF-8 text, found other bytes"),
        (b"x" * 65536, None),
        (b"x" * 65537, "expected one secret of at most 65536 bytes, found more"),
    ],
)
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes, problem: str | None) -> None:
    file = with_files(tmp_path)
    credential(tmp_path, "imap_password", "").write_bytes(content)
    if problem is None:
        load(file, {})
    else:
        assert complaints(file)[0] == f"FOLDER/credentials/imap_password: {problem}"


def test_a_secret_that_cannot_be_opened_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    file = with_files(tmp_path)
    (tmp_path / "credentials" / "imap_password").unlink()
    (tmp_path / "credentials" / "imap_password").mkdir()
    assert complaints(file)[0] == (
        "FOLDER/credentials/imap_password: cannot be read (Is a directory); it must belong to the daemon's user"
    )


def test_a_secret_that_may_be_there_and_cannot_be_read_is_not_called_missing(tmp_path: Path) -> None:
    file = with_files(tmp_path)
    for name in ("secret_key", "imap_password"):
        (tmp_path / "credentials" / name).unlink()
        (tmp_path / "credentials" / name).mkdir()
    told = complaints(file)
    assert [line for line in told if "secret_key: cannot be read" in line]
    assert not [line for line in told if "missing" in line or "/dev/urandom" in line]
