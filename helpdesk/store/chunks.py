"""Long lists of keys in pieces that every database takes in one statement."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import TypeVar

CHUNK = 1000  # SQLite takes 32,766 parameters, PostgreSQL 65,535; long lists only make slow plans

Key = TypeVar("Key")


def chunks(keys: Collection[Key], size: int = CHUNK) -> Iterator[Sequence[Key]]:
    """Yield *keys* in their order, at most *size* at a time; nothing when there are none."""
    rest = iter(keys)
    while piece := list(islice(rest, size)):
        yield piece
