"""Which passwords are taken: long enough and not known to every attacker (NIST SP 800-63B-4 §3.1.1).

No rules about digits and signs, and no expiry: both make people choose worse ones.
"""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

MIN_CHARS = 15
MIN_CHARS_WITH_TOTP = 12
MAX_CHARS = 128
PART_CHARS = 4  # of a name or address: shorter parts stand in too many good passwords
_OURS = ("helpdesk", "helpdeskd", "password", "motdepasse")


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why something is refused: ``kind`` for the record, which says nothing of the password; then for who asked."""

    kind: str
    english: str
    french: str


def normal_password(password: str) -> str:
    """Return the form in which a password is hashed and compared: NFKC, so that keyboards do not matter."""
    return unicodedata.normalize("NFKC", password)


def password_flaw(
    password: str, own_words: Collection[str], known: Collection[str], has_totp: bool
) -> Flaw | None:
    """Return why a new password is not taken, or None.

    *own_words*: name, addresses and the like of its owner; *known*: passwords that attackers try first, in
    lower case.
    """
    text = normal_password(password)
    least = MIN_CHARS_WITH_TOTP if has_totp else MIN_CHARS
    if len(text) < least:
        return Flaw(
            "too short",
            f"a password has {least} characters or more, this one {len(text)}; a few words in a row do well",
            f"un mot de passe a au moins {least} caractères, celui-ci {len(text)} ; quelques mots à la suite"
            " font l'affaire",
        )
    if len(text) > MAX_CHARS:
        return Flaw(
            "too long",
            f"a password has {MAX_CHARS} characters at most, this one {len(text)}",
            f"un mot de passe a au plus {MAX_CHARS} caractères, celui-ci {len(text)}",
        )
    if any(unicodedata.category(character) == "Cc" for character in text):
        return Flaw(
            "control characters",
            "a password holds no control characters",
            "un mot de passe ne contient pas de caractères de contrôle",
        )
    if _guessable(text.casefold(), own_words, known):
        return Flaw(
            "guessable",
            "this password is among the first that would be tried: it is common, repeats itself, or is made of"
            " a name; choose another",
            "ce mot de passe serait essayé parmi les premiers : il est courant, se répète ou vient d'un nom ;"
            " choisissez-en un autre",
        )
    return None


def _guessable(folded: str, own_words: Collection[str], known: Collection[str]) -> bool:
    if folded in known or len(set(folded)) < PART_CHARS:
        return True
    rest = folded
    for word in sorted((*_OURS, *_parts(own_words)), key=len, reverse=True):
        rest = rest.replace(word, "")
    letters = rest.strip("0123456789 .-_!?*@#")
    return not letters or letters in known or _repeats(folded, known)


def _repeats(folded: str, known: Collection[str]) -> bool:
    """Say whether a text is one short or known piece, again and again."""
    for size in range(1, len(folded) // 2 + 1):
        piece = folded[:size]
        if len(folded) % size == 0 and piece * (len(folded) // size) == folded:
            return size < PART_CHARS or piece in known or len(folded) // size > 2
    return False


def _parts(own_words: Collection[str]) -> list[str]:
    joined = " ".join(own_words).casefold()
    for sign in "@.-_'’+":
        joined = joined.replace(sign, " ")
    return [part for part in joined.split() if len(part) >= PART_CHARS]
