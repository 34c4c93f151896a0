"""Text that says where its lines may be joined: format=flowed (RFC 3676)."""

_SIGNATURE = "-- "


def unflow(text: str, delete_space: bool) -> str:
    """Return *text* (lines end in LF) with its soft line breaks joined, quote marks kept as ``>> ``.

    *delete_space* is the DelSp parameter: the blank before a soft break is not part of the text.
    """
    out: list[str] = []
    paragraph: list[str] = []
    level = 0
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")  # §4.4: stuffed by one blank
        if paragraph and (depth != level or content == _SIGNATURE):
            out.append(_line(level, paragraph))
            paragraph = []
        level = depth
        soft = content.endswith(" ") and content != _SIGNATURE
        paragraph.append(content[:-1] if soft and delete_space else content)
        if not soft:
            out.append(_line(level, paragraph))
            paragraph = []
    if paragraph:
        out.append(_line(level, paragraph))
    return "\n".join(out)


def _line(level: int, pieces: list[str]) -> str:
    text = "".join(pieces)
    return f"{'>' * level} {text}" if level else text
