"""Ask a person: a line, a secret, a text of several lines, yes or no. Secrets are never echoed and never in argv.

The prompts of a terminal are loaded when the first is shown: commands that ask nothing start quicker.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from helpdesk.errors import Refused
from shell.typed import is_text
from shell.words import Words


@dataclass(slots=True)
class Asker:
    """Asks at the terminal; where standard input is none, it is read line by line, secrets too."""

    words: Words

    @property
    def at_terminal(self) -> bool:
        """Whether a person can be asked."""
        return sys.stdin.isatty()

    def line(self, prompt: str) -> str:
        """Return one line without its end. Raises EOFError where there is none."""
        if not self.at_terminal:
            return _read()
        from shell.prompts import typed_line

        return typed_line(self._asking(prompt))

    def secret(self, prompt: str) -> str:
        """Return one line that is not shown while it is typed. Raises EOFError where there is none."""
        if not self.at_terminal:
            return _read()
        from shell.prompts import typed_line

        return typed_line(self._asking(prompt), hidden=True)

    def text(self, begun: str = "") -> str:
        """Return several lines; a person goes on with what was *begun*. A pipe ends the text by its own end."""
        if not self.at_terminal:
            return "\n".join(_lines())
        from shell.prompts import typed_text

        prompt = self.words(
            "Type the text. Ctrl-D, or a line with only . ends it; Ctrl-C throws it away.",
            "Saisissez le texte. Ctrl-D, ou une ligne avec seulement . le termine ; Ctrl-C le jette.",
        )
        return typed_text(prompt, begun)

    def yes(self, question: str) -> bool:
        """Return whether the answer begins with y or o; no answer means no, and what was typed before is none."""
        if self.at_terminal:
            from shell.prompts import forget_typed_ahead

            forget_typed_ahead()  # a pasted text must not say yes to itself
        try:
            answer = self.line(f"{question} {self.words('[y/N]', '[o/N]')}")
        except EOFError:
            return False
        return answer.strip()[:1].lower() in ("y", "o")

    def _asking(self, prompt: str) -> str:
        return f"{prompt}{self.words(': ', ' : ')}"


def _lines() -> Iterator[str]:
    try:
        while True:
            yield _read()
    except EOFError:
        return


def _read() -> str:
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError as error:
        raise _no_text() from error
    if not line:
        raise EOFError
    if not is_text(line):  # some locales let such bytes through
        raise _no_text()
    return line.rstrip("\r\n")


def _no_text() -> Refused:
    return Refused("what was given is not UTF-8", "ce qui est donné n'est pas en UTF-8")
