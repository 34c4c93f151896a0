"""What is suspicious: each criterion as a function of times and counts, in what words, and who hears of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from helpdesk.core.audit import Action
from helpdesk.core.people import KnownAddress, Language

MINUTE = timedelta(minutes=1)
NO_FLOOD_TAKES = 3  # places of a reader's hour: two alarms that no mail raises, and the digest or a third one
FEWEST_PLACES = (
    3  # an hour, for each reader: one for what mail raises, one for the digest, and one that is free
)
Reason = Mapping[Language, str]  # in every language that we write


class Novelty(StrEnum):
    """What a person has never logged in with before."""

    ADDRESS = "address"
    COUNTRY = "country"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on something is suspicious.

    ``failed_logins`` within ``failed_minutes``, both ends included; for ``wary_minutes`` after them the right
    password alone is not enough. ``unknown_mails`` of people whom nobody registered within ``unknown_minutes``, and
    ``sender_mails`` of one proven sender within ``sender_minutes``: whole minutes of the clock, the present one
    included. ``refused_role_changes`` of one person within ``refused_minutes``. ``owner_letters_per_hour``: how many
    alerts one person gets within 60 minutes.
    """

    failed_logins: int = 3
    failed_minutes: int = 2
    wary_minutes: int = 60
    unknown_mails: int = 20
    unknown_minutes: int = 60
    sender_mails: int = 30
    sender_minutes: int = 10
    refused_role_changes: int = 1
    refused_minutes: int = 60
    owner_letters_per_hour: int = 5


@dataclass(frozen=True, slots=True)
class Alarm:
    """One cause. ``about`` tells it from others of its kind; ``owner``: the address that its owner is told at.

    ``mail_id``: the held mail that the owner may disown. ``place`` and ``client``: of a login. ``reason``: for the
    contacts, in plain words, with nothing in it that a stranger wrote. ``at``: when, where that is not now.
    """

    action: Action
    about: str
    owner: KnownAddress | None = None
    place: str = ""
    client: str = ""
    reason: Reason = field(default_factory=dict)
    mail_id: int | None = None
    count: int = 1
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlacesBefore:
    """From where a person has logged in so far. ``count`` places; ``here``: this very one is among them."""

    count: int = 0
    here: bool = False
    addresses: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()


def novelties(before: PlacesBefore, address: str, country: str, client: str) -> tuple[Novelty, ...]:
    """Return what is new about a login; nothing about the first one of all. Empty: not known, which is not new."""
    if not before.count:
        return ()
    found = []
    if address and not before.here and address not in before.addresses:
        found.append(Novelty.ADDRESS)
    if country and before.countries and country not in before.countries:
        found.append(Novelty.COUNTRY)
    if client and not before.here and client not in before.clients:
        found.append(Novelty.CLIENT)
    return tuple(found)


def is_strong(new: Collection[Novelty], wary: bool) -> bool:
    """Say whether a code by mail is wanted although the place is known: the password may be somebody else's."""
    return wary or Novelty.COUNTRY in new or {Novelty.ADDRESS, Novelty.CLIENT} <= set(new)


def just_failed_often(times: Sequence[datetime], limits: Thresholds) -> bool:
    """Say whether the last of these failed logins, oldest first, makes them too many, which they were not yet."""
    return _too_many(times, limits) and not _too_many(times[:-1], limits)


def _too_many(times: Sequence[datetime], limits: Thresholds) -> bool:
    return _within(times, limits.failed_logins, limits.failed_minutes)


def _within(times: Sequence[datetime], count: int, minutes: int) -> bool:
    """Say whether the last *count* of these times lie within so many minutes, both ends included."""
    return len(times) >= count and times[-1] - times[-count] <= timedelta(minutes=minutes)


def wary(times: Sequence[datetime], now: datetime, limits: Thresholds) -> bool:
    """Say whether too many failed logins, oldest first, are so recent that the right password is not enough."""
    recent = now - timedelta(minutes=limits.wary_minutes)
    ends = (end for end in range(1, len(times) + 1) if times[end - 1] >= recent)
    return any(_too_many(times[:end], limits) for end in ends)


def crossed(before: int, added: int, limit: int) -> bool:
    """Say whether a count has just reached its limit: a flood that goes on is told of once."""
    return before < limit <= before + added


def minutes_back(now: datetime, minutes: int) -> tuple[datetime, ...]:
    """Return the starts of the present minute and of those before it, *minutes* in all."""
    this = now.replace(second=0, microsecond=0)
    return tuple(this - number * MINUTE for number in range(minutes))


def refused_often(times: Sequence[datetime], limits: Thresholds) -> bool:
    """Say whether the last of somebody's refused changes of roles, oldest first, makes them too many."""
    return _within(times, limits.refused_role_changes, limits.refused_minutes)


def places_for_mail(limit: int) -> int:
    """Return how many of a reader's letters within an hour may be of causes that mail can raise; one at least."""
    return max(1, limit - NO_FLOOD_TAKES)


def places_for_digests(limit: int) -> int:
    """Return how many digests of one hour a reader may get, as contact and as owner: a place stays free."""
    return max(1, min(2, limit - places_for_mail(limit) - 1))


_WORDS: Mapping[Action, tuple[str, str]] = {
    Action.LOGIN: ("refused logins", "connexions refusées"),
    Action.LOGIN_FAILED_OFTEN: (
        "several failed logins within a short time",
        "plusieurs échecs de connexion en peu de temps",
    ),
    Action.LOGIN_LOCKED: ("a login was locked", "connexion verrouillée"),
    Action.LOGIN_FROM_NEW_PLACE: ("a login from a new place", "connexion depuis un endroit nouveau"),
    Action.SENDER_FORGED: (
        "mail in the name of a registered address",
        "message envoyé au nom d’une adresse inscrite",
    ),
    Action.MANY_UNKNOWN_SENDERS: (
        "many mails from unknown senders",
        "beaucoup de messages d’expéditeurs inconnus",
    ),
    Action.SENDER_FLOOD: ("many mails from one sender", "beaucoup de messages d’un même expéditeur"),
    Action.ROUTE_CHANGED: (
        "mail of a registered address on another route",
        "message d’une adresse inscrite par un autre chemin",
    ),
    Action.MAIL_DISOWNED: (
        "the owner of an address says “not me”: it is frozen",
        "le titulaire d’une adresse répond « pas moi » : elle est gelée",
    ),
    Action.UNAUTHORIZED_ROLE_CHANGE: ("refused change of roles", "changement de rôle refusé"),
    Action.UNAUTHORIZED_ACCESS: ("refused access", "accès refusé"),
}
SUSPICIOUS: tuple[Action, ...] = tuple(_WORDS)  # what reports and lists count, in their order
SUSPICIOUS_WHEN_REFUSED = (Action.LOGIN,)  # the others are by themselves, however they ended


def in_words(action: Action, language: Language) -> str:
    """Return what a suspicious action is, in the words of whoever reads of it."""
    english, french = _WORDS[action]
    return french if language is Language.FR else english
