"""The text that a verb is about: from its arguments, from the person's editor where they may use it, or asked for."""

from shell.editor import text_from_editor
from shell.keyboard import Keyboard


def typed_text(keyboard: Keyboard, given: str | None) -> str:
    """Return the text of a verb. Raises EOFError where nobody gives one, Refused where an editor fails."""
    if given is not None:
        return given
    if keyboard.ask.at_terminal and keyboard.editor:
        return text_from_editor(keyboard.editor)
    return keyboard.ask.text()
