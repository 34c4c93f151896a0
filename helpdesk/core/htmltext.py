"""HTML to plain text: flattened by our own rules, laid out by inscriptis, quotes marked with ``> ``."""

import re
from html import unescape

from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig

from helpdesk.core.flathtml import CELL_ENDS, QUOTE_CLOSES, QUOTE_OPENS, flatten

_TAGS = re.compile("<[^<>]*+>")
_GAP = re.compile("\n{4,}+")


def html_text(html: str) -> tuple[str, bool]:
    """Return the text of *html*, lines end in LF, and whether all of it is there.

    Never raises, fetches nothing, runs nothing.

    ``<blockquote>`` becomes lines with ``> ``, a link ``text <where it leads>``, a picture ``[its
    description]``, a row of a table one line. What a style sheet would hide is shown.
    """
    flat, complete = flatten(html)
    try:
        text = get_text(flat, ParserConfig(css=CSS_PROFILES["strict"]))
    except Exception:  # noqa: BLE001  a foreign parser at work on foreign bytes; the text is worth more than its layout
        text = _bare_text(flat)
    return _GAP.sub("\n\n\n", _with_quote_marks(text)).strip("\n"), complete


def _bare_text(flat: str) -> str:
    """The text of flattened HTML, a new line for each tag; entities are resolved twice, as flatten wrote."""
    return unescape(unescape(_TAGS.sub("\n", flat)))


def _with_quote_marks(text: str) -> str:
    out: list[str] = []
    level = 0
    fresh = False  # no blank lines at the beginning of a quote, nor at its end
    for line in text.split("\n"):
        content = line.strip()
        if content == QUOTE_OPENS:
            level, fresh = level + 1, True
        elif content == QUOTE_CLOSES:
            while level and out and out[-1] == ">" * level:
                out.pop()
            level = max(level - 1, 0)
        elif not content.strip(CELL_ENDS + " ") and (fresh or content):
            continue
        else:
            fresh = False
            cells = (_on_one_line(line.split(CELL_ENDS)) if CELL_ENDS in line else line).rstrip()
            out.append(f"{'>' * level} {cells}".rstrip() if level else cells)
    return "\n".join(out)


def _on_one_line(cells: list[str]) -> str:
    """The cells of a row, two spaces between those that hold something; the indent of the first one stays."""
    first, *others = cells
    texts = [first.rstrip(" \xa0"), *filter(None, (cell.strip(" \xa0") for cell in others))]
    return "  ".join(texts)
