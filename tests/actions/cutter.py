"""A proxy before a database server that cuts a connection in the moment of its COMMIT.

What passes is encrypted, so SQLAlchemy has to tell when the next packet is a COMMIT.
"""

import select
import socket
import threading
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import Self

from sqlalchemy import Engine, event

from tests.servers.ports import HOST

CHUNK_BYTES = 65_536


class Cut(Enum):
    """What the server has done when the connection breaks."""

    NOTHING = "it has not heard of the COMMIT"
    COMMITTED = "it has committed, and its answer is lost"


class Cutter:
    """Passes all bytes on, until ``at_commit``. ``cuts``: how many connections it cut."""

    def __init__(self, target_port: int) -> None:
        self.cuts = 0
        self._how: Cut | None = None
        self._target = (HOST, target_port)
        self._server = socket.create_server((HOST, 0))
        self.port: int = self._server.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for the next client
        self._server.close()

    def at_commit(self, engine: Engine, how: Cut) -> None:
        """Cut the connection on which *engine* sends its next COMMIT."""

        def told(_connection: object) -> None:
            self._how = how

        event.listen(engine, "commit", told, once=True)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._server.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection(self._target) as server:
            other = {client: server, server: client}
            while True:
                for ready in select.select(list(other), [], [])[0]:
                    chunk = ready.recv(CHUNK_BYTES)
                    if not chunk or (ready is client and self._cuts(chunk, server)):
                        return
                    other[ready].sendall(chunk)

    def _cuts(self, chunk: bytes, server: socket.socket) -> bool:
        how, self._how = self._how, None
        if how is Cut.COMMITTED:
            server.sendall(chunk)
            server.recv(CHUNK_BYTES)
        self.cuts += how is not None
        return how is not None
