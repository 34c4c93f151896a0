"""The interactive shell: cmd2 with every verb of ours and, of its own, only what is in ALLOWED."""

import argparse
from collections.abc import Callable
from typing import Any

import cmd2
from cmd2 import Completions, rich_utils, with_argparser
from prompt_toolkit.key_binding import KeyBindings

from helpdesk.actions.sessions import actor_of
from helpdesk.commandline import kind_and_place
from helpdesk.core.sessions import SessionKind
from helpdesk.core.terminal import term_safe
from helpdesk.errors import LoggedOut, Refused
from shell.deskparser import DeskParser, DeskStatements
from shell.keyboard import Keyboard
from shell.login import log_in
from shell.nouns import NOUNS
from shell.overview import may_run, show_noun, show_overview, show_refusal
from shell.parsers import add_verbs
from shell.perform import FAILURES, defect_in_words, perform, told
from shell.prompts import first_line, only_types
from shell.tab import MAX_COMPLETIONS, TabShell, accepts_the_only_one, verbs_to_help_with
from shell.typed import line_in_full, without_controls
from shell.verbs import Completer, Noun, Verb, WrongUsage
from shell.words import Words

ALLOWED = ("help", "quit", "_eof")  # all else that cmd2 offers reaches the machine behind the desk
BUILT_IN = tuple(name.removeprefix("do_") for name in dir(cmd2.Cmd) if name.startswith("do_"))
OUTSIDE = ("login", "bootstrap", "unlock")  # nouns that make sense on the command line of the machine only


class HelpdeskShell(TabShell):
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
        self.statement_parser = DeskStatements(terminators=[], shortcuts={})
        for name in BUILT_IN:
            if name not in ALLOWED:
                setattr(self, f"do_{name}", None)  # as cmd2 itself takes `py` away: gone, not only refused
        self.keyboard = keyboard
        self.owner_id = keyboard.actor.user_id
        keyboard.drafts = {}  # nobody goes on with another person's texts
        self.anew = False
        self.language = keyboard.words.language
        self.max_column_completion_results = MAX_COMPLETIONS  # a line each: else descriptions are not shown
        self.status = 0
        self.debug = False
        if not keyboard.screen.coloured:
            rich_utils.ALLOW_STYLE = rich_utils.AllowStyle.NEVER

    def _create_key_bindings(self, completekey: str) -> KeyBindings:
        """Let what is pasted be text: cmd2 would run each of its lines, and a mail could hold commands."""
        keys = accepts_the_only_one(super()._create_key_bindings(completekey))
        return only_types(keys, lambda pasted: first_line(pasted, self.keyboard))

    def stays(self) -> bool:
        """Greet, and run commands until the person leaves. True: somebody else has logged in meanwhile."""
        self._keep_up()
        self.keyboard.screen.say(
            self.keyboard.words(
                "Hello {name}. Type help for all commands, Tab to complete, quit to leave.",
                "Bonjour {name}. help montre toutes les commandes, Tab complète, quit pour partir.",
                name=self.keyboard.actor.person.name,
            )
        )
        self.cmdloop()
        return self.anew

    def _keep_up(self) -> None:
        """Let the prompt and the commands be what the person is by now, in the language that they have by now."""
        words, person = self.keyboard.words, self.keyboard.actor.person
        self.prompt = f"{term_safe(person.name, 30)} ({person.role.in_words(words.language)})> "
        if words.language is not self.language:
            self.language = words.language
            for name, command in _commands(words).items():
                setattr(type(self), name, command)  # a class of its own: see shell_for
            # Those in the other language are kept by name.
            self.command_parsers = type(self.command_parsers)(self)

    def onecmd_plus_hooks(self, line: str, **options: Any) -> bool:
        """Run a line, its noun and verb completed where they are unique beginnings."""
        try:
            line = line_in_full(without_controls(line), NOUNS)
        except WrongUsage as wrong:
            self.keyboard.screen.complain(str(wrong))
            return False
        return super().onecmd_plus_hooks(line, **options)

    def ppaged(self, *objects: Any, **_options: Any) -> None:
        """Print, and start no pager: less runs commands and passes what steers a terminal."""
        for one in objects:
            self.keyboard.screen.say(str(one))

    def default(self, statement: Any) -> None:
        """Tell that there is no such command; what was typed, or pasted, may come from a mail."""
        words, name = self.keyboard.words, statement.command
        told = words(
            "{name} is no command; try: help", "{name} : commande inconnue ; essayez : help", name=name
        )
        if close := self._suggest_similar_command(name):
            told += words("\nDid you mean {close}?", "\nVouliez-vous dire {close} ?", close=close)
        self.keyboard.screen.complain(told)

    def perform(self, verb: Verb, given: argparse.Namespace) -> bool:
        """Run one verb; log in again where the session has ended. True: leave the shell."""
        try:
            self.status = perform(self.keyboard, verb, given)
        except LoggedOut as ended:
            told(self.keyboard, ended)
            return self._leaves()
        self._keep_up()
        return not self.keyboard.token  # logged out

    def _leaves(self) -> bool:
        """Log in again; True where nobody does, or somebody else, who gets a shell of their own."""
        self.keyboard.token = ""
        try:
            self.keyboard.token = log_in(self.keyboard, SessionKind.SHELL)
            self.keyboard.actor = actor_of(self.keyboard.door, self.keyboard.token)
        except KeyboardInterrupt:
            return False  # the next command asks again
        except EOFError:
            return True
        except FAILURES as error:
            told(self.keyboard, error)
            return isinstance(error, Refused)
        self.anew = self.keyboard.actor.user_id != self.owner_id
        if not self.anew:
            self.keyboard.screen.say(
                self.keyboard.words(
                    "That command was not run; the arrow up brings it back.",
                    "Cette commande n'a pas été exécutée ; la flèche vers le haut la ramène.",
                )
            )
        return self.anew

    def pexcept(self, exception: BaseException, **_options: Any) -> None:
        """Tell a defect in one line: no traceback reaches a person."""
        if isinstance(exception, FAILURES):
            told(self.keyboard, exception)
            return
        self.keyboard.screen.complain(defect_in_words(self.keyboard.words, kind_and_place(exception)))

    def show_help(self, given: argparse.Namespace) -> None:
        """Show all nouns, or how one noun or verb is used."""
        if not given.command:
            show_overview(self.keyboard.screen, self.keyboard.words, inside(), self.keyboard.actor.person)
            return
        command = self.get_command_func(given.command)
        parser = self.command_parsers.get(command) if command else None
        if parser is None:
            self.default(argparse.Namespace(command=given.command))
            return
        if self._is_for_others(given):
            return
        try:
            parser.find_parser([word for word in given.subcommands if not word.startswith("-")]).print_help(
                self.stdout
            )
        except ValueError:
            parser.print_help(self.stdout)

    def _is_for_others(self, given: argparse.Namespace) -> bool:
        """Show what the person may do with a noun, or who may run a verb; False where its use is to be shown."""
        screen, words, person = self.keyboard.screen, self.keyboard.words, self.keyboard.actor.person
        noun = next((one for one in inside() if one.name == given.command), None)
        if noun is None:
            return False
        named = [word for word in given.subcommands if not word.startswith("-")]
        verb = next((one for one in noun.verbs if one.name in ("", *named[:1])), None)
        if verb is None:
            show_noun(screen, words, noun, person)
        elif not may_run(person, verb):
            show_refusal(screen, words, [verb], person)
        else:
            return False
        return True


