"""``person``: who is registered."""

import argparse

from helpdesk.actions.people import add_person
from helpdesk.core.address import normal_address
from helpdesk.core.people import AddressState, Language, Role
from helpdesk.core.permissions import Right
from helpdesk.core.terminal import term_safe
from shell.keyboard import Keyboard
from shell.verbs import Arguments, Verb


def address(text: str) -> str:
    """Return a typed address in the form in which it is compared; wrong usage where it cannot be one."""
    try:
        return normal_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(term_safe(str(error))) from error


def _add_arguments(arguments: Arguments) -> None:
    arguments.add("address", type=address, metavar="EMAIL", help=("their mail address", "leur adresse mail"))
    arguments.add(
        "--name",
        required=True,
        help=(
            "as it stands in letters, e.g. 'Jeanne Dupont'",
            "comme dans les lettres, p. ex. 'Jeanne Dupont'",
        ),
    )
    arguments.add(
        "--role",
        choices=[role.value for role in Role],
        default=Role.USER.value,
        help=("what they may do (default: user)", "ce qu'ils peuvent faire (défaut : user)"),
    )
    arguments.add(
        "--language",
        choices=[language.value for language in Language],
        help=("of their letters", "de leurs lettres"),
    )
    arguments.add(
        "--pending",
        action="store_true",
        help=("the address may not open tickets yet", "l'adresse ne peut pas encore ouvrir de tickets"),
    )


def _add(keyboard: Keyboard, given: argparse.Namespace) -> int:
    known = add_person(
        keyboard.database,
        given.address,
        given.name,
        Role(given.role),
        Language(given.language) if given.language else keyboard.settings.desk.language,
        AddressState.PENDING if given.pending else AddressState.VERIFIED,
        keyboard.actor,
    )
    person = known.person
    keyboard.screen.say(
        keyboard.words(
            "{name} is registered with {address} as {role}.",
            "{name} est inscrit avec {address} comme {role}.",
            name=person.name,
            address=known.address,
            role=person.role.value,
        )
    )
    return 0


VERBS = (
    Verb(
        "person",
        "add",
        ("register a person and their address", "inscrire une personne et son adresse"),
        "person add jeanne@ecole.example --name 'Jeanne Dupont' --language fr",
        _add,
        Right.CHANGE_PEOPLE,
        _add_arguments,
    ),
)
