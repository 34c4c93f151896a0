"""Yes or no, in the first word of an answer, in the languages that our letters are written in."""

import re

_YES = frozenset({"oui", "ouais", "yes", "yep", "yeah", "ok", "okay", "confirme", "confirm", "confirmed"})
_NO = frozenset({"non", "no", "nope", "pas", "not"})
_FIRST_WORD = re.compile(r"[^\W\d_]++")


def says_yes(text: str) -> bool | None:
    """Return whether *text*, without its quotes, begins with a yes or a no; None where it begins with neither."""
    found = _FIRST_WORD.search(text)
    word = found[0].casefold() if found else ""
    if word in _YES:
        return True
    return False if word in _NO else None
