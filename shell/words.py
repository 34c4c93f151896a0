"""The shell speaks French and English: both texts stand side by side where they are said."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from helpdesk.core.datewords import shown_time
from helpdesk.core.people import Language
from helpdesk.core.terminal import term_safe

ONLY_SO_MANY = ("The first {limit}; --limit shows more.", "Limité à {limit} ; --limit en montre plus.")
_PLACE = re.compile(r"\{([a-z_]+)\}")
Sentences = Sequence[tuple[str, str | Callable[[re.Match[str]], str]]]  # a pattern in English, then in French


@dataclass(frozen=True, slots=True)
class Words:
    """Chooses between two texts. Values are made safe for a terminal; the texts are ours alone."""

    language: Language = Language.EN
    zone: tzinfo | None = None

    def __call__(self, english: str, french: str, **values: object) -> str:
        """Return one of the two texts with *values* at their ``{names}``."""
        text = french if self.language is Language.FR else english
        return _PLACE.sub(lambda found: term_safe(str(values[found[1]])), text)

    @property
    def colon(self) -> str:
        """What stands between a name and what is said of it."""
        return " : " if self.language is Language.FR else ": "

    def when(self, moment: datetime) -> str:
        """Return a time in full, as letters write it."""
        return shown_time(moment, self.zone or moment.astimezone().tzinfo or moment.tzinfo, self.language)  # type: ignore[arg-type]

    def short(self, moment: datetime | None) -> str:
        """Return a time as it stands in tables: 2026-11-26 09:05, in the desk's zone."""
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M}" if moment else ""


def in_french(words: Words, text: str, sentences: Sentences) -> str:
    """Return what others say in English in the person's language; what is not among the *sentences* stays."""
    if words.language is not Language.FR:
        return text
    for english, french in sentences:
        text = re.sub(english, french, text, count=1)
    return text
