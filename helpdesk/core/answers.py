"""Yes, no or "not me" at the beginning of an answer, in the languages that our letters are written in."""

import re
from collections.abc import Iterator
from itertools import islice

_YES = frozenset({"oui", "ouais", "yes", "yep", "yeah", "ok", "okay", "confirme", "confirm", "confirmed"})
_NO = frozenset({"non", "no", "nope"})
_GREETING = re.compile(
    r"(?:bonjour|bonsoir|salut|coucou|hello|hi|hey|dear|ch[eè]re?|madame|monsieur"
    r"|good (?:morning|afternoon|evening))\b(?:[^,:;.!\n]*[,:;.!\n])?"
)
_A_YES = re.compile(r"\b(?:oui|ouais|yes)\b")
_IS_ME = re.compile(
    r"\bc'(?:est|était) (?:bien )?moi\b|\b(?:vient|venait) (?:bien )?de moi\b|\bje (?:vous |le )?confirme\b"
    r"|\bit(?:'s| is| was) (?:really |indeed )?(?:from )?me\b|\bi (?:can |do )?confirm\b"
)
_FIRST_WORD = re.compile(r"[^\W\d_]++")
_FIRST_LINES, _LINE_CHARS = 5, 300
_BROKEN_CHARS = 60  # programs break lines from here on, people before
_SENTENCE = re.compile(r"[^.!?…]++[.!?…]*+")
_BETWEEN_QUOTES = re.compile(r"[«“\"][^«»“”\"]*+[»”\"]")
_AROUND = " «»“”\"'*_.,;:!…-–—"
_NO_STATEMENT = re.compile(r"\b(?:si|s'il|est-ce|pourquoi|quand|if|whether|when|why|in case|au cas)\b")
# What may follow "I did not send" where it is about the mail and not about something that was forgotten.
_THAT_MAIL = (
    r"(?= *(?:$|[,;:!.…()-])| (?:ce|cet|cette|ces|ça|ca|cela|un tel|du tout|moi-meme|moi-même"
    r"|(?:le|de|du|aucun) (?:message|mail|courriel|courrier|e-mail)s?)\b)"
)
_THIS_MAIL = (
    r"(?= *(?:$|[,;:!.…()-])| (?:you )?(?:this|that|it|any|anything|such|these|those|myself|at all"
    r"|the (?:message|mail|email|e-mail|letter))\b)"
)
_NOT_ME = tuple(
    re.compile(form)
    for form in (
        r"\bpas (?:de )?moi\b(?! qui\b)",
        r"\bpas moi qui (?:vous )?(?:l')?a[is]? (?:vous )?(?:envoy|[ée]crit|fait)",
        r"\bje n'ai (?:vraiment |jamais )?rien (?:envoy|[ée]crit)",
        rf"\bje n'ai (?:pas|jamais) (?:envoyée?s?|envoye|[ée]crite?s?){_THAT_MAIL}",
        rf"\bjamais (?:rien )?(?:envoyée?s?|envoye|[ée]crite?s?){_THAT_MAIL}",
        rf"\bje ne (?:l'ai|vous ai|les ai) (?:pas|jamais|rien) (?:envoyée?s?|envoye|[ée]crite?s?){_THAT_MAIL}",
        r"\bje ne vous ai (?:jamais )?rien (?:envoy|[ée]crit)",
        r"\bnot (?:from )?me\b(?! (?:who|that)\b)",
        r"\b(?:was|is)n'?t (?:from )?me\b(?! (?:who|that)\b)",
        r"\b(?:not|wasn'?t|isn'?t) me (?:who|that) (?:sent|wrote|did)\b",
        rf"\bi (?:did not|didn'?t|have not|haven'?t|have never|never) (?:sen[dt]|write|wrote|written){_THIS_MAIL}",
        r"\bi (?:did not|didn'?t)(?: do (?:it|this|that))?$",
    )
)


def says_yes(text: str) -> bool | None:
    """Return whether *text*, without its quotes, says yes or no in its first lines; None where it says neither.

    People greet before they answer: « Bonjour, oui, c'est bien moi. »
    """
    statements = list(_statements(text))
    if says_not_me(text):
        return False
    if any(map(_IS_ME.search, statements)):
        return True
    found = _FIRST_WORD.search(_GREETING.sub("", "\n".join(_first_lines(text)).casefold(), count=1))
    word = found[0] if found else ""
    if word in _NO:
        return False
    return True if word in _YES or any(map(_A_YES.search, statements)) else None


def says_not_me(text: str) -> bool:
    """Say whether the first lines of *text*, above any quote, say "not me": « non, ce n'est pas moi ».

    A bare no is not enough, nor is a question, a condition, or what stands between quotation marks within a sentence:
    what follows from "not me" is grave.
    """
    return any(form.search(sentence) for sentence in _statements(text) for form in _NOT_ME)


def _first_lines(text: str) -> list[str]:
    """Return the first lines that are no quote; one that was broken only for its length goes on in the next."""
    found: list[str] = []
    broken = False
    for line in islice(filter(str.strip, text.splitlines()), _FIRST_LINES):
        plain = " ".join(line.split())[:_LINE_CHARS]
        if plain.startswith(">"):
            break
        found[len(found) - broken :] = [f"{found[-1]} {plain}" if broken else plain]
        broken = _BROKEN_CHARS <= len(line) < _LINE_CHARS
    return found


def _statements(text: str) -> Iterator[str]:
    """Yield the sentences of the first lines in plain letters, but for questions and conditions."""
    for line in _first_lines(text):
        for found in _SENTENCE.finditer(line.casefold().replace("’", "'")):
            whole = found[0].rstrip(" »”\"'")
            sentence = _BETWEEN_QUOTES.sub(" ", whole.strip(_AROUND))
            if not whole.endswith("?") and not _NO_STATEMENT.search(sentence):
                yield sentence.strip(_AROUND)
