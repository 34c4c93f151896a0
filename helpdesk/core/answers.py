"""Yes, no or "not me" at the beginning of an answer, in the languages that our letters are written in."""

import re

_YES = frozenset({"oui", "ouais", "yes", "yep", "yeah", "ok", "okay", "confirme", "confirm", "confirmed"})
_NO = frozenset({"non", "no", "nope", "pas", "not"})
_FIRST_WORD = re.compile(r"[^\W\d_]++")
_NOT_ME = re.compile(r"\b(?:pas moi|not me|wasn['’]?t me|isn['’]?t me)\b")
_FIRST_CHARS = 60


def says_yes(text: str) -> bool | None:
    """Return whether *text*, without its quotes, begins with a yes or a no; None where it begins with neither."""
    found = _FIRST_WORD.search(text)
    word = found[0].casefold() if found else ""
    if word in _YES:
        return True
    return False if word in _NO else None


def says_not_me(text: str) -> bool:
    """Say whether *text*, without its quotes, begins with "not me": « pas moi », « non, ce n'est pas moi ».

    A bare no is not enough: what follows from "not me" is grave.
    """
    begins = " ".join(text.split())[:_FIRST_CHARS]
    return _NOT_ME.search(begins.casefold()) is not None
