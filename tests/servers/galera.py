"""A private MariaDB Galera cluster: three nodes that hold one database, each of which may be killed and come back."""

import itertools
import os
import re
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import pymysql

from tests.servers.certificates import Certificates
from tests.servers.mariadb import PACKAGES, MariaDb
from tests.servers.ports import free_port
from tests.servers.process import DidNotStart, ServerMissing, program, tail

NODES = 3
LIBRARIES = (Path("/usr/lib/galera/libgalera_smm.so"), Path("/usr/lib64/galera-4/libgalera_smm.so"))
WAIT_SECONDS = 60.0
POLL_SECONDS = 0.1
POSITION = re.compile(r"Recovered position: [0-9a-f-]+:(-?[0-9]+)")
SEQNO = re.compile(r"^seqno: +(-?[0-9]+)$", re.MULTILINE)


class GaleraNode(MariaDb):
    """One node, counted from 0. ``peers`` tells where the others are; with ``bootstraps`` it begins without them."""

    def __init__(self, number: int, peers: Callable[[], Sequence[str]], certificates: Certificates) -> None:
        super().__init__(certificates=certificates, durable=True)
        self.name = f"galera-{number}"
        self.bootstraps = number == 0
        self._peers = peers
        self._group_port = self._ist_port = self._sst_port = 0

    @property
    def group_address(self) -> str:
        """Where the other nodes reach this one; nothing before its first start."""
        return f"{self.host}:{self._group_port}" if self._group_port else ""

    @property
    def runs(self) -> bool:
        """Whether its process was started and not ended by us."""
        return self._process is not None

    def status(self, name: str) -> str:
        """Return one of Galera's status values, e.g. ``wsrep_cluster_size``."""
        return str(dict(self.execute(f"SHOW GLOBAL STATUS LIKE '{name}'")).get(name, ""))

    def wait_for(self, name: str, value: str) -> None:
        """Wait until one of Galera's status values is *value*."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (found := self.status(name)) != value:
            if time.monotonic() > deadline:
                raise DidNotStart(f"{self.name}: {name} stays {found}, never {value}:\n{self.log_text()}")
            time.sleep(POLL_SECONDS)

    def position(self) -> int:
        """Return the number of the last transaction that this node has, while it is down."""
        state = SEQNO.search((self.folder / "data" / "grastate.dat").read_text())
        if state and int(state[1]) >= 0:
            return int(state[1])
        log = self.folder / "recover.log"
        log.unlink(missing_ok=True)
        recovery = self._owner.start([*self._command(), "--wsrep-recover"], self.folder, log)
        recovery.wait(WAIT_SECONDS)
        found = POSITION.search(log.read_text("utf-8", "replace"))
        if found is None:
            raise DidNotStart(f"{self.name} tells no position:\n{tail(log)}")
        return int(found[1])

    def start_alone(self) -> None:
        """Begin the cluster anew with this node, which must have all that any other has."""
        state = self.folder / "data" / "grastate.dat"
        state.write_text(re.sub(r"safe_to_bootstrap: .*", "safe_to_bootstrap: 1", state.read_text()))
        self.bootstraps = True
        self.start()
        self.bootstraps = False

    def _check_installed(self) -> None:
        super()._check_installed()
        program("rsync", f"{PACKAGES} rsync")
        if not any(library.exists() for library in LIBRARIES):
            raise ServerMissing(f"libgalera_smm.so is not installed (apt-get install {PACKAGES} galera-4)")

    def _take_ports(self) -> None:
        super()._take_ports()
        self._group_port, self._ist_port, self._sst_port = free_port(), free_port(), free_port()

    def _command(self) -> Sequence[str | Path]:
        library = next((library for library in LIBRARIES if library.exists()), LIBRARIES[0])
        peers = "" if self.bootstraps else ",".join(self._peers())
        provider = {
            "base_host": self.host,
            "base_port": self._group_port,
            "gmcast.listen_addr": f"tcp://{self.group_address}",
            "ist.recv_addr": f"{self.host}:{self._ist_port}",
            "gcache.size": "32M",
        }
        return [
            *super()._command(),
            "--binlog-format=ROW",
            "--default-storage-engine=InnoDB",
            "--innodb-autoinc-lock-mode=2",
            "--innodb-buffer-pool-size=64M",
            "--innodb-flush-log-at-trx-commit=1",
            "--wsrep-on=ON",
            f"--wsrep-provider={library}",
            "--wsrep-cluster-name=desk",
            f"--wsrep-node-name={self.name}",
            f"--wsrep-node-address={self.group_address}",
            "--wsrep-sst-method=rsync",
            f"--wsrep-sst-receive-address={self.host}:{self._sst_port}",
            f"--wsrep-provider-options={';'.join(f'{key}={value}' for key, value in provider.items())}",
            f"--wsrep-cluster-address=gcomm://{peers}",
        ]

    def _answers(self) -> bool:
        with suppress(pymysql.err.Error):
            return self.status("wsrep_local_state_comment") == "Synced"
        return False


class Galera:
    """Three nodes that replicate to each other; every commit is on the disk of the node that made it."""

    def __init__(self, certificates: Certificates | None = None) -> None:
        shared = certificates or Certificates()
        self.nodes = [GaleraNode(number, partial(self._peers_of, number), shared) for number in range(NODES)]
        self._stack = ExitStack()
        self._numbers = itertools.count(1)

    def _peers_of(self, number: int) -> list[str]:
        others = (node.group_address for node in self.nodes if node is not self.nodes[number])
        return [address for address in others if address]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for node in self.nodes:
                stack.enter_context(node)
                node.bootstraps = False
            self.wait_until_whole()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def fresh_database(self) -> list[str]:
        """Create an empty database and return its URL on each node."""
        name = f"desk_{next(self._numbers)}"
        self.nodes[0].execute(f"CREATE DATABASE {name}")
        return [node._url(name) for node in self.nodes]

    def drop_database(self, urls: Sequence[str]) -> None:
        """Drop a database made by ``fresh_database``; do nothing if it is gone."""
        self.nodes[0].drop_database(urls[0])

    def bring_back(self) -> None:
        """Start the nodes that were killed; returns when they have caught up with the others."""
        for node in self.nodes:
            if not node.runs:
                node.start()
        self.wait_until_whole()

    def kill_all(self) -> None:
        """Crash every node in the same moment."""
        for node in self.nodes:
            if node.runs:
                os.kill(node.pid, signal.SIGKILL)
        for node in self.nodes:
            node.kill()

    def recover(self) -> None:
        """Bring the cluster back after all nodes crashed, from the node that has most."""
        for node in self.nodes:
            (node.folder / "data" / "gvwstate.dat").unlink(missing_ok=True)
        max(self.nodes, key=GaleraNode.position).start_alone()
        self.bring_back()

    def make_whole(self) -> None:
        """Bring back whichever nodes were killed, be it so many that the rest serves nobody."""
        if any(node.runs and node._answers() for node in self.nodes):
            self.bring_back()
        else:
            self.kill_all()
            self.recover()

    def wait_until_whole(self) -> None:
        """Wait until every node that runs is synced and sees all the others that run."""
        running = [node for node in self.nodes if node.runs]
        deadline = time.monotonic() + WAIT_SECONDS
        while not all(_sees(node, len(running)) for node in running):
            if time.monotonic() > deadline:
                states = [f"{node.name}: {node.log_text()[-500:]}" for node in running]
                raise DidNotStart("\n".join(["the cluster does not get whole", *states]))
            time.sleep(POLL_SECONDS)


def _sees(node: GaleraNode, size: int) -> bool:
    return node._answers() and node.status("wsrep_cluster_size") == str(size)
