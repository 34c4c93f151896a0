"""What systemd is told, and when it is told nothing."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.notify import Lateness, Loop, Watchdog, late, ping_seconds, sd_notify


@pytest.fixture(params=["a path", "an abstract name"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A datagram socket as systemd has it, and what NOTIFY_SOCKET says for it."""
    path = str(tmp_path / "notify") if request.param == "a path" else f"@helpdesk-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("\0" + path[1:] if path[0] == "@" else path)
        receiver.settimeout(2)
        yield receiver, path


def test_a_notification_is_one_datagram(listener: tuple[socket.socket, str]) -> None:
    receiver, path = listener
    assert sd_notify("READY=1\nSTATUS=café", {"NOTIFY_SOCKET": path})
    assert receiver.recv(100) == "READY=1\nSTATUS=café".encode()


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({}, id="not under systemd"),
        pytest.param({"NOTIFY_SOCKET": ""}, id="empty"),
        pytest.param({"NOTIFY_SOCKET": "/nonexistent/notify"}, id="the socket is gone"),
        pytest.param({"NOTIFY_SOCKET": "relative"}, id="neither a path nor an abstract name"),
        pytest.param({"NOTIFY_SOCKET": "/" + "x" * 200}, id="longer than a socket's name can be"),
    ],
)
def test_where_nobody_listens_nothing_fails(environ: dict[str, str]) -> None:
    assert not sd_notify("READY=1", environ)


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        pytest.param({"WATCHDOG_USEC": "90000000"}, 30.0, id="a third of the limit"),
        pytest.param({"WATCHDOG_USEC": "90000000", "WATCHDOG_PID": "7"}, 30.0, id="meant for us"),
        pytest.param(
            {"WATCHDOG_USEC": "90000000", "WATCHDOG_PID": "8"}, None, id="meant for another process"
        ),
        pytest.param({}, None, id="no watchdog"),
        pytest.param({"WATCHDOG_USEC": "0"}, None, id="switched off"),
        pytest.param({"WATCHDOG_USEC": "soon"}, None, id="not a number"),
    ],
)
def test_the_watchdog_is_fed_thrice_per_limit(environ: dict[str, str], seconds: float | None) -> None:
    assert ping_seconds(environ, pid=7) == seconds


@pytest.mark.parametrize(
    ("now", "behind"),
    [
        pytest.param(110.0, (), id="both at their limit or before"),
        pytest.param(110.1, ("mailbox",), id="the short limit is over"),
        pytest.param(160.1, ("mailbox", "outbox"), id="both are over"),
    ],
)
def test_a_loop_is_late_only_by_its_own_limit(now: float, behind: tuple[str, ...]) -> None:
    loops = {"mailbox": Loop("mailbox", 10, 100), "outbox": Loop("outbox", 60, 100)}
    assert late(loops, now) == behind


class Systemd:
    """Remembers what it was told; its clock stands until moved."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.now = 100.0
        self.watchdog = Watchdog(self.hear, lambda: self.now)

    def hear(self, text: str) -> bool:
        self.told.append(text)
        return True


def test_the_watchdog_is_fed_only_while_every_loop_makes_progress() -> None:
    systemd = Systemd()
    mailbox_beat = systemd.watchdog.register("mailbox", 10)
    systemd.watchdog.register("outbox", 60)
    systemd.now += 10
    assert systemd.watchdog.feed() == ()
    systemd.now += 1
    assert systemd.watchdog.feed() == ("mailbox",)
    mailbox_beat()
    assert systemd.watchdog.feed() == ()
    assert systemd.told == ["WATCHDOG=1", "WATCHDOG=1"]


def test_a_loop_is_told_once_when_it_is_late_and_once_when_it_is_back() -> None:
    lateness = Lateness()

    assert [
        lateness.news(behind) for behind in ((), ("b",), ("b",), ("a", "b", "c"), ("c",), (), ("c",))
    ] == [
        ((), ()),
        (("b",), ()),
        ((), ()),
        (("a", "c"), ()),
        ((), ("a", "b")),
        ((), ("c",)),
        (("c",), ()),
    ]


def test_a_loop_that_ended_on_purpose_is_not_missed_even_if_it_beats_once_more() -> None:
    systemd = Systemd()
    beat = systemd.watchdog.register("mailbox", 10)
    systemd.watchdog.forget("mailbox")
    beat()
    systemd.now += 100
    assert systemd.watchdog.feed() == ()


@pytest.mark.parametrize(("mailbox", "database"), [(False, False), (True, False), (False, True)])
def test_ready_waits_for_mailbox_and_database(mailbox: bool, database: bool) -> None:
    systemd = Systemd()
    assert not systemd.watchdog.ready(mailbox_answered=mailbox, database_answered=database)
    assert systemd.told == []


def test_ready_is_told_once_and_stays() -> None:
    systemd = Systemd()
    assert systemd.watchdog.ready(mailbox_answered=True, database_answered=True)
    assert systemd.watchdog.ready(mailbox_answered=False, database_answered=True)
    assert systemd.told == ["READY=1"]


def test_a_status_is_one_line_so_that_it_cannot_carry_another_notification() -> None:
    systemd = Systemd()
    systemd.watchdog.status("2 letters wait\nREADY=1")
    systemd.watchdog.stopping()
    assert systemd.told == ["STATUS=2 letters wait READY=1", "STOPPING=1"]
