"""A whole desk in this process, small enough for hundreds of runs: mailbox in memory, real database, real SMTP."""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from daemon.deliver import Delivery
from daemon.examine import Examined
from daemon.inbox import Inbox
from daemon.intake import Intake, Limits
from daemon.leaving import Folders
from daemon.parsers import ParsePool
from daemon.shift import DeliverySettings
from daemon.smtp import Relay, RelaySettings
from helpdesk.actions.deliver import Outbox
from helpdesk.actions.leases import Lease
from helpdesk.errors import MailboxAway, StoreAway
from helpdesk.store.tables import (
    attachments,
    audit_logs,
    budgets,
    letters,
    mails,
    people,
    posts,
    tickets,
)
from tests.actions.intakes import NOW, ZOE, IntakeBench, a_mail, examined
from tests.daemon.inboxes import FakeInbox
from tests.servers.smtp_sink import SmtpSink

MAX_ROUNDS = 12
LIMITS = Limits(batch_mails=3, max_bytes=6000)
DEFECTS = ("letter-defect", "bytes_gone")
What = tuple[object, ...]


def mails_of_each_kind() -> list[bytes]:
    """Return mails that meet every fate which needs no earlier ticket, some with attachments."""
    attached = ["Content-Type: multipart/mixed; boundary=b"]
    part = 'Content-Type: text/plain\r\nContent-Disposition: attachment; filename="a.txt"'
    two = "--b\r\nContent-Type: text/plain\r\n\r\nSee\r\n" + "".join(
        f"--b\r\n{part}\r\n\r\n{name}\r\n" for name in ("one", "two")
    )
    zoe = f"Zoé <{ZOE}>"
    return [
        a_mail("Charger", message_id="<1@univ.example>"),
        a_mail("Papers", two + "--b--\r\n", message_id="<2@univ.example>", extra=attached),
        a_mail("Forged", message_id="<3@univ.example>", says=("dmarc=fail header.from=univ.example",)),
        a_mail("Weak", message_id="<4@univ.example>", says=(f"spf=pass smtp.mailfrom={ZOE}",), sender=zoe),
        a_mail("Two senders", sender="a@b.example, c@d.example"),
        a_mail("Charger", message_id="<1@univ.example>"),
        a_mail("Re: Charger", "More", message_id="<5@univ.example>", extra=["In-Reply-To: <1@univ.example>"]),
        a_mail("Unjudged", message_id="<6@univ.example>", above=[]),
        a_mail("Films", "x" * 6000, message_id="<7@univ.example>"),
        a_mail("Network", message_id="<8@univ.example>", sender=zoe),
    ]


class InlinePool:
    """Examines in this process."""

    def examine(self, raws: Sequence[bytes]) -> list[Examined]:
        """See ``ParsePool``."""
        return [examined(raw) for raw in raws]


@dataclass
class SmallDesk:
    """What one run works on. Only the outbox' clock moves, so that letters put off come again."""

    bench: IntakeBench
    sink: SmtpSink
    inbox: FakeInbox = field(default_factory=FakeInbox)
    outbox_now: datetime = NOW + timedelta(minutes=1)
    problems: list[str] = field(default_factory=list)

    def work_until_quiet(self, through: Callable[[Inbox], Inbox], heal: Callable[[], None]) -> None:
        """File and deliver as the daemon does; every trouble that it may have ends a round and is healed then.

        *through*: what stands between us and the mailbox, for each connection.
        """
        database = self.bench.desk.database
        lease = Lease(database, "mailbox:main", "me", 30.0)
        pool = cast("ParsePool", InlinePool())
        intake = Intake(self.bench.desk, "main", 14, Folders(), LIMITS, pool, lambda: None)
        settings = RelaySettings(self.sink.host, self.sink.port, "plain", hello_name="desk.example")
        outbox = Outbox(database, lambda _work: self.outbox_now, lambda: 0.5)
        with self._watching_the_log():
            for _ in range(MAX_ROUNDS):
                try:
                    inbox = through(self.inbox)
                    while lease.keep() and intake.drain(inbox, lease.keep):
                        pass
                    delivery = Delivery(outbox, Relay(settings), DeliverySettings(connections=2))
                    result = asyncio.run(delivery.drain())
                    if not (result.problem or result.later):
                        lease.release()
                        return
                except (MailboxAway, StoreAway):
                    pass
                except Exception as defect:  # noqa: BLE001 - what this hunts for; told with the fault
                    self.problems.append(f"{type(defect).__name__} came out: {defect}")
                heal()
                self.outbox_now += timedelta(hours=1)
        self.problems.append(f"not quiet after {MAX_ROUNDS} rounds")

    def state(self) -> Counter[What]:
        """Return all that a person could see, without keys and times; equal to that of a run without faults."""
        bench = self.bench
        numbers: dict[object, object] = dict(bench.column(tickets, "id", "number"))
        names = ("uid", "fate", "rule", "verdict", "reason")
        seen: Counter[What] = Counter()
        for row in bench.ledger():
            fate = tuple(row[name] for name in names)
            settled = row["settled_at"] is not None
            seen["mail", *fate, settled, numbers.get(row["ticket_id"])] += 1
        for row in bench.rows(tickets):
            seen["ticket", row["number"], row["subject"], row["status"]] += 1
        for row in bench.rows(posts):
            seen["post", numbers[row["ticket_id"]], row["text"], row["internal"]] += 1
        for row in bench.rows(letters):
            seen["letter", row["kind"], row["recipient"], row["state"]] += 1
        for row in bench.rows(audit_logs):
            seen["audit", row["action"], row["status"]] += 1
        whose = {str(row["id"]): row["name"] for row in bench.rows(people)}  # each desk has ids of its own
        for row in bench.rows(budgets):
            scope = ":".join(whose.get(part, part) for part in row["scope"].split(":"))
            seen["budget", scope, row["used"]] += 1
        for table in (mails, attachments):
            for sha256 in bench.column(table, "raw_sha256" if table is mails else "sha256"):
                if sha256 is not None:
                    whole = hashlib.sha256(bench.desk.blobs.read(sha256)).hexdigest() == sha256
                    seen["blob", sha256, whole] += 1
        for folder, raws in {"INBOX": self.inbox.inbox.values(), **self.inbox.folders}.items():
            for raw in raws:
                seen["copy", folder, hashlib.sha256(raw).hexdigest()] += 1
        return seen

    def received(self) -> Counter[str]:
        """Return how often each letter came, by Message-ID; those that never came count as none."""
        came: Counter[str] = Counter({str(one): 0 for one in self.bench.column(letters, "message_id")})
        for letter in self.sink.messages:
            head = letter.content.partition(b"\r\n\r\n")[0].decode()
            came.update(
                line.partition(": ")[2] for line in head.split("\r\n") if line.startswith("Message-ID:")
            )
        return came

    @contextmanager
    def _watching_the_log(self) -> Iterator[None]:
        """Take down what the daemon logs of its own defects; nobody would see them otherwise."""
        handler = logging.Handler(logging.ERROR)
        handler.emit = self._note  # type: ignore[method-assign]
        root = logging.getLogger()
        root.addHandler(handler)
        try:
            yield
        finally:
            root.removeHandler(handler)

    def _note(self, record: logging.LogRecord) -> None:
        fields = getattr(record, "fields", {})
        ours = record.msg in DEFECTS or (record.msg == "filed" and fields.get("error"))
        if ours or record.name == "asyncio":
            self.problems.append(f"{record.getMessage()}: {fields.get('error') or record.exc_info}")
