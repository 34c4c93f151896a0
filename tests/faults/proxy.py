"""A TCP proxy that makes a network bad: slow, narrow, silent, or cutting and resetting connections."""

import asyncio
import random
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.faults.loop import Loop, closed
from tests.servers.ports import HOST

CHUNK_BYTES = 64 * 1024
QUEUED_CHUNKS = 16
SLICES_PER_SECOND = 20
RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time at all: close() sends RST
OnItsWay = asyncio.Queue[tuple[float, bytes]]


@dataclass(frozen=True, slots=True)
class Weather:
    """How the network is. It may change while connections are open.

    ``latency_seconds``: each way. ``bytes_per_second``: each way; None: no limit. ``silent``: nothing gets
    through and nobody is told; a connection that lost bytes so stays silent for ever. ``cut_after_bytes`` and
    ``reset_after_bytes``: both ways together, counted from the connection's start. ``reset_share``: of the
    connections, which part is reset, each after some bytes out of ``reset_within_bytes``.
    """

    latency_seconds: float = 0.0
    bytes_per_second: float | None = None
    silent: bool = False
    cut_after_bytes: int | None = None
    reset_after_bytes: int | None = None
    reset_share: float = 0.0
    reset_within_bytes: int = 100_000


FINE = Weather()


class Proxy:
    """Listens on ``port`` of loopback and passes on to *target_port*. ``connected_at``: monotonic seconds."""

    def __init__(self, target_port: int, weather: Weather = FINE, seed: int = 1) -> None:
        self.weather = weather
        self.target_port = target_port
        self.port = 0
        self.connected_at: list[float] = []
        self.resets = 0
        self._chance = random.Random(seed)
        self._loop = Loop()
        self._wires: set[_Wire] = set()

    @contextmanager
    def running(self) -> Iterator["Proxy"]:
        """Serve until the block ends, which resets what is still open."""
        with self._loop.running():
            server = self._loop.run(asyncio.start_server(self._serve, HOST, self.port))
            self.port = server.sockets[0].getsockname()[1]
            try:
                yield self
            finally:
                self._loop.run(closed(server))
                self.reset_all()

    def reset_all(self) -> None:
        """Reset every open connection, on both sides."""

        async def reset() -> None:
            self.resets += len(self._wires)
            for wire in tuple(self._wires):
                wire.end(reset=True)

        self._loop.run(reset())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected_at.append(time.monotonic())
        try:
            inner = await asyncio.open_connection(HOST, self.target_port)
        except OSError:
            _close(writer, reset=True)
            return
        weather = self.weather
        doomed = self._chance.random() < weather.reset_share
        doom = self._chance.randrange(weather.reset_within_bytes) if doomed else weather.reset_after_bytes
        wire = _Wire(self, (writer, inner[1]), doom)
        self._wires.add(wire)
        ways = [asyncio.create_task(wire.carry(*way)) for way in ((reader, inner[1]), (inner[0], writer))]
        with suppress(asyncio.CancelledError):  # streams would log it as an error
            await asyncio.wait(ways, return_when="FIRST_COMPLETED")  # whichever is over has closed both ends
        for way in ways:
            way.cancel()
        self._wires.discard(wire)
        wire.end(reset=False)


class _Wire:
    """One connection with its two ends."""

    def __init__(
        self, proxy: Proxy, ends: tuple[asyncio.StreamWriter, asyncio.StreamWriter], doom: int | None
    ) -> None:
        self._proxy = proxy
        self._ends = ends
        self._doom = doom
        self._passed_bytes = 0
        self._dead = False

    def end(self, *, reset: bool) -> None:
        for writer in self._ends:
            _close(writer, reset=reset)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one direction: what is read now arrives one latency later, however much is on its way."""
        on_its_way: OnItsWay = asyncio.Queue(QUEUED_CHUNKS)
        reading = asyncio.create_task(self._read(reader, on_its_way))
        try:
            await self._arrive(on_its_way, writer)
        finally:
            reading.cancel()

    async def _read(self, reader: asyncio.StreamReader, on_its_way: OnItsWay) -> None:
        chunk = b"more"
        while chunk:
            try:
                chunk = await reader.read(CHUNK_BYTES)
            except OSError:
                chunk = b""
            await on_its_way.put((time.monotonic() + self._proxy.weather.latency_seconds, chunk))

    async def _arrive(self, on_its_way: OnItsWay, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while not writer.transport.is_closing():
                due, chunk = await on_its_way.get()
                await asyncio.sleep(due - time.monotonic())
                if self._proxy.weather.silent or self._dead:
                    self._dead = True
                elif chunk:
                    await self._write(writer, chunk)
                else:
                    break
        self.end(reset=False)

    async def _write(self, writer: asyncio.StreamWriter, chunk: bytes) -> None:
        while chunk:
            weather = self._proxy.weather
            rate = weather.bytes_per_second
            limits = [limit for limit in (weather.cut_after_bytes, self._doom) if limit is not None]
            size = min(max(int(rate / SLICES_PER_SECOND), 1) if rate else len(chunk), len(chunk))
            size = min([size, *(max(limit - self._passed_bytes, 0) for limit in limits)])
            writer.write(chunk[:size])
            await writer.drain()
            self._passed_bytes += size
            if rate:
                await asyncio.sleep(size / rate)
            chunk = chunk[size:]
            if limits and self._passed_bytes >= min(limits):
                reset = self._doom is not None and self._passed_bytes >= self._doom
                self._proxy.resets += reset
                self.end(reset=reset)
                return


def _close(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    if writer.transport.is_closing():
        return
    if reset:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()
    else:
        writer.close()
