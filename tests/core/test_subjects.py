"""Ticket numbers in subjects."""

import pytest

from helpdesk.core.subjects import MAX_NUMBER, tagged, ticket_numbers, typed_number


@pytest.mark.parametrize(
    ("subject", "numbers"),
    [
        pytest.param("Re: [#12] Mon chargeur", (12,), id="bare tag"),
        pytest.param("TR: [Redmine #12] Mon chargeur", (), id="another system's tag"),
        pytest.param("[#12] [#13] [#12]", (12, 13), id="each once, in order"),
        pytest.param("Salle #12, poste 4", (), id="a number without brackets is just a number"),
        pytest.param("[#] [#x] [12]", (), id="no number"),
        pytest.param("[#0]", (), id="numbers begin at one"),
        pytest.param("[#2147483647]", (2147483647,), id="largest"),
        pytest.param("[#2147483648]", (), id="one over the largest"),
        pytest.param("[#99999999999]", (), id="far too long"),
        pytest.param("[" * 70_000 + "#12]", (12,), id="many brackets end at once"),
    ],
)
def test_a_tag_in_the_subject_names_a_ticket(subject: str, numbers: tuple[int, ...]) -> None:
    assert ticket_numbers(subject) == numbers


def test_the_tag_we_write_is_the_tag_we_read() -> None:
    assert ticket_numbers("Re: " + tagged("Mon chargeur", 7)) == (7,)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("12", 12), ("#12", 12), ("[#12]", 12), ("012", 12), (str(MAX_NUMBER), MAX_NUMBER),
        (str(MAX_NUMBER + 1), None), ("[#99999999999]", None), ("", None), ("#", None), ("[12]", None),
        ("[#12", None),        ("-1", None), ("1 2", None), ("x", None), ("\u0661", None), ("12\n", None),
    ],
)  # fmt: skip
def test_a_ticket_is_named_by_its_number_or_its_tag(typed: str, number: int | None) -> None:
    assert typed_number(typed) == number
