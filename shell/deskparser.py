"""The parsers of the interactive shell: cmd2's own, in the person's language and with our idea of a word."""

import sys
from typing import Any, NoReturn

from cmd2 import Cmd2ArgumentParser
from cmd2.parsing import Statement, StatementParser
from cmd2.rich_utils import Cmd2HelpFormatter

from helpdesk.core.terminal import term_safe_block
from shell.parsers import Lead, Speaking, mistake_in
from shell.typed import words_of
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


class DeskStatements(StatementParser):
    """Takes a line apart: cmd2's own would end a text at ``>``, ``|`` or an apostrophe, and drop quotes in it."""

    def parse(self, line: str) -> Statement:
        """Return the line with its first word as the command; nothing in it is a terminator or a redirection."""
        words = words_of(line)
        return Statement(" ".join(words[1:]), raw=line, command=str(words[0]) if words else "")

    def get_command_arg_list(
        self, command_name: str, to_parse: Statement | str, preserve_quotes: bool
    ) -> tuple[Statement, list[str]]:
        """Return the words behind the command, each knowing the line that it stands in."""
        statement = to_parse if isinstance(to_parse, Statement) else self.parse(f"{command_name} {to_parse}")
        return statement, [*words_of(statement.raw)[1:]]
