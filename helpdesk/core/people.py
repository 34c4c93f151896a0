"""Who may be at the desk: roles, languages and the state of an address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a person is to the desk; what each may do stands in ``core.permissions``."""

    USER = "user"
    AGENT = "agent"
    MANAGER = "manager"
    ADMIN = "admin"

    def in_words(self, language: "Language") -> str:
        """Return what people call it."""
        french = {"user": "usager", "agent": "agent", "manager": "responsable", "admin": "admin"}
        return french[self.value] if language is Language.FR else self.value


class Language(StrEnum):
    """The languages that letters are written in."""

    FR = "fr"
    EN = "en"


class AddressState(StrEnum):
    """Whether mail from an address may act. Only those in STORED stand in a row; ``core.standing`` finds the others.

    UNKNOWN: no row exists. NOT_YET and EXPIRED: verified, but outside its dates.
    """

    UNKNOWN = "unknown"
    PENDING = "pending"
    VERIFIED = "verified"
    SUSPENDED = "suspended"
    BLOCKED = "blocked"
    NOT_YET = "not-yet"
    EXPIRED = "expired"

    def in_words(self, language: Language) -> str:
        """Return what people call it."""
        english, french = _STATES[self.value]
        return french if language is Language.FR else english


_STATES = {
    "unknown": ("unknown", "inconnu"),
    "pending": ("pending", "à vérifier"),
    "verified": ("verified", "vérifié"),
    "suspended": ("frozen", "gelé"),
    "blocked": ("blocked", "bloqué"),
    "not-yet": ("not yet", "pas encore"),
    "expired": ("expired", "expiré"),
}

STORED = (AddressState.PENDING, AddressState.VERIFIED, AddressState.SUSPENDED, AddressState.BLOCKED)


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

    ``bounces``: how many letters in a row came back from there since its last proven mail. ``valid_from`` is the
    first moment at which mail from there is taken, ``valid_until`` the first at which it is not any more.
    ``disowned_at``: its owner said then that mail from there was not theirs. ``route``: see ``core.routes``.
    """

    id: int
    address: str
    state: AddressState
    person: Person
    best_verdict: str = ""
    bounces: int = 0
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    disowned_at: datetime | None = None
    route: str = ""


def main_address(owned: Sequence[KnownAddress]) -> KnownAddress:
    """Return the address that letters go to, of one person's, the oldest first: the first verified one, else any."""
    return next((known for known in owned if known.state is AddressState.VERIFIED), owned[0])
