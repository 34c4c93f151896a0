"""``make bench``: how quick the desk is beside the naive floor, both measured in one run on real servers.

The daemon goes from a full mailbox to an empty one with every confirmation accepted; the clock starts when it
says that it has started, before it has seen the mailbox. The floor only fetches, parses and stores.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from bench.floor import naive_mails_per_s
from bench.mails import mails
from bench.running import running_desk
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.mariadb import MariaDb
from tests.servers.smtp_sink import SmtpSink
from tests.servers.sqlite import Sqlite

COUNT = 1000
SINGLES = 200
LONELY = 10
SILENCE_SECONDS = 2.0
IDLE_SECONDS = 20.0
SEED = 20261121
TIMEOUT_SECONDS = 300.0


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(prog="bench.intake", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--mails", type=int, default=COUNT, metavar="N", help=f"how many (default: {COUNT})")
    given = parser.parse_args()
    certificates = Certificates()
    users = dict.fromkeys(("sqlite", "mariadb", "naive", "single"), PASSWORD)
    figures: dict[str, dict[str, float]] = {}
    with (
        tempfile.TemporaryDirectory(prefix="desk-bench-") as name,
        Dovecot(users=users, certificates=certificates, durable=True) as dovecot,
        MariaDb(certificates=certificates, durable=True) as mariadb,
        SmtpSink(certificates=certificates) as sink,
    ):
        sqlite = Sqlite(Path(name))
        raws = list(mails(given.mails, SEED))
        print(f"{len(raws)} mails, {sum(map(len, raws)) / 1e6:.1f} MB")
        dovecot.append_many("naive", raws)
        for engine, server in (("sqlite", sqlite), ("mariadb", mariadb)):
            dovecot.append_many(engine, raws)
            folder = Path(name) / engine
            folder.mkdir()
            figures[engine] = _measure(folder, server.fresh_database(), dovecot, engine, sink, len(raws))
            floor = naive_mails_per_s(dovecot, "naive", server.fresh_database())
            figures[engine] |= {"floor_per_s": floor, "ratio": figures[engine]["mails_per_s"] / floor}
            _print(engine, figures[engine])
        folder = Path(name) / "single"
        folder.mkdir()
        figures["latency_ms"] = _latency(folder, sqlite.fresh_database(), dovecot, sink)
    latency = figures["latency_ms"]
    print(
        f"latency  p50 {latency['p50']:.0f} ms, p99 {latency['p99']:.0f} ms from LMTP to the relay ({SINGLES} mails);"
        f" {latency['p50_after_silence']:.0f} ms after {SILENCE_SECONDS:.0f} s of silence"
        " (Dovecot tells an idling client half a second late)"
    )
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")


def _measure(
    folder: Path, url: str, dovecot: Dovecot, user: str, sink: SmtpSink, count: int
) -> dict[str, float]:
    sink.clear()
    with running_desk(folder, url, dovecot, user, sink) as running:
        begun = time.perf_counter()
        sink.wait_for(count, TIMEOUT_SECONDS)
        while dovecot.folder_counts(user)["INBOX"]:
            time.sleep(0.01)
        seconds = time.perf_counter() - begun
        peak_mib, cpu_s = running.used()
    filed = sum(" fate=opened " in line for line in running.lines)
    if filed != count or len(sink.messages) != count:
        raise RuntimeError(f"{filed} tickets and {len(sink.messages)} letters for {count} mails")
    return {"mails_per_s": count / seconds, "peak_mib": peak_mib, "cpu_s": cpu_s}


def _latency(folder: Path, url: str, dovecot: Dovecot, sink: SmtpSink) -> dict[str, float]:
    """Time single mails, each handed over when the one before was answered, then a few after a silence."""
    sink.clear()
    waits: list[float] = []
    with running_desk(folder, url, dovecot, "single", sink) as running:
        for number, raw in enumerate(mails(1 + SINGLES + LONELY, SEED + 1)):
            if number > SINGLES:
                time.sleep(SILENCE_SECONDS)
            dovecot.deliver("single", raw)
            begun = time.perf_counter()
            sink.wait_for(number + 1, 30)
            waits.append((time.perf_counter() - begun) * 1000)
        time.sleep(SILENCE_SECONDS)
        cpu_before = running.used()[1]
        time.sleep(IDLE_SECONDS)
        idle_percent = (running.used()[1] - cpu_before) / IDLE_SECONDS * 100
    print(
        f"idle     {idle_percent:.2f} % of a processor over {IDLE_SECONDS:.0f} s; "
        f"stopped {running.stop_ms:.0f} ms after SIGTERM"
    )
    cuts = statistics.quantiles(
        waits[1 : SINGLES + 1], n=100
    )  # the first one waited for the daemon to come up
    return {"p50": cuts[49], "p99": cuts[98], "p50_after_silence": statistics.median(waits[SINGLES + 1 :])}


def _print(engine: str, figures: dict[str, float]) -> None:
    print(
        f"{engine:8} {figures['mails_per_s']:.0f} mails/s, floor {figures['floor_per_s']:.0f}, "
        f"ratio {figures['ratio']:.2f}; peak {figures['peak_mib']:.0f} MiB, {figures['cpu_s']:.1f} CPU s"
    )


if __name__ == "__main__":
    main()
