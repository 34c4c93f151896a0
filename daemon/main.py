"""The command line of the daemon: parses, calls one thing, turns errors into one line and an exit status."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from helpdesk import logs
from helpdesk.config import Settings, load, load_for_inspect
from helpdesk.core.keys import LOG_PEPPER
from helpdesk.errors import EXIT_FAILED, HelpdeskError

EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="helpdeskd.py",
        description="An e-mail helpdesk: turns mail from verified, registered senders into tickets.",
        epilog="Exit status: 0 done, 1 something failed, 2 wrong usage, 78 the settings cannot be used.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, summary: str, settings: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if settings:
            _add_settings(command)
        return command

    init = add("init", "write a commented helpdesk.toml and a folder for the credentials", settings=False)
    init.add_argument("--dir", type=Path, default=Path(), help="where to write (default: this folder)")
    init.add_argument("--force", action="store_true", help="overwrite settings that exist; never a key")
    add("migrate", "bring the database to the newest schema")
    add("check", "look for what would stop the daemon, and say what to do about each finding")
    add("run", "watch the mailboxes and deliver letters until SIGTERM")
    add("once", "empty the mailboxes and the outbox once, then end")
    inspect = add("inspect", "show what the daemon would see in mail files, touching nothing")
    inspect.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a mail, as .eml or from a Maildir"
    )
    inspect.add_argument("--json", action="store_true", help="one JSON object per line and file")
    demo = add("demo", "tell the whole story on embedded servers, in a temporary folder", settings=False)
    demo.add_argument("--once", action="store_true", help="end after the story: 0, or 1 if a step failed")
    return parser


def _add_settings(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the settings (default: $HELPDESK_CONFIG, ./helpdesk.toml, /etc/helpdesk/helpdesk.toml)",
    )


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; no traceback reaches a person."""
    given = _parser().parse_args(arguments)
    try:
        return _command(given)(given)
    except HelpdeskError as error:
        for line in str(error).splitlines():
            print(f"helpdeskd: {line}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # `helpdeskd.py inspect … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED


def _command(given: argparse.Namespace) -> Callable[[argparse.Namespace], int]:
    """Return the function of a command; each imports what it needs, so that --help and inspect start quickly."""
    name = f"{given.command}_{given.verb}" if given.command == "trust" else given.command
    functions: dict[str, Callable[[argparse.Namespace], int]] = {
        "init": _init,
        "migrate": _migrate,
        "check": _check,
        "run": _run,
        "once": _once,
        "inspect": _inspect,
        "demo": _demo,
    }
    return functions[name]


def _settings(given: argparse.Namespace) -> Settings:
    settings = load(given.config, os.environ)
    logs.start(settings.log_level.value, settings.keys.derive(LOG_PEPPER))
    return settings


def _init(given: argparse.Namespace) -> int:
    from daemon.init import init

    for line in init(given.dir, force=given.force):
        print(line)
    return 0


def _migrate(given: argparse.Namespace) -> int:
    from daemon.wiring import opened_database
    from helpdesk.store.schema import migrate

    database = opened_database(_settings(given))
    changed = migrate(database)
    print(f"{database.shown}: {'migrated to' if changed else 'already at'} the newest schema")
    return 0


def _check(given: argparse.Namespace) -> int:
    from daemon.check import check

    return check(_settings(given), sys.stdout)


def _run(given: argparse.Namespace) -> int:
    from daemon.service import run

    return run(_settings(given))


def _once(given: argparse.Namespace) -> int:
    from daemon.service import once

    return once(_settings(given))


def _inspect(given: argparse.Namespace) -> int:
    from daemon.inspect import inspect_files

    settings = load_for_inspect(given.config, os.environ)
    return inspect_files(given.files, given.json, settings, datetime.now(UTC), sys.stdout)


def _demo(given: argparse.Namespace) -> int:
    try:
        from daemon.demo import demo
    except ImportError as error:
        raise HelpdeskError(f"the demo needs {error.name}: pip install -r requirements-dev.txt") from error
    return demo(given.once)
