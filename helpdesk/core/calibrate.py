"""What the settings of trust could be, learned from mails that arrived.

A hop counts when most mails have it, results count when most mails have them at the same place, and a proposal
counts when the reader itself finds the border's results with it. Whatever a single sender could have written
is said to be doubtful, and doubtful proposals are not for writing.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from helpdesk.core.address import Sender, sender_of
from helpdesk.core.authresults import BadResults, read_results
from helpdesk.core.headers import HeaderBlock, read_headers
from helpdesk.core.hops import Way, Written, organisation_of, way_of
from helpdesk.core.hostpatterns import patterns_for
from helpdesk.core.mail import Caps
from helpdesk.core.trust import Placement, Profile, Trust
from helpdesk.core.trustzone import Zone, zone_of

MIN_MAILS = 3
MOST = 0.8
MAX_HOPS = 12  # from the top; no border is deeper
MICROSOFT = "outlook.com"  # whose borders write no id


@dataclass(frozen=True, slots=True)
class Sighting:
    """One mail as calibration sees it; ``domain`` is that of From, empty where From cannot be read."""

    domain: str
    way: Way
    block: HeaderBlock


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Settings worth trying; the hop at ``depth`` (1: the top) is where mail comes in from outside."""

    trust: Trust
    depth: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """``trust`` is None where the mails do not say. ``doubts``: why it must not simply be believed.

    ``agreeing``: in how many of the mails the border's results are found with it.
    """

    trust: Trust | None
    agreeing: int
    sightings: tuple[Sighting, ...]
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def propose(headers: Sequence[bytes]) -> Proposal:
    """Return the settings that fit *headers*: raw header blocks or whole mails, their lines ending in CRLF."""
    sightings = tuple(map(_sighting, headers))
    if len(sightings) < MIN_MAILS:
        return Proposal(None, 0, sightings, (f"{len(sightings)} mails; at least {MIN_MAILS} are needed",))
    most = math.ceil(len(sightings) * MOST)
    fitting: list[tuple[tuple[bool, int, int], _Candidate]] = []
    for candidate in _candidates(sightings, most):
        agreeing = sum(_verdict_found(sighting.block, candidate.trust) for sighting in sightings)
        if agreeing >= most:
            # A border that bears the name in the results, then one that explains more mails, then a deeper one:
            # whoever most senders use stands deeper than the border, and must not be taken for it.
            fitting.append(((_same_name(candidate.trust), agreeing, candidate.depth), candidate))
    if not fitting:
        return Proposal(None, 0, sightings, (_why_none(sightings, most),))
    (_, agreeing, _), best = max(fitting, key=lambda one: one[0])
    doubts = tuple(_doubts(sightings, best))
    return Proposal(
        best.trust, agreeing, sightings, doubts, tuple(_notes(best.trust, agreeing, len(sightings)))
    )


def _sighting(raw: bytes) -> Sighting:
    whole = raw if b"\r\n\r\n" in raw else raw.removesuffix(b"\r\n") + b"\r\n\r\n"
    block = read_headers(whole, Caps())
    sender = sender_of(block)
    return Sighting(sender.domain if isinstance(sender, Sender) else "", way_of(block), block)


def _candidates(sightings: Sequence[Sighting], most: int) -> Iterator[_Candidate]:
    shared = _shared_hops(sightings, most)
    for depth in range(len(shared), 0, -1):
        *inner, border = shared[:depth]
        if not _handed_over(sightings, depth):
            continue
        hosts = Trust(
            border_by=border, inner_by=tuple(dict.fromkeys(name for names in inner for name in names))
        )
        yield from (_Candidate(trust, depth) for trust in _placed(sightings, most, hosts, depth))
        if inner and shared[depth - 2] == border:
            # The border names itself twice and writes in between, as Fastmail does: its first line counts, and
            # its second one keeps the sender's fields apart.
            first = replace(hosts, inner_by=hosts.inner_by[:-1] if border != hosts.inner_by else ())
            yield from (
                _Candidate(replace(trust, border_strips=True), depth)
                for trust in _placed(sightings, most, first, depth - 1)
                if trust.placement is Placement.BELOW
            )


def _shared_hops(sightings: Sequence[Sighting], most: int) -> list[tuple[str, ...]]:
    """Return the patterns of the hosts at each hop from the top, as far as most mails go the same way."""
    shared: list[tuple[str, ...]] = []
    for place in range(MAX_HOPS):
        hosts = [hop.by for sighting in sightings for hop in sighting.way.hops[place : place + 1] if hop.by]
        patterns = patterns_for(hosts, most)
        if patterns is None:
            break
        shared.append(patterns)
    return shared


