"""The command line of the daemon: parses, calls one thing, turns errors into one line and an exit status."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from helpdesk import logs
from helpdesk.config import Settings, load, load_for_inspect
from helpdesk.core.keys import LOG_PEPPER
from helpdesk.core.terminal import term_safe
from helpdesk.core.trust import Trust
from helpdesk.errors import EXIT_FAILED, HelpdeskError

T = TypeVar("T")

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
    _add_trust(commands)
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


def _add_trust(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    summary = "learn or explain why a sender is believed"
    trust = commands.add_parser("trust", help=summary, description=summary[0].upper() + summary[1:] + ".")
    verbs = trust.add_subparsers(dest="verb", required=True, metavar="VERB")
    calibrate = verbs.add_parser(
        "calibrate",
        help="read the route of recent mails and propose the trust settings",
        description="Show hops, placement and ids of the last mails and propose [imap.trust]; "
        "the settings are written only after you agreed.",
    )
    _add_settings(calibrate)
    calibrate.add_argument("--mailbox", metavar="NAME", help="which mailbox (default: the first)")
    calibrate.add_argument("--last", type=int, default=20, metavar="N", help="how many mails (default: 20)")
    calibrate.add_argument(
        "--from-files", nargs="+", type=Path, metavar="FILE", help="read these mails instead"
    )
    explain = verbs.add_parser(
        "explain",
        help="say step by step why a mail was or was not believed",
        description="Say step by step why a mail was or was not believed.",
    )
    _add_settings(explain)
    explain.add_argument("--mailbox", metavar="NAME", help="by whose trust settings (default: the first)")
    explain.add_argument("file", type=Path, metavar="FILE", help="the mail, as .eml or from a Maildir")


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; no traceback reaches a person."""
    given = _parser().parse_args(arguments)
    try:
        return _command(given)(given)
    except HelpdeskError as error:
        for line in str(error).splitlines():
            print(f"helpdeskd: {term_safe(line)}", file=sys.stderr)
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
        "trust_calibrate": _trust_calibrate,
        "trust_explain": _trust_explain,
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


def _trust_calibrate(given: argparse.Namespace) -> int:
    from daemon.trust import calibrate

    if given.from_files:
        raws = [_read(path) for path in given.from_files]
        return calibrate(raws, _trust(given), None, _agreed, sys.stdout)
    from daemon.imap import ImapInbox
    from daemon.wiring import account_of

    settings = _settings(given)
    mailbox = _named({one.name: one for one in settings.mailboxes}, given.mailbox)
    with ImapInbox(account_of(mailbox)) as inbox:
        folders = (mailbox.folder, mailbox.done_folder, mailbox.held_folder)
        raws = inbox.newest_heads(folders, given.last)
    return calibrate(raws, mailbox.trust, settings.file, _agreed, sys.stdout, mailbox.name)


def _trust_explain(given: argparse.Namespace) -> int:
    from daemon.dnsfacts import TxtLookups
    from daemon.trust import explain

    settings, trust = load_for_inspect(given.config, os.environ), _trust(given)
    lookups = TxtLookups(settings.dns.nameservers, settings.dns.port) if trust.recheck_dkim else None
    return explain(_read(given.file), trust, settings.limits.caps, lookups, datetime.now(UTC), sys.stdout)


def _trust(given: argparse.Namespace) -> Trust:
    """Return the trust settings of the mailbox asked for; nobody is trusted where there are no settings."""
    by_mailbox = load_for_inspect(given.config, os.environ).trust
    return _named(by_mailbox, given.mailbox) if by_mailbox else Trust()


def _named(mailboxes: Mapping[str, T], name: str | None) -> T:
    """Return what belongs to the mailbox of that name, or to the first one."""
    wanted = next(iter(mailboxes)) if name is None else name
    if wanted not in mailboxes:
        raise HelpdeskError(
            f"there is no mailbox {wanted!r} in the settings; there is {', '.join(mailboxes)}"
        )
    return mailboxes[wanted]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise HelpdeskError(f"{path}: {error.strerror}") from error


def _agreed(question: str) -> bool:
    try:
        return input(f"{question} ").strip().lower() in ("yes", "y", "oui", "o")
    except EOFError:
        return False


def _demo(given: argparse.Namespace) -> int:
    try:
        from daemon.demo import demo
    except ImportError as error:
        raise HelpdeskError(f"the demo needs {error.name}: pip install -r requirements-dev.txt") from error
    return demo(given.once)
