"""The way a mail took, as its own header tells it: for showing and for learning, never for believing."""

import ipaddress
import re
from dataclasses import dataclass
from itertools import takewhile

from helpdesk.core.authresults import authserv_id_of
from helpdesk.core.headers import HeaderBlock, unfolded
from helpdesk.core.trustzone import RESULTS_FIELD, by_host, closes_a_header

MAX_SHOWN_BYTES = 2000
# Names directly under which organisations register, so that three labels make one: a short list is enough to
# tell one organisation from another, since nothing is believed because of it.
_SHARED_LABELS = frozenset(("ac", "asso", "co", "com", "edu", "gob", "gouv", "gov", "ne", "net", "or", "org"))
# Providers whose mail servers bear a second name.
_ALSO_KNOWN_AS = {"office365.com": "outlook.com", "me.com": "icloud.com", "smailru.net": "mail.ru"}
_INSIDE = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)
_NAME = rb"[A-Za-z0-9._-]{1,253}+"
_CLIENT = re.compile(rb"from[ \t]++\[?(" + _NAME + rb"|[0-9A-Fa-f:.]{2,45}+)\]?", re.IGNORECASE)
_BY = re.compile(rb"[ \t]by[ \t]", re.IGNORECASE)
_LOOKED_UP = re.compile(rb"\((" + _NAME + rb")[ \t]*+\[")
_ADDRESS = re.compile(rb"[\[(](?:IPv6:)?([0-9A-Fa-f]{0,4}+[:.][0-9A-Fa-f:.]{1,43}+)[\])]")


@dataclass(frozen=True, slots=True)
class Hop:
    """One Received line. ``by`` is None where it is not plainly there, ``client`` empty where none is named.

    ``client`` is a name, or an address where there is no name. ``from_outside``: another organisation handed
    the mail over, as far as the line shows.
    """

    by: str | None
    client: str
    from_outside: bool


@dataclass(frozen=True, slots=True)
class Written:
    """One Authentication-Results field: after how many Received lines, by which id.

    ``authserv_id`` is empty where it begins with a result, None where it cannot be read. ``at_end``: among the
    ``X-`` fields that end the header.
    """

    after_hops: int
    authserv_id: str | None
    at_end: bool


@dataclass(frozen=True, slots=True)
class Way:
    """The Received lines of a mail from the top, and the results between them."""

    hops: tuple[Hop, ...]
    results: tuple[Written, ...]


def way_of(block: HeaderBlock) -> Way:
    """Return the way a mail took. Never raises."""
    closing = len(tuple(takewhile(closes_a_header, reversed(block.fields))))
    first_at_end = len(block.fields) - closing
    hops: list[Hop] = []
    results: list[Written] = []
    for position, (name, value) in enumerate(block.fields):
        if name == "received":
            hops.append(_hop(value))
        elif name == RESULTS_FIELD:
            results.append(Written(len(hops), authserv_id_of(value), position >= first_at_end))
    return Way(tuple(hops), tuple(results))


def organisation_of(host: str) -> str:
    """Return the part of a host name that tells organisations apart, roughly; an address stays as it is."""
    labels = host.rstrip(".").lower().split(".")
    if address_of(host) is not None or len(labels) < 2:
        return host.lower()
    shared = len(labels) > 2 and labels[-2] in _SHARED_LABELS
    domain = ".".join(labels[-3:] if shared else labels[-2:])
    return _ALSO_KNOWN_AS.get(domain, domain)


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address that *text* is, None when it is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _hop(value: bytes) -> Hop:
    by = by_host(value)
    line = unfolded(value[:MAX_SHOWN_BYTES])
    named = _CLIENT.match(line)
    if named is None:
        return Hop(by, "", from_outside=False)
    line = _BY.split(line, maxsplit=1)[0]
    looked_up = _LOOKED_UP.search(line)
    client = (looked_up or named)[1].decode("ascii").rstrip(".").lower()
    if client in ("unknown", "localhost"):
        client = named[1].decode("ascii").rstrip(".").lower()
    return Hop(by, client, _is_from_outside(by or "", client, line))


def _is_from_outside(by: str, client: str, line: bytes) -> bool:
    found = _ADDRESS.search(line)
    address = address_of(found[1].decode("ascii")) if found is not None else address_of(client)
    if address is not None and any(address in network for network in _INSIDE):
        return False
    if "." not in client and address is None:
        return False
    return organisation_of(client) != organisation_of(by)
