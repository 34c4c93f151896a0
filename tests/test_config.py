"""Settings: complete and typed, or refused with every problem at once, each saying where and what."""

import base64
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from helpdesk.config import Level, Settings, Tls, load
from helpdesk.core.mail import Caps
from helpdesk.core.people import Language
from helpdesk.core.trust import Placement, Profile, Trust
from helpdesk.errors import EXIT_CONFIG, BadSettings

KEY = base64.b64encode(bytes(range(32))).decode()
MINIMAL = """
[desk]
name = "Support"
address = "Desk@Example.org"
[imap]
host = "imap.example.org"
user = "desk"
[smtp]
host = "smtp.example.org"
[alerts]
to = ["sysadmin@example.org"]
"""
SECRETS = {"HELPDESK_IMAP_PASSWORD": "imap-pw", "HELPDESK_SECRET_KEY": KEY}


def write(folder: Path, text: str) -> Path:
    file = folder / "helpdesk.toml"
    file.write_text(text, encoding="utf-8")
    return file


def loaded(folder: Path, text: str = MINIMAL, **environ: str) -> Settings:
    return load(write(folder, text), SECRETS | environ)


def problems(folder: Path, text: str = MINIMAL, **environ: str) -> list[str]:
    """Return what is wrong, with the file's name instead of its path."""
    file = write(folder, text)
    with pytest.raises(BadSettings) as caught:
        load(file, SECRETS | environ)
    assert caught.value.exit_status == EXIT_CONFIG
    return [
        problem.replace(str(folder), "FOLDER").replace("FOLDER/helpdesk.toml", "FILE")
        for problem in caught.value.problems
    ]


def with_line(section: str, line: str) -> str:
    """Return the minimal settings with one line more in a section, which is added where it is missing."""
    header = f"[{section}]\n"
    return (
        MINIMAL.replace(header, header + line + "\n") if header in MINIMAL else f"{MINIMAL}{header}{line}\n"
    )


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
    ("section", "key", "low", "high"),
    [
        ("desk", "reopen_days", 0, 3650),
        ("imap", "port", 1, 65535),
        ("imap", "poll_seconds", 1, 3600),
        ("imap", "batch_mails", 1, 500),
        ("imap", "batch_bytes", 64 * 1024, 500 * 1024 * 1024),
        ("imap", "timeout_seconds", 5, 600),
        ("imap.trust", "max_age_days", 1, 365),
        ("dns", "port", 1, 65535),
        ("smtp", "connections", 1, 20),
        ("smtp", "timeout_seconds", 5, 600),
        ("caps", "per_address_hour", 1, 1_000_000),
        ("caps", "per_address_day", 1, 1_000_000),
        ("caps", "per_domain_hour", 1, 1_000_000),
        ("caps", "overall_hour", 1, 1_000_000),
        ("alerts", "per_hour", 1, 1000),
        ("limits", "max_bytes", 64 * 1024, 200 * 1024 * 1024),
        ("limits", "max_depth", 3, 50),
        ("limits", "workers", 1, 32),
        ("limits", "worker_memory_mib", 256, 16 * 1024),
        ("limits", "worker_seconds", 1, 300),
    ],
)
def test_a_number_is_taken_up_to_both_ends_of_its_range_and_not_beyond(
    tmp_path: Path, section: str, key: str, low: int, high: int
) -> None:
    for inside in (low, high):
        loaded(tmp_path, with_line(section, f"{key} = {inside}"))
    for outside in (low - 1, high + 1):
        found = problems(tmp_path, with_line(section, f"{key} = {outside}"))
        assert found == [f"FILE: [{section}] {key}: expected {low} to {high}, found {outside}"]


