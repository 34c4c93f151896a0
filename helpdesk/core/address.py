"""Who a mail says it is from: the one address in From, by a byte parser that refuses what is ambiguous."""

from dataclasses import dataclass

from helpdesk.core.headers import HeaderBlock


@dataclass(frozen=True, slots=True)
class Sender:
    """The identity claimed: ``address`` and ``domain`` are lower-case ASCII. ``name`` is for display only.

    ``deceptive``: the display name holds an address that is not the sender's.
    """

    address: str
    domain: str
    name: str = ""
    deceptive: bool = False


@dataclass(frozen=True, slots=True)
class BadSender:
    """From cannot be read without doubt; ``reason`` says which rule it breaks."""

    reason: str


def sender_of(block: HeaderBlock) -> Sender | BadSender:
    """Return whom *block* claims to be from. Never raises."""
    raise NotImplementedError


def normal_address(text: str) -> str:
    """Return an address typed by a person as it is stored and compared: lower-case ASCII, IDN as A-labels.

    Raises ValueError with a text for people.
    """
    raise NotImplementedError
