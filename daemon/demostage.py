"""The demo's stage: where its parts are, how its people write, and how a step is awaited and shown."""

import json
import secrets
import shlex
import smtplib
import ssl
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import TypeVar

from daemon.demoservers import Account, DemoServers
from daemon.imap import ImapInbox
from daemon.imaplogin import ImapAccount

T = TypeVar("T")
LEARNER = Account("marie.durand@ecole.example", secrets.token_urlsafe(12))
DESK = Account("support@ecole.example", secrets.token_urlsafe(12))
CONTACT = Account("securite@ecole.example", secrets.token_urlsafe(12))  # who is alerted
ROOT = Path(__file__).parents[1]
STEP_SECONDS = 20.0
SMTP_8BIT = SMTP.clone(cte_type="8bit")
SHOWN = default.clone(cte_type="8bit", utf8=True)


class StoryBroken(Exception):
    """A step of the story did not happen."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The servers, and the folder with settings, database and log."""

    servers: DemoServers
    folder: Path

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.folder / "helpdesk.toml"

    @property
    def log(self) -> Path:
        """Where the daemon's log lines go."""
        return self.folder / "helpdeskd.log"

    def log_text(self) -> str:
        """Return what the daemon has logged so far."""
        return self.log.read_text() if self.log.exists() else ""

    def log_line(self, part: str) -> str:
        """Return the first log line with *part* in it."""
        line = next((line for line in self.log_text().splitlines() if part in line), "")
        if not line:
            raise StoryBroken(f"no log line with {part}")
        return textwrap.indent(line, "    ")

    def daemon(self, command: str) -> list[str]:
        """Return the command line of a daemon command."""
        return [sys.executable, str(ROOT / "helpdeskd.py"), command, "--config", str(self.settings)]

    def admin(self, *arguments: str) -> list[str]:
        """Return the command line of an admin command."""
        return [sys.executable, str(ROOT / "helpdesk-admin.py"), "--config", str(self.settings), *arguments]

    def inbox(self, account: Account, folder: str = "INBOX") -> ImapInbox:
        """Return a folder of one of the mailboxes, opened over IMAP."""
        ca_file, port = str(self.servers.ca_file), self.servers.imap_port
        return ImapInbox(
            ImapAccount("localhost", port, "starttls", account.address, account.password, ca_file, folder)
        )

    def received(self) -> list[bytes]:
        """Return what lies in the learner's inbox."""
        with self.inbox(LEARNER) as inbox:
            return list(inbox.fetch(inbox.uids()).values())

    def count_in(self, folder: str) -> int:
        """Return how many mails lie in a folder of the desk."""
        with self.inbox(DESK, folder) as inbox:
            return len(inbox.uids())

    def submit(self, mail: EmailMessage, sender: Account | None) -> None:
        """Hand a mail in: with the sender's password, or as anybody on the Internet could."""
        context = ssl.create_default_context(cafile=str(self.servers.ca_file))
        with smtplib.SMTP("localhost", self.servers.smtp_port, timeout=STEP_SECONDS) as client:
            client.starttls(context=context)
            if sender:
                client.login(sender.address, sender.password)
            client.sendmail(LEARNER.address, [DESK.address], mail.as_bytes())


def learners_mail(subject: str, text: str) -> EmailMessage:
    """Return a mail that claims to be the learner's."""
    mail = EmailMessage(policy=SMTP_8BIT)
    mail["From"] = f"Marie Durand <{LEARNER.address}>"
    mail["To"] = DESK.address
    mail["Subject"] = subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(domain="ecole.example")
    mail.set_content(text, cte="8bit")
    return mail


def answer_to(raw: bytes, text: str) -> EmailMessage:
    """Return the learner's answer to a letter, as a mail client makes it."""
    letter = message_from_bytes(raw, policy=SHOWN)
    answer = learners_mail(f"Re: {letter['Subject']}", text)
    answer["In-Reply-To"] = str(letter["Message-ID"])
    answer["References"] = f"{letter.get('References', '')} {letter['Message-ID']}".strip()
    return answer


def as_shown(raw: bytes) -> str:
    """Return a mail as a mail client shows it: the headers that a person reads, and the plain text."""
    mail = message_from_bytes(raw, policy=SHOWN)
    names = ("From", "To", "Subject", "Date", "In-Reply-To", "Auto-Submitted")
    head = "\n".join(f"{name}: {mail[name]}" for name in names if mail[name])
    body = mail.get_body(("plain",))
    return textwrap.indent(f"{head}\n\n{body.get_content() if body else ''}", "    ")


def show(command: Sequence[str]) -> None:
    """Run a command before the reader's eyes."""
    shown = [Path(word).name if word.startswith(str(ROOT)) else word for word in command[1:]]
    print(f"$ {shlex.join(shown)}")
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    print(done.stdout + done.stderr, end="", flush=True)
    if done.returncode:
        raise StoryBroken(f"{shown[0]} ended with {done.returncode}")


def json_lines(command: Sequence[str]) -> list[dict[str, object]]:
    """Run a command and return the JSON objects that it prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    return [json.loads(line) for line in done.stdout.splitlines()]


def wait(what: str, look: Callable[[], T | None]) -> T:
    """Return what *look* sees as soon as it sees something; StoryBroken after 20 s."""
    until = time.monotonic() + STEP_SECONDS
    while not (seen := look()):
        if time.monotonic() > until:
            raise StoryBroken(f"waited {STEP_SECONDS:.0f} s in vain until {what}")
        time.sleep(0.1)
    return seen
