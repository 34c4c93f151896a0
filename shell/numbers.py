"""Numbers as people type them: how many rows, and which one."""

import argparse

from helpdesk.core.terminal import term_safe
from shell.verbs import Arguments, Said

MAX_LIMIT = 1000
MAX_ROW = 2**63 - 1  # what the databases can look for
SHOWN = 40


def limit_argument(arguments: Arguments, of_what: Said = ("", "")) -> None:
    """Add how many rows are shown; *of_what*: of which each has so many, where that is not the whole list."""
    arguments.add(
        "--limit",
        type=_limit,
        default=20,
        metavar="N",
        help=(
            f"at most so many{of_what[0]} (default: 20, up to {MAX_LIMIT})",
            f"au plus autant{of_what[1]} (défaut : 20, max. {MAX_LIMIT})",
        ),
    )


def _limit(text: str) -> int:
    number = _positive(text)
    if not 1 <= number <= MAX_LIMIT:
        raise argparse.ArgumentTypeError(f"expected 1 to {MAX_LIMIT}, found {term_safe(text, SHOWN)}")
    return number


def row_number(text: str) -> int:
    """Return the number of a row as a list shows it; wrong usage where none can have it."""
    number = _positive(text)
    if not 1 <= number <= MAX_ROW:
        raise argparse.ArgumentTypeError(f"expected a number as it is shown, found {term_safe(text, SHOWN)}")
    return number


def _positive(text: str) -> int:
    """Return a number written in digits; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ROW)) else 0
