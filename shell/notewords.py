"""What the desk itself noted, which the database keeps in English, in the language of whoever looks."""

import re

from helpdesk.core.audit import Action
from helpdesk.core.people import Language
from helpdesk.core.suspicion import SUSPICIOUS, in_words
from shell.mailwords import mail_reason, mail_word
from shell.words import Words, in_french

FRENCH = Words(Language.FR)


def _as_it_was(found: re.Match[str]) -> str:
    fate = "attendrait" if found[1] == "would wait" else mail_word(FRENCH, found[1])
    because = f" : {mail_reason(FRENCH, found[3])}" if found[3] else ""
    return f"reste tel quel ({fate}, par la règle {found[2]}){because}"


_NOTES = (  # a text that is not here is shown as it is
    (
        r"\bthis mail was kept \(([a-z-]+)\) and is filed on the word of ",
        lambda found: f"ce mail était retenu ({mail_word(FRENCH, found[1])}) et est classé sur la parole de ",
    ),
    (r"(sur la parole de )the console\b", r"\1la console"),
    (r"\bthe desk is not named in To or Cc", "le support n'est nommé ni dans À ni dans Cc"),
    (r"^this mail names ticket (\d+), which is deleted", r"ce mail nomme le ticket \1, qui est supprimé"),
    (
        r"^this mail names ticket (\d+), which its sender may not see",
        r"ce mail nomme le ticket \1, que son expéditeur ne peut pas voir",
    ),
    (r"^follows ticket (\d+), which is closed", r"suite du ticket \1, qui est clos"),
    (
        r"^follows ticket (\d+), resolved over (\d+) days ago",
        r"suite du ticket \1, résolu il y a plus de \2 jours",
    ),
    (r"^a letter to (\S+) came back", r"une lettre à \1 est revenue"),
)
_OUTCOMES = (
    (r"^stays as it is \(([a-z ]+), by the rule (\w+)\)(?:: (.*))?$", _as_it_was),
    (
        r"^([a-z]+)(, ticket \d+)?, by the rule (\w+)$",
        lambda found: f"{mail_word(FRENCH, found[1])}{found[2] or ''}, par la règle {found[3]}",
    ),
    (
        r"^not done: (\d+) attempts to read it ended with the whole process$",
        r"pas fait : \1 lectures ont emporté le processus entier",
    ),
    (r"^not done: ", "pas fait : "),
)
_REFUSALS = {
    Action.LETTER_DEAD: ("letters that were given up", "lettres abandonnées"),
    Action.LETTER_CAME_BACK: ("letters that came back", "lettres revenues"),
    Action.LOGIN_CODE_SENT: ("too many login codes", "trop de codes de connexion"),
    Action.LAST_ADMIN_KEPT: ("the last admin was kept", "le dernier administrateur est resté"),
}


def desk_note(words: Words, text: str) -> str:
    """Return a note of the desk's own, not of a person's, in the reader's language."""
    return in_french(words, text, _NOTES)


def order_outcome(words: Words, told: str) -> str:
    """Return what came of what the daemon was asked to do with a mail, in the reader's language."""
    return in_french(words, told, _OUTCOMES)


def refused_kind(words: Words, kind: str) -> str:
    """Return what was refused or suspicious: an action, or ``mail:`` and a verdict."""
    if kind in SUSPICIOUS:
        return in_words(Action(kind), words.language)
    where, colon, verdict = kind.partition(":")
    if colon:
        return f"{where}{words.colon}{mail_word(words, verdict)}"
    return words(*_REFUSALS[Action(kind)]) if kind in _REFUSALS else kind
