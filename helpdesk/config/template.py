"""The commented settings file that ``init`` writes, with what is already known filled in."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

TEMPLATE = Path(__file__).with_name("template.toml")
Answer = str | int | bool | list[str]
_SECTION = re.compile(r"\[([a-z.]+)\]")
_SETTING = re.compile(r"#?([a-z_0-9]+) = .*")


def filled_template(answers: Mapping[str, Answer]) -> str:
    """Return the template with *answers*, for instance {"imap.host": "imap.example.org"}.

    An answer for which the template has no line is a ValueError.
    """
    left = dict(answers)
    section = ""
    lines = []
    for line in TEMPLATE.read_text(encoding="utf-8").splitlines():
        if header := _SECTION.fullmatch(line):
            section = header[1]
        setting = _SETTING.fullmatch(line)
        name = f"{section}.{setting[1]}" if setting else ""
        lines.append(f"{setting[1]} = {_toml(left.pop(name))}" if setting and name in left else line)
    if left:
        raise ValueError(f"no such settings: {', '.join(left)}")
    return "\n".join(lines) + "\n"


def _toml(answer: Answer) -> str:
    """JSON's texts, numbers, truths and lists of these are TOML's too, but for DEL, which TOML wants escaped."""
    return json.dumps(answer, ensure_ascii=False).replace("\x7f", "\\u007f")
