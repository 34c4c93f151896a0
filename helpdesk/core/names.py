"""Names of people and teams: what one can be, and how it is sorted and searched."""

import unicodedata

from helpdesk.core.terminal import term_safe

MAX_NAME_CHARS = 200
MAX_TEAM_CHARS = 100
# Letters that Unicode does not take apart.
_WHOLE = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)  # no parts
Said = tuple[str, str]  # in English, in French


def tidy(name: str) -> str:
    """Return *name* with single blanks, none at its ends."""
    return " ".join(name.split())


def name_problem(name: str, limit: int = MAX_NAME_CHARS) -> Said | None:
    """Say what keeps a tidy name from standing in a terminal, a header or a list; None where nothing does."""
    if term_safe(name) != unicodedata.normalize("NFC", name):
        shown = term_safe(name, limit)
        return (
            f"the name {shown} holds characters that do not print; leave them out",
            f"le nom {shown} contient des caractères qui ne s'affichent pas ; retirez-les",
        )
    if not 0 < len(name) <= limit:
        return (
            f"a name has 1 to {limit} characters, this one {len(name)}",
            f"un nom a de 1 à {limit} caractères, celui-ci {len(name)}",
        )
    return None


def sort_name(name: str) -> str:
    """Return *name* in small letters without accents: so it sorts and is found alike on every database."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(character for character in apart if not unicodedata.combining(character))
    return bare.casefold().translate(_WHOLE)[:MAX_NAME_CHARS]


def same_name(one: str, other: str) -> bool:
    """Say whether two names differ in case, accents and blanks only."""
    return sort_name(tidy(one)) == sort_name(tidy(other))
