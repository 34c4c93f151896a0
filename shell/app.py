"""The interactive shell: cmd2 with every verb of ours and, of its own, only what is in ALLOWED."""

import argparse
from collections.abc import Callable
from typing import Any

import cmd2
from cmd2 import Cmd2ArgumentParser, Completions, with_argparser
from cmd2.completion import CompletionItem

from helpdesk.core.sessions import SessionKind
from helpdesk.core.terminal import term_safe
from helpdesk.errors import HelpdeskError, LoggedOut, Refused
from shell.keyboard import Keyboard
from shell.login import log_in
from shell.nouns import NOUNS
from shell.perform import perform, told
from shell.verbs import Completer, Noun, Verb, WrongUsage, fill, full_words

ALLOWED = ("help", "quit", "_eof")  # all else that cmd2 offers reaches the machine behind the desk
BUILT_IN = tuple(name.removeprefix("do_") for name in dir(cmd2.Cmd) if name.startswith("do_"))
MAX_COMPLETIONS = 50


class HelpdeskShell(cmd2.Cmd):
    """One person at the keyboard. ``keyboard`` has a token: nobody comes here without a login."""

    def __init__(self, keyboard: Keyboard) -> None:
        super().__init__(
            allow_cli_args=False,
            allow_clipboard=False,
            allow_redirection=False,
            auto_suggest=False,  # it would show what was typed before, to whoever looks over a shoulder
            include_py=False,
            include_ipy=False,
            persistent_history_file="",
            shortcuts={},
            terminators=[],
            suggest_similar_command=True,
        )
        for name in BUILT_IN:
            if name not in ALLOWED:
                setattr(self, f"do_{name}", None)  # as cmd2 itself takes `py` away: gone, not only refused
        self.keyboard = keyboard
        self.status = 0
        self.debug = False
        self.default_error = keyboard.words(
            "{} is no command; try: help", "{} : commande inconnue ; essayez : help"
        )

    def greet(self) -> None:
        """Say who is logged in and how to go on."""
        person = self.keyboard.actor.person
        self.prompt = f"{term_safe(person.name, 30)} ({person.role.value})> "
        self.keyboard.screen.say(
            self.keyboard.words(
                "Hello {name}. Type help for all commands, Tab to complete, quit to leave.",
                "Bonjour {name}. help montre toutes les commandes, Tab complète, quit pour partir.",
                name=person.name,
            )
        )

    def onecmd_plus_hooks(self, line: str, **options: Any) -> bool:
        """Run a line, its noun and verb completed where they are unique beginnings."""
        try:
            words = line.split(maxsplit=2)
            line = " ".join([*full_words(words[:2], NOUNS), *words[2:]])
        except WrongUsage as wrong:
            self.keyboard.screen.complain(term_safe(str(wrong)))
            return False
        return super().onecmd_plus_hooks(line, **options)

    def perform(self, verb: Verb, given: argparse.Namespace) -> bool:
        """Run one verb; log in again where the session has ended. True: leave the shell."""
        try:
            self.status = perform(self.keyboard, verb, given)
        except LoggedOut as ended:
            told(self.keyboard, ended)
            return not self._again()
        return False

    def _again(self) -> bool:
        self.keyboard.token = ""
        try:
            self.keyboard.token = log_in(self.keyboard, SessionKind.SHELL)
        except (HelpdeskError, EOFError, KeyboardInterrupt) as error:
            if isinstance(error, HelpdeskError):
                told(self.keyboard, error)
            return False
        return True

    def complete_with(self, complete: Completer, text: str) -> Completions:
        """Return what an argument can be. Runs in another thread, in a transaction of its own."""
        try:
            found = list(complete(self.keyboard, text))[:MAX_COMPLETIONS]
        except HelpdeskError:
            found = []
        items = [CompletionItem(value, display_meta=term_safe(shown, 60)) for value, shown in found]
        begun = [item for item in items if item.text.startswith(text)]
        return Completions(items=begun or items, is_sorted=True)  # a name was typed, an address is meant

    def pexcept(self, exception: BaseException, **_options: Any) -> None:
        """Tell a defect in one line: no traceback reaches a person."""
        if isinstance(exception, Refused | HelpdeskError):
            told(self.keyboard, exception)
            return
        self.keyboard.screen.complain(
            self.keyboard.words(
                "this command failed by a defect of ours ({kind}); nothing was changed by it halfway",
                "cette commande a échoué par un défaut du logiciel ({kind}) ; rien n'est fait à moitié",
                kind=type(exception).__name__,
            )
        )


def shell_for(keyboard: Keyboard) -> HelpdeskShell:
    """Return a shell whose commands speak the language of *keyboard*."""
    commands = {f"do_{noun.name}": _command(noun, keyboard) for noun in NOUNS if not _only_outside(noun)}
    shell: HelpdeskShell = type("DeskShell", (HelpdeskShell,), commands)(keyboard)
    return shell


def _only_outside(noun: Noun) -> bool:
    """Say whether a noun makes sense on the command line of the machine only."""
    return noun.name in ("login", "bootstrap", "unlock")


def _command(noun: Noun, keyboard: Keyboard) -> Callable[..., Any]:
    words = keyboard.words

    def completes(action: argparse.Action, complete: Completer) -> None:
        def completer(app: HelpdeskShell, text: str, _line: str, _begin: int, _end: int) -> Completions:
            return app.complete_with(complete, text)

        action.set_completer(completer)  # type: ignore[attr-defined]

    def parser() -> Cmd2ArgumentParser:
        made = Cmd2ArgumentParser(prog=noun.name, description=words(*noun.help))
        alone = [verb for verb in noun.verbs if not verb.name]
        for verb in alone:
            fill(made, verb, words, completes)
            made.set_defaults(performs=verb)
        if not alone:
            verbs = made.add_subparsers(dest="verb", required=True, metavar=words("VERB", "VERBE"))
            for verb in noun.verbs:
                example = f"{words('Example', 'Exemple')}: {verb.example}"
                sub = verbs.add_parser(
                    verb.name, help=words(*verb.help), description=words(*verb.help), epilog=example
                )
                fill(sub, verb, words, completes)
                sub.set_defaults(performs=verb)
        return made

    def do(app: HelpdeskShell, given: argparse.Namespace) -> bool:
        return app.perform(given.performs, given)

    do.__name__ = f"do_{noun.name}"
    do.__doc__ = words(*noun.help)
    return with_argparser(parser())(do)
