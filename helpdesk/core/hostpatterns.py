"""Patterns for the names of hosts that were seen, as narrow as their differences allow."""

from collections import Counter
from collections.abc import Sequence

from helpdesk.core.hops import address_of, organisation_of

MAX_EXACT = 3  # so many hosts, each seen twice, are listed by name
MIN_BEGINNING = 3  # characters that names without a domain must share


def patterns_for(names: Sequence[str], least: int) -> tuple[str, ...] | None:
    """Return patterns for the hosts of the one organisation that at least *least* of *names* belong to.

    *names* are lower case. None where no organisation has so many, or its hosts have nothing in common.
    One host is its own pattern; many become ``in*.example.org``, addresses ``10.*``.
    """
    kinds = Counter(map(_kind, names))
    kind, count = kinds.most_common(1)[0] if kinds else ("", 0)
    if not count or count < least:
        return None
    seen = Counter(name for name in names if _kind(name) == kind)
    if len(seen) == 1 or (len(seen) <= MAX_EXACT and min(seen.values()) > 1):
        return tuple(sorted(seen))
    pattern = _pattern(sorted(seen))
    return None if pattern is None else (pattern,)


def _kind(name: str) -> str:
    address = address_of(name)
    if address is not None:
        return name.partition(":" if address.version == 6 else ".")[0]
    return organisation_of(name) if "." in name else ""


def _pattern(names: Sequence[str]) -> str | None:
    address = address_of(names[0])
    if address is not None:
        return _pattern_of_addresses(names, ":" if address.version == 6 else ".")
    rests = [name.split(".") for name in names]
    domain: list[str] = []
    while all(len(labels) > 1 for labels in rests) and len({labels[-1] for labels in rests}) == 1:
        domain.insert(0, rests[0][-1])
        rests = [labels[:-1] for labels in rests]
    beginning = _beginning([labels[0] for labels in rests]).rstrip("0123456789")
    if any(len(labels) > 1 for labels in rests):
        beginning = ""
    if not domain and len(beginning) < MIN_BEGINNING:
        return None
    return ".".join((f"{beginning}*", *domain))


def _beginning(words: Sequence[str]) -> str:
    first, last = min(words), max(words)
    same = next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:same]


def _pattern_of_addresses(names: Sequence[str], separator: str) -> str:
    same: list[str] = []
    for column in zip(*(name.split(separator) for name in names), strict=False):
        if len(set(column)) > 1:
            break
        same.append(column[0])
    return separator.join((*same, "*"))
