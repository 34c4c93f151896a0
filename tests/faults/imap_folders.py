"""The folders that a scripted IMAP server keeps, and what a FETCH, SEARCH or COPY finds in them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DELETED = b"\\Deleted"
_TOKEN = re.compile(rb'"((?>[^"\\]|\\.)*)"|([^\s"]+)')
_PARTIAL = re.compile(rb"BODY\.PEEK\[HEADER\]<0\.(\d+)>")


@dataclass(eq=False)
class Stored:
    """A mail in a folder."""

    uid: int
    raw: bytes
    arrived: datetime
    flags: set[bytes] = field(default_factory=set)

    @property
    def head(self) -> bytes:
        """Its header block, the empty line included."""
        head, end, _body = self.raw.partition(b"\r\n\r\n")
        return head + end


@dataclass
class Folder:
    """Mails in the order of their UIDs."""

    uidvalidity: int = 1
    next_uid: int = 1
    mails: list[Stored] = field(default_factory=list)

    def add(self, raw: bytes, arrived: datetime | None = None, flags: Iterable[bytes] = ()) -> int:
        """Store a mail; return its UID."""
        self.mails.append(Stored(self.next_uid, raw, arrived or datetime.now(UTC), set(flags)))
        self.next_uid += 1
        return self.mails[-1].uid

    def rebuild(self) -> None:
        """Forget the UIDs, as a repair does: the same mails under new ones, and a new UIDVALIDITY."""
        self.uidvalidity += 1
        old, self.mails = self.mails, []
        for mail in old:
            self.add(mail.raw, mail.arrived, mail.flags)

    def remove(self, gone: Iterable[Stored]) -> None:
        """Take mails out."""
        away = {id(mail) for mail in gone}
        self.mails = [mail for mail in self.mails if id(mail) not in away]


def words(text: bytes) -> list[bytes]:
    """Return the atoms and strings of a command, strings without their quotes; parentheses stay with atoms."""
    return [atom or re.sub(rb"\\(.)", rb"\1", quoted) for quoted, atom in _TOKEN.findall(text)]


def uids_of(sequence: bytes, view: Iterable[Stored]) -> set[int]:
    """Return which UIDs a set such as ``1,4:7,9:*`` names, of those in *view* (RFC 9051 §9, sequence-set)."""
    there = [mail.uid for mail in view]
    named: set[int] = set()
    for part in sequence.split(b","):
        first, _, last = part.partition(b":")
        low, high = (max(there, default=0) if end == b"*" else int(end) for end in (first, last or first))
        named |= {uid for uid in there if min(low, high) <= uid <= max(low, high)}
    return named


def fetched(mail: Stored, items: bytes) -> tuple[list[bytes], list[tuple[bytes, bytes]]]:
    """Return what a FETCH of *items* says of a mail: short answers, and literals with their names."""
    short = [b"UID %d" % mail.uid]
    if b"RFC822.SIZE" in items:
        short.append(b"RFC822.SIZE %d" % len(mail.raw))
    if b"FLAGS" in items:
        short.append(b"FLAGS (%s)" % b" ".join(sorted(mail.flags)))
    if b"INTERNALDATE" in items:
        short.append(b'INTERNALDATE "%s"' % imap_time(mail.arrived))
    literals = []
    if b"BODY.PEEK[]" in items:
        literals.append((b"BODY[]", mail.raw))
    if partial := _PARTIAL.search(items):
        literals.append((b"BODY[HEADER]<0>", mail.head[: int(partial[1])]))
    if b"HEADER.FIELDS (MESSAGE-ID)" in items:
        literals.append((b"BODY[HEADER.FIELDS (MESSAGE-ID)]", message_id_field(mail) + b"\r\n"))
    return short, literals


def message_id_field(mail: Stored) -> bytes:
    """Return the Message-ID field with its folds, or nothing."""
    found = re.search(
        rb"^Message-ID:[^\r\n]*\r\n(?>[ \t][^\r\n]*\r\n)*", mail.head, re.IGNORECASE | re.MULTILINE
    )
    return found[0] if found else b""


def found(view: Iterable[Stored], criteria: list[bytes]) -> list[int]:
    """Return the UIDs that a SEARCH with these criteria finds (the few that our client uses)."""
    there, left = list(view), list(criteria)
    while left:
        key = left.pop(0).upper()
        if key == b"ALL":
            continue
        if key == b"UNDELETED":
            there = [mail for mail in there if DELETED not in mail.flags]
            continue
        if key == b"DELETED":
            there = [mail for mail in there if DELETED in mail.flags]
            continue
        wanted = left.pop(1) if key == b"HEADER" else b""
        value = left.pop(0)
        match key:
            case b"HEADER":
                there = [mail for mail in there if wanted in message_id_field(mail)]
            case b"UID":
                named = uids_of(value, there)
                there = [mail for mail in there if mail.uid in named]
            case b"LARGER":
                there = [mail for mail in there if len(mail.raw) > int(value)]
            case b"SMALLER":
                there = [mail for mail in there if len(mail.raw) < int(value)]
            case b"SINCE":
                day = as_time(value + b" 00:00:00 +0000").date()
                there = [mail for mail in there if mail.arrived.date() >= day]
    return [mail.uid for mail in there]


def imap_time(when: datetime) -> bytes:
    """Return a date-time (RFC 9051 §9)."""
    name = MONTHS[when.month - 1]
    return when.strftime(f"%d-{name}-%Y %H:%M:%S %z").encode()


def as_time(text: bytes) -> datetime:
    """Read a date-time."""
    date, clock, zone = text.decode().split()
    day, month, year = date.split("-")
    numbered = f"{year}-{MONTHS.index(month) + 1:02}-{int(day):02}T{clock}{zone}"
    return datetime.strptime(numbered, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC)
