"""F4 and F5: three daemons, each on its own Galera node; nodes die and come back, or all die in one moment.

Two of them share a mailbox, the third has one of its own: tickets, caps and letters are written on two nodes at
once, and whoever commits second meets a conflict.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from helpdesk.store.tables import metadata
from tests.faults.checker import check
from tests.faults.desk import LOOK_SECONDS, Daemon, FaultDesk
from tests.faults.fault import Fault, Tally
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.galera import Galera
from tests.servers.smtp_sink import SmtpSink

ROUNDS, QUICK_ROUNDS = 5, 1
ROUND_MAILS, QUICK_ROUND_MAILS = 100, 60  # for each mailbox
MORE_MAILS = 10  # before a daemon dies
KILL_MAILS = 60  # before a node dies
DAEMON_KILLS = 4  # before and after the death of a node, so often in a round
MOST_ATTEMPTS = 2  # a third one is poison by design
LATER_SECONDS = 0.2  # after it began its work a daemon dies, or a node
RUN_AGAIN = "run again after conflict"
COUNTED_ON = 0  # this node never dies in F4: we look into the database through it, and its daemon is alone
ALONE = "second"  # the mailbox of that daemon
NEXT_WRITE_SECONDS = 90.0
BACK_SECONDS = 15.0  # from a whole cluster to the first mail filed
SILENT_SECONDS = 8.0  # in the quick version a dead node comes back before its daemon's lease has run out


@dataclass(slots=True)
class Cluster:
    """A desk on three nodes, and what was measured of it."""

    galera: Galera
    database: str
    desk: FaultDesk
    daemon_kills: int = 0
    left: list[int] = field(default_factory=list)
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

    def deliver(self, count: int) -> None:
        """Put so many mails into each mailbox."""
        self.desk.deliver(count)
        self.desk.deliver(count, ALONE)

    def kill_daemons(self, count: int) -> None:
        """Kill daemons that are at work, one after the other, and start them again."""
        for _ in range(count):
            self.deliver(MORE_MAILS)
            victim = self.desk.chance.choice(self.at_work(self.desk.daemons))
            victim.kill()
            self.daemon_kills += 1
            victim.start()

    def at_work(self, daemons: Sequence[Daemon]) -> list[Daemon]:
        """Wait until some of *daemons*, whose nodes live, have done something since they were started.

        A mail that two dead daemons had in hand must be filed before.
        """
        until = time.monotonic() + NEXT_WRITE_SECONDS
        while time.monotonic() < until:
            living = [node.runs for node in self.galera.nodes]
            some = [
                one for one in daemons if living[self.desk.daemons.index(one)] and one.alive and one.works
            ]
            if some and self.desk.most_attempts() < MOST_ATTEMPTS:
                time.sleep(self.desk.chance.uniform(0, LATER_SECONDS))
                return some
            time.sleep(LOOK_SECONDS)
        raise TimeoutError(f"no daemon at work after {NEXT_WRITE_SECONDS:g} s")

    def kill_node(self) -> Daemon:
        """Kill the node of the daemon that has the shared mailbox in hand; return that daemon."""
        holder = self.desk.holder()
        self.deliver(KILL_MAILS)
        self.at_work([holder])
        self.galera.nodes[self.desk.daemons.index(holder)].kill()
        self.left.append(len(self.desk.dovecot.files(self.desk.user)))
        return holder

    def back_in_service(self) -> float:
        """Return how long it takes until one more mail is filed, of those that wait or of some more."""
        filed = self.desk.filed()
        self.deliver(1)
        return self.desk.wait_until_filed(filed + 1, NEXT_WRITE_SECONDS)

    def wait_for_a_takeover(self, holder: Daemon) -> None:
        """Wait until another daemon than *holder* empties the shared mailbox. Raises TimeoutError."""
        until = time.monotonic() + NEXT_WRITE_SECONDS
        while self.desk.holder() is holder:
            if time.monotonic() > until:
                raise TimeoutError(f"nobody took over after {NEXT_WRITE_SECONDS:g} s")
            time.sleep(LOOK_SECONDS)

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

    def tally(self, faults: int, recover_seconds: float | None, must_meet: bool = False) -> Tally:
        """Wait until all is quiet and count. *must_meet*: it would prove nothing if no transaction met another."""
        self.revive_daemons()
        self.desk.wait_until_quiet()
        for daemon in self.desk.daemons:
            daemon.stop()
        tally = check(self.desk, Tally(faults, 0, 0, 0, 0, recover_seconds))
        note = [f"{self.daemon_kills} daemons killed, {self.retries()} transactions run again"]
        if self.left:
            note.append(f"{', '.join(map(str, self.left))} mails in the inbox when its daemon's node died")
        if self.next_write_seconds:
            note.append(f"next write after {_range(self.next_write_seconds)} s")
        if self.rejoin_seconds:
            note.append(f"node back after {_range(self.rejoin_seconds)} s")
        calm = must_meet and not self.retries()
        problems = (*tally.problems, *self.differences())
        problems += ("no transaction met another",) if calm else ()
        return replace(tally, problems=problems, note="; ".join(note))


@contextmanager
def cluster_desk(folder: Path) -> Iterator[Cluster]:
    """Give a desk whose three daemons share a mailbox, a relay and the folder of blobs, and run."""
    certificates = Certificates()
    with (
        Dovecot(users=dict.fromkeys(("desk", ALONE), PASSWORD), certificates=certificates) as dovecot,
        SmtpSink(certificates=certificates) as sink,
        Galera(certificates) as galera,
    ):
        urls = galera.fresh_database()
        blobs = folder / "blobs"
        blobs.mkdir(mode=0o700)
        with FaultDesk(folder, urls[COUNTED_ON], dovecot, sink) as desk:
            for number, url in enumerate(urls):
                daemon = desk.new_daemon(url, user=ALONE if number == COUNTED_ON else "")
                daemon.state_dir.mkdir(mode=0o700)
                (daemon.state_dir / "blobs").symlink_to(blobs)  # several machines would mount one folder
            for daemon in desk.daemons:
                daemon.start()
            yield Cluster(galera, urls[0].rpartition("/")[2], desk)


def node_dies(folder: Path, quick: bool) -> Tally:
    """F4: one node after the other is killed while mails flow, and comes back; daemons are killed as well."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with cluster_desk(folder) as cluster:
        desk = cluster.desk
        for _ in range(rounds):
            before = desk.filed()
            cluster.deliver(QUICK_ROUND_MAILS if quick else ROUND_MAILS)
            desk.wait_until_filed(before + 1)
            cluster.kill_daemons(0 if quick else DAEMON_KILLS)
            holder = cluster.kill_node()
            seconds = cluster.wait_for_a_write(SILENT_SECONDS if quick else NEXT_WRITE_SECONDS)
            if seconds is not None:
                cluster.next_write_seconds.append(seconds)
            elif not quick:
                raise TimeoutError(f"nothing was written for {NEXT_WRITE_SECONDS:g} s")
            if not quick:
                cluster.kill_daemons(DAEMON_KILLS)
                cluster.wait_for_a_takeover(holder)
            begun = time.monotonic()
            cluster.galera.bring_back()
            cluster.rejoin_seconds.append(time.monotonic() - begun)
            cluster.revive_daemons()
        return cluster.tally(rounds, max(cluster.next_write_seconds, default=None), must_meet=not quick)


