"""Row keys, made by the process so that a batch can be inserted without reading keys back."""

import secrets
import threading
import time
from datetime import datetime

_EPOCH_MS = 1_577_836_800_000  # 2020-01-01
_RANDOM_BITS = 22
_lock = threading.Lock()
_last = 0


def first_id_at(moment: datetime) -> int:
    """Return the smallest key that could have been made at *moment*: what has a larger one came later, roughly."""
    return max(int(moment.timestamp() * 1000) - _EPOCH_MS, 0) << _RANDOM_BITS


def new_id() -> int:
    """Return a 63-bit key, larger than every one before it in this process and roughly ordered by time.

    Two processes can meet in one key only in the same millisecond and then with a chance of one in millions;
    the primary key refuses it and the whole transaction is run again with new keys.
    """
    global _last
    now = (time.time_ns() // 1_000_000 - _EPOCH_MS) << _RANDOM_BITS
    with _lock:
        _last = now | secrets.randbits(_RANDOM_BITS) if now > _last else _last + 1
        return _last
