"""The life of a private server, told with a program that takes no time to start."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from tests.servers.ports import FIRST_PORT, LAST_PORT, free_port
from tests.servers.process import DidNotStart, PrivateServer, ServerMissing, program

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 10.0


class Sleeper(PrivateServer):
    """A "server" that starts a child and waits; it fails to start while ports are unlucky."""

    name = "sleeper"

    def __init__(self, folder: Path | None = None, *, unlucky: int = 0) -> None:
        super().__init__(folder)
        self.ports_taken = 0
        self.unlucky = unlucky

    def child_pid(self) -> int:
        """Return the pid of the process that the server started."""
        return int((self.folder / "child").read_text().split()[1])

    def _check_installed(self) -> None:
        pass

    def _prepare(self) -> None:
        (self.folder / "data").write_text("data")

    def _take_ports(self) -> None:
        self.ports_taken += 1

    def _command(self) -> Sequence[str | Path]:
        if self.ports_taken <= self.unlucky:
            return ["/bin/sh", "-c", "echo address in use; exit 98"]
        return ["/bin/sh", "-c", "sleep 1000 & echo $$ $! > child; wait"]

    def _answers(self) -> bool:
        child = self.folder / "child"
        return child.exists() and child.read_text().startswith(f"{self.pid} ")


def _gone(pid: int) -> bool:
    """Say whether a process ends soon; one that waits to be collected has ended."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def _removed(folder: Path) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not folder.exists()


def test_leaving_the_block_ends_all_processes_and_removes_the_folder() -> None:
    with Sleeper() as server:
        pids = server.pid, server.child_pid()
        assert all(psutil.pid_exists(pid) for pid in pids)
    assert all(_gone(pid) for pid in pids)
    assert not server.folder.exists()


def test_a_folder_that_was_given_stays_with_its_data() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as parent:  # pytest's own are closed to other accounts
        Path(parent).chmod(0o711)
        with Sleeper(Path(parent) / "kept") as server:
            assert server.folder == Path(parent) / "kept"
        assert (server.folder / "data").read_text() == "data"


def test_a_folder_that_the_servers_account_cannot_reach_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root runs servers as another account")
    tmp_path.chmod(0o700)
    with pytest.raises(DidNotStart, match="nobody cannot reach"):
        Sleeper(tmp_path / "closed").__enter__()


def test_kill_ends_the_children_too_and_start_brings_the_server_back() -> None:
    with Sleeper() as server:
        child = server.child_pid()
        server.kill()
        assert _gone(child)
        server.kill()
        server.start()
        assert server.child_pid() != child
        assert server.ports_taken == 1


def test_as_root_a_server_runs_as_an_unprivileged_account() -> None:
    with Sleeper() as server:
        process = psutil.Process(server.pid)
        assert process.uids().real != 0
        assert process.gids().real != 0


def test_an_unlucky_port_is_changed_for_another() -> None:
    with Sleeper(unlucky=2) as server:
        assert server.ports_taken == 3


def test_a_server_that_never_starts_shows_its_log_and_leaves_nothing() -> None:
    server = Sleeper(unlucky=99)
    with pytest.raises(DidNotStart, match=r"sleeper ended with status 98:\n(address in use\n)+"):
        server.__enter__()
    assert not server.folder.exists()


def test_a_program_that_is_not_installed_is_named_with_its_package() -> None:
    with pytest.raises(
        ServerMissing, match=r"no-such-server is not installed \(apt-get install some-server\)"
    ):
        program("no-such-server", "some-server")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_behind_when_the_tests_are_ended_from_outside(how: signal.Signals) -> None:
    story = (
        "from tests.servers.test_process import Sleeper\n"
        "import signal, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell lets what it sends behind ignore it
        "with Sleeper() as server:\n"
        "    print(server.pid, server.child_pid(), server.folder, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", story], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as tests:
        assert tests.stdout is not None
        pid, child, folder = tests.stdout.readline().split()
        tests.send_signal(how)
    assert _gone(int(pid))
    assert _gone(int(child))
    assert _removed(Path(folder))


def test_free_ports_differ_and_keep_out_of_the_range_of_clients() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    assert all(FIRST_PORT <= port <= LAST_PORT < 32768 for port in ports)
