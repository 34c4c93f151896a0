"""Waiting that Ctrl-C always ends, also one that was pressed just before."""

import select
import signal
import socket


def pause(seconds: float) -> None:
    """Wait; only from the main thread. Raises KeyboardInterrupt, or what the handler of the interrupt raises.

    ``time.sleep`` sleeps on where the signal came between the last look at signals and the sleep: the view that
    was left stood there for another 60 s. What a signal writes to a socket is still there when one begins to wait.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        before = signal.set_wakeup_fd(theirs.fileno())
        try:
            select.select([ours], [], [], seconds)
        finally:
            signal.set_wakeup_fd(before)
