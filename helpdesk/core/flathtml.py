"""HTML of mails made flat and harmless: a handful of tags without attributes, nothing nested but lists.

Every tag is rewritten from an allow list before a real parser sees it. Deep nesting (libxml2 drops what lies
deeper than 256 elements), huge tables, margins of a million lines, scripts and anything remote end here.
Linear in the length of its input.
"""

import re
from html import escape, unescape

QUOTE_OPENS, QUOTE_CLOSES, CELL_ENDS = (
    "\ufdd0",
    "\ufdd1",
    "\ufdd2",
)  # never characters of a text (Unicode 23.7)
BREAK = "<div></div>"
PARAGRAPH = "<p></p>"
RULE = "_" * 32  # as Outlook writes it above the headers of the mail it answers

MAX_LISTS = 10
MAX_QUOTES = 20
MAX_LINK_CHARACTERS = 1000
MAX_TAGS = 100_000  # about a second of work; the longest threads of real mail have a fifth of it

_MARKS = re.compile("[\ufdd0-\ufdef]")
_NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9:]{0,30}+")
# Quotes only count after an equals sign: <p don't> ends at its bracket. Bounded: each piece takes memory.
_TAG_REST = re.compile(r"""((?>(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')|=){0,5000}))>""")
_LONG_NUMBER = re.compile(r"&#0*+[0-9]{8,}+;?")  # int() refuses 4,300 digits

_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6"])
_BREAKS = frozenset((
    "address", "article", "aside", "caption", "center", "dd", "div", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "header", "hgroup", "legend", "main", "nav", "option", "section", "table", "tr",
))  # fmt: skip
_LISTS = frozenset(("ul", "ol"))
_CELLS = frozenset(("td", "th"))
_UNSHOWN = frozenset(("script", "style", "title", "template"))
_SCHEMES = ("http://", "https://", "mailto:", "ftp://", "tel:")


def flatten(html: str) -> tuple[str, bool]:
    """Return *html* as flat HTML (text, ``<br>``, empty ``<div>`` and ``<p>``, lists, ``<pre>``), and whether
    all of it is there: after MAX_TAGS tags the rest is left out.

    Quotes and cells become marks (QUOTE_OPENS and its like), links and pictures become text. The text is
    escaped twice over, since the renderer resolves entities twice. Never raises.
    """
    flattener = _Flattener(_MARKS.sub("\ufffd", html))
    return flattener.flat(), flattener.tags <= MAX_TAGS


