"""F4 and F5: three daemons, each on its own Galera node; nodes die and come back, or all die in one moment."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from helpdesk.store.tables import metadata
from tests.faults.checker import check
from tests.faults.desk import LOOK_SECONDS, FaultDesk
from tests.faults.fault import Fault, Tally
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.galera import Galera
from tests.servers.smtp_sink import SmtpSink

ROUNDS, QUICK_ROUNDS = 5, 1
ROUND_MAILS, QUICK_ROUND_MAILS = 100, 60
DAEMON_KILLS = 4  # before and after the death of a node, so often in a round
RUN_AGAIN = "run again after conflict"
COUNTED_ON = 0  # this node never dies in F4: we look into the database through it
NEXT_WRITE_SECONDS = 90.0
SILENT_SECONDS = 8.0  # in the quick version a dead node comes back before its daemon's lease has run out


@dataclass(slots=True)
class Cluster:
    """A desk on three nodes, and what was measured of it."""

    galera: Galera
    database: str
    desk: FaultDesk
    daemon_kills: int = 0
    next_write_seconds: list[float] = field(default_factory=list)
    rejoin_seconds: list[float] = field(default_factory=list)

    def written(self) -> tuple[int, int]:
        """Return how many mails have their fate and how many letters are sent: it grows with each write."""
        sent: int = self.desk.rows("SELECT COUNT(*) FROM letters WHERE state = 'sent'")[0][0]
        return self.desk.filed(), sent

    def wait_for_a_write(self, limit_seconds: float) -> float | None:
        """Return after how many seconds anything was written; None when nothing was until the limit."""
        begun, before = time.monotonic(), self.written()
        while time.monotonic() < begun + limit_seconds:
            if self.written() != before:
                return time.monotonic() - begun
            time.sleep(LOOK_SECONDS)
        return None

    def kill_daemons(self, count: int) -> None:
        """Kill daemons of living nodes, one after the other at odd moments, and start them again."""
        for _ in range(count):
            time.sleep(self.desk.chance.uniform(0.3, 2.0))
            alive = [
                daemon
                for daemon, node in zip(self.desk.daemons, self.galera.nodes, strict=True)
                if node.runs and daemon.alive
            ]
            victim = self.desk.chance.choice(alive)
            victim.kill()
            self.daemon_kills += 1
            victim.start()

    def revive_daemons(self) -> None:
        """Start the daemons that ended because they came up while their node was away, as systemd would."""
        for daemon in self.desk.daemons:
            if not daemon.alive:
                daemon.start()

    def retries(self) -> int:
        """Return how often a daemon ran a transaction again because another node was first."""
        logs = (path.read_text("utf-8", "replace") for path in self.desk.folder.glob("daemon*/daemon.log"))
        return sum(log.count(RUN_AGAIN) for log in logs)

    def differences(self) -> list[str]:
        """Return the tables that are not the same on all nodes."""
        found = []
        for table in metadata.sorted_tables:
            name = f"{self.database}.{table.name}"
            seen = [
                node.execute("SET SESSION wsrep_sync_wait = 1", f"CHECKSUM TABLE {name}")
                + node.execute(f"SELECT COUNT(*) FROM {name}")
                for node in self.galera.nodes
            ]
            if any(one != seen[0] for one in seen):
                found.append(f"{table.name} differs between the nodes: {seen}")
        return found

    def tally(self, faults: int, recover_seconds: float | None) -> Tally:
        """Wait until all is quiet and count."""
        self.revive_daemons()
        self.desk.wait_until_quiet()
        for daemon in self.desk.daemons:
            daemon.stop()
        tally = check(self.desk, Tally(faults, 0, 0, 0, 0, recover_seconds))
        note = [f"{self.daemon_kills} daemons killed, {self.retries()} transactions run again"]
        if self.next_write_seconds:
            note.append(f"next write after {_range(self.next_write_seconds)} s")
        if self.rejoin_seconds:
            note.append(f"node back after {_range(self.rejoin_seconds)} s")
        problems = (*tally.problems, *self.differences())
        return replace(tally, problems=problems, note="; ".join(note))


@contextmanager
def cluster_desk(folder: Path) -> Iterator[Cluster]:
    """Give a desk whose three daemons share a mailbox, a relay and the folder of blobs, and run."""
    certificates = Certificates()
    with (
        Dovecot(users={"desk": PASSWORD}, certificates=certificates) as dovecot,
        SmtpSink(certificates=certificates) as sink,
        Galera(certificates) as galera,
    ):
        urls = galera.fresh_database()
        blobs = folder / "blobs"
        blobs.mkdir(mode=0o700)
        with FaultDesk(folder, urls[COUNTED_ON], dovecot, sink) as desk:
            for url in urls:
                daemon = desk.new_daemon(url)
                daemon.state_dir.mkdir(mode=0o700)
                (daemon.state_dir / "blobs").symlink_to(blobs)  # several machines would mount one folder
            for daemon in reversed(desk.daemons):  # the mailbox goes to a daemon whose node will die
                daemon.start()
                time.sleep(1.0)
            yield Cluster(galera, urls[0].rpartition("/")[2], desk)


def node_dies(folder: Path, quick: bool) -> Tally:
    """F4: one node after the other is killed while mails flow, and comes back; daemons are killed as well."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with cluster_desk(folder) as cluster:
        desk, nodes = cluster.desk, cluster.galera.nodes
        for turn in range(rounds):
            before = desk.filed()
            desk.deliver(QUICK_ROUND_MAILS if quick else ROUND_MAILS)
            desk.wait_until_filed(before + 1)
            cluster.kill_daemons(0 if quick else DAEMON_KILLS)
            nodes[-1 - turn % 2].kill()
            seconds = cluster.wait_for_a_write(SILENT_SECONDS if quick else NEXT_WRITE_SECONDS)
            if seconds is not None:
                cluster.next_write_seconds.append(seconds)
            cluster.kill_daemons(0 if quick else DAEMON_KILLS)
            begun = time.monotonic()
            cluster.galera.bring_back()
            cluster.rejoin_seconds.append(time.monotonic() - begun)
            cluster.revive_daemons()
        return cluster.tally(rounds, max(cluster.next_write_seconds, default=None))


def all_nodes_die(folder: Path, quick: bool) -> Tally:
    """F5: every node is killed in one moment while mails flow; whoever has most leads the recovery."""
    rounds = 1 if quick else 3
    recovered = []
    with cluster_desk(folder) as cluster:
        desk = cluster.desk
        for _ in range(rounds):
            before = desk.filed()
            desk.deliver(QUICK_ROUND_MAILS if quick else ROUND_MAILS)
            desk.wait_until_filed(before + 1)
            cluster.galera.kill_all()
            begun = time.monotonic()
            cluster.galera.recover()
            cluster.rejoin_seconds.append(time.monotonic() - begun)
            cluster.revive_daemons()
            with suppress(TimeoutError):
                recovered.append(desk.wait_until_filed(desk.filed() + 1, NEXT_WRITE_SECONDS))
        return cluster.tally(rounds, max(recovered, default=None))


def _range(seconds: list[float]) -> str:
    return f"{min(seconds):.1f} to {max(seconds):.1f}"


FAULTS = [
    Fault("F4 node killed and back, daemons killed", "Galera", node_dies, extra_allowed=True),
    Fault("F5 all nodes killed at once", "Galera", all_nodes_die, extra_allowed=True),
]
