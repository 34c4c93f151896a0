"""A desk with its people, and a desk with a door, on every database."""

from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest

from helpdesk.actions import passwords
from helpdesk.store.work import Work
from tests.actions.intakes import IntakeBench, bench
from tests.actions.logins import CHEAP, House
from tests.actions.staff import Staffed


@pytest.fixture
def staffed(each_url: str, tmp_path: Path) -> Iterator[Staffed]:
    """A desk with its people and no ticket, on each engine in turn."""
    made = bench(each_url, tmp_path)
    yield Staffed(made)
    made.close()


@pytest.fixture(scope="session")
def desk_on(each_url: str, tmp_path_factory: pytest.TempPathFactory) -> IntakeBench:
    """One desk on each engine in turn."""
    return bench(each_url, tmp_path_factory.mktemp("desk"))


@pytest.fixture
def house(desk_on: IntakeBench, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A desk with a door, nobody behind it; the database's clock moves by hand, and hashes are cheap."""
    made = House(desk_on)
    made.empty()
    plain = bcrypt.checkpw

    def checkpw(digest: bytes, stored: bytes) -> bool:
        made.checked.append(stored.decode())
        return plain(digest, stored)

    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    monkeypatch.setattr(passwords, "COST", CHEAP)
    monkeypatch.setattr(passwords, "_DUMMY", passwords.hash_password("nobody's"))
    monkeypatch.setattr(Work, "database_now", lambda _work: made.clock[0])
    yield made
    made.empty()
