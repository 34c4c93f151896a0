"""What ``help`` shows: what the person may do, every noun with its verbs, under the headings of a day's work."""

from collections.abc import Sequence

from helpdesk.core.people import Person, Role
from helpdesk.core.permissions import MAY, Reach, reach
from shell.screen import Screen
from shell.verbs import Noun, Said, Verb
from shell.words import Words


def may_run(person: Person, verb: Verb) -> bool:
    """Say whether a verb may do anything at all for a person."""
    return verb.right is None or reach(person, verb.right) is not Reach.NONE


def show_overview(screen: Screen, words: Words, nouns: Sequence[Noun], person: Person) -> None:
    """Show by their groups the nouns that *person* may do something with, in the order of the list of nouns."""
    groups: dict[Said, list[Noun]] = {}
    for noun in nouns:
        if not any(may_run(person, verb) for verb in noun.verbs):
            continue
        groups.setdefault(noun.group, []).append(noun)
    for group, members in groups.items():
        screen.say(words(*group), "bold")
        for noun in members:
            screen.say(f"  {noun.name}{words(': ', ' : ')}{words(*noun.help)}")
            verbs = [verb.name for verb in noun.verbs if verb.name and may_run(person, verb)]
            for line in _wrapped(verbs, screen.width - 6):
                screen.say(f"      {line}", "dim")
        screen.say()
    screen.say(
        words(
            "help NOUN VERB shows how one is used, with an example; the first letters are enough. quit leaves.",
            "help NOM VERBE montre comment s'en servir, avec un exemple ; le début des mots suffit."
            " quit pour partir.",
        )
    )


def show_noun(screen: Screen, words: Words, noun: Noun, person: Person) -> None:
    """Show the verbs of a noun that *person* may run, each with what it does."""
    screen.say(f"{noun.name}{words(': ', ' : ')}{words(*noun.help)}", "bold")
    shown = [verb for verb in noun.verbs if may_run(person, verb)]
    width = max((len(verb.name) for verb in shown), default=0)
    for verb in shown:
        screen.say(f"  {verb.name:{width}}  {words(*verb.help)}")
    if not shown:
        show_refusal(screen, words, noun.verbs, person)
        return
    screen.say(words("help {noun} VERB shows how one is used.", "help {noun} VERBE montre comment s'en servir.",
                     noun=noun.name))  # fmt: skip


def show_refusal(screen: Screen, words: Words, verbs: Sequence[Verb], person: Person) -> None:
    """Tell that *person* may not run these verbs, and which roles may run one of them."""
    rights = [verb.right for verb in verbs if verb.right is not None]
    roles = [
        role.in_words(words.language)
        for role in Role
        if any(MAY[right][role] is not Reach.NONE for right in rights)
    ]
    screen.say(
        words(
            "Your role, {role}, may not do this. Who may: {roles}.",
            "Votre rôle, {role}, ne le permet pas. Rôles qui le permettent : {roles}.",
            role=person.role.in_words(words.language),
            roles=", ".join(roles),
        ),
        "yellow",
    )


def _wrapped(names: Sequence[str], width: int) -> list[str]:
    """Return names in lines of at most *width* columns, where one name is not wider by itself."""
    lines: list[str] = []
    for name in names:
        if lines and len(lines[-1]) + 2 + len(name) <= width:
            lines[-1] += f"  {name}"
        else:
            lines.append(name)
    return lines
