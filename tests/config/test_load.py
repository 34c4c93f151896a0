"""Settings are complete and typed, or refused with every problem at once, each saying where and what."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from helpdesk.config import AuditSettings, DnsSettings, Level, Tls, find, load, load_for_inspect
from helpdesk.core.mail import Caps
from helpdesk.core.people import Language, Role
from helpdesk.core.trust import Trust
from helpdesk.errors import BadSettings
from tests.config.made import KEY, MINIMAL, SECRETS, credential, loaded, problems, with_line, write


def test_five_lines_and_two_secrets_are_enough_and_the_rest_has_defaults(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert settings.desk.address == "desk@example.org"
    assert settings.desk.addresses == ("desk@example.org",)
    assert settings.desk.language is Language.FR
    assert settings.desk.timezone == ZoneInfo("Europe/Paris")
    assert settings.desk.state_dir == Path("/var/lib/helpdesk")
    assert settings.database.url.reveal() == "sqlite:////var/lib/helpdesk/helpdesk.sqlite3"
    (mailbox,) = settings.mailboxes
    assert (mailbox.name, mailbox.host, mailbox.port, mailbox.tls) == (
        "main",
        "imap.example.org",
        993,
        Tls.TLS,
    )
    assert mailbox.trust == Trust()
    assert not mailbox.trust.configured
    assert (settings.smtp.port, settings.smtp.user, settings.smtp.bounce_address) == (
        465,
        "",
        "desk@example.org",
    )
    assert settings.limits.caps == Caps()
    assert settings.log_level is Level.INFO
    assert settings.keys.secret == bytes(range(32))


def test_every_problem_is_reported_at_once_with_file_section_key_and_what_was_found(tmp_path: Path) -> None:
    text = """
