"""The text that a verb is about: from its line, from the person's editor where they may use it, or asked for.

What somebody has written is not lost where the verb comes to nothing: the shell keeps it as a draft.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shell.editor import text_from_editor
from shell.keyboard import Keyboard


@contextmanager
def text_for(
    keyboard: Keyboard, given: str | None, line: str, look: Callable[[], object] = lambda: None
) -> Iterator[str]:
    """Yield the text of the verb that *line* begins again; whatever ends the verb early keeps it for then.

    A command line that ends shows it instead. *look* raises Refused where a text could not be used anyway: it
    is called before somebody writes one, and for one that stands in the line, but not before a draft is shown,
    which may be wanted elsewhere. Raises EOFError where nobody gives a text, Refused where an editor fails,
    LoggedOut where the session ended while the person was writing.
    """
    if given is not None or line not in (keyboard.drafts or {}):
        look()
    text = _typed(keyboard, line) if given is None else given
    try:
        if given is None:
            keyboard.still_here()
        yield text
    except BaseException:
        if keyboard.ask.at_terminal and text.strip():
            if keyboard.drafts is not None:
                keep_draft(keyboard, line, text)
            elif given is None:
                keyboard.screen.complain(keyboard.words("The text was:", "Le texte était :"))
                keyboard.screen.complain(text, as_it_is=True)
        raise


def _typed(keyboard: Keyboard, line: str) -> str:
    """Let a person write, beginning with the draft where there is one."""
    drafts = {} if keyboard.drafts is None else keyboard.drafts
    if keyboard.ask.at_terminal and keyboard.editor:
        text = text_from_editor(keyboard.editor, drafts.get(line, ""))
        drafts.pop(line, None)
        return text
    return keyboard.ask.text(drafts.pop(line, ""))


def keep_draft(keyboard: Keyboard, line: str, text: str) -> None:
    """Keep a text for when *line* begins its verb again, and say so; only where drafts are kept."""
    if keyboard.drafts is None:
        return
    older = keyboard.drafts.get(line, "")  # what stands in the line does not push out what was written before
    if not older.endswith(text):
        keyboard.drafts[line] = f"{older}\n\n{text}" if older else text
    keyboard.screen.complain(
        keyboard.words(
            "The text is kept; to go on with it: {line}",
            "Le texte est gardé ; pour le reprendre : {line}",
            line=line,
        )
    )
