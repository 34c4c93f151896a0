"""A real desk for benchmarks: settings, people, and the daemon as a process of its own."""

import base64
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.mails import BORDER, DESK, SENDERS
from helpdesk.actions.people import add_person
from helpdesk.core.people import AddressState, Language, Role
from helpdesk.store.engine import open_database
from helpdesk.store.schema import migrate
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink

ROOT = Path(__file__).parents[1]
SETTINGS = """\
[desk]
name = "Support"
address = "{desk}"
state_dir = "{state}"
[imap]
host = "{host}"
port = {imap_port}
tls = "tls"
ca_file = "{imap_ca}"
user = "{user}"
[imap.trust]
authserv_ids = ["{border}"]
border_by = ["{border}"]
inner_by = ["{lmtp_host}"]
placement = "above"
[smtp]
host = "{host}"
port = {smtp_port}
tls = "starttls"
ca_file = "{smtp_ca}"
[caps]
per_address_hour = 100000
per_address_day = 100000
per_domain_hour = 100000
overall_hour = 100000
[suspicion]
sender_mails = 100000
[alerts]
to = ["admin@ecole.example"]
"""


@dataclass
class Running:
    """The daemon while it runs, and what it used, known after it ended."""

    process: "subprocess.Popen[str]"
    started: threading.Event = field(default_factory=threading.Event)
    lines: list[str] = field(default_factory=list)
    stop_ms: float = 0.0

    def used(self) -> tuple[float, float]:
        """Return the peak memory in MiB and the processor seconds of the daemon and its workers so far."""
        family = [psutil.Process(self.process.pid)]
        family += family[0].children(recursive=True)
        peak = sum(_peak_kib(member.pid) for member in family) / 1024
        cpu = sum(sum(member.cpu_times()[:2]) for member in family)
        return peak, cpu


@contextmanager
def running_desk(
    folder: Path, url: str, dovecot: Dovecot, user: str, sink: SmtpSink, key: str = ""
) -> Iterator[Running]:
    """Run the daemon, on an empty database with 200 registered people; ends it with SIGTERM.

    *key*: the secret of a desk that ``migrated_desk`` has made before, in place of a new one on an empty database.
    """
    settings = _written_settings(folder, dovecot, user, sink)
    if not key:
        migrated_desk(url)
    environ = {
        **os.environ,
        "HELPDESK_DATABASE_URL": url,
        "HELPDESK_IMAP_PASSWORD": PASSWORD,
        "HELPDESK_SECRET_KEY": key or base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    command = [sys.executable, str(ROOT / "helpdeskd.py"), "run", "--config", str(settings)]
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)
    running = Running(process)
    reader = threading.Thread(target=_read, args=(running,), daemon=True)
    reader.start()
    try:
        if not running.started.wait(20):
            raise RuntimeError("the daemon did not start:\n" + "".join(running.lines))
        yield running
    finally:
        begun = time.perf_counter()
        process.terminate()
        process.wait(10)
        running.stop_ms = (time.perf_counter() - begun) * 1000
        reader.join()


def _read(running: Running) -> None:
    assert running.process.stderr is not None
    for line in running.process.stderr:
        running.lines.append(line)
        if " started " in line:
            running.started.set()


def _written_settings(folder: Path, dovecot: Dovecot, user: str, sink: SmtpSink) -> Path:
    settings = folder / "helpdesk.toml"
    settings.write_text(
        SETTINGS.format(
            desk=DESK,
            state=folder / "state",
            host="127.0.0.1",
            imap_port=dovecot.imaps_port,
            imap_ca=dovecot.ca_file,
            user=user,
            border=BORDER,
            lmtp_host=socket.gethostname(),
            smtp_port=sink.port,
            smtp_ca=sink.ca_file,
        )
    )
    return settings


def migrated_desk(url: str) -> None:
    """Make the tables and register 200 people."""
    database = open_database(url)
    migrate(database)
    for sender in SENDERS:
        add_person(database, sender, sender.partition("@")[0], Role.USER, Language.FR, AddressState.VERIFIED)
    database.close()


def _peak_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0
