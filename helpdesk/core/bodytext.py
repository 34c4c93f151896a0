"""Which parts of a mail are its text, and what that text is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from helpdesk.core.charsets import decode
from helpdesk.core.encodedwords import cut_to_bytes, without_surrogates
from helpdesk.core.flowed import unflow
from helpdesk.core.htmltext import html_text
from helpdesk.core.mail import Caps
from helpdesk.core.mimewalk import Part
from helpdesk.core.transfer import decode_transfer

PLAIN, HTML = "text/plain", "text/html"
_LIKE_PLAIN = (
    "text/markdown",
    "text/x-markdown",
    "text/enriched",
    "text/richtext",
)  # as RFC 2046 §4.1.4 has it

_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset=["']?([A-Za-z0-9_:-]{1,40})""", re.IGNORECASE)
_SHORT_NOTICE = 300  # a plain part that only says "switch to HTML" is no longer than this


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a mail, and what became of its parts.

    ``damaged``: parts that were read as text although bytes of them are not in it; their originals must be
    kept. ``others``: parts that are no text. ``problems``: one phrase each.
    """

    text: str
    others: tuple[Part, ...]
    damaged: tuple[Part, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    texts: tuple[Part, ...]
    others: tuple[Part, ...]


def read_body(root: Part, raw: bytes, caps: Caps) -> Body:
    """Choose and decode the text parts under *root*.

    Plain text is preferred to HTML unless it is empty or only says that the mail is HTML. Several text
    parts are joined (Apple Mail puts attachments between paragraphs). A text part with a file name, or of a
    kind that is nearly plain, is an attachment, except where the mail has no other text. Forwarded mails are
    not opened.
    """
    reader = _Reader(raw, caps)
    choice = _choose(root, reader)
    if not choice.texts:
        choice = _with_named_text(choice)
    pieces = [reader.text(part).strip("\n") for part in choice.texts]
    text = cut = "\n\n".join(piece for piece in pieces if piece.strip())
    if len(text) * 4 > caps.max_text_bytes:
        cut = cut_to_bytes(text, caps.max_text_bytes)
    damaged = [part for part in choice.texts if part.block.body in reader.damaged]
    if cut != text:
        reader.problems.append(f"the text is longer than {caps.max_text_bytes} bytes and was cut")
        damaged = list(choice.texts)
    return Body(cut, choice.others, tuple(damaged), tuple(reader.problems))


class _Reader:
    """Decodes each text part once; collects what could not be read as meant."""

    def __init__(self, raw: bytes, caps: Caps) -> None:
        self.raw = raw
        self.caps = caps
        self.problems: list[str] = []
        self.damaged: set[int] = set()  # parts, by where their bodies begin
        self._read: dict[int, str] = {}

    def text(self, part: Part) -> str:
        key = part.block.body
        if key not in self._read:
            content, problem = decode_transfer(part.body(self.raw), part.encoding)
            self.problems += [problem] if problem else []
            self._read[key], damage = self._decoded(part, content)
            if damage:
                self.damaged.add(key)
                self.problems += damage
        return self._read[key]

    def _decoded(self, part: Part, content: bytes) -> tuple[str, list[str]]:
        """The text of a part, and why it is not all that its sender wrote."""
        problems: list[str] = []
        room = self.caps.max_text_bytes * 4  # what lies beyond could not be shown: no work for it
        if len(content) > room:
            content = content[:room]
            problems.append(f"a text part is longer than {room} bytes and was cut")
        charset = part.type_parameters.token("charset")
        if not charset and part.content_type == HTML and (meta := _META_CHARSET.search(content[:2048])):
            charset = meta[1].decode("ascii")
        text, problem = decode(content, charset)
        problems += [problem] if problem else []
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if "\0" in text:
            problems.append("a text part holds NUL")
            text = text.replace("\0", "\ufffd")
        if part.content_type == HTML:
            text, complete = html_text(text)
            problems += [] if complete else ["an HTML part has too many tags and was cut"]
        elif part.type_parameters.token("format").lower() == "flowed":
            text = unflow(text, part.type_parameters.token("delsp").lower() == "yes")
        return without_surrogates(text.replace("\0", "\ufffd")), problems


def _choose(part: Part, reader: _Reader) -> _Choice:
    if not part.children:
        return _leaf(part)
    if part.content_type == "multipart/alternative":
        return _alternative([_choose(child, reader) for child in part.children], reader)
    if part.content_type == "multipart/related":
        root = _related_root(part)
        chosen = _choose(root, reader)
        rest = [leaf for child in part.children if child is not root for leaf in _leaves(child)]
        return _Choice(chosen.texts, (*chosen.others, *rest))
    choices = [_choose(child, reader) for child in part.children]
    return _Choice(_joined(choice.texts for choice in choices), _joined(choice.others for choice in choices))


def _leaf(part: Part) -> _Choice:
    readable = part.content_type in (PLAIN, HTML) or part.content_type.startswith("multipart/")
    if readable and part.disposition.value != "attachment" and not name_of(part):
        return _Choice((part,), ())
    return _Choice((), (part,))


def _alternative(choices: list[_Choice], reader: _Reader) -> _Choice:
    """Keep one kind of text. Other kinds of text say the same once more; what is no text is kept whole."""
    texts = _joined(choice.texts for choice in choices)
    others = _joined(choice.others for choice in choices)
    html = tuple(part for part in texts if part.content_type == HTML)
    plain = tuple(part for part in texts if part.content_type != HTML)
    if plain and html and _useless(plain, html, reader):
        plain = ()
    return _Choice(plain or html, others)


def _useless(plain: tuple[Part, ...], html: tuple[Part, ...], reader: _Reader) -> bool:
    text = " ".join(" ".join(map(reader.text, plain)).split())
    if not text:
        return True
    if len(text) > _SHORT_NOTICE or "html" not in text.lower():
        return False
    return text not in " ".join(" ".join(map(reader.text, html)).split())


def _related_root(part: Part) -> Part:
    start = part.type_parameters.token("start")
    for child in part.children:
        if start and child.block.first("content-id") == start.encode("latin-1", "replace"):
            return child
    return part.children[0]


def _with_named_text(choice: _Choice) -> _Choice:
    for part in choice.others:
        if part.content_type in (PLAIN, HTML, *_LIKE_PLAIN) and part.disposition.value != "attachment":
            return _Choice((part,), tuple(other for other in choice.others if other is not part))
    return choice


def _leaves(part: Part) -> list[Part]:
    return [leaf for child in part.children for leaf in _leaves(child)] if part.children else [part]


def _joined(groups: Iterable[tuple[Part, ...]]) -> tuple[Part, ...]:
    return tuple(part for group in groups for part in group)


def name_of(part: Part) -> str:
    """Return the file name a part declares, as written; empty when none. Not safe: see ``file_name``."""
    return part.disposition.text("filename") or part.type_parameters.text("name")
