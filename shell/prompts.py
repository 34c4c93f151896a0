"""Prompts at a terminal: one line, a secret, a text of several lines, with the keys that people expect.

Nothing is remembered from one prompt to the next, and no key leads out: no editor, no command, no suspending.
"""

import getpass
import sys
import termios
import textwrap
from collections.abc import Callable, Iterator

from prompt_toolkit.application import get_app_session, run_in_terminal
from prompt_toolkit.input.typeahead import clear_typeahead
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import create_output
from prompt_toolkit.shortcuts import PromptSession
from prompt_toolkit.utils import is_dumb_terminal

from helpdesk.core.terminal import term_safe_block
from shell.keyboard import Keyboard
from shell.typed import without_controls

END_OF_TEXT = "."


def only_types(keys: KeyBindings, shape: Callable[[str], str]) -> KeyBindings:
    """Return *keys* under which what is pasted is text in the *shape* that fits; Ctrl-Z and a mouse are nothing."""

    @keys.add(Keys.BracketedPaste)
    def _insert(event: KeyPressEvent) -> None:
        text = event.data.replace("\r\n", "\n").replace("\r", "\n")
        event.current_buffer.insert_text(without_controls(shape(text)))

    @keys.add("c-z")
    @keys.add(Keys.Vt100MouseEvent)
    def _nothing(_event: KeyPressEvent) -> None:
        """Ctrl-Z would be a character of the text; colours pasted unmarked look like reports of a mouse."""

    return keys


def typed_line(prompt: str, *, hidden: bool = False) -> str:
    """Return one line; a star stands for each character of a *hidden* one. Raises EOFError, KeyboardInterrupt."""
    if is_dumb_terminal():  # prompt_toolkit would show there what is hidden
        return without_controls(getpass.getpass(prompt) if hidden else input(prompt))
    keys = only_types(KeyBindings(), on_one_line)
    return without_controls(_session().prompt(prompt, is_password=hidden, key_bindings=keys))


def typed_text(prompt: str, begun: str) -> str:
    """Return several lines, begun with *begun*: Ctrl-D or a last line with only a full stop ends them.

    *prompt* stands above them. Raises KeyboardInterrupt.
    """
    if is_dumb_terminal():
        print(prompt)
        return without_controls("\n".join(_plain_lines(begun)))
    session = _session()
    prompt = textwrap.fill(prompt, session.output.get_size().columns - 1)  # prompt_toolkit would cut it
    keys = only_types(KeyBindings(), lambda text: text)
    keys.add("enter")(_begins_line)
    keys.add("c-d")(lambda event: event.current_buffer.validate_and_handle())
    typed = session.prompt(f"{prompt}\n", default=begun, multiline=True, key_bindings=keys)
    return without_controls(typed).rstrip("\n")


def _plain_lines(begun: str) -> Iterator[str]:
    """Yield what was begun, which is shown, and lines below it."""
    if begun:
        print(term_safe_block(begun))
        yield begun
    try:
        while (line := input()) != END_OF_TEXT:
            yield line
    except EOFError:
        return


def forget_typed_ahead() -> None:
    """Forget what was typed before anything was asked."""
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
    clear_typeahead(get_app_session().input)


def _session() -> PromptSession[str]:
    return PromptSession(output=create_output(always_prefer_tty=True))


def _begins_line(event: KeyPressEvent) -> None:
    """Begin a line, or end the text below one that says so."""
    buffer = event.current_buffer
    document = buffer.document
    if document.current_line == END_OF_TEXT and document.is_cursor_at_the_end:
        buffer.delete_before_cursor(len(END_OF_TEXT))
        buffer.validate_and_handle()
    else:
        buffer.insert_text("\n")


def on_one_line(text: str) -> str:
    """Return a text of several lines as one, its blanks as they are."""
    return " ".join(text.splitlines())


def first_line(pasted: str, keyboard: Keyboard) -> str:
    """Return the first line that says something, and tell of more: joined, they would be another command."""
    lines = [line for line in pasted.splitlines() if line.strip()]
    if len(lines) > 1:
        told = keyboard.words(
            "only the first of {count} pasted lines is taken, since a command is one line;"
            " to paste a text of several, leave it out here: you are asked for it",
            "seule la première des {count} lignes collées est prise : une commande tient sur une ligne ;"
            " pour coller un texte de plusieurs lignes, ne le mettez pas ici : il sera demandé",
            count=len(lines),
        )
        run_in_terminal(lambda: keyboard.screen.complain(told))
    return lines[0] if lines else ""
