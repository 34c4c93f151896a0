"""The trust zone: the header lines that our own border wrote, found by hops and placement.

Everything below the border's own Received line was in the mail when it came, so a sender may have written it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from helpdesk.core.authresults import BadResults, authserv_id_of, read_results
from helpdesk.core.dates import read_date
from helpdesk.core.headers import Field, HeaderBlock, unfolded
from helpdesk.core.trust import Placement, Profile, Trust

RESULTS_FIELD = "authentication-results"
# What a border writes in one go with its results, and nobody else above the sender's own fields.
_TRACE = (
    *(RESULTS_FIELD, "received-spf", "arc-", "x-rspamd-", "x-spamd-", "x-spam-"),
    *("x-icl-", "x-arc-info", "x-dmarc-"),  # iCloud
)
_PLAIN = rb"(?:[^()\\]++|\\.)"
_DEEP_2 = rb"\((?>(?:" + _PLAIN + rb"|\((?>" + _PLAIN + rb"*)\))*)\)"
_COMMENT = re.compile(rb"\((?>(?:" + _PLAIN + rb"|" + _DEEP_2 + rb")*)\)", re.DOTALL)
_HOST = re.compile(rb"[A-Za-z0-9_][A-Za-z0-9_.:-]*+|\[[0-9A-Fa-f.:]++\]")


@dataclass(frozen=True, slots=True)
class Zone:
    """``results``: the raw values of our own Authentication-Results, top first; ``border``: their host.

    ``received_at``: when the border took the mail, by its own Received line; None where that does not say.
    """

    border: str
    results: tuple[bytes, ...]
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Untrusted:
    """The mail did not come the way it should have; ``reason`` says where it left it."""

    reason: str


def zone_of(block: HeaderBlock, trust: Trust) -> Zone | Untrusted:
    """Return the zone of a mail, or why there is none. Never raises.

    Placement ``above``: the zone is every field above the border's Received line. ``below``: the trace fields
    directly under it; ``bottom``: the ``X-`` fields that end the header. Since a sender may have written
    there, two fields of ours are refused that speak of the same thing. Where the border strips what comes
    from outside, nobody else can have: ``below`` the zone goes on to the next Received line.
    """
    if not trust.configured:
        return Untrusted("the settings name no border: nobody can be believed")
    found = _border(block.fields, trust)
    if isinstance(found, Untrusted):
        return found
    position, host = found
    fields = _zone_fields(block.fields, position, trust)
    ours = tuple(value for name, value in fields if name == RESULTS_FIELD and _is_ours(value, trust))
    alone = not trust.border_believed or trust.profile is Profile.M365
    if alone and len(ours) > 1 and not _parts_of_one(ours, trust.profile):
        return Untrusted(f"{len(ours)} Authentication-Results where {host} writes one")
    return Zone(host, ours, received_at(block.fields[position].value))


def by_host(received: bytes) -> str | None:
    """Return the host after "by" of a raw Received value, lower case; None when it is not plainly there.

    Comments (RFC 5322 §3.2.2) count as blanks. "by" twice is refused: a client may have named itself so.
    """
    line = _COMMENT.sub(b" ", unfolded(received)).partition(b";")[0]
    if b"(" in line or b")" in line:
        return None
    words = line.split()
    keywords = [word.lower() for word in words]
    if keywords.count(b"by") != 1 or keywords[0] not in (b"from", b"by"):
        return None
    place = keywords.index(b"by") + 1
    if place == len(words) or _HOST.fullmatch(words[place]) is None:
        return None
    return words[place].decode("ascii").lower().rstrip(".")


def received_at(received: bytes) -> datetime | None:
    """Return the date that ends a raw Received value; None where it is not plainly there.

    A second ";" is refused: the recipient after "for" is what a client wrote.
    """
    date = _COMMENT.sub(b" ", unfolded(received)).partition(b";")[2]
    return None if b";" in date else read_date(date)


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Say whether *name* (lower case) is one of *patterns*, in which ``*`` stands for any characters."""
    return any(
        name == pattern or ("*" in pattern and _fits(name, pattern)) for pattern in map(str.lower, patterns)
    )


def _fits(name: str, pattern: str) -> bool:
    head, *middle, tail = pattern.split("*")
    if len(name) < len(head) + len(tail) or not name.startswith(head) or not name.endswith(tail):
        return False
    position, end = len(head), len(name) - len(tail)
    for part in middle:
        place = name.find(part, position, end)
        if place < 0:
            return False
        position = place + len(part)
    return True


def _border(fields: tuple[Field, ...], trust: Trust) -> tuple[int, str] | Untrusted:
    hops = 0
    for position, (name, value) in enumerate(fields):
        if name != "received":
            continue
        hops += 1
        host = by_host(value)
        if host is None:
            return Untrusted(f"hop {hops} from the top does not plainly say who received the mail")
        if matches(host, trust.border_by):
            return position, host
        if not matches(host, trust.inner_by):
            return Untrusted(f"hop {hops} from the top is {host}, which is not known here")
    return Untrusted("no Received line of the border")


def _zone_fields(fields: tuple[Field, ...], border: int, trust: Trust) -> Iterable[Field]:
    if trust.placement is Placement.ABOVE:
        return fields[:border]
    if trust.placement is Placement.BELOW:
        return _below(fields[border + 1 :], trust.border_strips)
    return reversed(tuple(takewhile(closes_a_header, reversed(fields[border + 1 :]))))


def closes_a_header(field: Field) -> bool:
    """Say whether a field can stand among those that a border adds at the very end of a header."""
    return field.name == RESULTS_FIELD or field.name.startswith("x-")


def _parts_of_one(values: tuple[bytes, ...], profile: Profile) -> bool:
    """Say whether fields can be one verdict in parts, a field for each method, as iCloud and Proton write it.

    Only dkim may come in several, once for each signature. A sender can still have added such a field: what
    proves the sender is then not its text but the signature, which has to verify here.
    """
    if profile is Profile.M365:
        return False
    seen: set[str] = set()
    try:
        for value in values:
            methods = {result.method for result in read_results(value, profile).results} - {"dkim"}
            if methods & seen:
                return False
            seen |= methods
    except BadResults:
        return False
    return True


def _below(fields: tuple[Field, ...], to_next_hop: bool) -> Iterable[Field]:
    for field in fields:
        if field.name == "received" or not (to_next_hop or field.name.startswith(_TRACE)):
            return
        yield field


def _is_ours(value: bytes, trust: Trust) -> bool:
    """Say whether a field has to be read as ours; one that cannot be read may be, and is refused later."""
    authserv_id = authserv_id_of(value)
    if authserv_id is None:
        return True
    if trust.profile is Profile.M365:
        return not authserv_id
    return not authserv_id or matches(authserv_id, trust.authserv_ids)
