"""The rows of a desk after years of use: tickets, posts and the words by which they are found."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.vocabulary import Vocabulary
from helpdesk.store.wordindex import BLOCK, block_of

PEOPLE, AGENTS, MANAGERS, TEAMS = 20_000, 60, 8, 12
ADMIN, MANAGER, AGENT, ROOKIE, LEARNER = (
    1,
    2,
    10,
    AGENTS + 9,
    5_000,
)  # people of whom the benchmark plays one each
LEARNERS_FROM = 100
ROOKIE_TICKETS, LEARNER_TICKETS = 300, 40
POSTS = (1, 1, 2, 2, 3, 3, 4, 4, 4, 6)  # of ten tickets: three each
WORDS = (6, 8, 10, 12, 15, 18, 20, 25, 30, 40, 60)
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
BEGAN = datetime(2023, 9, 1, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)
OPEN_SHARE = 0.015  # of all tickets, the newest: these may still be open
TAGS = ("imprimante", "reseau", "compte", "materiel", "examen", "wifi", "prioritaire", "fournisseur")
AT_ONCE = 16  # blocks that are made at once

TICKET = (
    "id", "number", "subject", "status", "urgency", "requester_id", "team_id", "assignee_id", "opened_at",
    "updated_at", "resolved_at", "due_at",
)  # fmt: skip
POST = ("id", "ticket_id", "author_id", "internal", "text", "folds", "created_at")


@dataclass
class Piece:
    """The rows of some blocks, each as its columns above have it."""

    tickets: list[tuple[Any, ...]] = field(default_factory=list)
    posts: list[tuple[Any, ...]] = field(default_factory=list)
    words: list[tuple[int, bytes, int, int]] = field(default_factory=list)
    tags: list[tuple[int, str]] = field(default_factory=list)
    participants: list[tuple[int, int]] = field(default_factory=list)


def pieces(count: int, seed: int) -> Iterator[Piece]:
    """Give *count* tickets with three times as many posts, some blocks at a time, the same for the same seed."""
    chance = random.Random(seed)
    vocabulary = Vocabulary(random.Random(seed))
    piece, found = Piece(), _Words(vocabulary)
    for number in range(1, count + 1):
        _ticket(piece, found, vocabulary, chance, number, count)
        if number == count or (number + 1) % BLOCK == 0:
            found.to(piece, block_of(number))
        if number == count or (number + 1) % (BLOCK * AT_ONCE) == 0:
            piece.posts.sort()
            yield piece
            piece = Piece()


class _Words:
    """The words of one block."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._keys = vocabulary.keys
        self._in_people_text: dict[int, list[int]] = {}
        self._in_notes: dict[int, list[int]] = {}

    def add(self, number: int, places: set[int], internal: bool) -> None:
        lists = self._in_notes if internal else self._in_people_text
        for place in places:
            if self._keys[place] is not None:
                lists.setdefault(place, []).append(number)

    def to(self, piece: Piece, block: int) -> None:
        rows = [
            (block, self._keys[place], number, internal)
            for internal, lists in ((0, self._in_people_text), (1, self._in_notes))
            for place, numbers in lists.items()
            for number in numbers
        ]
        rows.sort()
        piece.words += rows  # type: ignore[arg-type]
        self._in_people_text, self._in_notes = {}, {}


def _ticket(
    piece: Piece, found: _Words, vocabulary: Vocabulary, chance: random.Random, number: int, count: int
) -> None:
    opened = BEGAN + YEARS * (number / count)
    key = _id(opened, number)
    requester = chance.randrange(LEARNERS_FROM, PEOPLE + 1)
    team = min(int(chance.paretovariate(0.9)), TEAMS) if chance.random() < 0.9 else None
    assignee = AGENT + chance.randrange(AGENTS - 1) if chance.random() < 0.7 else None
    if number % max(count // LEARNER_TICKETS, 1) == 1:
        requester = LEARNER
    if number % max(count // ROOKIE_TICKETS, 1) == 0:
        team, assignee = None, ROOKIE
    subject = vocabulary.some(chance, chance.randint(3, 8))
    people_text, notes = set(subject), set[int]()
    written = opened
    for which in range(POSTS[number % len(POSTS)]):
        places = vocabulary.some(chance, chance.choice(WORDS))
        internal = which > 0 and chance.random() < 0.1
        (notes if internal else people_text).update(places)
        author = requester if which % 2 == 0 else (assignee or MANAGER)
        text = vocabulary.text(places)
        row = (_id(written, number + which), key, author, int(internal), text, "[]", _stored(written))
        piece.posts.append(row)
        written += timedelta(seconds=chance.randint(600, 90_000))
    found.add(number, people_text, internal=False)
    if notes:
        found.add(number, notes, internal=True)
    is_open = number > count * (1 - OPEN_SHARE) and chance.random() < 0.7
    status = chance.choice(("waiting", "in_progress")) if is_open else "resolved"
    urgency = chance.choices(("low", "normal", "high", "critical"), (10, 70, 15, 5))[0]
    times = (opened, written, None if is_open else written, opened + timedelta(hours=72))
    piece.tickets.append(
        (
            *(key, number, vocabulary.text(subject), status, urgency, requester, team, assignee),
            *(None if time is None else _stored(time) for time in times),
        )
    )
    if chance.random() < 0.1:
        piece.tags.append((key, chance.choice(TAGS)))
    if chance.random() < 0.05:
        piece.participants.append((key, chance.randrange(LEARNERS_FROM, PEOPLE + 1)))


def _id(moment: datetime, number: int) -> int:
    """Return a row key as ``store.ids`` makes them."""
    return (int((moment - EPOCH).total_seconds() * 1000) << 22) | (number % (1 << 22))


def _stored(moment: datetime) -> str:
    """Return a time as both databases take it."""
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")
