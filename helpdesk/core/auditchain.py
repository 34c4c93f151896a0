"""The chain of seals over the audit trail: what the key says of a row, a seal, a checkpoint, and what is wrong.

A seal names its rows by id, time and keyed digest, and the seal before it. Whoever changes, removes or adds a row or
a seal without the key leaves a place that does not fit; a chain that is cut at its end fits, so anchors tell its end.
"""

import hmac
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from helpdesk.errors import Refused

SEAL_ROWS = 500
SEALED_WITHIN = timedelta(minutes=10)  # a daemon seals every few seconds
MAC_BYTES = 32
BEFORE_ALL = bytes(MAC_BYTES)  # what the first seal names as the one before it
_LOST = bytes(MAC_BYTES)  # in place of the digest of a row that was gone before it was sealed
_ENTRY = struct.Struct(f">qq{MAC_BYTES}s")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Fault(StrEnum):
    """What is wrong with a row, a seal or the chain."""

    ROW_CHANGED = "row changed"
    ROW_REMOVED = "row removed"
    ROW_INSERTED = "row inserted"  # it stands in no seal
    ROW_LOST = "row lost"  # it was gone before it was sealed
    ROW_UNSEALED = "row unsealed"  # it has waited for too long
    SEAL_CHANGED = "seal changed"
    SEAL_REMOVED = "seal removed"
    SEAL_MISPLACED = "seal misplaced"  # it names another one before it
    CHAIN_CUT = "chain cut"  # an anchor is not in it
    CHECKPOINT_CHANGED = "checkpoint changed"
    COPY_CHANGED = "copy changed"  # a daily file does not hold what was sealed
    GUARD_MISSING = "guard missing"  # a trigger that keeps the trail as it is


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that does not fit: a row's id and time, a seal's number, a trigger's name, as far as known."""

    fault: Fault
    row_id: int | None = None
    at: datetime | None = None
    seq: int | None = None
    what: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row in a seal: its id, its time in microseconds since 1970, its keyed digest."""

    row_id: int
    created_us: int
    digest: bytes

    @property
    def lost(self) -> bool:
        """Whether the row was gone before it was sealed."""
        return self.digest == _LOST


@dataclass(frozen=True, slots=True)
class Anchor:
    """The end of the chain at some time: a seal's number and code. Kept elsewhere, it shows that nothing was cut."""

    seq: int
    mac: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.mac.hex()}"


@dataclass(frozen=True, slots=True)
class Seal:
    """Some rows of one local ``day``, sealed. ``prev`` and ``mac``: the codes of the seal before and of this one."""

    seq: int
    day: str
    first_at: datetime
    last_at: datetime
    entry_count: int
    entries: bytes
    prev: bytes
    mac: bytes

    @property
    def anchor(self) -> Anchor:
        """The end of the chain as this seal left it."""
        return Anchor(self.seq, self.mac)

    @classmethod
    def unreadable(cls, seq: int) -> "Seal":
        """Return what stands for a seal that cannot be read: it never fits."""
        return cls(seq, "", _EPOCH, _EPOCH, 0, b"", b"", b"")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where the chain begins after a purge: rows before ``cutoff`` and seals up to ``last_seq`` may be gone."""

    last_seq: int
    last_mac: bytes
    cutoff: datetime
    mac: bytes

    @property
    def anchor(self) -> Anchor:
        """The last seal that was removed."""
        return Anchor(self.last_seq, self.last_mac)

    @classmethod
    def unreadable(cls) -> "Checkpoint":
        """Return what stands for a checkpoint that cannot be read: it is never ours."""
        return cls(0, b"", _EPOCH, b"")


def microseconds(at: datetime) -> int:
    """Return an aware time in microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def moment(created_us: int) -> datetime | None:
    """Return the time of so many microseconds since 1970; None for what no calendar has."""
    try:
        return _EPOCH + created_us * _MICROSECOND
    except OverflowError:
        return None


def local_day(at: datetime, zone: tzinfo) -> str:
    """Return the day of *at* in a zone, as 2026-11-26."""
    return at.astimezone(zone).date().isoformat()


def canonical(row: Mapping[str, object]) -> bytes:
    """Return the one form of an audit row: JSON of its columns in ASCII, sorted, its time in UTC."""
    return _ENCODER.encode(row).encode("ascii")


