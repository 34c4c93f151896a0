"""What can be left out on the command line."""

import pytest

from shell.main import parser
from shell.words import Words


@pytest.mark.parametrize(
    ("line", "address"),
    [(["login"], None), (["login", "Jean@univ.example"], "jean@univ.example")],
    ids=["asked for", "given"],
)
def test_an_address_may_be_left_out_at_login(line: list[str], address: str | None) -> None:
    assert parser(Words()).parse_args(line).address == address
