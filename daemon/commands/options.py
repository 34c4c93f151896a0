"""What the commands share: how one is added, the option --config, and reading the settings it names."""

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from helpdesk import logs
from helpdesk.config import Settings, load
from helpdesk.core.keys import LOG_PEPPER
from helpdesk.errors import HelpdeskError

if TYPE_CHECKING:
    from helpdesk.store.engine import Database

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run: TypeAlias = Callable[[argparse.Namespace], int]


def new_command(
    commands: Commands, name: str, summary: str, run: Run, description: str = ""
) -> argparse.ArgumentParser:
    """Add a command that *run* carries out, returning the exit status.

    *run* may end it as wrong usage with ``given.wrong(TEXT)``, which does not return.
    """
    text = description or f"{summary[0].upper()}{summary[1:]}."
    command = commands.add_parser(name, help=summary, description=text)
    command.set_defaults(run=run, wrong=command.error)
    return command


def new_group(commands: Commands, name: str, summary: str) -> Commands:
    """Add a command that consists of verbs, and return where they are added."""
    group = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    return group.add_subparsers(dest="verb", required=True, metavar="VERB")


def add_config(command: argparse.ArgumentParser, dest: str = "config") -> None:
    """Give a command the option --config."""
    command.add_argument(
        "--config",
        dest=dest,
        type=Path,
        metavar="FILE",
        help="the settings (default: $HELPDESK_CONFIG, ./helpdesk.toml, /etc/helpdesk/helpdesk.toml)",
    )


def add_json(command: argparse._ActionsContainer, what: str) -> None:
    """Give a command the option --json; *what* says what is printed then."""
    command.add_argument("--json", action="store_true", help=f"{what}, as JSON with stable keys")


def settings_of(given: argparse.Namespace) -> Settings:
    """Return the settings, with the log started. Raises BadSettings."""
    settings = load(given.config, os.environ)
    logs.start(settings.log_level.value, settings.keys.derive(LOG_PEPPER))
    return settings


def bytes_of(path: Path) -> bytes:
    """Return a file's bytes. Raises HelpdeskError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise HelpdeskError(f"{path}: {error.strerror}") from error


@contextmanager
def opened_store(given: argparse.Namespace) -> "Iterator[Database]":
    """Open the database of the settings. Raises WrongSchema unless it has the newest schema."""
    from helpdesk.opening import opened_database
    from helpdesk.store.schema import require_current

    database = opened_database(settings_of(given))
    try:
        require_current(database)
        yield database
    finally:
        database.close()
