"""``person edit``, ``verify``, ``block``, ``freeze``, ``close``, ``role``, ``password`` and more; ``address``."""

import argparse
from collections.abc import Callable

from helpdesk.actions.accounts import remove_totp, reset_password
from helpdesk.actions.people import find_person, shown_person
from helpdesk.actions.personwork import (
    add_address,
    change_role,
    close_person,
    edit_person,
    remove_address,
    reopen_person,
    set_own_language,
    take_measure,
)
from helpdesk.core.people import AddressState, Language, Role
from helpdesk.core.permissions import Right
from helpdesk.core.standing import Measure
from helpdesk.errors import Refused
from shell.commands.directory import show_addresses
from shell.commands.people import (
    address,
    complete_person,
    date_arguments,
    dates_of,
    language_argument,
    pending_argument,
    person_argument,
)
from shell.keyboard import Keyboard
from shell.verbs import Arguments, Noun, Said, Verb

_DONE: dict[Measure, Said] = {
    Measure.VERIFY: ("Verified: {addresses}", "Vérifié : {addresses}"),
    Measure.FREEZE: ("Frozen: {addresses}", "Gelé : {addresses}"),
    Measure.UNFREEZE: ("No longer frozen: {addresses}", "Dégelé : {addresses}"),
    Measure.BLOCK: ("Blocked: {addresses}", "Bloqué : {addresses}"),
}


def _edit_arguments(arguments: Arguments) -> None:
    person_argument(arguments)
    arguments.add("--name", help=("as it stands in letters", "comme dans les lettres"))
    language_argument(arguments)
    date_arguments(arguments)
    arguments.add(
        "--no-dates", action="store_true", help=("valid without end", "valide sans limite de dates")
    )


def _edit(keyboard: Keyboard, given: argparse.Namespace) -> int:
    dates = {name: moment for name, moment in dates_of(keyboard, given).items() if moment or given.no_dates}
    if given.name is None and given.language is None and not dates:
        raise Refused("say what to change; --help shows it", "dites quoi changer ; --help le montre")
    language = Language(given.language) if given.language else None
    edit_person(keyboard.database, keyboard.actor, given.address, given.name, language, dates)
    show_addresses(keyboard, shown_person(keyboard.database, keyboard.actor, given.address))
    return 0


def _language_arguments(arguments: Arguments) -> None:
    arguments.add(
        "language",
        choices=[language.value for language in Language],
        help=("of shell and letters", "du shell et des lettres"),
    )
    arguments.add(
        "address",
        type=address,
        nargs="?",
        metavar="EMAIL",
        complete=complete_person,
        help=("whose; without it your own", "de qui ; sinon la vôtre"),
    )


def _language(keyboard: Keyboard, given: argparse.Namespace) -> int:
    language = Language(given.language)
    if given.address:
        edit_person(keyboard.database, keyboard.actor, given.address, language=language)
    else:
        set_own_language(keyboard.database, keyboard.actor, language)
        keyboard.speak(language)
    keyboard.screen.say(keyboard.words("Language: {name}", "Langue : {name}", name=language.value))
    return 0


def _measure_arguments(arguments: Arguments) -> None:
    person_argument(arguments)
    arguments.add(
        "--only",
        action="store_true",
        help=("this address, not their others", "cette adresse, pas les autres"),
    )


def _takes(measure: Measure) -> Callable[[Keyboard, argparse.Namespace], int]:
    def run(keyboard: Keyboard, given: argparse.Namespace) -> int:
        only = measure is Measure.VERIFY or given.only
        changed = take_measure(keyboard.database, keyboard.actor, given.address, measure, only)
        keyboard.screen.say(keyboard.words(*_DONE[measure], addresses=", ".join(changed)))
        return 0

    return run


def _close(keyboard: Keyboard, given: argparse.Namespace) -> int:
    person = close_person(keyboard.database, keyboard.actor, given.address)
    keyboard.screen.say(
        keyboard.words(
            "The account of {name} is closed: mail from there is held.",
            "Le compte de {name} est fermé : ses mails sont retenus.",
            name=person.name,
        )
    )
    return 0


def _reopen(keyboard: Keyboard, given: argparse.Namespace) -> int:
    person = reopen_person(keyboard.database, keyboard.actor, given.address)
    keyboard.screen.say(
        keyboard.words("The account of {name} is open.", "Le compte de {name} est ouvert.", name=person.name)
    )
    return 0


def _role_arguments(arguments: Arguments) -> None:
    person_argument(arguments)
    arguments.add(
        "role", choices=[role.value for role in Role], help=("what they may do", "ce qu'ils peuvent faire")
    )


def _role(keyboard: Keyboard, given: argparse.Namespace) -> int:
    role = Role(given.role)
    found = change_role(keyboard.database, keyboard.actor, given.address, role)
    keyboard.screen.say(
        keyboard.words(
            "{name} was {before} and is {after} now.",
            "{name} était {before} et est maintenant {after}.",
            name=found.known.person.name,
            before=found.known.person.role.in_words(keyboard.words.language),
            after=role.in_words(keyboard.words.language),
        )
    )
    if role in (Role.AGENT, Role.MANAGER) and not found.team_ids:
        keyboard.screen.say(
            keyboard.words(
                "They are in no team and see little: team join {address} TEAM",
                "Sans équipe, on voit peu de choses : team join {address} ÉQUIPE",
                address=given.address,
            )
        )
    return 0


