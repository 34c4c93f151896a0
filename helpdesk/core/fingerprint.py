"""What makes two deliveries the same mail."""

import hashlib

from helpdesk.core.fields import Block, OverCap, read_block
from helpdesk.core.mail import Caps

HEAD_BYTES = 256 * 1024  # how much of the header is read of a mail that is not fetched whole
_NAMED = ("message-id", "from", "date", "subject")
# Wide enough for any header that is read at all, so that a mail over a cap has a fingerprint too.
_WIDE = Caps(max_header_bytes=1024 * 1024, max_header_fields=20_000, max_field_bytes=1024 * 1024)


def fingerprint_of(raw: bytes) -> str:
    """Return the SHA-256, in hex, that a second delivery of the same mail has too.

    Over Message-ID, From, Date and Subject (every value, unfolded) and the SHA-256 of the body without the
    line ends at its end. Received, Delivered-To and the other trace fields differ from one delivery to the
    next. From is inside, so nobody suppresses another's mail by repeating its Message-ID. Never raises; a mail
    whose header block is longer than 1 MiB is hashed whole.
    """
    try:
        return fingerprint_with(raw, read_block(raw, 0, len(raw), _WIDE))
    except OverCap:
        return hashlib.sha256(raw).hexdigest()


def fingerprint_with(raw: bytes, block: Block) -> str:
    """Return the same as ``fingerprint_of`` where the header block of *raw* has been read already."""
    end = max(block.body, len(raw.rstrip(b"\r\n")))
    key = hashlib.sha256()
    for name in _NAMED:
        key.update(b"\n".join(block.every(name)) + b"\0")
    key.update(hashlib.sha256(memoryview(raw)[block.body : end]).digest())
    return key.hexdigest()


def fingerprints_of(raw: bytes) -> tuple[str, str]:
    """Return the fingerprint of a mail, and the one that it has where no more than its header was fetched."""
    head, end, _body = raw.partition(b"\r\n\r\n")
    return fingerprint_of(raw), fingerprint_of((head + end)[:HEAD_BYTES])