def shell_for(keyboard: Keyboard) -> HelpdeskShell:
    """Return a shell whose commands speak the language of *keyboard*."""
    shell: HelpdeskShell = type("DeskShell", (HelpdeskShell,), _commands(keyboard.words))(keyboard)
    return shell


def _commands(words: Words) -> dict[str, Callable[..., Any]]:
    return {**{f"do_{noun.name}": _command(noun, words) for noun in inside()}, **_own_commands(words)}


def inside() -> list[Noun]:
    """Return the nouns that the interactive shell has."""
    return [noun for noun in NOUNS if noun.name not in OUTSIDE]


def _command(noun: Noun, words: Words) -> Callable[..., Any]:
    def completes(action: argparse.Action, complete: Completer) -> None:
        def completer(app: HelpdeskShell, text: str, line: str, begin: int, _end: int) -> Completions:
            return app.complete_with(complete, text, line[:begin])

        action.set_completer(completer)  # type: ignore[attr-defined]

    def do(app: HelpdeskShell, given: argparse.Namespace) -> bool:
        return app.perform(given.performs, given)

    def parser() -> DeskParser:
        made = DeskParser(words=words, prog=noun.name, description=words(*noun.help))
        add_verbs(made, noun, words, completes)
        if noun.verbs[0].name:
            verbs: Any = made.get_subparsers_action()
            verbs.set_suppress_tab_hint(True)  # it would list verbs that are other roles'
        return made

    return _named(do, noun.name, words(*noun.help), parser)


def _own_commands(words: Words) -> dict[str, Callable[..., Any]]:
    """Return ``help`` and ``quit`` in the person's language."""
    about_help = words(
        "show all commands, or how one is used", "montrer les commandes, ou comment s'en servir"
    )
    about_quit = words("leave", "partir")
    asks = DeskParser(words=words, prog="help", description=about_help, epilog="help ticket reply")
    asks.add_argument(
        "command", nargs="?", help=words("a noun", "un nom"), completer=cmd2.Cmd.complete_help_command
    )
    asks.add_argument(
        "subcommands",
        nargs=argparse.REMAINDER,
        help=words("one of its verbs", "un de ses verbes"),
        choices_provider=verbs_to_help_with,
        suppress_tab_hint=True,
    )
    leaves = DeskParser(words=words, prog="quit", description=about_quit)
    return {
        "do_help": _named(lambda app, given: app.show_help(given), "help", about_help, lambda: asks),
        "do_quit": _named(lambda _app, _given: True, "quit", about_quit, lambda: leaves),
    }


def _named(
    do: Callable[..., Any], name: str, doc: str, parser: Callable[[], DeskParser]
) -> Callable[..., Any]:
    """Return a command; *parser* makes its parser when it is first used."""
    do.__name__ = do.__qualname__ = f"do_{name}"  # cmd2 finds a command's parser by its qualified name
    do.__doc__ = doc
    return with_argparser(parser)(do)
