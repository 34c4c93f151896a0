"""The templates of the letters, each read once.

The daemon reads all of them at its start, so that a mistake in one stops the start and not a letter. The shell reads
those of the letters that it queues: most of what people do there queues none.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from helpdesk.core.letters import LetterKind, LetterTemplates
from helpdesk.core.people import Language
from helpdesk.errors import BadSettings

if TYPE_CHECKING:
    from jinja2 import Environment, Template

SHIPPED = Path(__file__).parent.parent / "templates"
_COMMON = {"desk": "Desk", "name": "Name", "language": "fr"}
_LINE: dict[str, object] = {"label": "what", "count": 1, "trend": "–", "percent": 100, "text": "what 1"}
_EXAMPLES: dict[LetterKind, dict[str, object]] = {
    LetterKind.TICKET_OPENED: {"number": 1, "subject": "Subject", "opened": "today"},
    LetterKind.TICKET_REOPENED: {"number": 1, "subject": "Subject"},
    LetterKind.CONFIRM_SENDER: {"seen": "today"},
    LetterKind.LOGIN_CODE: {
        "code": "12345678",
        "minutes": 15,
        "place": "here",
        "new_place": True,
        "when": "today",
    },
    LetterKind.TICKET_ANSWERED: {
        "number": 1,
        "subject": "Subject",
        "text": "Text",
        "author": "Author",
        "resolved": True,
    },
    LetterKind.TICKET_RESOLVED: {"number": 1, "subject": "Subject"},
    LetterKind.SUSPICIOUS_LOGIN: {
        "account": "Name",
        "digest": False,
        "has_password": None,
        "happened": [{"what": "a login", "when": "today", "place": "here", "client": "shell", "count": 2}],
    },
    LetterKind.SENDER_FORGED: {"seen": "today"},
    LetterKind.ADDRESS_FROZEN: {"frozen": "today"},
    LetterKind.TICKETS_OVERDUE: {
        "count": 2,
        "tickets": [{"number": 1, "subject": "Subject", "due": "today"}],
        "more": 1,
    },
    LetterKind.HELD_MAIL_ENDING: {"count": 2, "ends": "today"},
    LetterKind.LOGIN_ENDING: {"ends": "today"},
    LetterKind.CANARY: {},
    LetterKind.ALERT: {
        "what": "spoof",
        "when": "today",
        "count": 1,
        "reason": "why",
        "detail": "text",
        "about": "a@b",
        "since": "then",
        "number": 1,
    },
    LetterKind.WEEKLY_REPORT: {
        "first": "today",
        "last": "today",
        "now": "now",
        "suspicious": 1,
        **dict.fromkeys(("kinds", "per_day", "accounts", "origins", "senders", "kept", "ages"), (_LINE,)),
        **dict.fromkeys(("locks", "freezes", "letters_dead", "opened", "resolved"), "1 (–)"),
        "frozen": ["address"],
        "frozen_count": 2,
        "letters_waiting": 1,
        "oldest_waiting": "today",
        "without_fate": 1,
        "deferred": 1,
        "open": 1,
        "anchor": "1:00",
    },
}


class TemplateFiles(dict[tuple[Language, LetterKind], LetterTemplates]):
    """The letters in *folder*, each compiled and tried with example values when it is first asked for.

    Raises BadSettings then, where a file is missing or wrong.
    """

    def __init__(self, folder: Path = SHIPPED) -> None:
        super().__init__()
        self._folder = folder

    def __missing__(self, wanted: tuple[Language, LetterKind]) -> LetterTemplates:
        language, kind = wanted
        place = f"{language.value}/{kind.value}"
        try:
            letter = LetterTemplates(
                self._compiled(f"{place}/subject.txt"),
                self._compiled(f"{place}/body.txt"),
                self._compiled(f"{place}/body.html"),
            )
            _try(letter, kind)
        except Exception as error:  # a template is a program: it may fail in any way
            raise BadSettings([f"{self._folder}/{place}: {type(error).__name__}: {error}"]) from error
        self[wanted] = letter
        return letter

    @cached_property
    def _environment(self) -> "Environment":
        from jinja2 import FileSystemLoader, StrictUndefined  # most commands of the shell write no letter
        from jinja2.sandbox import SandboxedEnvironment

        return SandboxedEnvironment(
            loader=FileSystemLoader(self._folder),
            undefined=StrictUndefined,
            autoescape=lambda name: name is not None and name.endswith(".html"),
            auto_reload=False,  # no file is looked at again once it is read
            cache_size=-1,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def _compiled(self, name: str) -> "Template":
        template = self._environment.get_template(name)
        template.globals = dict(
            template.globals
        )  # the library's own mapping is slow to copy, once in each letter
        return template


def load_templates(folder: Path = SHIPPED) -> Mapping[tuple[Language, LetterKind], LetterTemplates]:
    """Return every letter in every language, compiled and tried once with example values.

    Raises BadSettings with all that is missing or wrong: a template that names a value which its letter does
    not have would otherwise stop the filing of mails.
    """
    files = TemplateFiles(folder)
    problems: list[str] = []
    for language in Language:
        for kind in LetterKind:
            try:
                files[language, kind]
            except BadSettings as wrong:
                problems += wrong.problems
    if problems:
        raise BadSettings(problems)
    return files


def _try(letter: LetterTemplates, kind: LetterKind) -> None:
    values = _COMMON | _EXAMPLES[kind]
    for template in (letter.subject, letter.text, letter.html):
        template.render(values)
