"""By which route proven mail came: which signature and which sending domain our border vouched for."""

import re

from helpdesk.core.verdict import Evidence, Judgement
from helpdesk.core.verdicts import Verdict

PROVEN = (Verdict.PASS, Verdict.PASS_DKIM)
UNNAMED = "?"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,253}")


def route_of(evidence: Evidence, judgement: Judgement) -> str:
    """Return the route of a proven mail, ``dkim=selector spf=domain``; empty where nothing is proven.

    A part is missing where the border did not say "pass" for it; a selector that it did not name is ``?``.
    """
    if judgement.verdict not in PROVEN or judgement.sender is None or isinstance(evidence.results, str):
        return ""
    signed, sent = "", ""
    for result in evidence.results:
        if result.value != "pass":
            continue
        domain = (result.property("header.d") or result.property("header.i")).rpartition("@")[2].lower()
        if result.method == "dkim" and domain == judgement.sender.domain:
            signed = signed or f"dkim={_name(result.property('header.s'))}"
        if result.method == "spf":
            sent = sent or f"spf={_name(result.property('smtp.mailfrom').rpartition('@')[2])}"
    return " ".join(filter(None, (signed, sent)))


def route_changed(before: str, route: str) -> bool:
    """Say whether mail took another route: another signature or none any more, or another sending domain.

    Nothing was remembered before the first mail. SPF fails now and then where the signature holds, so that a part
    that is missing beside a good signature says nothing, and neither does one that comes to be there.
    """
    if not before or not route:
        return False
    then, now = _parts(before), _parts(route)
    if "dkim" in then and then["dkim"] != now.get("dkim"):
        return True
    return "spf" in then and "spf" in now and then["spf"] != now["spf"]


def remembered_route(before: str, route: str) -> str:
    """Return what is to be remembered after a mail by *route*; what it did not show stays known."""
    if not route or route_changed(before, route):
        return route or before
    parts = _parts(before) | _parts(route)
    return " ".join(f"{name}={parts[name]}" for name in sorted(parts))


def _parts(route: str) -> dict[str, str]:
    return {name: value for name, _, value in (part.partition("=") for part in route.split())}


def _name(written: str) -> str:
    return written.lower() if _NAME.fullmatch(written) else UNNAMED
