"""Parsers that speak the person's language: argparse's own words are replaced where they are said."""

import argparse
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any, cast

from shell.typed import text_of
from shell.verbs import Completer, FreeText, Noun, Verb, WrongUsage, fill
from shell.words import Words, in_french

# What argparse says about a mistake, and how we say it. A text that is not here stays as it is.
_MISTAKES = (
    (r"^the following arguments are required: (.*)$", r"il manque : \1"),
    (r"^unrecognized arguments: (.*)$", r"arguments inconnus : \1"),
    (r"^ambiguous option: (.*) could match (.*)$", r"option ambiguë : \1 ; peut être \2"),
    (r"^one of the arguments (.*) is required$", r"il faut l'un de ces arguments : \1"),
    (r"invalid choice: (.*) \(choose from (.*)\)(?=\n|$)", r"\1 n'est pas possible (au choix : \2)"),
    (r"invalid \w+ value: (.*)$", r"valeur impossible : \1"),
    (r"expected one argument$", "il faut une valeur"),
    (r"expected at most one argument$", "il faut une valeur au plus"),
    (r"expected at least one argument$", "il faut au moins une valeur"),
    (r"expected (\d+) arguments?$", r"il faut \1 valeur(s)"),
    (r"not allowed with argument (.*)$", r"impossible avec l'argument \1"),
    (r"ignored explicit argument (.*)$", r"la valeur \1 n'a pas de sens ici"),
    (r"expected 1 or more, found (.*)$", r"1 ou plus est attendu, et non \1"),
    (r"expected 1 to (\d+), found (.*)$", r"de 1 à \1 est attendu, et non \2"),
    (
        r"expected a number as it is shown, found (.*)$",
        r"un numéro tel qu'il est affiché est attendu, et non \1",
    ),
    (
        r"expected the number of a ticket, 1 to (\d+), as 12 or #12, found (.*)$",
        r"un numéro de ticket, de 1 à \1, est attendu, comme 12 ou #12, et non \2",
    ),
    (
        r"(\S.*) is no moment from (\d+) to (\d+), as (.*), or 7d for seven days ago$",
        r"\1 n'est pas un moment de \2 à \3, comme \4, ou 7d pour il y a sept jours",
    ),
    (
        r"(\S+) is no day from (\d+) to (\d+), as (\S+) or (\S+)$",
        r"\1 n'est pas un jour de \2 à \3, comme \4 ou \5",
    ),
    (
        r"(\S+) is no action, as (\S+) or (\S+)(?=\n|$)",
        r"\1 n'est pas une action, comme \2 ou \3",
    ),
    (r"a mail address has an @, as in (.*)$", r"une adresse mail a un @, comme \1"),
    (
        r"before the @ stand letters without accents, digits and (.*) only$",
        r"avant le @ il faut des lettres sans accent, des chiffres et \1 seulement",
    ),
    (
        r"(\d+) characters stand before the @; the limit is (\d+)$",
        r"il y a \1 caractères avant le @ ; la limite est de \2",
    ),
    (
        r"the address has (\d+) characters; the limit is (\d+)$",
        r"l'adresse a \1 caractères ; la limite est de \2",
    ),
    (
        r"after the @ stands a domain with a dot, like (.*)$",
        r"après le @ il faut un domaine avec un point, comme \1",
    ),
    (
        r"(\S+) is no domain name \(letters, digits, hyphens and dots\)$",
        r"\1 n'est pas un nom de domaine (lettres, chiffres, tirets et points)",
    ),
    (
        r"the domain is written with look-alike or composed characters$",
        "le domaine contient des caractères composés ou trompeurs",
    ),
    (
        r"(\S+) mixes letters of several scripts that look alike$",
        r"\1 mélange des alphabets qui se ressemblent",
    ),
    (r"--config is given already$", "--config est déjà donné"),
    (r"^argument ([^:]+): ", r"argument \1 : "),
    (r"^(argument [^:]+ : [^:]*[^: ]): ", r"\1 : "),  # what was typed
    (r"\nDid you mean (.*)\?$", r"\nVouliez-vous dire \1 ?"),
)


def mistake_in(words: Words, message: str) -> str:
    """Return what argparse says about a mistake in the person's language."""
    return in_french(words, message, _MISTAKES)


class Lead:
    """Mixed into a formatter: ``lead`` stands before the usage."""

    lead: str | None = None

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """Add the usage, our own words before it."""
        super().add_usage(usage, actions, groups, self.lead if prefix is None else prefix)  # type: ignore[misc]


class PlainFormatter(Lead, argparse.HelpFormatter):
    """Help as argparse writes it."""