def all_nodes_die(folder: Path, quick: bool) -> Tally:
    """F5: every node is killed in one moment while mails flow; whoever has most leads the recovery."""
    rounds = 1 if quick else 3
    recovered = []
    with cluster_desk(folder) as cluster:
        desk = cluster.desk
        for _ in range(rounds):
            before = desk.filed()
            cluster.deliver(QUICK_ROUND_MAILS if quick else ROUND_MAILS)
            desk.wait_until_filed(before + 1)
            cluster.at_work([desk.holder()])
            cluster.galera.kill_all()
            cluster.left.append(len(desk.dovecot.files(desk.user)))
            begun = time.monotonic()
            cluster.galera.recover()
            cluster.rejoin_seconds.append(time.monotonic() - begun)
            cluster.revive_daemons()
            recovered.append(cluster.back_in_service())
        return cluster.tally(rounds, max(recovered, default=None))


def _range(seconds: list[float]) -> str:
    return f"{min(seconds):.1f} to {max(seconds):.1f}"


FAULTS = [
    Fault("F4 node killed and back, daemons killed", "Galera", node_dies, extra_allowed=True),
    Fault(
        "F5 all nodes killed at once",
        "Galera",
        all_nodes_die,
        extra_allowed=True,
        recover_limit_seconds=BACK_SECONDS,
    ),
]
