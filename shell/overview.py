"""What ``help`` shows: every noun with its verbs, under the headings of a day's work."""

from collections.abc import Sequence

from shell.screen import Screen
from shell.verbs import Noun, Said
from shell.words import Words


def show_overview(screen: Screen, words: Words, nouns: Sequence[Noun]) -> None:
    """Show all nouns by their groups, in the order in which they stand in the list of nouns."""
    groups: dict[Said, list[Noun]] = {}
    for noun in nouns:
        groups.setdefault(noun.group, []).append(noun)
    for group, members in groups.items():
        screen.say(words(*group), "bold")
        for noun in members:
            screen.say(f"  {noun.name}{words(': ', ' : ')}{words(*noun.help)}")
            verbs = [verb.name for verb in noun.verbs if verb.name]
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


def _wrapped(names: Sequence[str], width: int) -> list[str]:
    """Return names in lines of at most *width* columns, where one name is not wider by itself."""
    lines: list[str] = []
    for name in names:
        if lines and len(lines[-1]) + 2 + len(name) <= width:
            lines[-1] += f"  {name}"
        else:
            lines.append(name)
    return lines
