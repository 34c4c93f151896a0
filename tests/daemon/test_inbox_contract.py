"""The inbox in memory that other tests use, and the real one on Dovecot and on a scripted server, answer alike."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol

import pytest

from daemon.imap import OVERSIZE_HEADER_BYTES, ImapInbox
from daemon.imaplogin import ImapAccount
from daemon.inbox import Inbox
from tests.daemon.inboxes import FakeInbox
from tests.faults.scripted_imap import ScriptedImap
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot

SMALL = b"Subject: small\r\n\r\nSmall.\r\n"
OTHER = b"Subject: other\r\n\r\nOther.\r\n"
GONE = 4_000_000
LACKS: dict[str, Sequence[str]] = {
    "dovecot": (),
    "without MOVE": ("MOVE",),
    "without UIDPLUS": ("MOVE", "UIDPLUS"),
    "without IDLE": ("IDLE",),
    "scripted": (),
    "scripted, MOVE and IDLE missing": ("MOVE", "IDLE"),
}


class Mailbox(Protocol):
    """A mailbox to deliver to and to look into from outside."""

    @property
    def inbox(self) -> Inbox:
        """The inbox as the daemon sees it."""
        ...

    def deliver(self, *raws: bytes) -> list[int]:
        """Put mails into the inbox, where they are seen at once; return their UIDs."""
        ...

    def holds(self, folder: str) -> list[bytes]:
        """Return the mails of a folder."""
        ...


@dataclass
class InMemory:
    inbox: FakeInbox

    def deliver(self, *raws: bytes) -> list[int]:
        return self.inbox.deliver(*raws)

    def holds(self, folder: str) -> list[bytes]:
        return list(self.inbox.inbox.values()) if folder == "INBOX" else self.inbox.folders.get(folder, [])


@dataclass
class OnServer:
    server: Dovecot | ScriptedImap
    inbox: ImapInbox

    def deliver(self, *raws: bytes) -> list[int]:
        uids = self.server.append_many("desk", raws)
        self.inbox.linger(lambda: False)  # a search alone shows no mail that the server has not told of
        return uids

    def holds(self, folder: str) -> list[bytes]:
        return self.server.mails("desk", folder)


def account(server: Dovecot | ScriptedImap, *, idle: bool = True) -> ImapAccount:
    ca_file = str(server.ca_file)
    return ImapAccount("localhost", server.imaps_port, "tls", "desk", PASSWORD, ca_file, idle=idle)


class Servers:
    """Each kind of server, started when first asked for."""

    def __init__(self, certificates: Certificates, folder: Path, stack: ExitStack) -> None:
        self._certificates = certificates
        self._folder = folder
        self._stack = stack
        self._started: dict[str, Dovecot | ScriptedImap] = {}

    def started(self, kind: str) -> Dovecot | ScriptedImap:
        if kind not in self._started:
            self._started[kind] = self._stack.enter_context(self._new(kind))
        return self._started[kind]

    def _new(self, kind: str) -> AbstractContextManager[Dovecot | ScriptedImap]:
        if kind.startswith("scripted"):
            return ScriptedImap(self._folder, self._certificates, LACKS[kind]).serving()
        return Dovecot(certificates=self._certificates, without=LACKS[kind])


@pytest.fixture(scope="module")
def servers(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with ExitStack() as stack:
        yield Servers(certificates, tmp_path_factory.mktemp("servers"), stack)


@contextmanager
def opened(kind: str, servers: Servers) -> Iterator[OnServer]:
    server = servers.started(kind)
    server.wipe("desk")
    with ImapInbox(account(server)) as inbox:
        inbox.make_folders(("Done", "Held"))
        yield OnServer(server, inbox)


@pytest.fixture(params=["in memory", *LACKS])
def mailbox(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Mailbox]:
    if request.param == "in memory":
        yield InMemory(FakeInbox())
        return
    with opened(request.param, servers) as real:
        yield real


def test_uids_come_oldest_first(mailbox: Mailbox) -> None:
    assert mailbox.inbox.uids() == []
    uids = mailbox.deliver(*[SMALL] * 12)
    assert mailbox.inbox.uids() == uids == sorted(uids)


def test_sizes_are_those_of_the_mails_that_are_there(mailbox: Mailbox) -> None:
    small, other = mailbox.deliver(SMALL, OTHER)
    assert mailbox.inbox.sizes([small, GONE, other]) == {small: len(SMALL), other: len(OTHER)}
    assert mailbox.inbox.sizes([GONE]) == {}
    assert mailbox.inbox.sizes([]) == {}


def test_mails_are_fetched_whole_byte_for_byte_and_those_that_are_gone_left_out(mailbox: Mailbox) -> None:
    odd = (
        b"Subject: \xff\xfe\r\nX: =?utf-8?q?=00?=\r\n\r\n"
        + bytes(range(1, 256)).replace(b"\n", b"")
        + b"\r\n"
    )
    first, second = mailbox.deliver(odd, SMALL)
    assert mailbox.inbox.fetch([second, GONE, first]) == {first: odd, second: SMALL}
    assert mailbox.inbox.fetch([GONE]) == {}


def test_of_a_big_mail_the_header_is_fetched_and_cut(mailbox: Mailbox) -> None:
    long = b"Subject: x\r\n" + b"".join(b"X-%d: %s\r\n" % (number, b"y" * 900) for number in range(400))
    small, big = mailbox.deliver(SMALL, long + b"\r\nBody\r\n")
    assert mailbox.inbox.fetch_head(small) == b"Subject: small\r\n\r\n"
    assert mailbox.inbox.fetch_head(big) == long[:OVERSIZE_HEADER_BYTES]
    assert mailbox.inbox.fetch_head(GONE) == b""


def test_moved_mails_leave_the_inbox_for_the_folder(mailbox: Mailbox) -> None:
    uids = mailbox.deliver(SMALL, OTHER, SMALL)
    mailbox.inbox.move(uids[:2], "Done")
    assert mailbox.inbox.uids() == uids[2:]
    assert mailbox.holds("Done") == [SMALL, OTHER]


def test_moving_what_is_gone_harms_nothing(mailbox: Mailbox) -> None:
    (uid,) = mailbox.deliver(SMALL)
    mailbox.inbox.move([uid, GONE], "Done")
    mailbox.inbox.move([uid], "Held")
    assert mailbox.inbox.uids() == []
    assert mailbox.holds("Done") == [SMALL]
    assert GONE not in mailbox.inbox.sizes([GONE])


def named(message_id: str, text: str = "x") -> bytes:
    return f"Subject: x\r\nMessage-ID: {message_id}\r\n\r\n{text}\r\n".encode()


def test_in_an_opened_folder_every_verb_means_that_one(mailbox: Mailbox) -> None:
    inbox = mailbox.inbox
    moved, stays = mailbox.deliver(SMALL, OTHER)
    inbox.move([moved], "Held")
    with inbox.opened("Held"):
        (uid,) = inbox.uids()
        assert inbox.fetch([uid]) == {uid: SMALL}
        inbox.move([uid], "Done")
    assert inbox.uids() == [stays]
    assert mailbox.holds("Done") == [SMALL]
    with inbox.opened("Held"):
        assert inbox.uids() == []


def test_mails_are_found_by_their_message_id_or_else_by_their_size(mailbox: Mailbox) -> None:
    one, again, odd, _other = mailbox.deliver(
        named("<1@x.example>"),
        named("<1@x.example>", "?!"),
        named('<"1 \\"@x.example>', "odd"),
        named("<2@x.example>"),
    )
    inbox = mailbox.inbox
    assert inbox.like("<1@x.example>", 1) == [one, again]
    assert inbox.like('<"1 \\"@x.example>', 1) == [odd]
    assert inbox.like("<none@x.example>", len(named("<1@x.example>", "?!"))) == [again]
    assert inbox.like("", len(named("<1@x.example>", "?!"))) == [again]
    assert inbox.like("<none@x.example>", 7) == []


def test_a_glance_is_at_size_and_message_id_of_what_is_there(mailbox: Mailbox) -> None:
    raw = named("<1@x.example>")
    with_id, without = mailbox.deliver(raw, SMALL)
    glances = mailbox.inbox.glances([with_id, GONE, without])
    assert {uid: glance.size for uid, glance in glances.items()} == {with_id: len(raw), without: len(SMALL)}
    assert glances[with_id].head.strip().lower() == b"message-id: <1@x.example>"
    assert glances[without].head.strip() == b""
    assert mailbox.inbox.glances([]) == {}


@pytest.fixture(params=LACKS)
def real(request: pytest.FixtureRequest, servers: Servers) -> Iterator[OnServer]:
    with opened(request.param, servers) as real:
        yield real


def test_a_glance_tells_size_arrival_and_message_id(real: OnServer) -> None:
    raw = named("<a\r\n b@x.example>")
    came = datetime(2026, 3, 1, 12, 0, tzinfo=timezone(timedelta(hours=5)))
    with real.server.client("desk") as client:
        client.append("INBOX", raw, msg_time=came)
        client.append("INBOX", SMALL, msg_time=came - timedelta(days=9))
    real.inbox.linger(lambda: False)
    with_id, without = real.inbox.uids()
    glances = real.inbox.glances([with_id, without, GONE])
    assert set(glances) == {with_id, without}
    assert (glances[with_id].size, glances[with_id].arrived_at) == (len(raw), came)
    assert b"b@x.example>" in glances[with_id].head
    assert glances[without].head.strip() == b""
    assert real.inbox.uids_since(date(2026, 3, 1)) == [with_id]
    assert real.inbox.uids_since(date(2026, 2, 1)) == [with_id, without]


def test_reading_a_mail_leaves_it_unread(real: OnServer) -> None:
    (uid,) = real.deliver(SMALL)
    real.inbox.fetch([uid])
    real.inbox.fetch_head(uid)
    with real.server.client("desk") as client:
        client.select_folder("INBOX", readonly=True)
        assert b"\\Seen" not in client.get_flags([uid])[uid]


def test_mail_that_was_read_by_a_person_is_still_mail(real: OnServer) -> None:
    (uid,) = real.deliver(SMALL)
    with real.server.client("desk") as client:
        client.select_folder("INBOX")
        client.add_flags([uid], [b"\\Seen"])
    assert real.inbox.uids() == [uid]


def test_other_peoples_deleted_mail_stays(real: OnServer) -> None:
    """A plain EXPUNGE would take it with ours."""
    mine, theirs = real.deliver(SMALL, OTHER)
    with real.server.client("desk") as client:
        client.select_folder("INBOX")
        client.delete_messages([theirs])
    real.inbox.wait(0.1, lambda: False)
    real.inbox.move([mine], "Done")
    assert OTHER in real.holds("INBOX")
    assert real.inbox.uids() == []


def test_what_another_daemon_has_moved_meanwhile_is_not_copied_again(real: OnServer) -> None:
    """As where we were stopped for longer than our lease, between the commit and the move."""
    uids = real.deliver(SMALL, OTHER)
    with ImapInbox(account(real.server)) as other:
        other.move(uids[:1], "Done")
    real.inbox.move(uids, "Done")
    assert sorted(real.holds("Done")) == sorted([SMALL, OTHER])
    assert real.inbox.uids() == []


def test_mails_that_somebody_flagged_are_told_apart(real: OnServer) -> None:
    here, flagged = real.deliver(SMALL, OTHER)
    with real.server.client("desk") as client:
        client.select_folder("INBOX")
        client.delete_messages([flagged])
    real.inbox.wait(0.1, lambda: False)
    assert (real.inbox.uids(), real.inbox.flagged()) == ([here], [flagged])
    assert real.inbox.fetch([flagged]) == {flagged: OTHER}


def test_folders_are_made_once_and_subscribed_to(real: OnServer) -> None:
    real.inbox.make_folders(("Done", "Élèves", "Held/old"))
    with real.server.client("desk") as client:
        subscribed = {name for _flags, _separator, name in client.list_sub_folders()}
        client.unsubscribe_folder("Done")
    assert {"Done", "Held", "Élèves", "Held/old"} <= subscribed
    real.inbox.make_folders(("Done",))
    with real.server.client("desk") as client:
        assert "Done" not in {name for _flags, _separator, name in client.list_sub_folders()}, (
            "as people want"
        )


@pytest.mark.parametrize("kind", ["dovecot", "without MOVE"])
def test_a_folder_that_somebody_removed_is_made_again_for_the_mail_that_goes_there(
    kind: str, servers: Servers
) -> None:
    with opened(kind, servers) as real:
        uids = real.deliver(SMALL, OTHER)
        with real.server.client("desk") as client:
            client.delete_folder("Done")
        real.inbox.move(uids, "Done")
        assert real.inbox.uids() == []
        assert sorted(real.holds("Done")) == sorted([SMALL, OTHER])


def test_new_mail_ends_the_wait(real: OnServer) -> None:
    assert real.inbox.uids() == []
    sender = threading.Timer(0.3, real.server.append_many, ["desk", [SMALL]])
    began = time.monotonic()
    sender.start()
    real.inbox.wait(3.0, lambda: False)
    waited = time.monotonic() - began
    sender.join()
    assert len(real.inbox.uids()) == 1
    assert waited < (3.5 if not real.inbox.can_idle else 2.5)


def test_a_look_into_another_folder_is_no_news_and_hides_none(real: OnServer) -> None:
    real.deliver(SMALL)
    for _look in range(3):
        real.inbox.uids()
        with real.inbox.opened("Held"):
            pass
    assert not real.inbox.linger(lambda: False)
    with real.inbox.opened("Held"):
        real.server.append_many("desk", [OTHER])
    with real.inbox.opened("Held"):
        pass
    assert real.inbox.linger(lambda: False)


def test_being_stopped_ends_the_wait(real: OnServer) -> None:
    began = time.monotonic()
    real.inbox.wait(60.0, lambda: time.monotonic() - began > 0.2)
    assert time.monotonic() - began < 3


def test_without_idle_a_poll_sees_new_mail(dovecot: Dovecot) -> None:
    with ImapInbox(account(dovecot, idle=False)) as inbox:
        assert not inbox.can_idle
        dovecot.append_many("desk", [SMALL])
        until = time.monotonic() + 5
        while not inbox.uids() and time.monotonic() < until:  # Dovecot may tell a poll or two later
            inbox.wait(0.2, lambda: False)
        assert len(inbox.uids()) == 1


def test_what_the_servers_offer_is_found_out(real: OnServer, request: pytest.FixtureRequest) -> None:
    kind = request.node.callspec.params["real"]
    offers = (real.inbox.can_move, real.inbox.can_expunge_by_uid, real.inbox.can_idle)
    assert offers == tuple(name not in LACKS[kind] for name in ("MOVE", "UIDPLUS", "IDLE"))
