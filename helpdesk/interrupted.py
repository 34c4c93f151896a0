"""Ctrl-C while a program loads: it ends at once, as programs do that Python does not run; no traceback is shown."""

import signal


def end_at_once() -> None:
    """Let an interrupt end the process by the signal, until ``tell_as_usual``; one that is ignored stays so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def tell_as_usual() -> None:
    """Let an interrupt raise KeyboardInterrupt again, for whoever can end well."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
