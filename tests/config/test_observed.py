"""How the desk is watched from outside: off by default."""

from pathlib import Path

import pytest

from helpdesk.config import MetricsSettings
from tests.config.made import loaded, problems, with_line


def test_nothing_is_watched_by_default(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert settings.metrics == MetricsSettings(None, 0)
    assert not settings.metrics.wanted


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
