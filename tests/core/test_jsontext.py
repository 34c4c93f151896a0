"""What JSON holds: ids that no reader rounds, numbers that stay numbers, times, ASCII only."""

import json
from datetime import UTC, datetime
from enum import StrEnum

import pytest

from helpdesk.core.jsontext import json_text
from helpdesk.store.ids import new_id


class Word(StrEnum):
    ONE = "one"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2**53, 2**53),
        (2**53 + 1, "9007199254740993"),
        (-(2**53) - 1, "-9007199254740993"),
        (True, True),
        (None, None),
        (1.5, 1.5),
        ("é\x1b", "é\x1b"),
        (Word.ONE, "one"),
        (datetime(2026, 11, 26, 9, tzinfo=UTC), "2026-11-26T09:00:00+00:00"),
        ({"a": [1, {"b": 2**60}], "c": (2**60,)}, {"a": [1, {"b": str(2**60)}], "c": [str(2**60)]}),
    ],
)
def test_a_value_is_written_as_the_rule_says(value: object, expected: object) -> None:
    text = json_text(value)
    assert json.loads(text) == expected
    assert text.isascii()
    assert text.isprintable()


def test_every_id_of_a_row_is_a_string() -> None:
    made = new_id()
    assert json.loads(json_text({"id": made})) == {"id": str(made)}