@pytest.mark.parametrize(
    ("section", "line", "problem"),
    [
        pytest.param("imap", "idle = 1", "idle: expected true or false, found 1", id="a number is no truth"),
        pytest.param(
            "imap", "port = true", "port: expected 1 to 65535, found true", id="a truth is no number"
        ),
        pytest.param("imap", "port = 1.5", "port: expected 1 to 65535, found 1.5", id="half a number"),
        pytest.param(
            "imap", 'tls = "ssl"', 'tls: expected tls or starttls or plain, found "ssl"', id="another word"
        ),
        pytest.param(
            "imap",
            "tls = [1]",
            "tls: expected tls or starttls or plain, found a list",
            id="a list is no word",
        ),
        pytest.param(
            "dns",
            'nameservers = "::1"',
            'nameservers: expected a list, each an IP address, found "::1"',
            id="a text is no list",
        ),
        pytest.param(
            "dns",
            'nameservers = ["9.9.9.9", "dns"]',
            'nameservers: expected a list, each an IP address, found "dns"',
            id="one of the list is wrong",
        ),
        pytest.param(
            "desk",
            'language = "de"',
            'language: expected fr or en, found "de"',
            id="a language without letters",
        ),
        pytest.param(
            "desk",
            'timezone = "Europe/Pari"',
            "timezone: this machine knows no zone Europe/Pari (Debian: package tzdata)",
            id="no such time zone",
        ),
        pytest.param(
            "desk",
            'timezone = "../../etc/passwd"',
            "timezone: this machine knows no zone ../../etc/passwd (Debian: package tzdata)",
            id="a path is no time zone",
        ),
        pytest.param(
            "desk",
            'aliases = ["a@b"]',
            'aliases: expected a list, each a mail address like desk@example.org, found "a@b"',
            id="an address needs a domain with a dot",
        ),
        pytest.param(
            "imap",
            'done_folder = "inbox"',
            'done_folder: "inbox" is already used; each folder of a mailbox needs its own name',
            id="mail settled into the inbox would come back",
        ),
        pytest.param(
            "imap",
            'held_folder = "Quarantine"',
            'quarantine_folder: "Quarantine" is already used; each folder of a mailbox needs its own name',
            id="two folders of one name",
        ),
        pytest.param(
            "imap",
            'ca_file = "none.pem"',
            "ca_file: expected a file, found none at FOLDER/none.pem",
            id="no such file",
        ),
        pytest.param(
            "desk",
            'credentials = "none"',
            "credentials: expected a folder, found none at FOLDER/none",
            id="no such folder",
        ),
        pytest.param(
            "desk",
            r'state_dir = "a\u0000b"',
            r'state_dir: expected a path, found "a\x00b"',
            id="a path with NUL",
        ),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(tmp_path: Path, section: str, line: str, problem: str) -> None:
    assert problems(tmp_path, with_line(section, line)) == [f"FILE: [{section}] {problem}"]


@pytest.mark.parametrize(
    ("address", "fits"),
    [
        ("a@example.org", True),
        ("a.b+c@sub.example.org", True),
        ("a" * 64 + "@example.org", True),
        ("a" * 65 + "@example.org", False),
        ("a@" + "b" * 63 + ".org", True),
        ("a@" + "b" * 64 + ".org", False),
        ("a@xn--e1afmkfd.xn--p1ai", True),
        ("a..b@example.org", False),
        (".a@example.org", False),
        ("a@-example.org", False),
        ("a@example.123", False),
        ("a@[127.0.0.1]", False),
        ("a b@example.org", False),
        ("a@example.org, b@example.org", False),
        ("Desk <a@example.org>", False),
        ("é@example.org", False),
        ("a@example.org\\nBcc: b@example.org", False),
    ],
)
def test_an_address_is_one_plain_ascii_address(tmp_path: Path, address: str, fits: bool) -> None:
    text = MINIMAL.replace("sysadmin@example.org", address)
    if fits:
        assert loaded(tmp_path, text).alerts.to == (address,)
    else:
        assert len(problems(tmp_path, text)) == 1


def test_a_desk_name_with_a_line_end_is_refused_and_shown_escaped(tmp_path: Path) -> None:
    text = MINIMAL.replace('"Support"', r'"Support\r\nBcc: all@example.org"')
    assert problems(tmp_path, text) == [
        r'FILE: [desk] name: expected one line of text, found "Support\r\nBcc: all@example.org"'
    ]


@pytest.mark.parametrize(
    ("host", "fits"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("imap.example.org", False),
        ("128.0.0.1", False),
        ("localhost.example.org", False),
        ("::2", False),
    ],
)
def test_plain_connections_stay_on_this_machine(tmp_path: Path, host: str, fits: bool) -> None:
    text = MINIMAL.replace("smtp.example.org", host).replace("[alerts]", 'tls = "plain"\n[alerts]')
    if fits:
        assert loaded(tmp_path, text).smtp.tls is Tls.PLAIN
    else:
        assert problems(tmp_path, text) == [
            f"FILE: [smtp] tls: plain is for this machine only, and {host} is another; use tls or starttls"
        ]


@pytest.mark.parametrize(
    ("tls", "imap_port", "smtp_port"), [("tls", 993, 465), ("starttls", 143, 587), ("plain", 143, 25)]
)
def test_the_port_follows_from_the_kind_of_tls(
    tmp_path: Path, tls: str, imap_port: int, smtp_port: int
) -> None:
    text = MINIMAL.replace("imap.example.org", "localhost").replace("smtp.example.org", "localhost")
    text = text.replace('host = "localhost"', f'host = "localhost"\ntls = "{tls}"')
    settings = loaded(tmp_path, text)
    assert (settings.mailboxes[0].port, settings.smtp.port) == (imap_port, smtp_port)


@pytest.mark.parametrize(
    "host", ["", "imap.example.org:993", "imap..org", "-a.org", "a b", "é.org", "a_b.org", "x." * 127 + "org"]
)
def test_a_host_is_a_name_or_an_address_without_port(tmp_path: Path, host: str) -> None:
    assert len(problems(tmp_path, MINIMAL.replace("imap.example.org", host))) == 1


TRUST = """
[imap.trust]
authserv_ids = ["mx.example.org"]
border_by = ["mx.example.org", "*.mail.protection.outlook.com", "2002:*"]
inner_by = ["dovecot.example.org"]
placement = "below"
border_strips = true
recheck_dkim = false
accept_without_dmarc = false
max_age_days = 7
"""


def test_trust_is_read_whole(tmp_path: Path) -> None:
    assert loaded(tmp_path, MINIMAL + TRUST).mailboxes[0].trust == Trust(
        authserv_ids=("mx.example.org",),
        border_by=("mx.example.org", "*.mail.protection.outlook.com", "2002:*"),
        inner_by=("dovecot.example.org",),
        placement=Placement.BELOW,
        profile=Profile.RFC8601,
        border_strips=True,
        recheck_dkim=False,
        accept_without_dmarc=False,
        max_age_days=7,
    )


@pytest.mark.parametrize(
    ("without", "problem"),
    [
        ("authserv_ids", "authserv_ids: missing, and border_by alone proves nobody; see `trust calibrate`"),
        ("border_by", "border_by: missing, and authserv_ids alone proves nobody; see `trust calibrate`"),
        ("placement", "placement: missing: a wrong guess lets forgeries in; see `trust calibrate`"),
    ],
)
def test_half_a_trust_is_refused(tmp_path: Path, without: str, problem: str) -> None:
    lines = [line for line in TRUST.splitlines() if not line.startswith(without)]
    assert problems(tmp_path, MINIMAL + "\n".join(lines)) == [f"FILE: [imap.trust] {problem}"]


def test_microsoft_365_writes_no_id_so_none_is_wanted(tmp_path: Path) -> None:
    text = (
        MINIMAL
        + '[imap.trust]\nprofile = "m365"\nplacement = "above"\nborder_by = ["*.protection.outlook.com"]'
    )
    assert loaded(tmp_path, text).mailboxes[0].trust.configured


@pytest.mark.parametrize("pattern", ["*", "mx*.example.org", "mx.example.*", "*.", "a b"])
def test_a_border_pattern_that_matches_too_much_or_never_is_refused(tmp_path: Path, pattern: str) -> None:
    text = MINIMAL + TRUST.replace('"mx.example.org", "*.mail', f'"{pattern}", "*.mail')
    assert len(problems(tmp_path, text)) == 1


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
        ("HELPDESK_DATABASE_URL", "mariadb://u:pw@db/x", lambda s: "+pymysql" in s.database.url.reveal()),
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


TWO = MINIMAL.replace("[imap]", '[[imap]]\nname = "one"').replace(
    "[smtp]",
    '[[imap]]\nname = "two"\nhost = "imap.example.org"\nuser = "desk2"\n[imap.trust]\nmax_age_days = 3\n[smtp]',
)


def test_several_mailboxes_each_have_their_name_password_and_trust(tmp_path: Path) -> None:
    for name in ("one", "two"):
        credential(tmp_path, f"imap_password.{name}", f"pw-{name}")
    settings = load(write(tmp_path, TWO), {"HELPDESK_SECRET_KEY": KEY})
    assert [(m.name, m.user, m.password.reveal(), m.trust.max_age_days) for m in settings.mailboxes] == [
        ("one", "desk", "pw-one", 14),
        ("two", "desk2", "pw-two", 3),
    ]


def credential(folder: Path, name: str, text: str, mode: int = 0o600) -> Path:
    file = folder / "credentials" / name
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('name = "two"', 'name = "one"', "[imap] name: there is already a mailbox one"),
        ('name = "two"\n', "", "[imap] name: missing"),
        ('"desk2"', '"desk"', "[imap] folder: INBOX of this user is already the inbox of another [[imap]]"),
    ],
)
def test_several_mailboxes_must_be_told_apart(tmp_path: Path, old: str, new: str, problem: str) -> None:
    for name in ("one", "two", ""):
        credential(tmp_path, f"imap_password.{name}", "pw")
    file = write(tmp_path, TWO.replace(old, new))
    with pytest.raises(BadSettings) as caught:
        load(file, {"HELPDESK_SECRET_KEY": KEY})
    assert caught.value.problems == (f"{file}: {problem}",)


def test_a_variable_that_could_mean_several_mailboxes_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        credential(tmp_path, f"imap_password.{name}", "pw")
    file = write(tmp_path, TWO)
    with pytest.raises(BadSettings) as caught:
        load(file, {"HELPDESK_SECRET_KEY": KEY, "HELPDESK_IMAP_HOST": "x.example.org"})
    assert caught.value.problems == (
        "environment: HELPDESK_IMAP_HOST: there are several mailboxes, and it could mean any of them; "
        "set it in the file",
    )
