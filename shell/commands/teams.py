"""``team``: who works and who is looked after together."""

import argparse

from helpdesk.actions.teams import add_team, join_team, leave_team, listed_teams, remove_team, rename_team
from helpdesk.core.permissions import Right
from shell.commands.people import complete_team, person_argument
from shell.keyboard import Keyboard
from shell.verbs import Arguments, Noun, Verb


def _team_argument(arguments: Arguments) -> None:
    arguments.add("team", metavar="TEAM", complete=complete_team, help=("its name", "son nom"))


def _list(keyboard: Keyboard, given: argparse.Namespace) -> int:
    found = listed_teams(keyboard.database, keyboard.actor)
    if given.json:
        for team in found:
            keyboard.screen.json({"team": team.name, "staff": team.staff, "users": team.users})
        return 0
    words = keyboard.words
    if not found:
        keyboard.screen.say(words("No team yet.", "Aucune équipe."))
        return 0
    heads = (words("team", "équipe"), words("staff", "équipiers"), words("users", "usagers"))
    keyboard.screen.table(heads, [(team.name, str(team.staff), str(team.users)) for team in found], grow=0)
    return 0


def _name_argument(arguments: Arguments) -> None:
    arguments.add("team", metavar="TEAM", help=("its name", "son nom"))


def _add(keyboard: Keyboard, given: argparse.Namespace) -> int:
    name = add_team(keyboard.database, keyboard.actor, given.team)
    keyboard.screen.say(keyboard.words("There is a team {name} now.", "L'équipe {name} existe.", name=name))
    return 0


def _rename_arguments(arguments: Arguments) -> None:
    _team_argument(arguments)
    arguments.add("new", metavar="NEW", help=("its new name", "son nouveau nom"))


def _rename(keyboard: Keyboard, given: argparse.Namespace) -> int:
    name = rename_team(keyboard.database, keyboard.actor, given.team, given.new)
    keyboard.screen.say(keyboard.words("The team is {name} now.", "L'équipe s'appelle {name}.", name=name))
    return 0


def _remove_arguments(arguments: Arguments) -> None:
    _team_argument(arguments)
    arguments.add(
        "--tickets-to",
        default="",
        metavar="TEAM",
        complete=complete_team,
        help=("which team takes its tickets", "l'équipe qui reprend ses tickets"),
    )


def _remove(keyboard: Keyboard, given: argparse.Namespace) -> int:
    count = remove_team(keyboard.database, keyboard.actor, given.team, given.tickets_to)
    keyboard.screen.say(
        keyboard.words(
            "The team {name} is removed; {count} tickets were given to another.",
            "L'équipe {name} est supprimée ; {count} tickets sont passés à une autre.",
            name=given.team,
            count=count,
        )
    )
    return 0


def _member_arguments(arguments: Arguments) -> None:
    person_argument(arguments)
    _team_argument(arguments)


def _join(keyboard: Keyboard, given: argparse.Namespace) -> int:
    person = join_team(keyboard.database, keyboard.actor, given.address, given.team)
    said = ("{name} is in {team} now.", "{name} est maintenant dans {team}.")
    keyboard.screen.say(keyboard.words(*said, name=person.name, team=given.team))
    return 0


def _leave(keyboard: Keyboard, given: argparse.Namespace) -> int:
    person = leave_team(keyboard.database, keyboard.actor, given.address, given.team)
    said = ("{name} is not in {team} any more.", "{name} n'est plus dans {team}.")
    keyboard.screen.say(keyboard.words(*said, name=person.name, team=given.team))
    return 0


TEAMS = Noun(
    "team",
    ("teams (departments)", "équipes (services)"),
    (
        Verb("team", "list", ("list them", "les lister"), "team list", _list, Right.LIST_PEOPLE, reads=True),
        Verb("team", "add", ("add one", "en ajouter une"), "team add 'Réseau et wifi'", _add, Right.CHANGE_TEAMS,
             _name_argument),
        Verb("team", "rename", ("another name", "un autre nom"), "team rename Réseau 'Réseau et wifi'", _rename,
             Right.CHANGE_TEAMS, _rename_arguments),
        Verb("team", "remove", ("remove one", "en supprimer une"), "team remove Réseau --tickets-to Informatique",
             _remove, Right.CHANGE_TEAMS, _remove_arguments),
        Verb("team", "join", ("put somebody into a team", "mettre quelqu'un dans une équipe"),
             "team join jeanne@ecole.example Réseau", _join, Right.CHANGE_TEAMS, _member_arguments),
        Verb("team", "leave", ("take somebody out of a team", "retirer quelqu'un d'une équipe"),
             "team leave jeanne@ecole.example Réseau", _leave, Right.CHANGE_TEAMS, _member_arguments),
    ),
    ("People", "Personnes"),
)  # fmt: skip
