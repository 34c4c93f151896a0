"""The parser of the interactive shell: cmd2's own, in the person's language."""

import sys
from typing import Any, NoReturn

from cmd2 import Cmd2ArgumentParser
from cmd2.rich_utils import Cmd2HelpFormatter

from helpdesk.core.terminal import term_safe_block
from shell.parsers import Lead, Speaking, mistake_in
from shell.words import Words


class DeskFormatter(Lead, Cmd2HelpFormatter):
    """Help as cmd2 writes it."""


class DeskParser(Speaking, Cmd2ArgumentParser):
    """Reads what is typed in the shell."""

    def __init__(self, *arguments: Any, words: Words, **options: Any) -> None:
        super().__init__(*arguments, words=words, formatter_class=DeskFormatter, **options)

    def error(self, message: str) -> NoReturn:
        """Tell the usage and what is wrong, and end the command."""
        with self.output_to(sys.stderr):
            self.print_usage(sys.stderr)
        self.exit(2, f"{term_safe_block(mistake_in(self.words, message))}\n")
