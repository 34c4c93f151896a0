"""How the desk is watched from outside: off by default, and a DSN is a secret."""

from pathlib import Path

import pytest

from helpdesk.config import MetricsSettings, load_for_shell
from tests.config.made import MINIMAL, SECRETS, credential, loaded, problems, with_line, write

DSN = "https://0123abcd@sentry.example/4"


def test_nothing_is_watched_by_default(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert settings.metrics == MetricsSettings(None, 0)
    assert not settings.metrics.wanted
    assert not settings.sentry_dsn


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('file = "/run/x/helpdesk.prom"', MetricsSettings(Path("/run/x/helpdesk.prom"))),
        ("port = 9464", MetricsSettings(port=9464)),
        ("port = 65535", MetricsSettings(port=65535)),
    ],
)
def test_figures_go_to_a_file_or_a_port(tmp_path: Path, line: str, expected: MetricsSettings) -> None:
    settings = loaded(tmp_path, with_line("metrics", line))
    assert settings.metrics == expected
    assert settings.metrics.wanted


@pytest.mark.parametrize("given", ["-1", "65536", '"9464"'])
def test_a_port_is_a_port(tmp_path: Path, given: str) -> None:
    assert problems(tmp_path, with_line("metrics", f"port = {given}")) == [
        f"FILE: [metrics] port: expected 0 to 65535, found {given}"
    ]


def test_a_dsn_is_read_from_its_file_or_the_environment_and_does_not_show(tmp_path: Path) -> None:
    assert loaded(tmp_path, HELPDESK_SENTRY_DSN=DSN).sentry_dsn.reveal() == DSN
    credential(tmp_path, "sentry_dsn", DSN + "\n")
    settings = loaded(tmp_path)
    assert settings.sentry_dsn.reveal() == DSN
    assert DSN not in repr(settings)
    assert not load_for_shell(write(tmp_path, MINIMAL), SECRETS).sentry_dsn


def test_a_dsn_does_not_stand_in_the_settings(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, with_line("sentry", f'dsn = "{DSN}"'))
    assert "a secret never stands in this file" in problem
    assert DSN not in problem


@pytest.mark.parametrize(
    ("dsn", "fits"),
    [
        (DSN, True),
        ("https://0123abcd@sentry.example:8443/prefix/4", True),
        ("http://0123abcd@127.0.0.1:9000/4", True),
        ("http://0123abcd@sentry.example/4", False),
        ("https://sentry.example/4", False),
        ("https://0123abcd@sentry.example/", False),
        ("https://0123abcd@sentry.example/four", False),
        ("https://0123abcd@sentry.example:99999/4", False),
        ("0123abcd", False),
        ("https://0123abcd@[sentry/4", False),
    ],
)
def test_a_dsn_that_sentry_cannot_have_shown_is_refused_and_not_repeated(
    tmp_path: Path, dsn: str, fits: bool
) -> None:
    if fits:
        assert loaded(tmp_path, HELPDESK_SENTRY_DSN=dsn).sentry_dsn
        return
    (problem,) = problems(tmp_path, HELPDESK_SENTRY_DSN=dsn)
    assert "[sentry] dsn: " in problem
    assert "expected https://KEY@HOST/NUMBER" in problem
    assert "0123abcd" not in problem
