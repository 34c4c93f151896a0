"""A MariaDB whose answers trickle in byte by byte is away once an answer has had its time, not once it is silent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from helpdesk.errors import StoreAway
from helpdesk.store import mariadb as mariadb_store
from helpdesk.store.engine import Database, open_database
from helpdesk.store.work import Work
from tests.faults.proxy import FINE, Proxy, Weather
from tests.servers.mariadb import MariaDb
from tests.servers.ports import HOST

STEP_SECONDS = 0.05  # never silent for long
PATIENCE_SECONDS = 15.0
ENDLESS = b"\xff\xff\x00\x00" + b"x" * 1000  # the beginning of a packet of 64 KiB


def ask(database: Database) -> str:
    with Work(database, read_only=True) as work:
        return str(work._connection.exec_driver_sql("SELECT REPEAT('x', 200)").scalar_one())


@contextmanager
def one_that_lets_nobody_in(says: bytes) -> Iterator[tuple[int, threading.Event]]:
    """Say something to whoever calls, byte by byte, while he stays; give the port, and whether he stayed."""
    stayed = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            while True:
                caller, _address = listener.accept()
                with caller, suppress(OSError):
                    caller.settimeout(STEP_SECONDS)
                    for number in range(int(PATIENCE_SECONDS / STEP_SECONDS)):
                        caller.sendall(says[number : number + 1])
                        with suppress(TimeoutError):
                            if not caller.recv(4096):
                                break
                    else:
                        stayed.set()

    with socket.create_server((HOST, 0)) as listener:
        server = threading.Thread(target=serve)
        server.start()
        yield listener.getsockname()[1], stayed
        listener.shutdown(socket.SHUT_RDWR)
        server.join()


@pytest.mark.parametrize("says", [ENDLESS, b""], ids=["a greeting without end", "nothing"])
def test_a_server_that_lets_nobody_in_is_left_when_connecting_has_had_its_time(
    says: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mariadb_store, "CONNECT_SECONDS", 0.5)
    with one_that_lets_nobody_in(says) as (port, stayed):
        database = open_database(f"mariadb://desk:x@{HOST}:{port}/helpdesk")
        with pytest.raises(StoreAway, match="timed out"):
            ask(database)
        database.close()
    assert not stayed.is_set()


def test_an_answer_that_trickles_in_is_waited_for_no_longer_than_any(
    mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mariadb_store, "CONNECT_SECONDS", 1)
    with Proxy(mariadb.port).running() as proxy:
        url = mariadb.url.replace(f":{mariadb.port}/", f":{proxy.port}/")
        database = open_database(url, str(mariadb.ca_file), statement_seconds=2)
        assert ask(database) == "x" * 200
        proxy.weather = Weather(bytes_per_second=20)
        with pytest.raises(StoreAway):
            ask(database)
        proxy.weather = FINE
        assert ask(database) == "x" * 200
        database.close()


def test_once_connected_an_answer_has_longer_than_connecting_may_take(
    mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mariadb_store, "CONNECT_SECONDS", 0.5)
    for ca_file in (None, str(mariadb.ca_file)):
        database = open_database(mariadb.url, ca_file)
        with Work(database, read_only=True) as work:
            assert work._connection.exec_driver_sql("SELECT SLEEP(0.8)").scalar_one() == 0
        database.close()


def test_a_server_on_this_machine_is_spoken_to_through_its_socket(mariadb: MariaDb) -> None:
    database = open_database(f"mariadb://root@localhost/helpdesk?unix_socket={mariadb.folder}/sock")
    assert ask(database) == "x" * 200
    database.close()
