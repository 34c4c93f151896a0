"""[suspicion]: each threshold can be set, within a range, and the defaults are those of the program."""

from dataclasses import asdict
from pathlib import Path

import pytest

from helpdesk.config.suspicionsection import RANGES
from helpdesk.core.suspicion import Thresholds
from tests.config.made import loaded, problems, with_line
from tests.mmdb import mmdb


def test_without_the_section_all_is_as_usual(tmp_path: Path) -> None:
    given = loaded(tmp_path).suspicion
    assert given.thresholds == Thresholds()
    assert given.country_file is None
    assert given.alert_file == Path("/var/lib/helpdesk/alerts.log")


def test_the_file_of_alerts_lies_in_the_state_folder(tmp_path: Path) -> None:
    given = loaded(tmp_path, with_line("desk", 'state_dir = "/srv/desk"')).suspicion
    assert given.alert_file == Path("/srv/desk/alerts.log")


@pytest.mark.parametrize("name", RANGES)
def test_each_threshold_has_a_range(tmp_path: Path, name: str) -> None:
    low, high = RANGES[name]
    for value in (low, high):
        given = loaded(tmp_path, with_line("suspicion", f"{name} = {value}"))
        assert asdict(given.suspicion.thresholds)[name] == value
    for value in (low - 1, high + 1):
        expected = f"FILE: [suspicion] {name}: expected {low} to {high}, found {value}"
        assert problems(tmp_path, with_line("suspicion", f"{name} = {value}")) == [expected]


def test_every_threshold_is_a_setting() -> None:
    assert set(RANGES) == set(asdict(Thresholds()))


def test_a_country_file_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "c.mmdb").write_bytes(mmdb({"192.0.2.0/24": "FR"}))
    given = loaded(tmp_path, with_line("suspicion", 'country_file = "c.mmdb"'))
    assert given.suspicion.country_file == tmp_path / "c.mmdb"
    (problem,) = problems(tmp_path, with_line("suspicion", 'country_file = "d.mmdb"'))
    assert "expected a file, found none" in problem
