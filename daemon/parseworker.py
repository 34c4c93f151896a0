"""The worker process: reads mails from its parent, examines them within limits, writes what it found.

Both ways go over one socket. Nothing here is trusted by the parent: it kills a worker that takes too long,
and unpickles only plain data. The worker ends when the parent is gone: at once while it waits, at the latest
when the time for one mail is over while it works.
"""

import enum
import importlib
import io
import pickle
import resource
import signal
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

CHUNK = struct.Struct("<QI")  # the time in seconds since 1970, the number of mails
SIZE = struct.Struct("<Q")
READY = b"\x01"
PIECE_BYTES = 1024 * 1024
ANSWER_S = 0.5  # how often to tell what is found: the parent must hear that a slow chunk gets on
PROBE = b"From: probe@desk.example\r\nSubject: probe\r\n\r\nprobe\r\n"


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What one worker may use: address space in all; processor time and wall time for one mail."""

    memory_bytes: int = 1024 * 1024 * 1024
    cpu_s: float = 10.0
    wall_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Orders:
    """The first thing a worker is told: ``maker`` ("module:function") makes its examiner out of ``setup``."""

    maker: str
    setup: Any
    limits: WorkerLimits


class _Pickler(pickle.Pickler):
    """Writes enums by their value on every Python; 3.11.2 would write ``getattr``, which the parent refuses."""

    def reducer_override(self, value: Any, /) -> Any:
        return (type(value), (value.value,)) if isinstance(value, enum.Enum) else NotImplemented


def write_answer(found: list[Any], writer: "SupportsWrite[bytes]") -> None:
    """Write *found* as the parent will read it: it takes data classes, enums and dates of ours, nothing else."""
    _Pickler(writer, protocol=5).dump(found)


def main(descriptor: int) -> None:
    """Serve the parent at the other end of the socket *descriptor* until it closes it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent says when to end
    with socket.socket(fileno=descriptor) as parent, parent.makefile("rb") as reader:
        orders: Orders = pickle.load(reader)  # noqa: S301 - from our own parent
        module, _, maker = orders.maker.partition(":")
        examine = getattr(importlib.import_module(module), maker)(orders.setup)
        _confine(orders.limits)
        # What cannot read a plain mail would quarantine every mail: better not to be ready.
        plain = examine(PROBE, 0)
        parent.sendall(READY)
        try:
            _answer(parent, [plain])
            _serve(parent, reader, _guarded(examine, orders))
        except OSError:
            return  # the parent is gone


def _confine(limits: WorkerLimits) -> None:
    resource.prlimit(0, resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.prlimit(0, resource.RLIMIT_CORE, (0, 0))


def _serve(parent: socket.socket, reader: io.BufferedReader, examine: Callable[[bytes, int], Any]) -> None:
    while head := reader.read(CHUNK.size):
        now_epoch, count = CHUNK.unpack(head)
        sizes = [SIZE.unpack(reader.read(SIZE.size))[0] for _ in range(count)]
        raws = [reader.read(size) for size in sizes]  # all of them, lest both ends wait to write
        if len(raws[-1]) < sizes[-1]:
            return
        found: list[Any] = []
        told_at = time.monotonic()
        for raw in raws:
            found.append(examine(raw, now_epoch))
            if time.monotonic() - told_at > ANSWER_S:
                _answer(parent, found)
                found, told_at = [], time.monotonic()
        del raws
        if found:
            _answer(parent, found)


def _answer(parent: socket.socket, found: list[Any]) -> None:
    with parent.makefile("wb", buffering=PIECE_BYTES) as writer:
        write_answer(found, writer)


def _guarded(examine: Callable[[bytes, int], Any], orders: Orders) -> Callable[[bytes, int], Any]:
    """Wrap *examine* in the limits for one mail; the default action of both signals ends the process."""
    limits = orders.limits

    def guarded(raw: bytes, now_epoch: int) -> Any:
        signal.setitimer(signal.ITIMER_PROF, limits.cpu_s)
        signal.setitimer(signal.ITIMER_REAL, limits.wall_s)
        try:
            return examine(raw, now_epoch)
        except Exception as error:  # noqa: BLE001 - one mail must not take its neighbours with it
            return type(error).__name__
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.setitimer(signal.ITIMER_PROF, 0)

    return guarded
