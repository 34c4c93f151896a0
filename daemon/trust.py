"""`trust calibrate` and `trust explain`: learn, and say, why a sender is believed."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO

from daemon.evidence import Lookups, dkim_seen, reached_at
from daemon.inspect import wire_form
from daemon.trustfile import TrustNotWritten, lines_of, settings_of, write_settings
from helpdesk.config.section import Section, Source
from helpdesk.config.trustsection import trust as read_trust
from helpdesk.core.address import Sender, sender_of
from helpdesk.core.admission import Admission, Age, DeskAddressing, admit
from helpdesk.core.calibrate import Proposal, Sighting, propose
from helpdesk.core.dates import read_date
from helpdesk.core.dkimtags import tags_of
from helpdesk.core.headers import HeaderBlock, read_headers, unfolded
from helpdesk.core.hops import way_of
from helpdesk.core.mail import Caps
from helpdesk.core.people import AddressState
from helpdesk.core.terminal import term_safe
from helpdesk.core.trust import DkimCheck, DkimOutcome, Placement, Trust
from helpdesk.core.trustzone import Untrusted, matches, zone_of
from helpdesk.core.verdict import Evidence, Judgement, evidence_of, judge, needs_dkim
from helpdesk.core.verdicts import Verdict
from helpdesk.errors import EXIT_FAILED

LINE_CHARACTERS = 400
SHOWN_MAILS = 50
DONE = 0


def calibrate(
    raws: Sequence[bytes],
    current: Trust,
    write_to: Path | None,
    confirm: Callable[[str], bool],
    out: TextIO,
    mailbox: str = "main",
) -> int:
    """Show the way of *raws* (mails or their headers) and propose [imap.trust]; return the exit status.

    Asks *confirm* before anything is written to *write_to*. 1: no proposal, or one that a single sender could
    have caused; it is shown and never written.
    """
    proposal = propose([wire_form(raw) for raw in raws])
    _say(out, *_ways(proposal))
    if proposal.trust is None or proposal.doubts:
        _say(out, "", *(f"Not proposed: {doubt}." for doubt in proposal.doubts))
        if proposal.trust is not None:
            _say(out, "", "What the mails would say, if you know better:", *_table(proposal.trust))
        return EXIT_FAILED
    proposed = settings_of(proposal.trust)
    found = f"{proposal.agreeing} of {len(raws)} mails show the border's results with these settings:"
    _say(out, "", found, "", *_table(proposal.trust), "")
    _say(out, *(f"Note: {note}." for note in proposal.notes))
    if proposed == settings_of(current):
        _say(out, "These are the settings you have.")
    elif write_to is not None:
        return _write(write_to, mailbox, proposal.trust, confirm, out)
    return DONE


def explain(raw: bytes, trust: Trust, caps: Caps, lookups: Lookups | None, now: datetime, out: TextIO) -> int:
    """Say step by step why the mail *raw* was or was not believed; *now* is aware. Returns the exit status."""
    raw = wire_form(raw)
    block = read_headers(raw, caps)
    evidence = evidence_of(raw, caps, trust)
    _say(out, *_about_from(block, evidence), "", *_about_route(block, trust), *_about_results(evidence))
    check = _dkim(raw, caps, trust, evidence, lookups, int(now.timestamp()))
    if check is not None:
        evidence = Evidence(
            evidence.problem, evidence.sender, evidence.zone, evidence.results, check, evidence.mentions
        )
    _say(out, "", *_about_dkim(block, evidence, trust, lookups is not None))
    judgement = judge(evidence, trust)
    _say(out, "", f"Verdict: {judgement.verdict} (row {judgement.row} of the table): {judgement.reason}.")
    _say(out, "", *_about_admission(block, judgement, evidence, trust, now))
    return DONE


def _write(path: Path, mailbox: str, trust: Trust, confirm: Callable[[str], bool], out: TextIO) -> int:
    source = Source("Not writable", Path(), {})
    if read_trust(Section(source, ("imap", "trust"), settings_of(trust), use_env=False)) != trust:
        _say(out, *source.problems, "Nothing was written.")
        return EXIT_FAILED
    if not confirm(term_safe(f"Write these settings to {path}? Answer yes to do it: ")):
        _say(out, "Nothing was written.")
        return DONE
    try:
        copy = write_settings(path, mailbox, settings_of(trust))
    except (TrustNotWritten, OSError) as error:
        _say(out, f"Nothing was written: {error}.")
        return EXIT_FAILED
    _say(out, f"Written. What the file was before is in {copy}. The daemon reads it when it starts again.")
    return DONE


def _ways(proposal: Proposal) -> Iterator[str]:
    yield f"{len(proposal.sightings)} mails, and the hosts that received them, from the mailbox outwards."
    yield "{id}: Authentication-Results stand here; >>: another organisation handed the mail over."
    for number, sighting in enumerate(proposal.sightings[:SHOWN_MAILS], start=1):
        yield f"  {number:3} {sighting.domain or '(From cannot be read)'}: {_way(sighting)}"


def _way(sighting: Sighting) -> str:
    steps: list[str] = []
    results = sighting.way.results
    for place in range(len(sighting.way.hops) + 1):
        steps += [
            f"{{{'no id' if one.authserv_id == '' else one.authserv_id or 'unreadable'}{' at the end' * one.at_end}}}"
            for one in results
            if one.after_hops == place
        ]
        for hop in sighting.way.hops[place : place + 1]:
            steps.append(f"{hop.by or '(no host)'}{' >>' if hop.from_outside else ''}")
    return " ".join(steps) or "(no Received lines)"


def _table(trust: Trust) -> list[str]:
    return ["[imap.trust]", *lines_of(settings_of(trust))]


def _about_from(block: HeaderBlock, evidence: Evidence) -> Iterator[str]:
    yield f"Header: {len(block.fields)} fields. {f'Refused: {block.problem}.' if block.problem else 'Sound.'}"
    for value in block.values("from")[:5]:
        yield f"  from: {_text(value)}"
    sender = sender_of(block)
    if not isinstance(sender, Sender):
        yield f"Identity: none, {sender.reason}."
        return
    yield f"Identity: {sender.address}" + (
        ", although the name shown holds another address." * sender.deceptive or "."
    )


def _about_route(block: HeaderBlock, trust: Trust) -> Iterator[str]:
    zone = zone_of(block, trust)
    yield "Route, from the top of the header:"
    for number, hop in enumerate(way_of(block).hops, start=1):
        border = hop.by is not None and matches(hop.by, trust.border_by)
        known = border or (hop.by is not None and matches(hop.by, trust.inner_by))
        what = "the border" if border else "a hop of ours" if known else "not known here"
        yield f"  {number}. received by {hop.by or '(not plainly there)'}: {what}"
        if not known or border:
            break
    if isinstance(zone, Untrusted):
        yield f"Route not trusted: {zone.reason}."
        return
    where = "at the end of the header" if trust.placement is Placement.BOTTOM else trust.placement.value
    yield f"Trusted: what {zone.border} wrote {where}; {len(zone.results)} Authentication-Results of ours there."
    every = len(block.values("authentication-results"))
    if every > len(zone.results):
        yield f"  {every - len(zone.results)} more in the mail do not count: they stand elsewhere or bear another id."


def _about_results(evidence: Evidence) -> Iterator[str]:
    if isinstance(evidence.zone, Untrusted):
        return
    if isinstance(evidence.results, str):
        yield f"Results: not readable, {evidence.results}."
        return
    yield f"Results: {'' if evidence.results else 'none.'}".rstrip()
    for result in evidence.results:
        properties = " ".join(f"{name}={value}" for name, value in result.properties)
        yield f"  {result.method}={result.value} {properties}".rstrip()


def _dkim(
    raw: bytes, caps: Caps, trust: Trust, evidence: Evidence, lookups: Lookups | None, now_epoch: int
) -> DkimCheck | None:
    if lookups is None or not needs_dkim(evidence, trust) or not isinstance(evidence.sender, Sender):
        return None
    return dkim_seen(raw, caps, evidence.sender.domain, lookups, now_epoch)


def _about_dkim(block: HeaderBlock, evidence: Evidence, trust: Trust, has_dns: bool) -> Iterator[str]:
    signatures = block.values("dkim-signature")
    yield f"DKIM signatures: {len(signatures)}."
    for value in signatures[:10]:
        tags = tags_of(value) or {}
        domain, selector = (_text(tags.get(name, b"(none)")) for name in (b"d", b"s"))
        yield f"  of {domain}, selector {selector}"
    if evidence.dkim.outcome is not DkimOutcome.NOT_CHECKED:
        yield f"Verified once more here: {evidence.dkim.outcome}, {evidence.dkim.reason}."
    elif not trust.recheck_dkim:
        yield "Not verified once more: recheck_dkim is off."
    elif not has_dns:
        yield "Not verified once more: no DNS."
    else:
        yield "Not verified once more: it would change nothing."


def _about_admission(
    block: HeaderBlock, judgement: Judgement, evidence: Evidence, trust: Trust, now: datetime
) -> Iterator[str]:
    if judgement.verdict is Verdict.BOMB:
        return
    dates = block.values("date")
    date = read_date(unfolded(dates[0])) if dates else None
    age = Age(now, date, evidence.dkim.signed_at, trust.max_age_days, reached_at(evidence, now))
    yield "What follows, if the mail is addressed to the desk:"
    for state, whose in (
        (AddressState.VERIFIED, "a registered address"),
        (AddressState.PENDING, "an address that is not confirmed yet"),
        (AddressState.UNKNOWN, "an unknown address"),
        (AddressState.SUSPENDED, "a suspended address"),
    ):
        admission = admit(judgement, state, "", DeskAddressing.NAMED, age)
        yield f"  {whose}: {_in_words(admission)}"


def _in_words(admission: Admission) -> str:
    also = ", and its owner is asked" if admission.confirm else ""
    return f"{admission.entry}{also} ({admission.reason})"


def _text(value: bytes) -> str:
    return unfolded(value[:LINE_CHARACTERS]).decode("ascii", "backslashreplace")


def _say(out: TextIO, *lines: str) -> None:
    for line in lines:
        out.write(f"{term_safe(line, LINE_CHARACTERS)}\n")
