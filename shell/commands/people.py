"""``person``: who is registered."""

import argparse
import os
from typing import TYPE_CHECKING

from helpdesk.actions.people import add_person
from helpdesk.config import load
from helpdesk.core.address import normal_address
from helpdesk.core.people import AddressState, Language, Role
from helpdesk.core.terminal import term_safe
from shell.database import opened

if TYPE_CHECKING:
    Nouns = argparse._SubParsersAction[argparse.ArgumentParser]


def add_to(nouns: "Nouns") -> None:
    """Add the noun and its verbs to the command line."""
    person = nouns.add_parser("person", help="who is registered", description="Who is registered.")
    verbs = person.add_subparsers(dest="verb", required=True, metavar="VERB")
    add = verbs.add_parser(
        "add",
        help="register a person and their address",
        description="Register a person. Mail from the address opens tickets as soon as its sender is proven.",
    )
    add.add_argument("address", type=_address, metavar="EMAIL", help="their mail address")
    add.add_argument("--name", required=True, help="as it stands in letters, e.g. 'Jeanne Dupont'")
    add.add_argument("--role", choices=[role.value for role in Role], default=Role.USER.value)
    add.add_argument("--language", choices=[language.value for language in Language], help="of their letters")
    add.add_argument("--pending", action="store_true", help="the address may not open tickets yet")
    add.set_defaults(run=_add)


def _address(text: str) -> str:
    try:
        return normal_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(term_safe(str(error))) from error


def _add(given: argparse.Namespace) -> int:
    settings = load(given.config, os.environ)
    with opened(settings) as database:
        known = add_person(
            database,
            given.address,
            given.name,
            Role(given.role),
            Language(given.language) if given.language else settings.desk.language,
            AddressState.PENDING if given.pending else AddressState.VERIFIED,
        )
    person = known.person
    print(f"{term_safe(person.name)} is registered with {known.address} as {person.role.value}.")
    return 0
