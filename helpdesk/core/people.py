"""Who may be at the desk: roles, languages and the state of an address."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is to the desk; what each may do stands in ``core.permissions``."""

    USER = "user"
    AGENT = "agent"
    MANAGER = "manager"
    ADMIN = "admin"


class Language(StrEnum):
    """The languages that letters are written in."""

    FR = "fr"
    EN = "en"


class AddressState(StrEnum):
    """Whether mail from an address may act. UNKNOWN is never stored: it means that no row exists."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    VERIFIED = "verified"
    SUSPENDED = "suspended"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Person:
    """One registered person, as the rules and the letters need it."""

    id: int
    name: str
    role: Role
    language: Language
    active: bool = True


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """A registered address with its owner. ``best_verdict`` is the strongest proof ever accepted from it.

    ``bounces``: how many letters in a row came back from there since its last proven mail.
    """

    id: int
    address: str
    state: AddressState
    person: Person
    best_verdict: str = ""
    bounces: int = 0
