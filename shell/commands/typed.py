"""The text that a verb is about: from its arguments, from the person's editor where they may use it, or asked for."""

from collections.abc import Sequence

from shell.editor import text_from_editor
from shell.keyboard import Keyboard


def typed_text(keyboard: Keyboard, given: Sequence[str]) -> str:
    """Return the text of a verb. Raises EOFError where nobody gives one, Refused where an editor fails."""
    if given:
        return " ".join(given)
    if keyboard.ask.at_terminal and keyboard.editor:
        return text_from_editor(keyboard.editor)
    return keyboard.ask.text()
