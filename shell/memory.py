"""Keep what was typed out of reach of other processes of the same user: several people share the shell's."""

import ctypes
import resource

PR_SET_DUMPABLE = 4  # linux/prctl.h


def close_memory() -> None:
    """Let nobody but root trace this process or read its memory, and leave no core file. Linux only, else nothing."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
