"""The words of a helpdesk's posts, French and English, as often as Zipf's law has them."""

import itertools
import random
from pathlib import Path

from helpdesk.core.searchwords import words_of

TAIL = 30_000  # names, rooms, models, misspellings: what makes most of a vocabulary and least of a text
# The commonest words, the commonest first; beginnings, middles and ends of those that are made up.
_FREQUENT, _BEGINNINGS, _MIDDLES, _ENDS = (
    part.split() for part in (Path(__file__).with_name("words.txt").read_text(encoding="utf-8").split("\n\n"))
)


class Vocabulary:
    """Words with their weights, and by which word of the index each is found."""

    def __init__(self, chance: random.Random) -> None:
        made = ["".join(parts) for parts in itertools.product(_BEGINNINGS, _MIDDLES, _MIDDLES, _ENDS)]
        chance.shuffle(made)
        known: set[bytes] = set()
        self.words: list[str] = []
        self.keys: list[bytes | None] = []
        for word in [*_FREQUENT, *made][: len(_FREQUENT) + TAIL]:
            key = next(iter(words_of(word)), None)
            if key not in known:
                self.words.append(word)
                self.keys.append(key)
            known |= {key} if key is not None else set()
        self._places = range(len(self.words))
        self._weights = list(itertools.accumulate(1 / (rank + 3) for rank in self._places))

    def some(self, chance: random.Random, count: int) -> list[int]:
        """Return the places of *count* words as a text would have them."""
        return chance.choices(self._places, cum_weights=self._weights, k=count)

    def text(self, places: list[int]) -> str:
        """Return the words at these places, as a text."""
        return " ".join([self.words[place] for place in places])
