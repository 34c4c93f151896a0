"""What a daily file holds of the audit trail: each seal's rows, and then a line for itself."""

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.core.auditchain import Anchor, Entry, Fault, Seal, canonical, row_faults, unpacked

SEAL_LINE = b'{"seal": '


@dataclass(frozen=True, slots=True)
class Copy:
    """One seal in the file of a ``day``. ``lines``: those above it, down from the seal before it.

    Without an ``anchor`` no seal follows them.
    """

    day: str
    anchor: Anchor | None
    lines: Sequence[bytes]


def copy_of(seal: Seal, rows: Mapping[int, Mapping[str, object]]) -> bytes:
    """Return a seal for a daily file: its rows in their canonical form, a line each, and a line for itself."""
    lines = [canonical(rows[one.row_id]) for one in unpacked(seal.entries) if one.row_id in rows]
    told = {"seal": seal.seq, "mac": seal.mac.hex(), "day": seal.day, "prev": seal.prev.hex()}
    return b"".join(b"%s\n" % line for line in (*lines, json.dumps(told).encode("ascii")))


def anchor_of_line(line: bytes) -> Anchor | None:
    """Return the anchor in a seal's line of a daily file; None where the line is no such one."""
    if not line.startswith(SEAL_LINE):
        return None
    try:
        told = json.loads(line)
        return Anchor(int(told["seal"]), bytes.fromhex(told["mac"]))
    except (ValueError, KeyError, TypeError):
        return None


def copy_faults(
    key: bytes, copy: Copy, entries: Sequence[Entry], cutoff: datetime | None
) -> Iterator[tuple[int | None, Entry | None]]:
    """Yield the rows of a copy that are not what its seal holds: their ids, where a line tells one, and entries.

    Before *cutoff* a row may be missing: the trail was purged before it was copied.
    """
    digests: dict[int, bytes] = {}
    known = {one.row_id: one for one in entries}
    for line in copy.lines:
        row_id = _row_id(line)
        if row_id is None or row_id not in known or row_id in digests:
            yield row_id, None
        else:
            digests[row_id] = hmac.digest(key, b"row\0" + line.removesuffix(b"\n"), "sha256")
    for fault, entry in row_faults(entries, digests, cutoff):
        if fault is not Fault.ROW_LOST:
            yield entry.row_id, entry


def _row_id(line: bytes) -> int | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    found = row.get("id") if isinstance(row, dict) else None
    return found if isinstance(found, int) else None
