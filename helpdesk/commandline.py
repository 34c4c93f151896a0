"""How a command ends: with an exit status, and one line where something failed; no traceback reaches a person."""

import io
import os
import sys
from collections.abc import Callable

from helpdesk.core.terminal import term_safe
from helpdesk.errors import EXIT_FAILED, HelpdeskError
from helpdesk.interrupted import tell_as_usual

EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def carried_out(program: str, command: Callable[[], int]) -> int:
    """Run *command* and return its exit status. *program* begins the lines that say what failed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without accents must not end a command
            stream.reconfigure(errors="backslashreplace")
    try:
        tell_as_usual()
        status = command()
        sys.stdout.flush()
    except HelpdeskError as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"{program}: {term_safe(line)}\n")
        return error.exit_status
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # `helpdeskd.py inspect … | head`
        _write_no_more()
        return EXIT_FAILED
    except OSError as error:
        _write_no_more()
        sys.stderr.write(f"{program}: {term_safe(str(error))}\n")
        return EXIT_FAILED
    return status


def _write_no_more() -> None:
    """What is left in the buffer would fail once more, at the very end and with a traceback."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
