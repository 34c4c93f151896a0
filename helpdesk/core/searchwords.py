"""The words by which a text is found, and those that a person looks for.

Both are folded alike: no accents, no capitals, ligatures taken apart. Whatever is typed becomes words or nothing,
so that no sign in it can mean anything to a database.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

MAX_WORD_BYTES = 32
MAX_TEXT_CHARS = 200_000  # of one text; what stands behind is not found
MAX_WORDS_OF_TEXT = 2_000
MAX_WANTED = 8
LETTERS_TO_COMPLETE = 3
SNIPPET_CHARS = 110
SNIPPET_BEFORE = 40

_WORD = re.compile(r"[^\W_]++")
_MARKS = re.compile("[\u0300-\u036f]++")
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})  # NFKD leaves them whole
# In nearly every text of our two languages, so that nobody finds anything by them.
_FRENCH = (
    "au aux avec ca car ce ces cet cette dans de des du elle en est et eu il ils je la le les leur lui ma mais me mes"
    " moi mon ne nos notre nous on ou par pas plus pour qu que qui sa se ses si son sont sur ta te tes toi ton tu un"
    " une vos votre vous"
)
_ENGLISH = (
    "an and are as at be but by can do for from had has have he her his how if in is it its my no not of or our she"
    " so that the their them they this to was we were what when which will with would you your"
)
_STOP_WORDS = frozenset(f"{_FRENCH} {_ENGLISH}".split())


@dataclass(frozen=True, slots=True)
class Wanted:
    """One word to look for, folded, in UTF-8. ``begins``: longer words that begin with it are meant too."""

    text: bytes
    begins: bool


def folded(text: str) -> str:
    """Return *text* without accents, capitals and ligatures: ``Réunion`` and ``REUNION`` are the same then."""
    if text.isascii():
        return text.lower()
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text).casefold())
    return plain if plain.isascii() else plain.translate(_LETTERS)


def words_of(text: str) -> set[bytes]:
    """Return the words by which *text* is found: the first 2,000 different ones, each cut to 32 bytes.

    Single letters and the commonest words of French and English are left out.
    """
    pieces = dict.fromkeys(text[:MAX_TEXT_CHARS].split())  # to fold what stands there many times only once
    found = dict.fromkeys(_WORD.findall(folded(" ".join(pieces))))
    kept = [word for word in found if word not in _STOP_WORDS and (len(word) > 1 or word.isdigit())]
    return {_key(word) for word in kept[:MAX_WORDS_OF_TEXT]}


def wanted_words(typed: str) -> tuple[Wanted, ...]:
    """Return the words that *typed* asks for, at most eight; none where no letter or digit is in it.

    A word of three letters or more means its longer forms too, and so does whatever is asked for alone. What
    stands in nearly every text is left out beside other words; alone it stands for the longer words.
    """
    found = list(dict.fromkeys(_WORD.findall(folded(typed[:MAX_TEXT_CHARS]))))
    telling = [word for word in found if word not in _STOP_WORDS and (len(word) > 1 or word.isdigit())]
    chosen = (telling or sorted(found, key=len)[-1:])[:MAX_WANTED]
    alone = len(chosen) == 1
    return tuple(Wanted(_key(word), alone or len(word) >= LETTERS_TO_COMPLETE) for word in chosen)


def has_word(text: str, wanted: Wanted) -> bool:
    """Say whether a word that is *wanted* stands in *text*."""
    return any(_fits(word, wanted) for word in _WORD.findall(folded(text)))


def snippet(text: str, wanted: Sequence[Wanted]) -> str:
    """Return a line of *text* around its first wanted word, "…" where it was cut; empty where there is none."""
    text = unicodedata.normalize("NFC", text[:MAX_TEXT_CHARS])
    for match in _WORD.finditer(text):
        if any(_fits(part, one) for part in _WORD.findall(folded(match[0])) for one in wanted):
            return _line_around(text, match.start())
    return ""


def _line_around(text: str, at: int) -> str:
    start = max(at - SNIPPET_BEFORE, 0)
    if start:
        gap = re.search(r"\s", text[start:at])
        start = start + gap.end() if gap else at
    end = start + SNIPPET_CHARS
    line = " ".join(text[start:end].split())
    return ("…" if start else "") + line + ("…" if end < len(text) else "")


def _fits(word: str, wanted: Wanted) -> bool:
    key = _key(word)
    return key.startswith(wanted.text) if wanted.begins else key == wanted.text


def _key(word: str) -> bytes:
    return word.encode("utf-8", "replace")[:MAX_WORD_BYTES]
