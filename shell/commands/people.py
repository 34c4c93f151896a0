"""``person add``, and the arguments that name people."""

import argparse
from collections.abc import Iterator
from datetime import date, datetime

from helpdesk.actions.people import add_person, addresses_beginning
from helpdesk.actions.teams import listed_teams
from helpdesk.core.address import normal_address
from helpdesk.core.people import AddressState, Language, Role
from helpdesk.core.permissions import Right
from helpdesk.core.roster import read_day
from helpdesk.core.standing import day_begins, day_ends
from helpdesk.core.terminal import term_safe
from helpdesk.errors import Refused
from shell.keyboard import Keyboard
from shell.verbs import Arguments, Verb

COMPLETED = 30


def address(text: str) -> str:
    """Return a typed address in the form in which it is compared; wrong usage where it cannot be one."""
    try:
        return normal_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(term_safe(str(error))) from error


def day(text: str) -> date:
    """Return a typed day; wrong usage where it is none."""
    try:
        return read_day(text)
    except Refused as refusal:
        raise argparse.ArgumentTypeError(str(refusal)) from refusal


def complete_person(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Return the addresses of people whose address or name begins as *typed*."""
    yield from addresses_beginning(keyboard.database, keyboard.actor, typed, COMPLETED)


def complete_team(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Return the teams that begin as *typed*."""
    for team in listed_teams(keyboard.database, keyboard.actor):
        if team.name.lower().startswith(typed.lower()):
            yield team.name, f"{team.staff} + {team.users}"


def person_argument(arguments: Arguments) -> None:
    """Add the person that a verb is about."""
    arguments.add(
        "address",
        type=address,
        metavar="EMAIL",
        complete=complete_person,
        help=("one of their addresses", "une de ses adresses"),
    )


def language_argument(arguments: Arguments) -> None:
    """Add the language of a person."""
    arguments.add(
        "--language",
        choices=[language.value for language in Language],
        help=("of their shell and letters", "de son shell et de ses lettres"),
    )


def date_arguments(arguments: Arguments) -> None:
    """Add the days within which a person's mail is taken."""
    form = "YYYY-MM-DD"
    arguments.add(
        "--from", dest="first_day", type=day, metavar=form, help=("first valid day", "premier jour valide")
    )
    arguments.add(
        "--until", dest="last_day", type=day, metavar=form, help=("last valid day", "dernier jour valide")
    )


def team_argument(arguments: Arguments) -> None:
    """Add the team that somebody joins."""
    arguments.add(
        "--team", default="", complete=complete_team, help=("their team (department)", "son équipe (service)")
    )


def pending_argument(arguments: Arguments) -> None:
    """Add the wish that an address be not verified yet."""
    arguments.add(
        "--pending",
        action="store_true",
        help=("the address may not open tickets yet", "l'adresse ne peut pas encore ouvrir de tickets"),
    )


def dates_of(keyboard: Keyboard, given: argparse.Namespace) -> dict[str, datetime | None]:
    """Return the moments at which the given days begin and end by the desk's clock."""
    zone = keyboard.settings.desk.timezone
    return {
        "valid_from": day_begins(given.first_day, zone) if given.first_day else None,
        "valid_until": day_ends(given.last_day, zone) if given.last_day else None,
    }


def _add_arguments(arguments: Arguments) -> None:
    arguments.add("address", type=address, metavar="EMAIL", help=("their mail address", "son adresse mail"))
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
    language_argument(arguments)
    team_argument(arguments)
    date_arguments(arguments)
    pending_argument(arguments)


def _add(keyboard: Keyboard, given: argparse.Namespace) -> int:
    if Role(given.role) is not Role.USER:  # as grave as a change of roles
        keyboard.make_sure()
    known = add_person(
        keyboard.database,
        given.address,
        given.name,
        Role(given.role),
        Language(given.language) if given.language else keyboard.settings.desk.language,
        AddressState.PENDING if given.pending else AddressState.VERIFIED,
        keyboard.actor,
        team=given.team,
        **dates_of(keyboard, given),
    )
    person = known.person
    keyboard.screen.say(
        keyboard.words(
            "{name} is registered with {address} as {role}.",
            "{name} est inscrit avec {address} comme {role}.",
            name=person.name,
            address=known.address,
            role=person.role.in_words(keyboard.words.language),
        )
    )
    return 0


VERBS = (
    Verb("person", "add", ("register a person and their address", "inscrire une personne et son adresse"),
         "person add jeanne@ecole.example --name 'Jeanne Dupont' --language fr --until 2027-06-30", _add,
         Right.CHANGE_PEOPLE, _add_arguments),
)  # fmt: skip
