"""``helpdeskd.py demo``: the whole story on embedded servers."""

import argparse

from daemon.commands.options import Commands, new_command
from helpdesk.errors import HelpdeskError


def add(commands: Commands) -> None:
    """Add the command."""
    summary = "tell the whole story on embedded servers, in a temporary folder"
    demo = new_command(commands, "demo", summary, _run)
    demo.add_argument("--once", action="store_true", help="end after the story: 0, or 1 if a step failed")


def _run(given: argparse.Namespace) -> int:
    try:
        from daemon.demo import demo
    except ImportError as error:
        raise HelpdeskError(f"the demo needs {error.name}: pip install -r requirements-dev.txt") from error
    return demo(given.once)
