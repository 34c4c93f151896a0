"""One rule for all JSON that goes out: ids are strings, since readers of JSON keep 53 bits of a number, not 63."""

import json
from collections.abc import Mapping
from datetime import datetime

MAX_NUMBER = 2**53  # up to it each whole number is kept by whoever reads numbers as floating point


def json_text(value: object) -> str:
    """Return *value* as JSON on one line, ASCII only. Times are ISO 8601; whole numbers beyond 2⁵³ are strings.

    Row ids are all beyond; ticket numbers, counts and sizes are not, and stay numbers.
    """
    return json.dumps(_plain(value))


def _plain(value: object) -> object:
    match value:
        case bool() | None | float():
            return value
        case int():
            return str(value) if abs(value) > MAX_NUMBER else value
        case Mapping():
            return {key: _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case datetime():
            return value.isoformat()
        case _:
            return str(value)
