"""How many mails to fetch in one command."""

from collections.abc import Iterator, Mapping, Sequence

FIRST_MAILS = 50  # the first batch is waited for, the others are read while one before them is filed


def batches(
    uids: Sequence[int], sizes: Mapping[int, int], max_mails: int, max_bytes: int
) -> Iterator[list[int]]:
    """Split *uids*, order kept, into runs of at most *max_mails* mails and *max_bytes* bytes together.

    The first has at most 50 mails, each other at most twice as many as were allowed to the one before.
    A mail that alone is over *max_bytes* gets a batch of its own. UIDs without a size are gone: left out.
    """
    batch: list[int] = []
    total = 0
    room = min(FIRST_MAILS, max_mails)
    for uid in uids:
        size = sizes.get(uid)
        if size is None:
            continue
        if batch and (len(batch) == room or total + size > max_bytes):
            yield batch
            batch, total = [], 0
            room = min(2 * room, max_mails)
        batch.append(uid)
        total += size
    if batch:
        yield batch
