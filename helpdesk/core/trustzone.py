"""The trust zone: the header lines that our own border wrote, found by hops and placement."""

from dataclasses import dataclass

from helpdesk.core.headers import HeaderBlock
from helpdesk.core.trust import Trust


@dataclass(frozen=True, slots=True)
class Zone:
    """``results``: the raw values of our own Authentication-Results, top first; ``border``: their host."""

    border: str
    results: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Untrusted:
    """The mail did not come the way it should have; ``reason`` says where it left it."""

    reason: str


def zone_of(block: HeaderBlock, trust: Trust) -> Zone | Untrusted:
    """Return the zone of a mail, or why there is none. Never raises."""
    raise NotImplementedError
