"""Each value is of its kind and within its range, or refused in words that say what would do."""

from pathlib import Path

import pytest

from helpdesk.config import Tls
from tests.config.made import MINIMAL, loaded, problems, with_line


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
        ("alerts", "per_hour", 3, 1000),
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
        ("a.@example.org", False),
        ("a@example-.org", False),
        ("a@g-or.example.org", True),
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
    "host",
    [
        "",
        "imap.example.org:993",
        "imap..org",
        "imap.org.",
        "-a.org",
        "a-.org",
        "a b",
        "é.org",
        "a_b.org",
        "x." * 127 + "org",
    ],
)
def test_a_host_is_a_name_or_an_address_without_port(tmp_path: Path, host: str) -> None:
    assert len(problems(tmp_path, MINIMAL.replace("imap.example.org", host))) == 1