def _handed_over(sightings: Sequence[Sighting], depth: int) -> bool:
    """Say whether mail comes in from outside at this hop, in at least half of the mails."""
    hops = [sighting.way.hops[depth - 1] for sighting in sightings if len(sighting.way.hops) >= depth]
    return sum(hop.from_outside for hop in hops) * 2 >= len(sightings)


def _placed(sightings: Sequence[Sighting], most: int, hosts: Trust, depth: int) -> Iterator[Trust]:
    for placement in Placement:
        found = [
            [written for written in sighting.way.results if _stands(written, placement, depth)]
            for sighting in sightings
        ]
        ids = _ids([{written.authserv_id for written in fields} for fields in found], most)
        if ids is None:
            continue
        if ids:
            yield replace(hosts, placement=placement, authserv_ids=ids)
        else:  # results without an id: Microsoft, which also rebuilds mails, so that no signature survives
            yield replace(hosts, placement=placement, profile=Profile.M365, recheck_dkim=False)


def _stands(written: Written, placement: Placement, depth: int) -> bool:
    if placement is Placement.ABOVE:
        return written.after_hops < depth
    if placement is Placement.BELOW:
        return written.after_hops == depth
    return written.at_end


def _ids(of_mails: Sequence[set[str | None]], most: int) -> tuple[str, ...] | None:
    """Return the ids that most mails have, () where they have results without one, None where they differ."""
    counts = Counter(authserv_id for ids in of_mails for authserv_id in ids)
    common = sorted(name for name, count in counts.items() if name and count >= most)
    if common:
        return tuple(common)
    if counts[""] >= most:
        return ()
    with_id = [ids for ids in of_mails if any(ids)]
    names = [name for ids in with_id for name in ids if name]
    return patterns_for(names, len(names)) if len(with_id) >= most else None


def _verdict_found(block: HeaderBlock, trust: Trust) -> bool:
    zone = zone_of(block, trust)
    if not isinstance(zone, Zone) or not zone.results:
        return False
    try:
        return any(read_results(value, trust.profile).results for value in zone.results)
    except BadResults:
        return False


def _why_none(sightings: Sequence[Sighting], most: int) -> str:
    shared = _shared_hops(sightings, most)
    if not shared:
        return (
            f"the mails came different ways: there is no hop that {most} of {len(sightings)} have in common"
        )
    if not any(hop.from_outside for sighting in sightings for hop in sighting.way.hops):
        return (
            "no mail came from outside this mail system, so none shows its border: let somebody write from "
            "addresses of other providers"
        )
    if not any(sighting.way.results for sighting in sightings):
        return (
            "no mail has an Authentication-Results field: this mail server checks nothing, or does not say so"
        )
    return f"the mails disagree: no place holds readable results of one id in {most} of {len(sightings)}"


def _same_name(trust: Trust) -> bool:
    """Say whether the id in the results is of the same organisation as the border, which has one."""
    names = {organisation_of(name.replace("*", "x")) for name in trust.border_by}
    ids = {organisation_of(name.replace("*", "x")) for name in trust.authserv_ids} or {MICROSOFT}
    return bool(names & ids)


def _doubts(sightings: Sequence[Sighting], best: _Candidate) -> Iterator[str]:
    domains = {organisation_of(sighting.domain) for sighting in sightings if sighting.domain}
    if len(domains) < 2:
        whose = next(iter(domains), "nobody readable")
        yield f"all mails are from {whose}, who could have written these lines: take mails of several senders"
    clients = {
        organisation_of(hop.client)
        for sighting in sightings
        for hop in sighting.way.hops[best.depth - 1 : best.depth]
        if hop.from_outside
    }
    if len(domains) >= 2 and len(clients) < 2:
        whose = next(iter(clients), "nobody from outside")
        yield f"all mails were handed over by {whose}: take mails that came from several providers"
    if not _same_name(best.trust) and not all(map(_is_address, best.trust.border_by)):
        border, ids = ", ".join(best.trust.border_by), ", ".join(best.trust.authserv_ids)
        yield f"{border} does not bear the name in the results ({ids}): is it really your own provider?"


def _is_address(pattern: str) -> bool:
    return pattern.rstrip("*").replace(".", "").isdecimal() or ":" in pattern


def _notes(trust: Trust, agreeing: int, mails: int) -> Iterator[str]:
    if agreeing < mails:
        yield f"{mails - agreeing} of {mails} mails show no results with it; `trust explain` says why for each"
    if not trust.border_believed:
        yield (
            "a sender can write at that place too, so every mail needs a DKIM signature that verifies here, "
            "unless the border removes foreign Authentication-Results and border_strips says so"
        )
    if trust.profile is Profile.M365:
        yield "Exchange rebuilds mails, so DKIM is not verified once more (recheck_dkim = false)"
    if any("*" in pattern for pattern in (*trust.border_by, *trust.inner_by)):
        yield "names with * stand for hosts of the same kind that were seen; check that they are your provider's"
