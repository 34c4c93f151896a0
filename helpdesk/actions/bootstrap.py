"""The first admin, made at the console of the machine: a person, their role and their password, or none of it."""

from dataclasses import dataclass

from helpdesk.actions import passwords
from helpdesk.actions.door import Door, Place
from helpdesk.actions.permits import event_by
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.names import name_problem, tidy
from helpdesk.core.passwords import Flaw, password_flaw
from helpdesk.core.people import AddressState, KnownAddress, Language, Person, Role
from helpdesk.core.permissions import Actor
from helpdesk.errors import Refused
from helpdesk.store.people import NewPerson
from helpdesk.store.work import Refusal, Work, in_work


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """Whom to make the first admin: ``address`` in its normal form; name and language where nobody has it yet."""

    address: str
    name: str = ""
    language: Language = Language.EN

    @property
    def shown_name(self) -> str:
        """The name, or what stands before the @."""
        return self.name or self.address.partition("@")[0]


def look_at_bootstrap(door: Door, actor: Actor, address: str, *, is_root: bool = False) -> None:
    """Raise Refused, on record, where ``bootstrap`` would be refused whatever the password."""

    def job(work: Work) -> Flaw | None:
        known = work.people.known_addresses([address]).get(address)
        flaw = _flaw(work, known, is_root)
        if flaw:
            _note_refusal(work, actor, known, flaw)
        return flaw

    if flaw := in_work(door.desk.database, job):
        raise Refused(flaw.english, flaw.french)


def bootstrap(
    door: Door, actor: Actor, first: FirstAdmin, password: str, place: Place, *, is_root: bool = False
) -> Person:
    """Make the first admin, with this password; logins from *place* are no new place then.

    Nothing is written where it is refused, but that it was. Raises Refused once anybody who is an admin has a
    password: from then on an admin resets passwords.
    """
    with Work(door.desk.database, read_only=True) as work:
        known = work.people.known_addresses([first.address]).get(first.address)
    name = known.person.name if known else tidy(first.shown_name)
    words = (name, first.address, door.desk.stationery.desk_name)
    bad = _bad_name(name) or password_flaw(password, words, passwords.known_passwords(), False)
    hashed = "" if bad else passwords.hash_password(password)

    def job(work: Work) -> Person | Flaw:
        now = work.database_now()
        work.logins.hold("bootstrap", now)  # of two at once the second waits, and then sees the first admin
        known = work.people.known_addresses([first.address]).get(first.address)
        if flaw := _flaw(work, known, is_root) or bad:
            _note_refusal(work, actor, known, flaw)
            return flaw
        person = known.person if known else _registered(work, actor, first)
        work.people.set_role(person.id, Role.ADMIN)
        work.logins.set_password(person.id, hashed, False, now)
        work.logins.remember_place(person.id, place.key, place.shown, now)
        row = event_by(actor, Action.ADMIN_BOOTSTRAPPED, Outcome.SUCCESS, now, person=person.id)
        work.audit.add([row])
        return person

    try:
        made = in_work(door.desk.database, job)
    except Refusal as refusal:
        told = f"{first.address} cannot be registered: {refusal}"
        raise Refused(told, f"{first.address} ne peut pas être inscrit : {refusal.in_french}") from refusal
    if isinstance(made, Flaw):
        raise Refused(made.english, made.french)
    return made


def _flaw(work: Work, known: KnownAddress | None, is_root: bool) -> Flaw | None:
    """Return why nobody can be made the first admin with an address, the password apart."""
    if work.people.has_admin_with_password():
        return Flaw(
            "there is an admin",
            "there is an admin with a password already: log in as one, and reset passwords from there",
            "il existe déjà un admin avec un mot de passe : connectez-vous avec, et réinitialisez de là",
        )
    if work.logins.anybody() and not is_root:
        return Flaw(
            "not root",
            "people have passwords already, though no admin has: only root makes one now",
            "des personnes ont déjà un mot de passe, mais aucun admin : seul root peut encore en créer un",
        )
    return _stranger(known) if known else None


def _stranger(known: KnownAddress) -> Flaw | None:
    """Return why somebody could not log in, however good the password."""
    if not known.person.active:
        return Flaw(
            "account closed",
            f"the account of {known.address} is closed",
            f"le compte de {known.address} est fermé",
        )
    if known.state is not AddressState.VERIFIED:
        return Flaw(
            f"address {known.state.value}",
            f"this address is {known.state.value}: nobody logs in with it",
            f"cette adresse n'est pas vérifiée ({known.state.value}) : personne ne s'en sert pour se connecter",
        )
    return None


def _bad_name(name: str) -> Flaw | None:
    problem = name_problem(name)
    return Flaw("name", *problem) if problem else None


def _registered(work: Work, actor: Actor, first: FirstAdmin) -> Person:
    now = work.database_now()
    new = NewPerson(
        tidy(first.shown_name), first.language, first.address, AddressState.VERIFIED, role=Role.ADMIN
    )
    (known,) = work.people.register([new], now)
    detail = {"person": known.person.id, "role": new.role.value, "state": new.state.value}
    work.audit.add([event_by(actor, Action.PERSON_ADDED, Outcome.SUCCESS, now, **detail)])
    return known.person


def _note_refusal(work: Work, actor: Actor, known: KnownAddress | None, flaw: Flaw) -> None:
    detail: dict[str, object] = {"why": flaw.kind}
    if known:
        detail["person"] = known.person.id
    row = event_by(actor, Action.ADMIN_BOOTSTRAPPED, Outcome.DENIED, work.database_now(), **detail)
    work.audit.add([row])
