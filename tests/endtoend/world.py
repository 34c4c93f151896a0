"""A whole desk for tests: settings on the disk, a database, people, and the real command lines."""

import base64
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

from sqlalchemy import text

from helpdesk.actions.people import add_person
from helpdesk.core.people import AddressState, Language, Role
from helpdesk.store.engine import READ_ONLY, open_database
from helpdesk.store.schema import migrate
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink

ROOT = Path(__file__).parents[2]
BORDER = "mx.ecole.example"
DESK = "desk@ecole.example"
LEARNER = "marie@ecole.example"
KEY = base64.b64encode(bytes(range(32))).decode()
SETTINGS = """\
[desk]
name = "Support"
address = "{desk}"
state_dir = "{state}"
[imap]
host = "localhost"
port = {imap_port}
tls = "{imap_tls}"
ca_file = "{imap_ca}"
user = "{user}"
poll_seconds = 1
{imap}[imap.trust]
authserv_ids = ["{border}"]
border_by = ["{border}"]
placement = "above"
[smtp]
host = "localhost"
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


@dataclass(frozen=True, slots=True)
class World:
    """One desk with its servers. Commands run as processes of their own, as a sysadmin runs them.

    ``user``: whose mailbox it is. ``imap``: more lines of [imap], ``more``: more sections; all lines end in LF.
    The ports: where something stands between the daemon and its servers, else 0.
    """

    folder: Path
    url: str
    dovecot: Dovecot
    sink: SmtpSink
    environ: Mapping[str, str] = field(default_factory=dict)
    user: str = "desk"
    imap: str = ""
    more: str = ""
    smtp_port: int = 0
    imap_port: int = 0
    started: list["subprocess.Popen[str]"] = field(default_factory=list)

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.folder / "helpdesk.toml"

    def prepare(self, imap_tls: str = "tls") -> "World":
        """Make the database, write the settings, register the learner."""
        database = open_database(self.url)
        migrate(database)
        database.close()
        return self.furnish(imap_tls)

    def furnish(self, imap_tls: str = "tls") -> "World":
        """Write the settings and register the learner, in a database with the newest schema."""
        self.write_settings(imap_tls)
        self.register(LEARNER, "Marie Durand")
        return self

    def write_settings(self, imap_tls: str = "tls") -> None:
        """Write the settings file."""
        port = self.dovecot.imaps_port if imap_tls == "tls" else self.dovecot.imap_port
        self.settings.write_text(
            SETTINGS.format(
                desk=DESK,
                state=self.folder / "state",
                imap_port=self.imap_port or port,
                imap_tls=imap_tls,
                imap_ca=self.dovecot.ca_file,
                border=BORDER,
                user=self.user,
                imap=self.imap,
                smtp_port=self.smtp_port or self.sink.port,
                smtp_ca=self.sink.ca_file,
            )
            + self.more
        )

    def register(self, address: str, name: str) -> None:
        """Register a learner."""
        database = open_database(self.url)
        add_person(database, address, name, Role.USER, Language.FR, AddressState.VERIFIED)
        database.close()

    def command(self, *arguments: str) -> list[str]:
        """Return a command line of the daemon with these settings."""
        return [sys.executable, str(ROOT / "helpdeskd.py"), *arguments, "--config", str(self.settings)]

    @property
    def variables(self) -> dict[str, str]:
        """The environment that the commands run in."""
        secrets = {
            "HELPDESK_DATABASE_URL": self.url,
            "HELPDESK_IMAP_PASSWORD": PASSWORD,
            "HELPDESK_SECRET_KEY": KEY,
        }
        return {**os.environ, **secrets, **self.environ}

    def once(self) -> "subprocess.CompletedProcess[str]":
        """Run ``helpdeskd.py once`` to its end."""
        return self.run("once")

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run one command of the daemon to its end."""
        return subprocess.run(
            self.command(*command),
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def admin(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run one admin command to its end."""
        command = [
            sys.executable,
            str(ROOT / "helpdesk-admin.py"),
            "--config",
            str(self.settings),
            *arguments,
        ]
        return subprocess.run(
            command,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            encoding="utf-8",
        )

    def daemon(self) -> "subprocess.Popen[str]":
        """Start ``helpdeskd.py run``; its log goes to ``log``."""
        with self.log.open("a") as log:
            self.started.append(
                subprocess.Popen(self.command("run"), env=self.variables, stderr=log, text=True)
            )
        return self.started[-1]

    def end(self) -> None:
        """Kill the daemons that a failed test left behind."""
        for daemon in self.started:
            daemon.kill()
            daemon.wait()

    @property
    def log(self) -> Path:
        """Where a running daemon's log lines go."""
        return self.folder / "daemon.log"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds in the database."""
        database = open_database(self.url)
        try:
            with database.engine.connect() as connection:
                connection.execution_options(**{READ_ONLY: True})
                return [tuple(row) for row in connection.execute(text(query))]
        finally:
            database.close()


def from_learner(
    subject: str = "Mon chargeur ne marche plus",
    body: str = "Bonjour, il ne marche plus.",
    *,
    message_id: str = "<1@ecole.example>",
    proof: str = "spf=pass smtp.mailfrom=ecole.example; dmarc=pass header.from=ecole.example",
    extra: str = "",
    sender: str = f"Marie Durand <{LEARNER}>",
    date: str = "",
) -> bytes:
    """Return a mail as the border hands it over; dated now unless told otherwise."""
    head = (
        f"Authentication-Results: {BORDER}; {proof}\r\n"
        f"Received: from out.ecole.example (out.ecole.example [192.0.2.7]) by {BORDER} with ESMTPS;"
        f" {formatdate()}\r\n"
        f"From: {sender}\r\nTo: {DESK}\r\nSubject: {subject}\r\nDate: {date or formatdate()}\r\n"
        f"Message-ID: {message_id}\r\nMIME-Version: 1.0\r\n{extra}"
    )
    if "Content-Type:" not in extra:
        head += "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    return f"{head}\r\n{body}\r\n".encode()