class _Flattener:
    def __init__(self, html: str) -> None:
        self.html = html
        self.out: list[str] = []
        self.lists: list[str] = []
        self.quotes: list[bool] = []
        self.level = 0
        self.preformatted = False
        self.cell = -1  # where in ``out`` the cell began
        self.tags = 0
        self.link = ""
        self.label: list[str] = []
        self.unclosed: set[str] = set()  # what was searched for once and never closes: no second search

    def flat(self) -> str:
        html, position = self.html, 0
        while (start := html.find("<", position)) >= 0:
            if start > position:
                self._text(html[position:start])
            position = self._markup(start)
            self.tags += 1
            if self.tags > MAX_TAGS:
                position = len(html)
        self._text(html[position:])
        self._close_link()
        self.out += (f"</{name}>" for name in reversed(self.lists))
        return "".join(self.out)

    def _text(self, source: str) -> None:
        text = unescape(_LONG_NUMBER.sub("\ufffd", source)) if "&" in source else source
        if "&" in source:
            text = _MARKS.sub("\ufffd", text)
        if self.preformatted or not text.isspace() or not self.out or self.out[-1] not in (BREAK, PARAGRAPH):
            self._say(text)

    def _say(self, text: str) -> None:
        if self.link:
            self.label.append(text)
        self.out.append(escape(text.replace("&", "&amp;"), quote=False))

    def _markup(self, start: int) -> int:
        """Take what begins with "<" at *start*; return where to go on."""
        html = self.html
        if html.startswith("<!--", start) and (end := self._after("-->", start + 2)):
            return end
        if html.startswith(("<!", "<?"), start) and (end := self._after(">", start)):
            return end
        name = _NAME.match(html, start + 1)
        if name is None or not (end := self._tag_end(name.end())):
            self._say("<")
            return start + 1
        tag = name[0].lower()
        attributes = html[name.end() : end - 1]
        if tag in _UNSHOWN:
            closing = self._after(f"</{tag}", end)
            return closing or end
        self._tag(tag, attributes)
        return end

    def _after(self, wanted: str, start: int) -> int:
        """Return the position after the next *wanted*, 0 when none follows."""
        if wanted in self.unclosed:
            return 0
        if wanted.startswith("</"):
            found = re.compile(re.escape(wanted) + r"\b[^>]*+>?", re.IGNORECASE).search(self.html, start)
            end = found.end() if found else 0
        else:
            end = self.html.find(wanted, start) + len(wanted)
            end = 0 if end < start + len(wanted) else end
        if not end:
            self.unclosed.add(wanted)
        return end

    def _tag_end(self, start: int) -> int:
        if '"' not in self.unclosed:
            if found := _TAG_REST.match(self.html, start):
                return found.end()
            self.unclosed.add('"')
        return self._after(">", start)

    def _tag(self, tag: str, attributes: str) -> None:
        bare = tag.lstrip("/")
        closing = bare != tag
        if bare in _PARAGRAPHS:
            self._break(PARAGRAPH)
        elif bare in _BREAKS:
            self._break(BREAK)
        elif bare in _CELLS:
            self._cell(closing)
        elif bare == "a":
            self._close_link()
            self.link = "" if closing else _link(_attribute(attributes, "href"))
        elif bare == "li":
            self.out.append(f"<{tag}>")
        elif bare in _LISTS:
            self._list(bare, closing)
        elif bare == "blockquote":
            self._quote(closing, attributes)
        elif bare == "pre" and closing == self.preformatted:
            self.preformatted = not closing
            self.out.append(f"<{tag}>")
        elif tag == "br":
            self.out.append("<br>")
        elif tag == "hr":
            self.out.append(BREAK + RULE + BREAK)
        elif tag == "img" and (alt := _attribute(attributes, "alt").strip()):
            self._say(f"[{alt[:200]}]")

    def _break(self, kind: str) -> None:
        last = self.out[-1] if self.out else ""
        if len(self.out) == self.cell or last in (kind, PARAGRAPH):
            return  # one break is enough: less for the renderer to do
        if last == BREAK:
            self.out.pop()
        self.out.append(kind)

    def _cell(self, closing: bool) -> None:
        """Keep the cells of a row on one line: no breaks at the edges of a cell."""
        if not closing:
            self.cell = len(self.out)
            return
        while len(self.out) > self.cell >= 0 and self.out[-1] in (BREAK, PARAGRAPH):
            self.out.pop()
        self.out.append(CELL_ENDS)

    def _list(self, name: str, closing: bool) -> None:
        if not closing and len(self.lists) < MAX_LISTS:
            self.lists.append(name)
            self.out.append(f"<{name}>")
        elif closing and self.lists:
            self.out.append(f"</{self.lists.pop()}>")

    def _quote(self, closing: bool, attributes: str) -> None:
        if not closing:
            # Mail programs indent with a blockquote too; they say that it has no border.
            shown = not _BORDERLESS.search(attributes) and self.level < MAX_QUOTES
            self.quotes.append(shown)
            self.level += shown
        elif self.quotes:
            shown = self.quotes.pop()
            self.level -= shown
        else:
            return
        mark = QUOTE_CLOSES if closing else QUOTE_OPENS
        self.out.append(BREAK + mark + BREAK if shown else BREAK)

    def _close_link(self) -> None:
        """Show where a link leads, unless its text says so already; links without text are decoration."""
        label = "".join(self.label).strip()
        link, self.link, self.label = self.link, "", []
        if label and _bare(label) != _bare(link):
            self._say(f" <{link}>")


_BORDERLESS = re.compile(r"border(?:-left)?\s{0,9}+:\s{0,9}+(?:none|0)|indent-blockquote", re.IGNORECASE)
_ATTRIBUTES = {
    name: re.compile(rf"""(?<![\w-]){name}\s{{0,9}}+=\s{{0,9}}+(?:"([^"]*+)"|'([^']*+)'|([^\s"']++))""", re.I)
    for name in ("href", "alt")
}


def _attribute(attributes: str, name: str) -> str:
    found = _ATTRIBUTES[name].search(attributes)
    if found is None:
        return ""
    value = found[1] or found[2] or found[3] or ""
    return _MARKS.sub("\ufffd", unescape(_LONG_NUMBER.sub("\ufffd", value[: 4 * MAX_LINK_CHARACTERS])))


def _link(target: str) -> str:
    link = "".join(target.split())
    return link[:MAX_LINK_CHARACTERS] if link.lower().startswith(_SCHEMES) else ""


def _bare(link: str) -> str:
    bare = "".join(link.split()).lower().rstrip("/")
    for scheme in _SCHEMES:
        bare = bare.removeprefix(scheme)
    return bare.removeprefix("www.")
