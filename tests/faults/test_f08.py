"""A network that is bad for a moment; ``make faults`` lets it be so for minutes, in each way, before each server."""

from pathlib import Path

import pytest

from tests.faults.f08_networks import HALF_OPEN, Bad, Place, endured
from tests.faults.proxy import Weather
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.mariadb import MariaDb

LATE = Bad("50 ms late", Weather(latency_seconds=0.05), passes=True)


@pytest.mark.parametrize(
    ("server", "bad"),
    [
        pytest.param("mailbox", HALF_OPEN, id="a half-open mailbox"),
        pytest.param("database", LATE, id="a late database"),
    ],
)
def test_a_bad_network_costs_nothing_but_time(
    server: str, bad: Bad, tmp_path: Path, certificates: Certificates, dovecot: Dovecot, mariadb: MariaDb
) -> None:
    place = Place(tmp_path, dovecot, mariadb, certificates)
    found = endured(place, server, bad, "desk", 1.0, wave=3, imap="timeout_seconds = 5\n")
    assert (found.lost, found.doubled, found.problems) == (0, 0, ())
