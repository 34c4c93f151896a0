"""Ports of the daemon that fail at their n-th call: the database's driver, the mailbox, the disk below the blobs.

As SQLite tests itself: n = 1, 2, 3 … until a run comes to its end without having met the fault.
"""

import errno
import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any
from unittest.mock import patch

import pymysql
from sqlalchemy import Engine, event

from daemon.inbox import Glance, Inbox
from helpdesk.errors import MailboxAway

DRIVER_CALLS = ("do_execute", "do_executemany", "do_commit", "do_rollback")


@dataclass
class NthCall:
    """Counts calls and says which is to fail: the *n*-th, when it has taken effect or before that.

    *lasting*: all that follow fail as well, until ``heal``. ``over``: none fails any more.
    """

    n: int
    takes_effect: bool = False
    lasting: bool = False
    calls: int = 0
    happened: int = 0
    over: bool = False
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def heal(self) -> None:
        """Let every later call succeed, once one has failed."""
        self.over = self.over or self.happened > 0

    def is_this(self) -> bool:
        """Count one call; say whether it is to fail."""
        with self._one_at_a_time:
            self.calls += 1
            hit = not self.over and (self.calls == self.n or (self.lasting and self.calls > self.n))
            self.happened += hit
            return hit


def sqlite_trouble(name: str, text: str) -> Callable[[Any], Exception]:
    """Return what makes the error that Python's sqlite3 raises; *name* as in sqlite.org/rescode.html."""

    def error(_handle: Any) -> Exception:
        raised = sqlite3.OperationalError(text)
        raised.sqlite_errorname = name
        raised.sqlite_errorcode = getattr(sqlite3, name)
        return raised

    return error


def mariadb_lost(handle: Any) -> Exception:
    """Cut the connection behind *handle*, a cursor or a connection, and return what PyMySQL says then."""
    connection = getattr(handle, "dbapi_connection", None) or getattr(handle, "connection", handle)
    if isinstance(connection, pymysql.connections.Connection):
        connection._force_close()
    lost: Exception = pymysql.err.OperationalError(2013, "Lost connection to server during query")
    return lost


def mariadb_deadlock(handle: Any) -> Exception:
    """Undo the transaction behind *handle*, as the server does, and return what PyMySQL says then."""
    connection = getattr(handle, "dbapi_connection", None) or getattr(handle, "connection", handle)
    if isinstance(connection, pymysql.connections.Connection):
        connection.rollback()
    undone: Exception = pymysql.err.OperationalError(1213, "Deadlock found when trying to get lock")
    return undone


SQLITE_TROUBLES = {
    "locked": sqlite_trouble("SQLITE_BUSY", "database is locked"),
    "disk error": sqlite_trouble("SQLITE_IOERR", "disk I/O error"),
    "disk full": sqlite_trouble("SQLITE_FULL", "database or disk is full"),
}
MARIADB_TROUBLES = {"lost": mariadb_lost, "deadlock": mariadb_deadlock}
UNDONE = frozenset(("locked", "deadlock"))  # troubles that never come after the effect


@contextmanager
def failing_driver(engine: Engine, nth: NthCall, error: Callable[[Any], Exception]) -> Iterator[None]:
    """Make the driver below *engine* fail; connecting, reading, writing, commit and rollback all count."""

    def wrapped(real: Callable[..., None]) -> Callable[..., None]:
        def call(handle: Any, *rest: Any, **more: Any) -> None:
            hit = nth.is_this()
            if not hit or nth.takes_effect:
                real(handle, *rest, **more)
            if hit:
                raise error(handle)

        return call

    def connect(*_: Any) -> None:
        if nth.is_this():
            raise error(None)

    event.listen(engine, "do_connect", connect)
    with ExitStack() as patches:
        for name in DRIVER_CALLS:
            real = getattr(engine.dialect, name)
            patches.enter_context(patch.object(engine.dialect, name, wrapped(real)))
        try:
            yield
        finally:
            event.remove(engine, "do_connect", connect)


