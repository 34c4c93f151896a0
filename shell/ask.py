"""Ask a person: a line, a secret, a text of several lines, yes or no. Secrets are never echoed and never in argv."""

import getpass
import sys
import termios
from dataclasses import dataclass

from shell.words import Words

END_OF_TEXT = "."


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
        if self.at_terminal:
            return input(f"{prompt}: ")
        return self._read()

    def secret(self, prompt: str) -> str:
        """Return one line that is not shown while it is typed. Raises EOFError where there is none."""
        if self.at_terminal:
            return getpass.getpass(f"{prompt}: ")
        return self._read()

    def text(self) -> str:
        """Return several lines, ended by a line with a single full stop or by the end of input."""
        if self.at_terminal:
            print(
                self.words(
                    "Type the text; a line with only . ends it.",
                    "Saisissez le texte ; une ligne avec seulement . le termine.",
                )
            )
        lines = []
        while True:
            try:
                line = input() if self.at_terminal else self._read()
            except EOFError:
                break
            if line == END_OF_TEXT:
                break
            lines.append(line)
        return "\n".join(lines)

    def yes(self, question: str) -> bool:
        """Return whether the answer begins with y or o; no answer means no, and what was typed before is none."""
        if self.at_terminal:
            termios.tcflush(sys.stdin, termios.TCIFLUSH)  # a pasted text must not say yes to itself
        try:
            answer = self.line(f"{question} {self.words('[y/N]', '[o/N]')}")
        except EOFError:
            return False
        return answer.strip()[:1].lower() in ("y", "o")

    def _read(self) -> str:
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\r\n")