def _password(keyboard: Keyboard, given: argparse.Namespace) -> int:
    person = find_person(keyboard.database, keyboard.actor, Right.SESSIONS, given.address).known.person
    password = reset_password(keyboard.door, keyboard.actor, person)
    keyboard.screen.say(
        keyboard.words(
            "First password of {name}, shown this once, to be changed at the next login: {password}",
            "Premier mot de passe de {name}, montré cette seule fois, à changer à la connexion : {password}",
            name=person.name,
            password=password,
        )
    )
    return 0


def _totp_reset(keyboard: Keyboard, given: argparse.Namespace) -> int:
    person = find_person(keyboard.database, keyboard.actor, Right.SESSIONS, given.address).known.person
    remove_totp(keyboard.door, keyboard.actor, person)
    keyboard.screen.say(
        keyboard.words(
            "{name} logs in without a second factor now; their sessions have ended.",
            "{name} se connecte sans second facteur ; ses sessions sont terminées.",
            name=person.name,
        )
    )
    return 0


def _address_list(keyboard: Keyboard, given: argparse.Namespace) -> int:
    one = shown_person(keyboard.database, keyboard.actor, given.address)
    if given.json:
        for known in one.addresses:
            keyboard.screen.json({"address": known.address, "state": known.state.value,
                                  "valid_from": known.valid_from, "valid_until": known.valid_until})  # fmt: skip
        return 0
    show_addresses(keyboard, one)
    return 0


def _address_add_arguments(arguments: Arguments) -> None:
    person_argument(arguments)
    arguments.add("new", type=address, metavar="NEW", help=("the new address", "la nouvelle adresse"))
    pending_argument(arguments)


def _address_add(keyboard: Keyboard, given: argparse.Namespace) -> int:
    state = AddressState.PENDING if given.pending else AddressState.VERIFIED
    known = add_address(keyboard.database, keyboard.actor, given.address, given.new, state)
    keyboard.screen.say(
        keyboard.words(
            "{address} is an address of {name} now.",
            "{address} est maintenant une adresse de {name}.",
            address=known.address,
            name=known.person.name,
        )
    )
    return 0


def _address_remove(keyboard: Keyboard, given: argparse.Namespace) -> int:
    person = remove_address(keyboard.database, keyboard.actor, given.address)
    keyboard.screen.say(
        keyboard.words(
            "{address} is no address of {name} any more.",
            "{address} n'est plus une adresse de {name}.",
            address=given.address,
            name=person.name,
        )
    )
    return 0


_WHO = "jeanne@ecole.example"
_PEOPLE, _ROLES, _SESSIONS = Right.CHANGE_PEOPLE, Right.CHANGE_ROLES, Right.SESSIONS
VERBS = (
    Verb("person", "edit", ("change name, language or dates", "changer nom, langue ou dates"),
         f"person edit {_WHO} --until 2027-06-30", _edit, _PEOPLE, _edit_arguments),
    Verb("person", "language", ("choose the language", "choisir la langue"), "person language fr", _language,
         Right.OWN_ACCOUNT, _language_arguments),
    Verb("person", "verify", ("an address is theirs; also lifts a block", "l'adresse est la sienne ; débloque"),
         f"person verify {_WHO}", _takes(Measure.VERIFY), _PEOPLE, person_argument),
    Verb("person", "block", ("hold all their mail for good", "retenir tous ses mails durablement"),
         f"person block {_WHO}", _takes(Measure.BLOCK), _PEOPLE, _measure_arguments),
    Verb("person", "freeze", ("hold their mail for the time being", "retenir ses mails pour l'instant"),
         f"person freeze {_WHO}", _takes(Measure.FREEZE), _PEOPLE, _measure_arguments),
    Verb("person", "unfreeze", ("take their mail again", "accepter de nouveau ses mails"),
         f"person unfreeze {_WHO}", _takes(Measure.UNFREEZE), _PEOPLE, _measure_arguments),
    Verb("person", "close", ("close an account", "fermer un compte"), f"person close {_WHO}", _close, _PEOPLE,
         person_argument),
    Verb("person", "reopen", ("open a closed account", "rouvrir un compte"), f"person reopen {_WHO}", _reopen,
         _PEOPLE, person_argument),
    Verb("person", "role", ("change what somebody may do", "changer ce que quelqu'un peut faire"),
         f"person role {_WHO} agent", _role, _ROLES, _role_arguments, grave=True),
    Verb("person", "password", ("a first password, to be changed", "un premier mot de passe, à changer"),
         f"person password {_WHO}", _password, _SESSIONS, person_argument, grave=True),
    Verb("person", "totp-reset", ("for who lost the telephone", "pour qui a perdu son téléphone"),
         f"person totp-reset {_WHO}", _totp_reset, _SESSIONS, person_argument, grave=True),
)  # fmt: skip
ADDRESSES = Noun(
    "address",
    ("mail addresses of a person", "adresses mail d'une personne"),
    (
        Verb("address", "list", ("list them", "les lister"), f"address list {_WHO}", _address_list,
             Right.LIST_PEOPLE, person_argument, reads=True),
        Verb("address", "add", ("one more address", "une adresse de plus"),
             f"address add {_WHO} jeanne@maison.example", _address_add, _PEOPLE, _address_add_arguments),
        Verb("address", "remove", ("forget an address", "oublier une adresse"),
             "address remove jeanne@maison.example", _address_remove, _PEOPLE, person_argument),
    ),
    ("People", "Personnes"),
)  # fmt: skip
