"""A QR code in half blocks, for a terminal. It is printed by us alone: nothing in it comes from outside."""


def qr_lines(text: str) -> list[str]:
    """Return the lines of the code, two rows of modules in each, dark on light as telephones expect."""
    import segno  # no start of the shell should wait for it

    modules = [list(row) for row in segno.make(text, error="m").matrix_iter(border=2)]
    if len(modules) % 2:
        modules.append([0] * len(modules[0]))
    signs = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    pairs = zip(modules[::2], modules[1::2], strict=True)
    return [
        "".join(signs[int(bool(upper)), int(bool(lower))] for upper, lower in zip(above, below, strict=True))
        for above, below in pairs
    ]
