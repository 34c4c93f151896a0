"""``person list`` and ``person show``: who is registered."""

import argparse
from datetime import UTC, datetime

from helpdesk.actions.people import exported_people, listed_people, shown_person
from helpdesk.actions.permits import require_right
from helpdesk.core.people import STORED, AddressState, Role, main_address
from helpdesk.core.permissions import Right
from helpdesk.core.standing import best_standing, first_day, last_day, standing
from helpdesk.core.terminal import term_safe
from helpdesk.store.directory import ListedPerson, PersonFilter
from shell.commands.people import address, complete_team, person_argument
from shell.keyboard import Keyboard
from shell.numbers import limit_argument
from shell.screen import Cell
from shell.verbs import Arguments, Verb

CLOSED = "closed"
STYLES = {
    AddressState.PENDING: "yellow",
    AddressState.VERIFIED: "green",
    AddressState.SUSPENDED: "cyan",
    AddressState.BLOCKED: "red",
    AddressState.NOT_YET: "yellow",
    AddressState.EXPIRED: "dim",
}
CSV_HEADS = ("email", "name", "language", "role", "state", "team", "valid_from", "valid_until")


def state_cell(keyboard: Keyboard, state: str) -> Cell:
    """Return a state in the person's language, with its style."""
    if state == CLOSED:
        return Cell(keyboard.words("closed", "fermé"), "dim")
    known = AddressState(state)
    return Cell(known.in_words(keyboard.words.language), STYLES[known])


def _list_arguments(arguments: Arguments) -> None:
    arguments.add("text", nargs="*", help=("words in the name or address", "mots du nom ou de l'adresse"))
    arguments.add("--role", choices=[one.value for one in Role], help=("only these", "seulement ceux-ci"))
    arguments.add(
        "--team", default="", complete=complete_team, help=("only its people", "seulement ses gens")
    )
    states = (*STORED, AddressState.NOT_YET, AddressState.EXPIRED)
    arguments.add(
        "--state", choices=[*(one.value for one in states), CLOSED], help=("only these", "seulement ceux-ci")
    )
    arguments.add(
        "--after",
        type=address,
        metavar="EMAIL",
        help=("the page after this person", "la page après cette personne"),
    )
    limit_argument(arguments)
    arguments.add(
        "--csv", action="store_true", help=("as CSV, for who may export", "en CSV, pour qui peut exporter")
    )


def _list(keyboard: Keyboard, given: argparse.Namespace) -> int:
    closed = True if given.state == CLOSED else None
    wanted = PersonFilter(
        role=Role(given.role) if given.role else None,
        state=AddressState(given.state) if given.state and not closed else None,
        closed=closed,
        text=" ".join(given.text),
        limit=given.limit,
    )
    after = given.after or ""
    if given.csv:  # as grave as the other exports
        require_right(keyboard.database, keyboard.actor, Right.EXPORT)
        keyboard.make_sure()
        _csv(keyboard, exported_people(keyboard.database, keyboard.actor, wanted, given.team, after))
        return 0
    found = listed_people(keyboard.database, keyboard.actor, wanted, given.team, after)
    if given.json:
        for one in found:
            keyboard.screen.json(_json(one))
        return 0
    words, now = keyboard.words, datetime.now(UTC)
    if not found:
        keyboard.screen.say(words("No such person.", "Aucune personne."))
        return 0
    heads = (words("name", "nom"), words("address", "adresse"), words("role", "rôle"),
             words("state", "état"), words("teams", "équipes"))  # fmt: skip
    rows = [
        (one.person.name, main_address(one.addresses).address, one.person.role.in_words(words.language),
         state_cell(keyboard, state_of(one, now)), ", ".join(one.teams))
        for one in found
    ]  # fmt: skip
    keyboard.screen.table(heads, rows, grow=0)
    if len(found) == given.limit:
        last = main_address(found[-1].addresses).address
        more = words("More: --after {address}", "La suite : --after {address}", address=last)
        keyboard.screen.say(more, "dim")
    return 0


def state_of(one: ListedPerson, now: datetime) -> str:
    """Return what a person may do now."""
    return best_standing(one.addresses, now).value if one.person.active else CLOSED


def _json(one: ListedPerson) -> dict[str, object]:
    now = datetime.now(UTC)
    return {
        "name": one.person.name,
        "role": one.person.role.value,
        "language": one.person.language.value,
        "state": state_of(one, now),
        "teams": list(one.teams),
        "addresses": [
            {
                "address": known.address,
                "state": standing(known, now).value,
                "valid_from": known.valid_from,
                "valid_until": known.valid_until,
            }
            for known in one.addresses
        ],
    }


def _csv(keyboard: Keyboard, found: list[ListedPerson]) -> None:
    zone, now = keyboard.settings.desk.timezone, datetime.now(UTC)
    keyboard.screen.csv(CSV_HEADS)
    for one in found:
        person, known = one.person, main_address(one.addresses)
        days = (first_day(known.valid_from, zone), last_day(known.valid_until, zone))
        keyboard.screen.csv(
            [known.address, person.name, person.language.value, person.role.value, state_of(one, now),
             ", ".join(one.teams), *(str(moment or "") for moment in days)]
        )  # fmt: skip


def _show(keyboard: Keyboard, given: argparse.Namespace) -> int:
    one = shown_person(keyboard.database, keyboard.actor, given.address)
    if given.json:
        keyboard.screen.json(_json(one))
        return 0
    screen, words = keyboard.screen, keyboard.words
    state = state_cell(keyboard, state_of(one, datetime.now(UTC)))
    screen.say(term_safe(one.person.name), "bold")  # one line, whatever is in it
    screen.say(f"{one.person.role.in_words(words.language)}, {one.person.language.value}, {state.text}")
    if one.teams:
        screen.say(words("teams: {names}", "équipes : {names}", names=", ".join(one.teams)))
    show_addresses(keyboard, one)
    return 0


def show_addresses(keyboard: Keyboard, one: ListedPerson) -> None:
    """Print a person's addresses with their states and dates."""
    words, now, zone = keyboard.words, datetime.now(UTC), keyboard.settings.desk.timezone
    heads = (words("address", "adresse"), words("state", "état"), words("first day", "premier jour"),
             words("last day", "dernier jour"), words("bounces", "retours"))  # fmt: skip
    rows = [
        (known.address, state_cell(keyboard, standing(known, now)), str(first_day(known.valid_from, zone) or ""),
         str(last_day(known.valid_until, zone) or ""), str(known.bounces or ""))
        for known in one.addresses
    ]  # fmt: skip
    keyboard.screen.table(heads, rows, grow=0)


VERBS = (
    Verb("person", "list", ("who is registered, by name", "qui est inscrit, par nom"),
         "person list dupont --role user --team Réseau", _list, Right.LIST_PEOPLE, _list_arguments, reads=True),
    Verb("person", "show", ("one person", "une personne"), "person show jeanne@ecole.example", _show,
         Right.LIST_PEOPLE, person_argument, reads=True),
)  # fmt: skip
