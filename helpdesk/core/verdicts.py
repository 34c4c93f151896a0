"""The verdicts on a sender, by name, and which of them prove more than others."""

from enum import StrEnum


class Verdict(StrEnum):
    """Whether we believe the sender, and if not, why not."""

    BOMB = "bomb"
    MALFORMED_FROM = "malformed-from"
    UNTRUSTED_ROUTE = "untrusted-route"
    NO_VERDICT = "no-verdict"
    TEMP = "temp"
    SPOOF = "spoof"
    CONTRADICTION = "contradiction"
    PASS = "pass"  # noqa: S105
    PASS_DKIM = "pass-dkim"  # noqa: S105
    WEAK = "weak"
    UNAUTHENTICATED = "unauthenticated"


_STRENGTH = {Verdict.WEAK.value: 1, Verdict.PASS_DKIM.value: 2, Verdict.PASS.value: 3}


def stronger_than(verdict: str) -> tuple[str, ...]:
    """Return the verdicts that prove a sender better than *verdict* does."""
    return tuple(name for name, strength in _STRENGTH.items() if strength > _STRENGTH.get(verdict, 0))