class FailingInbox:
    """One connection to *inbox*, whose verbs may fail: nothing done, all done, or, of a move, the first half."""

    def __init__(self, inbox: Inbox, nth: NthCall) -> None:
        self.uidvalidity = inbox.uidvalidity
        self.can_move = inbox.can_move
        self._inbox = inbox
        self._nth = nth

    def uids(self) -> list[int]:
        """See ``Inbox``."""
        return list(self._do(self._inbox.uids))

    def flagged(self) -> list[int]:
        """See ``Inbox``."""
        return list(self._do(self._inbox.flagged))

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """See ``Inbox``."""
        return dict(self._do(self._inbox.sizes, uids))

    def fetch(self, uids: Sequence[int]) -> dict[int, bytes]:
        """See ``Inbox``."""
        return dict(self._do(self._inbox.fetch, uids))

    def fetch_head(self, uid: int) -> bytes:
        """See ``Inbox``."""
        return bytes(self._do(self._inbox.fetch_head, uid))

    def move(self, uids: Sequence[int], folder: str) -> None:
        """See ``Inbox``. One move is two calls, one for each half."""
        half = (len(uids) + 1) // 2
        for some in (uids[:half], uids[half:]):
            self._do(self._inbox.move, some, folder)

    def remove(self, uids: Sequence[int]) -> None:
        """See ``Inbox``."""
        self._do(self._inbox.remove, uids)

    def like(self, message_id: str, size: int) -> list[int]:
        """See ``Inbox``."""
        return list(self._do(self._inbox.like, message_id, size))

    def glances(self, uids: Sequence[int]) -> dict[int, Glance]:
        """See ``Inbox``."""
        return dict(self._do(self._inbox.glances, uids))

    @contextmanager
    def opened(self, folder: str) -> Iterator[None]:
        """See ``Inbox``."""
        self._do(lambda: None)
        with self._inbox.opened(folder):
            yield

    def _do(self, verb: Callable[..., Any], *given: Any) -> Any:
        hit = self._nth.is_this()
        result = verb(*given) if not hit or self._nth.takes_effect else None
        if hit:
            raise MailboxAway("IMAP localhost:993: the connection was lost")
        return result


class _FailingFile:
    """A file whose n-th write leaves half of it behind."""

    def __init__(self, file: IO[bytes], fail: Callable[[], None]) -> None:
        self._file = file
        self._fail = fail

    def __enter__(self) -> "_FailingFile":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._file.close()

    def write(self, content: bytes) -> int:
        self._file.write(content[: len(content) // 2])
        self._fail()
        return self._file.write(content[len(content) // 2 :])

    def flush(self) -> None:
        self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()


@contextmanager
def failing_disk(nth: NthCall, number: int) -> Iterator[None]:
    """Make the disk below the blobs fail with the errno *number*: a file made, written, synced, renamed."""

    def fail() -> None:
        if nth.is_this():
            raise OSError(number, os.strerror(number))

    def wrapped(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **more: Any) -> Any:
            if not nth.takes_effect:
                fail()
            result = real(*given, **more)
            if nth.takes_effect:
                fail()
            return result

        return call

    names = {name: getattr(os, name) for name in ("open", "close", "O_RDONLY", "O_DIRECTORY")}
    system = SimpleNamespace(
        **names,
        fsync=wrapped(os.fsync),
        fchmod=wrapped(os.fchmod),
        fdopen=lambda handle, _mode: _FailingFile(os.fdopen(handle, "wb"), fail),
    )
    with (
        patch("helpdesk.store.blobs.os", system),
        patch("helpdesk.store.blobs.tempfile", SimpleNamespace(mkstemp=_before(fail, tempfile.mkstemp))),
        patch.object(Path, "rename", wrapped(Path.rename)),
        patch.object(Path, "mkdir", wrapped(Path.mkdir)),
    ):
        yield


def _before(fail: Callable[[], None], real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*given: Any, **more: Any) -> Any:
        fail()
        return real(*given, **more)

    return call


DISK_TROUBLES = {"full": errno.ENOSPC, "broken": errno.EIO}
