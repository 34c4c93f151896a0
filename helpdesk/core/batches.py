"""How many mails to fetch in one command."""

from collections.abc import Iterator, Mapping, Sequence


def batches(
    uids: Sequence[int], sizes: Mapping[int, int], max_mails: int, max_bytes: int
) -> Iterator[list[int]]:
    """Split *uids*, order kept, into runs of at most *max_mails* mails and *max_bytes* bytes together.

    A mail that alone is over *max_bytes* gets a batch of its own. UIDs without a size are gone: left out.
    """
    batch: list[int] = []
    total = 0
    for uid in uids:
        size = sizes.get(uid)
        if size is None:
            continue
        if batch and (len(batch) == max_mails or total + size > max_bytes):
            yield batch
            batch, total = [], 0
        batch.append(uid)
        total += size
    if batch:
        yield batch
