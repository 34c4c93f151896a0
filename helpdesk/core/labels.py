"""The short names that people give to things: tags of tickets, canned answers."""

import re
import unicodedata

MAX_LABEL_CHARS = 50
_LABEL = re.compile(r"[a-z0-9][a-z0-9.-]*+")


def label(text: str) -> str:
    """Return a name in the one form in which it is kept: lower case, without accents, "-" for blanks.

    « Réseau Wi-Fi » is ``reseau-wi-fi``. Raises ValueError for what has none.
    """
    apart = unicodedata.normalize("NFKD", text[: MAX_LABEL_CHARS * 8]).casefold()
    bare = "".join(character for character in apart if not unicodedata.combining(character))
    name = "-".join(bare.replace("_", " ").split())
    if len(name) > MAX_LABEL_CHARS or not _LABEL.fullmatch(name):
        raise ValueError(f"expected letters, digits, dots and hyphens, {MAX_LABEL_CHARS} at most")
    return name