[desk]
name = "Support"
address = "desk"
reopen_days = "14"
[imap]
host = "imap.example.org"
usr = "desk"
port = 99300
[smpt]
host = "smtp.example.org"
[alerts]
to = []
"""
    assert problems(tmp_path, text) == [
        'FILE: [desk] address: expected a mail address like desk@example.org, found "desk"',
        'FILE: [desk] reopen_days: expected 0 to 3650, found "14"',
        "FILE: [imap] port: expected 1 to 65535, found 99300",
        "FILE: [imap] user: missing",
        "FILE: [imap] usr: no such setting (did you mean user?)",
        "FILE: [smtp] host: missing",
        "FILE: [alerts] to: expected a list of at least 1, each a mail address like desk@example.org, "
        "found an empty list",
        "FILE: smpt: no such section (did you mean smtp?)",
    ]


@pytest.mark.parametrize(
    "address", ["desk@example.org", "Desk@example.org", "help@example.org", "desk+boss@example.org"]
)
def test_alerts_to_the_desk_itself_are_refused(tmp_path: Path, address: str) -> None:
    text = with_line("desk", 'aliases = ["help@example.org"]').replace("sysadmin@example.org", address)
    (problem,) = problems(tmp_path, text)
    assert problem.endswith(
        f"{address} is the desk's own address, where nobody reads alerts; name a person's"
    )


def test_addresses_of_the_desk_are_in_lower_case_and_each_once_and_those_of_others_keep_their_local_part(
    tmp_path: Path,
) -> None:
    text = with_line("desk", 'aliases = ["Help@Example.org", "DESK@example.org"]').replace(
        "sysadmin@", "SysAdmin@Mail."
    )
    settings = loaded(tmp_path, text)
    assert settings.desk.addresses == ("desk@example.org", "help@example.org")
    assert settings.alerts.to == ("SysAdmin@mail.example.org",)


@pytest.mark.parametrize(
    ("variable", "value", "read"),
    [
        ("HELPDESK_IMAP_HOST", "other.example.org", lambda s: s.mailboxes[0].host == "other.example.org"),
        ("HELPDESK_IMAP_PORT", "1993", lambda s: s.mailboxes[0].port == 1993),
        ("HELPDESK_IMAP_IDLE", "false", lambda s: s.mailboxes[0].idle is False),
        (
            "HELPDESK_DESK_ALIASES",
            "a@b.org, c@d.org",
            lambda s: s.desk.addresses[1:] == ("a@b.org", "c@d.org"),
        ),
        ("HELPDESK_LOGS_LEVEL", "debug", lambda s: s.log_level is Level.DEBUG),
        ("HELPDESK_DATABASE_URL", "mariadb://u:pw@db/x", lambda s: "pw" in s.database.url.reveal()),
        ("HELPDESK_IMAP_TRUST_MAX_AGE_DAYS", "3", lambda s: s.mailboxes[0].trust.max_age_days == 3),
        ("HELPDESK_PORT", "tcp://10.0.0.1:80", lambda s: True),
        ("HELPDESK_SERVICE_HOST", "10.0.0.1", lambda s: True),
    ],
)
def test_the_environment_wins_over_the_file(tmp_path: Path, variable: str, value: str, read: object) -> None:
    assert callable(read)
    assert read(loaded(tmp_path, **{variable: value}))


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("HELPDESK_IMAP_PORT", "99300", "expected 1 to 65535, found 99300"),
        ("HELPDESK_IMAP_PORT", "٩٩٣", 'expected 1 to 65535, found "٩٩٣"'),
        ("HELPDESK_IMAP_IDLE", "yes", 'expected true or false, found "yes"'),
        ("HELPDESK_IMAP_HOST", "", "expected a server's name or address, without port, found an empty text"),
        ("HELPDESK_IMAP_HSOT", "x", "no such setting (did you mean HELPDESK_IMAP_HOST?)"),
    ],
)
def test_a_problem_in_the_environment_names_the_variable(
    tmp_path: Path, variable: str, value: str, problem: str
) -> None:
    assert problems(tmp_path, **{variable: value}) == [f"environment: {variable}: {problem}"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"[desk", "not TOML: Expected ']'", id="not TOML"),
        pytest.param(b'name = "\xe9"', "expected UTF-8 text, found another byte at offset 8", id="not UTF-8"),
        pytest.param(
            b'[desk]\nname = "a"\nname = "b"', "not TOML: Cannot overwrite a value", id="a key twice"
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_one_problem(tmp_path: Path, content: bytes, problem: str) -> None:
    file = tmp_path / "helpdesk.toml"
    file.write_bytes(content)
    for read in (load, load_for_inspect):
        with pytest.raises(BadSettings) as caught:
            read(file, {})
        assert len(caught.value.problems) == 1
        assert caught.value.problems[0].startswith(f"{file}: {problem}")


def test_what_stands_outside_or_instead_of_a_section_is_a_problem(tmp_path: Path) -> None:
    text = 'limits = 3\nhost = "x"\n' + MINIMAL
    assert problems(tmp_path, text) == [
        "FILE: [limits]: expected a section, found 3",
        "FILE: host: no such setting outside a section",
    ]


def test_a_file_named_by_option_or_environment_must_exist(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    for read in (load, load_for_inspect):
        for path, environ in ((missing, {}), (None, {"HELPDESK_CONFIG": str(missing)})):
            with pytest.raises(
                BadSettings, match=r"missing\.toml: cannot be read \(No such file or directory\)"
            ):
                read(path, environ)


def test_the_option_wins_over_the_environment_and_that_over_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find(Path("given.toml"), {"HELPDESK_CONFIG": "named.toml"}) == Path("given.toml")
    assert find(None, {"HELPDESK_CONFIG": "named.toml"}) == Path("named.toml")
    write(tmp_path, MINIMAL)
    assert find(None, {}) == Path("helpdesk.toml")


def test_without_any_settings_there_is_one_line_that_says_how_to_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "helpdesk.config.reading.PLACES", (Path("helpdesk.toml"), Path("/nonexistent/helpdesk.toml"))
    )
    with pytest.raises(BadSettings) as caught:
        load(None, {})
    assert caught.value.problems == (
        "no settings found (looked at helpdesk.toml, /nonexistent/helpdesk.toml); "
        "`helpdeskd.py init` writes a file to begin with",
    )
    with pytest.raises(BadSettings, match="HELPDESK_SMTP_PORT: expected 1 to 65535"):
        load(None, {"HELPDESK_SMTP_PORT": "0"})


def test_the_environment_alone_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("helpdesk.config.reading.PLACES", ())
    settings = load(
        None,
        {
            "HELPDESK_DESK_NAME": "Support",
            "HELPDESK_DESK_ADDRESS": "desk@example.org",
            "HELPDESK_IMAP_HOST": "imap.example.org",
            "HELPDESK_IMAP_USER": "desk",
            "HELPDESK_IMAP_PASSWORD": "pw",
            "HELPDESK_SMTP_HOST": "smtp.example.org",
            "HELPDESK_ALERTS_TO": "a@example.org",
            "HELPDESK_SECRET_KEY": KEY,
        },
    )
    assert settings.file is None
    assert settings.alerts.to == ("a@example.org",)


def test_looking_at_a_mail_needs_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("helpdesk.config.reading.PLACES", ())
    settings = load_for_inspect(None, {})
    assert settings.limits.caps == Caps()
    assert settings.trust == {}
    assert settings.dns == DnsSettings((), 53)
    assert (settings.addresses, settings.install_id) == ((), "")


def test_looking_at_a_mail_knows_our_own_letters_as_the_daemon_does(tmp_path: Path) -> None:
    file = write(tmp_path, with_line("desk", 'aliases = ["help@example.org"]'))
    daemon = load(file, SECRETS)
    assert load_for_inspect(file, {}).install_id == "", "nothing but the key is wanted for that"
    credential(tmp_path, "secret_key", KEY)
    assert load_for_inspect(file, {}).install_id == daemon.keys.install_id
    assert load_for_inspect(file, {}).addresses == daemon.desk.addresses
    credential(tmp_path, "secret_key", "c2hvcnQ=")
    assert load_for_inspect(file, {}).install_id == ""
    assert load_for_inspect(file, {"HELPDESK_SECRET_KEY": KEY}).install_id == daemon.keys.install_id


def test_blobs_lie_in_the_state_folder_unless_they_are_shared(tmp_path: Path) -> None:
    assert loaded(tmp_path).desk.blob_dir == Path("/var/lib/helpdesk/blobs")
    assert loaded(tmp_path, with_line("desk", 'state_dir = "s"')).desk.blob_dir == tmp_path / "s" / "blobs"
    shared = with_line("desk", 'blob_dir = "/srv/helpdesk-blobs"')
    assert loaded(tmp_path, shared).desk.blob_dir == Path("/srv/helpdesk-blobs")


def test_looking_at_a_mail_needs_no_secret_but_sound_settings(tmp_path: Path) -> None:
    text = MINIMAL + "[limits]\nmax_depth = 7\n[imap.trust]\nmax_age_days = 3\n[dns]\nport = 54\n"
    credential(tmp_path, "imap_password", "pw", 0o644)
    settings = load_for_inspect(write(tmp_path, text), {})
    assert settings.limits.caps.max_depth == 7
    assert settings.trust == {"main": Trust(max_age_days=3)}
    assert settings.dns.port == 54
    with pytest.raises(BadSettings, match=r"\[limits\] max_depth: expected 3 to 50, found 2"):
        load_for_inspect(write(tmp_path, text.replace("= 7", "= 2")), {})


def test_no_role_may_use_an_editor_unless_the_settings_name_it(tmp_path: Path) -> None:
    assert loaded(tmp_path).login.editor_roles == ()
    text = with_line("login", 'editor_roles = ["agent", "admin"]')
    assert loaded(tmp_path, text).login.editor_roles == (Role.AGENT, Role.ADMIN)
    (problem,) = problems(tmp_path, with_line("login", 'editor_roles = ["agents"]'))
    assert problem == (
        'FILE: [login] editor_roles: expected a list, each user or agent or manager or admin, found "agents"'
    )


def test_the_audit_trail_is_kept_for_90_days_or_more(tmp_path: Path) -> None:
    assert loaded(tmp_path).audit == AuditSettings(Path("/var/lib/helpdesk/audit"), 90)
    text = with_line("audit", 'folder = "trail"\nkeep_days = 365')
    assert loaded(tmp_path, text).audit == AuditSettings(tmp_path / "trail", 365)
    there = with_line("desk", 'state_dir = "state"')
    assert loaded(tmp_path, there).audit.folder == tmp_path / "state" / "audit"
    assert problems(tmp_path, with_line("audit", "keep_days = 89")) == [
        "FILE: [audit] keep_days: expected 90 to 3650, found 89"
    ]
