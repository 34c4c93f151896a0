"""How a command ends: with an exit status, and one line where something failed; no traceback reaches a person."""

import io
import os
import sys
import traceback
from collections.abc import Callable

from helpdesk.core.terminal import term_safe
from helpdesk.errors import EXIT_FAILED, HelpdeskError
from helpdesk.interrupted import tell_as_usual

EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
OURS = ("daemon", "helpdesk", "shell")


def carried_out(
    program: str,
    command: Callable[[], int],
    in_words: Callable[[str], str] = "this command failed by a defect of ours ({})".format,
) -> int:
    """Run *command* and return its exit status. *program* begins the lines that say what failed.

    *in_words* tells a defect by its kind and place. Its traceback, which quotes rows and mails, is shown to whoever
    runs Python in its development mode (-X dev), and to nobody else.
    """
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
    except Exception as defect:  # a command is one job
        if sys.flags.dev_mode:
            raise
        sys.stderr.write(f"{program}: {in_words(kind_and_place(defect))}\n")
        return EXIT_FAILED
    return status


def kind_and_place(defect: BaseException) -> str:
    """Return what sort of defect it is and where our code met it, and nothing of the text of the error."""
    place, seen = "", set[int]()
    error: BaseException | None = defect
    while error is not None and id(error) not in seen:  # the first cause lies deepest; one can be its own
        seen.add(id(error))
        for frame, line in traceback.walk_tb(error.__traceback__):
            module = str(frame.f_globals.get("__name__", ""))
            if module.partition(".")[0] in OURS:
                place = f", {module}:{line}"
        error = error.__cause__
    return f"{type(defect).__name__}{place}"


def _write_no_more() -> None:
    """What is left in the buffer would fail once more, at the very end and with a traceback."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