def _told(value: object) -> str:
    """Return what JSON has no form for; of what no row of ours holds, anything that tells it from one."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return repr(value)


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_told)


def entry_of(key: bytes, row_id: int, row: Mapping[str, object] | None) -> Entry:
    """Return the entry of a row; of one that is gone when *row* is None."""
    at = row["created_at"] if row else None
    if row is None or not isinstance(at, datetime):
        return Entry(row_id, 0, _LOST)
    return Entry(row_id, microseconds(at), digest_of(key, row))


def digest_of(key: bytes, row: Mapping[str, object]) -> bytes:
    """Return the keyed digest of a row."""
    return hmac.digest(key, b"row\0" + canonical(row), "sha256")


def packed(entries: Sequence[Entry]) -> bytes:
    """Return entries as a seal holds them."""
    return b"".join(_ENTRY.pack(one.row_id, one.created_us, one.digest) for one in entries)


def unpacked(entries: bytes) -> list[Entry]:
    """Return the entries of a seal; of one that was changed, those that are whole."""
    whole = len(entries) - len(entries) % _ENTRY.size
    return [Entry(*found) for found in _ENTRY.iter_unpack(entries[:whole])]


def sealed(key: bytes, seq: int, day: str, prev: bytes, entries: Sequence[Entry], now: datetime) -> Seal:
    """Return a seal over entries of one day. *now* stands for the times of a seal whose rows are all lost."""
    first_at, last_at = _span(entries) or (now, now)
    packed_entries = packed(entries)
    mac = _mac(key, seq, day, prev, packed_entries)
    return Seal(seq, day, first_at, last_at, len(entries), packed_entries, prev, mac)


def _mac(key: bytes, seq: int, day: str, prev: bytes, entries: bytes) -> bytes:
    return hmac.digest(key, f"seal\0{seq}\0{day}\0{prev.hex()}\0".encode() + entries, "sha256")


def _span(entries: Sequence[Entry]) -> tuple[datetime, datetime] | None:
    times = [at for one in entries if not one.lost and (at := moment(one.created_us))]
    return (min(times), max(times)) if times else None


def checkpoint_of(key: bytes, last: Anchor, cutoff: datetime) -> Checkpoint:
    """Return a checkpoint: rows before *cutoff* may be gone, and seals up to *last*."""
    return Checkpoint(last.seq, last.mac, cutoff, _checkpoint_mac(key, last, cutoff))


def is_ours(key: bytes, checkpoint: Checkpoint) -> bool:
    """Say whether a checkpoint was made with the key and never changed."""
    return hmac.compare_digest(_checkpoint_mac(key, checkpoint.anchor, checkpoint.cutoff), checkpoint.mac)


def _checkpoint_mac(key: bytes, last: Anchor, cutoff: datetime) -> bytes:
    return hmac.digest(key, f"checkpoint\0{last}\0{microseconds(cutoff)}".encode(), "sha256")


def seal_fault(key: bytes, seal: Seal, prev: bytes | None) -> Fault | None:
    """Return what is wrong with a seal itself. *prev*: the code of the one before it, None where that is gone."""
    if not hmac.compare_digest(_mac(key, seal.seq, seal.day, seal.prev, seal.entries), seal.mac):
        return Fault.SEAL_CHANGED
    entries = unpacked(seal.entries)
    told = (seal.first_at, seal.last_at)
    if seal.entry_count != len(entries) or _span(entries) not in (told, None):
        return Fault.SEAL_CHANGED
    return Fault.SEAL_MISPLACED if prev is not None and seal.prev != prev else None


def row_faults(
    entries: Sequence[Entry], digests: Mapping[int, bytes], cutoff: datetime | None
) -> Iterator[tuple[Fault, Entry]]:
    """Yield what is wrong with the rows of a seal. *digests*: of those there; before *cutoff* none must be."""
    before_us = microseconds(cutoff) if cutoff else None
    for entry in entries:
        found = digests.get(entry.row_id)
        if entry.lost:
            yield Fault.ROW_LOST, entry
        elif found is None:
            if before_us is None or entry.created_us >= before_us:
                yield Fault.ROW_REMOVED, entry
        elif found != entry.digest:
            yield Fault.ROW_CHANGED, entry


def parsed_anchor(text: str) -> Anchor:
    """Return the anchor that a person typed as SEQ:HEX. Raises Refused."""
    seq, _, code = text.strip().partition(":")
    try:
        anchor = Anchor(int(seq), bytes.fromhex(code))
    except ValueError:
        anchor = Anchor(0, b"")
    if anchor.seq < 1 or len(anchor.mac) != MAC_BYTES:
        raise Refused(
            "an anchor is a number, a colon and 64 hexadecimal digits, as `audit verify` prints it",
            "une ancre est un nombre, deux-points et 64 chiffres hexadécimaux, comme `audit verify` l'affiche",
        )
    return anchor
