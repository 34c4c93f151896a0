"""Waiting that Ctrl-C always ends, also one that was pressed just before."""

import os
import select
import signal


def pause(seconds: float) -> None:
    """Wait; only from the main thread. Raises KeyboardInterrupt, or what the handler of the interrupt raises.

    ``time.sleep`` sleeps on where the signal came between the last look at signals and the sleep: the view that
    was left stood there for another 60 s. What a signal writes to a pipe is still there when one begins to wait.
    """
    ours, theirs = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    before = -1
    try:
        before = signal.set_wakeup_fd(theirs)
        select.select([ours], [], [], seconds)
    finally:
        signal.set_wakeup_fd(before)  # first: what it writes to must not be another file by then
        os.close(ours)
        os.close(theirs)
