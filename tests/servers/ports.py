"""Free TCP ports on loopback."""

import random
import socket

# Below Linux's range for outgoing connections (ip_local_port_range begins at 32768): while a server is down
# no client's own end can sit on its port, nor can a client that tries again and again meet itself there.
FIRST_PORT, LAST_PORT = 15_000, 32_000
HOST = "127.0.0.1"
TRIES = 200

_handed_out: set[int] = set()


def free_port() -> int:
    """Return a port that nothing listens on now and that this process has not been given before.

    Another process may still take it first, so whoever starts a server with it tries again with a new one.
    """
    for _ in range(TRIES):
        port = random.randint(FIRST_PORT, LAST_PORT)
        if port not in _handed_out and _can_bind(port):
            _handed_out.add(port)
            return port
    raise OSError(f"no free port on {HOST} from {FIRST_PORT} to {LAST_PORT} in {TRIES} tries")


def _can_bind(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
