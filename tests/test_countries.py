"""Countries come from a local file; without one, or with a broken one, logins go on."""

from pathlib import Path

import pytest

from helpdesk.countries import country_of, require_countries
from helpdesk.errors import HelpdeskError
from tests.mmdb import mmdb

COUNTRIES = {"192.0.2.0/24": "FR", "198.51.100.0/25": "DE"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "countries.mmdb"
    made.write_bytes(mmdb(COUNTRIES))
    return made


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("192.0.2.255", "FR"),
        ("192.0.3.0", ""),
        ("198.51.100.127", "DE"),
        ("198.51.100.128", ""),
        ("2001:db8::1", ""),
        ("laptop.univ.example", ""),
        ("", ""),
    ],
)
def test_an_address_has_the_country_of_its_network(file: Path, address: str, country: str) -> None:
    require_countries(file)
    assert country_of(file, address) == country


def test_without_a_file_no_country_is_known() -> None:
    assert country_of(None, "192.0.2.1") == ""


@pytest.mark.parametrize("content", [b"", b"no database", mmdb(COUNTRIES)[:40], bytes(200)])
def test_a_broken_file_is_told_of_and_stops_no_login(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert country_of(file, "192.0.2.1") == ""
    with pytest.raises(HelpdeskError, match=r"MaxMind|Invalid argument"):
        require_countries(file)


def test_every_byte_that_could_be_damaged_stops_no_login(file: Path) -> None:
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes((whole[place] ^ 0xFF,)) + whole[place + 1 :])
        assert len(country_of(file, "192.0.2.1")) in (0, 2)


def test_a_missing_file_is_told_of(tmp_path: Path) -> None:
    assert country_of(tmp_path / "none.mmdb", "192.0.2.1") == ""
    with pytest.raises(HelpdeskError, match="No such file"):
        require_countries(tmp_path / "none.mmdb")
