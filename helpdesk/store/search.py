"""Tickets by their words, the newest first, for whoever looks. How the words are kept: `store.wordindex`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from helpdesk.core.paging import Order
from helpdesk.core.permissions import Reach
from helpdesk.core.searchwords import Wanted
from helpdesk.store.chunks import chunks
from helpdesk.store.listing import Listing
from helpdesk.store.streams import Eyes, TicketFilter, conditions
from helpdesk.store.tables import posts, ticket_words, tickets
from helpdesk.store.tickets import Tickets
from helpdesk.store.wordindex import BLOCK, block_of

FEW = 1_000  # tickets that somebody sees: then they are looked through, else the words' own lists
FEW_AT_ONCE = 100
MOST_AT_ONCE = 2_000
MOST_BLOCKS = 256
SAMPLE = 5_000
ABOUT = 4  # times as often as the rarest: a word whose list the database reads beside that one's
SPARE = 5  # looked up beyond a page: some are deleted
SHOWN_CHARS = 20_000  # of a post, to find the place where a word stands
POSTS_OF_TICKET = 200
W = ticket_words.c


class Search:
    """Queries by words, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def numbers(
        self, words: Sequence[Wanted], wanted: TicketFilter, eyes: Eyes, now: datetime, *, notes: bool
    ) -> list[int]:
        """Return the newest tickets in which all *words* stand, in notes only if *notes*, by number.

        They hold what *wanted* asks for, its order apart, and are within sight.
        """
        asked = replace(wanted, order=Order.NUMBER, limit=FEW + 1)
        few = None
        if eyes.far is not Reach.ALL or replace(asked, after=None) != TicketFilter(limit=FEW + 1):
            few = Listing(self._connection).few_numbers(asked, eyes, now, FEW)
        if few is not None:
            found = self._narrowed(chunks(few, FEW_AT_ONCE), words, notes)
        else:
            newest = wanted.after.number - 1 if wanted.after else Tickets(self._connection).newest_number()
            rare, others = self._rare(words, newest)
            found = self._narrowed(self._with_all(rare, newest, notes), others, notes)
            found = self._holding(found, conditions(asked, eyes, now), wanted.limit + SPARE)
        return list(islice(found, wanted.limit))

    def texts(self, numbers: Sequence[int], *, notes: bool) -> dict[int, list[str]]:
        """Return the beginnings of the posts of these tickets, oldest first."""
        said = (
            select(tickets.c.number, func.substr(posts.c.text, 1, SHOWN_CHARS).label("text"))
            .join(tickets, tickets.c.id == posts.c.ticket_id)
            .where(tickets.c.number.in_(numbers))
            .order_by(posts.c.id)
            .limit(POSTS_OF_TICKET * max(len(numbers), 1))
        )
        found: dict[int, list[str]] = {}
        for row in self._connection.execute(said if notes else said.where(posts.c.internal.is_(False))):
            found.setdefault(row.number, []).append(row.text)
        return found

    def _with_all(self, words: Sequence[Wanted], newest: int, notes: bool) -> Iterator[Sequence[int]]:
        """Yield the tickets with all *words*, the newest first, few at a time at first."""
        last, at_once, size = newest, FEW_AT_ONCE, 1
        while last >= 0:
            end = max(block_of(last) - size, -1)
            blocks = range(block_of(last), end, -1)
            query = _tickets_with_all(words, blocks, notes).where(W.number <= last)
            piece = self._connection.scalars(query.order_by(W.number.desc()).limit(at_once)).all()
            yield piece
            if len(piece) == at_once:
                end = block_of(piece[-1]) - 1
                last = piece[-1] - 1
            else:
                last = (end + 1) * BLOCK - 1
            at_once = min(at_once * 2, MOST_AT_ONCE)
            # As many blocks as will hold so many tickets: whatever does not fit is read once more.
            size = min(at_once * (blocks[0] - end) // (len(piece) + 1) or 1, size * 2, MOST_BLOCKS)

    def _narrowed(
        self, pieces: Iterable[Sequence[int]], words: Sequence[Wanted], notes: bool
    ) -> Iterator[int]:
        for piece in pieces:
            left = piece
            for word in words:
                left = self._with_word(left, word, notes)
            yield from left

    def _holding(
        self, numbers: Iterator[int], asked: Sequence[ColumnElement[bool]], at_once: int
    ) -> Iterator[int]:
        """Yield those of these tickets that hold what is asked for; more are looked at in one go each time."""
        while piece := list(islice(numbers, at_once)):
            query = select(tickets.c.number).where(tickets.c.number.in_(piece), *asked)
            holding = set(self._connection.scalars(query))
            yield from (number for number in piece if number in holding)
            at_once = min(at_once * 2, FEW)

    def _rare(self, words: Sequence[Wanted], newest: int) -> tuple[Sequence[Wanted], Sequence[Wanted]]:
        """Return the rarest word with those that are about as rare, and the others, the rarest first."""
        often = {word: self._frequency(word, newest) for word in words}
        ordered = sorted(words, key=lambda word: (often[word], -len(word.text)))
        rare = [word for word in ordered if often[word] <= ABOUT * often[ordered[0]]]
        return rare, ordered[len(rare) :]

    def _frequency(self, word: Wanted, newest: int) -> int:
        """Return how often a word stands in the newest blocks, counted up to SAMPLE."""
        last = block_of(newest)
        some = select(W.number).where(W.block.in_([last, last - 1]), _is(word)).limit(SAMPLE).subquery()
        return self._connection.scalar(select(func.count()).select_from(some)) or 0

    def _with_word(self, numbers: Sequence[int], word: Wanted, notes: bool) -> list[int]:
        """Return those of these tickets in which a word stands, in their order."""
        if not numbers:
            return []
        blocks = sorted({block_of(number) for number in numbers})
        # As a sum no part of a key: else a database looks each number up in each block.
        query = _tickets_with(word, blocks, notes).where((W.number + 0).in_(numbers))
        there = set(self._connection.scalars(query))
        return [number for number in numbers if number in there]


def _tickets_with(word: Wanted, blocks: Sequence[int], notes: bool) -> Select[int]:
    query = select(W.number).where(W.block.in_(blocks), _is(word)).distinct()
    return query if notes else query.where(W.internal.is_(False))


def _tickets_with_all(words: Sequence[Wanted], blocks: Sequence[int], notes: bool) -> Select[int]:
    first, *others = words
    query = _tickets_with(first, blocks, notes)
    for word in others:
        alike = _tickets_with(word, blocks, notes).with_only_columns(W.number + 0)
        query = query.where((W.number + 0).in_(alike))
    return query


def _is(word: Wanted) -> ColumnElement[bool]:
    return and_(W.word >= word.text, W.word <= word.text + b"\xff") if word.begins else W.word == word.text
