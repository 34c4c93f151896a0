"""The bad network is as bad as it is told to be, and no worse."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.faults.proxy import FINE, Proxy, Weather
from tests.servers.ports import HOST

PATIENCE_SECONDS = 20.0


@contextmanager
def echo() -> Iterator[int]:
    """Send back whatever comes; give the port."""

    def serve(one: socket.socket) -> None:
        with one, suppress(OSError):
            while chunk := one.recv(65536):
                one.sendall(chunk)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server((HOST, 0)) as listener:
        acceptor = threading.Thread(target=accept)
        acceptor.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        acceptor.join(PATIENCE_SECONDS)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with echo() as port, Proxy(port).running() as running:
        yield running


def call(proxy: Proxy, timeout: float = PATIENCE_SECONDS) -> socket.socket:
    return socket.create_connection((HOST, proxy.port), timeout)


def echoed(one: socket.socket, sent: bytes) -> bytes:
    """Send and read until as much has come back or the connection ends."""
    sender = threading.Thread(target=lambda: _send(one, sent))
    sender.start()
    came = b""
    while len(came) < len(sent) and (chunk := one.recv(65536)):
        came += chunk
    sender.join(PATIENCE_SECONDS)
    return came


def _send(one: socket.socket, sent: bytes) -> None:
    with suppress(OSError):
        one.sendall(sent)


def test_in_fine_weather_every_byte_passes_both_ways(proxy: Proxy) -> None:
    sent = random.Random(1).randbytes(3_000_000)
    with call(proxy) as one:
        assert echoed(one, sent) == sent
    assert (len(proxy.connected_at), proxy.resets) == (1, 0)


def test_latency_counts_each_way_and_holds_nothing_else_up(proxy: Proxy) -> None:
    proxy.weather = Weather(latency_seconds=0.4)
    sent = b"x" * 2_000_000
    with call(proxy) as one:
        began = time.monotonic()
        assert echoed(one, sent) == sent
        assert time.monotonic() - began >= 0.8


def test_a_narrow_line_lets_bytes_through_at_its_rate(proxy: Proxy) -> None:
    proxy.weather = Weather(bytes_per_second=10)
    with call(proxy) as one:
        began = time.monotonic()
        assert echoed(one, b"12345678") == b"12345678"
        assert time.monotonic() - began >= 0.6
        proxy.weather = FINE
        assert echoed(one, b"x" * 100_000) == b"x" * 100_000


def test_a_silent_connection_stays_open_and_never_answers_again(proxy: Proxy) -> None:
    with call(proxy, 0.3) as one:
        assert echoed(one, b"hello") == b"hello"
        proxy.weather = Weather(silent=True)
        with pytest.raises(TimeoutError):
            echoed(one, b"hello?")
        proxy.weather = FINE
        with pytest.raises(TimeoutError):
            echoed(one, b"what it swallowed is gone, so it stays silent")
    with call(proxy) as another:
        assert echoed(another, b"hello") == b"hello"


@pytest.mark.parametrize("size", [1, 1000, 70_000])
def test_a_connection_is_cut_after_so_many_bytes(proxy: Proxy, size: int) -> None:
    proxy.weather = Weather(cut_after_bytes=2 * size)
    with call(proxy) as one:
        assert echoed(one, b"x" * size) == b"x" * size
        assert one.recv(1) == b""


def test_a_reset_is_a_reset_for_the_client(proxy: Proxy) -> None:
    proxy.weather = Weather(reset_after_bytes=3)
    with call(proxy) as one, pytest.raises(ConnectionResetError):
        echoed(one, b"hello")
    assert proxy.resets == 1


def test_about_the_given_share_of_connections_is_reset(proxy: Proxy) -> None:
    proxy.weather = Weather(reset_share=0.3, reset_within_bytes=20)
    whole = 0
    for _ in range(100):
        with call(proxy) as one, suppress(ConnectionResetError):
            whole += echoed(one, b"0123456789") == b"0123456789"
    assert whole == 100 - proxy.resets
    assert 15 <= proxy.resets <= 45


def test_all_open_connections_can_be_reset_at_once(proxy: Proxy) -> None:
    with call(proxy) as one, call(proxy) as other:
        assert echoed(one, b"a") + echoed(other, b"b") == b"ab"
        proxy.reset_all()
        for each in (one, other):
            with pytest.raises(ConnectionResetError):
                each.recv(1)


def test_where_nobody_listens_behind_it_the_client_is_reset(proxy: Proxy) -> None:
    proxy.target_port = 9
    with pytest.raises(ConnectionResetError), call(proxy) as one:
        one.recv(1)
    with echo() as port:
        proxy.target_port = port
        with call(proxy) as one:
            assert echoed(one, b"back") == b"back"
