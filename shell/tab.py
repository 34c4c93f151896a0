"""Tab: what it offers at the end of a line, and how it writes that, so that the line means what was chosen.

cmd2 would take the line apart by rules of its own, in which an apostrophe opens a quote: no name with one in it
could be completed. Here a word is what it is to the shell, and what is written stands in quotes where it must.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cmd2
from cmd2 import Completions
from cmd2.completion import CompletionItem
from cmd2.pt_utils import pt_filter_style
from prompt_toolkit import print_formatted_text
from prompt_toolkit.application import get_app
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings

from helpdesk.actions.sessions import actor_of
from helpdesk.commandline import kind_and_place
from helpdesk.core.searchwords import folded
from helpdesk.core.terminal import term_safe
from shell.deskparser import DeskParser
from shell.keyboard import Keyboard
from shell.nouns import NOUNS
from shell.overview import may_run
from shell.perform import FAILURES, defect_in_words
from shell.typed import Begun, as_typed, line_in_full, word_begun, words_of
from shell.verbs import Completer as Completes
from shell.verbs import Noun, Verb, WrongUsage

MAX_COMPLETIONS = 50


class TabShell(cmd2.Cmd):
    """A shell in which Tab completes."""

    keyboard: Keyboard

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.main_session.completer = Tab(self)

    def format_exception(self, exception: BaseException) -> str:
        """Return how a defect is told, where cmd2 would quote it: a statement holds names and addresses."""
        return defect_in_words(self.keyboard.words, kind_and_place(exception))

    def complete(
        self, text: str, line: str, begidx: int, endidx: int, custom_settings: Any = None
    ) -> Completions:
        """Complete the word before *endidx*; the noun and the verb before it may be unique beginnings."""
        begun = word_begun(line[:endidx])
        before = line[: begun.start]
        try:
            full = line_in_full(before, NOUNS)
        except WrongUsage:
            full = before
        verb = self._parser_of(full)
        if verb and (
            verb.is_in_text(words_of(full)[2:]) or (begun.option and not _takes(verb, begun.option))
        ):
            return Completions()
        closed = self._closed_behind(words_of(full))
        line, start = full + line[begun.start : endidx], len(full)
        found = super().complete(begun.text, line, start, len(line), custom_settings)
        items = [
            dataclasses.replace(item, text=written)
            for item in found
            if item.text not in closed
            and (written := _written(item.text, begun, is_whole=found.allow_finalization)) is not None
        ]
        return dataclasses.replace(found, items=items, _add_opening_quote=False, _quote_char="")

    def tokens_for_completion(self, line: str, begidx: int, endidx: int) -> tuple[list[str], list[str]]:
        """Return the words up to the one that is being completed, and as many empty ones: none has quotes."""
        begun = word_begun(line[:endidx])
        option = [begun.option.removesuffix("=")] if begun.option else []
        words = [*map(str, words_of(line[: begun.start])), *option, begun.text]
        return words, [""] * len(words)

    def get_visible_commands(self) -> list[str]:
        """Return the commands with which the person may do something: no others are named, as in ``help``."""
        closed = {noun.name for noun in NOUNS if not self.verbs_of(noun)}
        return [name for name in super().get_visible_commands() if name not in closed]

    def _closed_behind(self, words: Sequence[str]) -> set[str]:
        """Return the verbs, where one is to follow, that the person may not run."""
        noun = next((noun for noun in NOUNS if [noun.name] == words), None)
        return {verb.name for verb in noun.verbs if verb not in self.verbs_of(noun)} if noun else set()

    def verbs_of(self, noun: Noun) -> list[Verb]:
        """Return the verbs of *noun* that the person may run."""
        return [verb for verb in noun.verbs if may_run(self.keyboard.actor.person, verb)]

    def _parser_of(self, begun: str) -> DeskParser | None:
        """Return the parser of the verb with which a line is *begun*."""
        words = words_of(begun)
        command = self.get_command_func(words[0]) if words else None
        parser = self.command_parsers.get(command) if command else None
        try:
            verb = parser.find_parser(words[1:2]) if parser else None
        except ValueError:
            return None
        return verb if isinstance(verb, DeskParser) else None

    def complete_with(self, complete: Completes, text: str, before: str = "") -> Completions:
        """Return what an argument can be, for whoever the session belongs to now; *before*: the line up to it.

        Runs in another thread, in a transaction of its own.
        """
        try:
            self.keyboard.actor = actor_of(self.keyboard.door, self.keyboard.token)
            self.keyboard.typed_before = tuple(words_of(before))
            found = list(complete(self.keyboard, text))[:MAX_COMPLETIONS]
        except FAILURES:
            found = []
        items = [
            CompletionItem(value, display_meta=term_safe(shown, 60))
            for value, shown in found
            if term_safe(value) == value  # what cannot be shown cannot be chosen
        ]
        begun = [item for item in items if folded(item.text).startswith(folded(text))]
        ends = not any(item.text.endswith("/") for item in begun)  # else a folder, in which to go on
        # None begins so where a name was typed and an address is meant.
        return Completions(items=begun or items, is_sorted=True, allow_finalization=ends)


def verbs_to_help_with(app: TabShell, arg_tokens: Mapping[str, Sequence[str]]) -> list[CompletionItem]:
    """Return the verbs of the noun that stands behind ``help`` which the person may run."""
    named = [noun for noun in NOUNS if noun.name in arg_tokens["command"]]
    verbs = app.verbs_of(named[0]) if named and len(arg_tokens["subcommands"]) == 1 else []
    return [
        CompletionItem(verb.name, display_meta=app.keyboard.words(*verb.help)) for verb in verbs if verb.name
    ]


def _takes(verb: DeskParser, option: str) -> bool:
    """Say whether a value may stand behind ``--option=``, which may be a beginning: cmd2 does not ask."""
    named = option.removesuffix("=")
    return any(
        name.startswith(named) and one.nargs != 0 for one in verb._actions for name in one.option_strings
    )


def _written(word: str, begun: Begun, *, is_whole: bool) -> str | None:
    """Return what stands for *word* in place of what was begun; None for nothing. A folder's quote stays open."""
    typed = as_typed(word, begun.quote)
    if typed is None:
        return None
    goes_on = not is_whole and word.endswith("/") and typed != word
    return begun.option + (typed[:-1] if goes_on else typed)


class Tab(Completer):
    """Asks the shell what can stand at the cursor, in place of the word that was begun there."""

    def __init__(self, shell: TabShell) -> None:
        self._shell = shell

    def get_completions(self, document: Document, _event: CompleteEvent) -> Iterator[Completion]:
        """Yield what can stand there, or print why nothing can."""
        line, end = document.text, document.cursor_position
        found = self._shell.complete("", line, end, end)
        if found.error:
            print_formatted_text(pt_filter_style(found.error))
            return
        is_last = len(found) == 1 and found.allow_finalization and end == len(line)
        for item in found:
            yield Completion(
                f"{item.text} " if is_last else item.text,
                start_position=word_begun(line[:end]).start - end,
                display=pt_filter_style(item.display),
                display_meta=pt_filter_style(item.display_meta),
            )


def accepts_the_only_one(keys: KeyBindings) -> KeyBindings:
    """Return *keys* under which Enter runs a line that Tab has completed where there was only one way to.

    Where there are several, Enter chooses the one that is shown, and runs nothing.
    """

    @Condition
    def is_only_one() -> bool:
        state = get_app().current_buffer.complete_state
        return state is not None and len(state.completions) == 1

    keys.add("enter", filter=is_only_one)(lambda event: event.current_buffer.validate_and_handle())
    return keys