class Speaking:
    """Mixed into a parser: headings, usage, help option and mistakes are told in the language of *words*."""

    def __init__(self, *arguments: Any, words: Words, add_help: bool = True, **options: Any) -> None:
        super().__init__(*arguments, add_help=False, **options)  # type: ignore[call-arg]
        self.words = words
        self._is_mixing = False
        parser = cast("argparse.ArgumentParser", self)
        parser._positionals.title = words("arguments", "arguments ")  # argparse writes a colon behind it
        parser._optionals.title = words("options", "options ")
        if add_help:
            parser.add_argument(
                "-h", "--help", action="help", help=words("show this help", "montrer cette aide")
            )

    def add_subparsers(self, **options: Any) -> Any:
        """Add parsers below this one that speak the same language."""
        options.setdefault("parser_class", partial(type(self), words=self.words))
        return super().add_subparsers(**options)  # type: ignore[misc]

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Take all from the first word of a free text on as text, options too; a verb tells what it does not know.

        Words of another kind may stand behind an option: argparse of Python 3.11 gives up on ``1 --yes 2``.
        """
        parser = cast("argparse.ArgumentParser", self)
        found, unknown = self._parsed(parser, args, namespace)
        if unknown and not self._is_mixing and parser.get_default("performs") is not None:
            parser.error(
                f"unrecognized arguments: {' '.join(unknown)}"
            )  # else its noun would, with its own usage
        return found, unknown

    def _parsed(self, parser: argparse.ArgumentParser, args: Any, namespace: Any) -> Any:
        places = parser._get_positional_actions()
        if places and isinstance(places[-1], FreeText):
            head, text = _parted(parser, args, len(places) - 1)
            found, unknown = super().parse_known_args(head, namespace)  # type: ignore[misc]
            setattr(found, places[-1].dest, text_of(text))
            return found, unknown
        if self._is_mixing or all(action.nargs != "*" for action in places):
            return super().parse_known_args(args, namespace)  # type: ignore[misc]
        self._is_mixing, usage = True, parser.usage
        parser.usage = usage or _usage_of(
            parser
        )  # argparse would cut it out of what is shown, colours and all
        try:
            return parser.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_mixing, parser.usage = False, usage

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Raise ArgumentError for what is no choice, with the one that may be meant."""
        try:
            super()._check_value(action, value)  # type: ignore[misc]
        except argparse.ArgumentError as wrong:
            close = get_close_matches(str(value), [str(one) for one in action.choices or ()], 1)
            verb = f"{cast('argparse.ArgumentParser', self).prog} " if action.nargs == argparse.PARSER else ""
            wrong.message += "".join(f"\nDid you mean {verb}{one}?" for one in close)
            raise

    def is_in_text(self, words: Sequence[str]) -> bool:
        """Say whether a free text has begun in *words*, the first of a verb's arguments."""
        parser = cast("argparse.ArgumentParser", self)
        places = parser._get_positional_actions()
        has_text = bool(places) and isinstance(places[-1], FreeText)
        return has_text and bool(_parted(parser, words, len(places) - 1)[1])

    def _get_formatter(self, *arguments: Any, **options: Any) -> Any:
        formatter = super()._get_formatter(*arguments, **options)  # type: ignore[misc]
        formatter.lead = self.words("usage: ", "usage : ")
        return formatter


def _parted(
    parser: argparse.ArgumentParser, words: Sequence[str], others: int
) -> tuple[Sequence[str], Sequence[str]]:
    """Return what stands before a free text, which are *others* words and options, and the words of the text."""
    at = 0
    while at < len(words):
        if words[at] == "--":
            named = words[at + 1 : at + 1 + others]
            return [*words[:at], *(["--", *named] if named else [])], words[at + 1 + others :]
        option = parser._parse_optional(words[at])
        if option is not None:
            action, value = option[0], option[-1]
            at += 1 if action is None or action.nargs == 0 or value is not None else 2
        elif others:
            others, at = others - 1, at + 1
        else:
            break
    return words[:at], words[at:]


def _usage_of(parser: argparse.ArgumentParser) -> str:
    formatter = argparse.HelpFormatter(parser.prog)
    formatter.add_usage(None, parser._actions, parser._mutually_exclusive_groups, prefix="")
    return formatter.format_help().strip().replace("%", "%%")


class QuietParser(Speaking, argparse.ArgumentParser):
    """A parser that raises WrongUsage instead of ending the process."""

    def __init__(self, *arguments: Any, words: Words, **options: Any) -> None:
        super().__init__(*arguments, words=words, formatter_class=PlainFormatter, **options)

    def error(self, message: str) -> Any:
        """Raise with the usage and what is wrong."""
        raise WrongUsage(f"{self.format_usage().strip()}\n{mistake_in(self.words, message)}")


class Once(argparse.Action):
    """Takes a value once: what a wrapper gives, whoever calls the wrapper cannot replace."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        """Store the value, or say that there is one."""
        if getattr(namespace, self.dest, None) is not None:
            parser.error("--config is given already")
        setattr(namespace, self.dest, values)


def add_verbs(
    parser: Any,
    noun: Noun,
    words: Words,
    completes: Callable[[argparse.Action, Completer], None] | None = None,
) -> None:
    """Let *parser* read the verbs of a noun; what was read says which in ``performs``."""
    verbs = None
    for verb in noun.verbs:
        place = parser
        if verb.name:
            verbs = verbs or parser.add_subparsers(
                dest="verb", required=True, metavar=words("VERB", "VERBE"), title=words("verbs", "verbes ")
            )
            place = verbs.add_parser(verb.name, help=words(*verb.help), description=words(*verb.help))
        place.epilog = example_of(verb, words)
        fill(place, verb, words, completes)
        place.set_defaults(performs=verb)


def example_of(verb: Verb, words: Words) -> str:
    """Return the line that shows how a verb is used."""
    return f"{words('Example', 'Exemple')}{words(': ', ' : ')}{verb.example}"
