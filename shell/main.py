"""The command line of the admins' shell: a noun and a verb run at once; none opens the interactive shell."""

import argparse
import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from helpdesk.actions.sessions import actor_of, end_session
from helpdesk.commandline import carried_out
from helpdesk.core.people import Language
from helpdesk.core.sessions import SessionKind
from helpdesk.core.terminal import term_safe_block
from helpdesk.errors import HelpdeskError
from helpdesk.store.work import Work
from shell.keyboard import Keyboard
from shell.login import log_in
from shell.memory import close_memory
from shell.parsers import Once, QuietParser, add_verbs
from shell.perform import EXIT_REFUSED, FAILURES, defect_in_words, nothing_typed, perform, told
from shell.remembered import remembered_token, session_file
from shell.screen import Screen
from shell.typed import is_text
from shell.verbs import Admits, Noun, WrongUsage, full_words
from shell.words import Words

PROGRAM = "helpdesk-admin.py"
EXIT_USAGE = 2
NO_TERMINAL = (
    "without a noun this opens the shell, which needs a terminal; --help lists the nouns",
    "sans nom, ceci ouvre le shell, qui demande un terminal ; --help montre les noms",
)


def main(arguments: Sequence[str]) -> int:
    """Run one command, or the shell, and return the exit status; no traceback reaches a person."""
    close_memory()
    words = Words(_language(os.environ.get("LC_ALL") or os.environ.get("LANG") or ""))
    for one in arguments:
        if not is_text(one):
            told_wrong = words("{word} is not UTF-8", "{word} n'est pas en UTF-8", word=one)
            print(f"{PROGRAM}: {told_wrong}", file=sys.stderr)
            return EXIT_USAGE
    try:
        nouns = () if _opens_shell(arguments) else _every_noun()
        given = parser(words, nouns).parse_args(_typed(arguments, nouns))
    except WrongUsage as wrong:
        print(f"{PROGRAM}: {term_safe_block(str(wrong))}", file=sys.stderr)
        return EXIT_USAGE
    if not given.noun and not sys.stdin.isatty():
        print(f"{PROGRAM}: {words(*NO_TERMINAL)}", file=sys.stderr)
        return EXIT_USAGE
    keyboard = Keyboard(given.config, os.environ, Screen(plain=given.plain), words)
    return carried_out(
        "helpdesk-admin",
        lambda: _told(keyboard, given),
        lambda what: defect_in_words(keyboard.words, what),
    )


def _told(keyboard: Keyboard, given: argparse.Namespace) -> int:
    try:
        return _run(keyboard, given)
    except FAILURES as error:
        return told(keyboard, error)  # in the person's language
    except EOFError:
        return told(keyboard, nothing_typed(keyboard))
    finally:
        keyboard.close()


def _run(keyboard: Keyboard, given: argparse.Namespace) -> int:
    keyboard.speak(keyboard.words.language)
    if not given.noun:
        return _interactive(keyboard)
    file = session_file(keyboard.environ, keyboard.settings.keys.install_id)
    if given.performs.admits is not Admits.ANYONE:
        keyboard.token = remembered_token(file)
    _collect_garbage()
    return perform(keyboard, given.performs, given)


def _interactive(keyboard: Keyboard) -> int:
    with Work(keyboard.database, read_only=True) as work:
        somebody = work.logins.anybody()
    if not somebody:
        keyboard.screen.complain(
            keyboard.words(
                "nobody can log in yet: begin with `helpdesk-admin.py bootstrap ADDRESS`",
                "personne ne peut encore se connecter : commencez par `helpdesk-admin.py bootstrap ADRESSE`",
            )
        )
        return EXIT_REFUSED
    import_module("shell.prompts")  # what both load is loaded by one of them: its modules import each other
    # With all verbs it takes as long to load as the password to be looked at; sooner, it would slow the typing down.
    loading = threading.Thread(target=import_module, args=("shell.app",), daemon=True)
    keyboard.token = log_in(
        keyboard, SessionKind.SHELL, meanwhile=lambda: None if loading.ident else loading.start()
    )
    keyboard.actor = actor_of(keyboard.door, keyboard.token)
    from shell.app import shell_for

    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # nobody leaves a session behind a stopped process
    try:
        shell = shell_for(keyboard)
        _collect_garbage()
        while shell.stays():
            shell = shell_for(keyboard)  # somebody else has logged in: nothing of the first one is left
    finally:
        with contextlib.suppress(HelpdeskError):
            if keyboard.token:
                end_session(keyboard.door, actor_of(keyboard.door, keyboard.token))
    return 0


def _collect_garbage() -> None:
    """Begin with it where the start has left it for now: all that is loaded by then stays."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def _opens_shell(arguments: Sequence[str]) -> bool:
    """Say whether there is no noun, nor a question which there are: the shell loads its nouns later."""
    asks_help = any(one.startswith(("-h", "--h")) for one in arguments)
    return not asks_help and _first_word(arguments) >= len(arguments)


def _first_word(arguments: Sequence[str]) -> int:
    """Return where the noun stands; options of the whole command come before it."""
    start = 0
    while start < len(arguments) and arguments[start].startswith("-"):
        start += 2 if arguments[start] == "--config" else 1
    return start


def _every_noun() -> Sequence[Noun]:
    from shell.nouns import NOUNS  # all verbs with all that they do: they are not waited for before a login

    return NOUNS


def _typed(arguments: Sequence[str], nouns: Sequence[Noun]) -> list[str]:
    """Return the arguments with noun and verb in full; ``help`` before them is ``--help`` behind them."""
    start = _first_word(arguments)
    words = arguments[start:]
    if words and words[0] == "help":
        named = [
            word for word in words[1:3] if not word.startswith("-")
        ]  # a text would take the question as its own
        words = [*named, "--help"]
    return [*arguments[:start], *full_words(words, nouns)]


def _language(locale: str) -> Language:
    return Language.FR if locale.lower().startswith("fr") else Language.EN


def parser(words: Words, nouns: Sequence[Noun]) -> argparse.ArgumentParser:
    """Return the parser of the whole command line with *nouns*."""
    top = QuietParser(
        words=words,
        prog=PROGRAM,
        description=words(
            "Work on the tickets of the helpdesk. Without a noun: the interactive shell.",
            "Travailler sur les tickets du support. Sans nom : le shell interactif.",
        ),
        epilog=words(
            "Exit status: 0 done, 1 refused or failed, 2 wrong usage, 78 the settings cannot be used.",
            "Statut : 0 fait, 1 refusé ou échoué, 2 mauvais usage, 78 réglages inutilisables.",
        ),
    )
    top.add_argument(
        "--config",
        action=Once,
        type=Path,
        metavar="FILE",
        help=words(
            "the settings (default: $HELPDESK_CONFIG, ./helpdesk.toml, /etc/helpdesk/helpdesk.toml)",
            "les réglages (défaut : $HELPDESK_CONFIG, ./helpdesk.toml, /etc/helpdesk/helpdesk.toml)",
        ),
    )
    top.add_argument(
        "--plain",
        action="store_true",
        help=words(
            "no tables, no colours: for screen readers", "sans tableaux ni couleurs : lecteurs d'écran"
        ),
    )
    top.set_defaults(noun=None)
    places = top.add_subparsers(dest="noun", metavar=words("NOUN", "NOM"))
    for noun in nouns:
        made = places.add_parser(noun.name, help=words(*noun.help), description=words(*noun.help))
        add_verbs(made, noun, words)
    return top
