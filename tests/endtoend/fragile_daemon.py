"""helpdeskd.py as it is, but for one thing: a mail that says so takes the whole process down while it is read."""

import os
import signal
import sys
from functools import partial

from daemon import pools
from daemon.examine import Examined, Examiner, Setup, examiner
from daemon.main import main
from daemon.parsers import ParsePool

DEADLY = b"Subject: =?utf-8?Q?take_the_whole_house_down?=\r\n"


def fragile(setup: Setup) -> Examiner:
    """Examine mails for real, until one is deadly; runs in a worker, whose parent is the daemon."""
    real = examiner(setup)

    def examine(raw: bytes, now_epoch: int) -> Examined:
        if DEADLY in raw:
            os.kill(os.getppid(), signal.SIGKILL)
        return real(raw, now_epoch)

    return examine


if __name__ == "__main__":
    vars(pools)["ParsePool"] = partial(ParsePool, maker="tests.endtoend.fragile_daemon:fragile")
    sys.exit(main(sys.argv[1:]))
