"""What changed in the settings is named, and nothing else of it can be read from what is kept."""

import pytest

from helpdesk.core.settingsseen import changed_names, fingerprints

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
SEEN = {
    "desk.name": "Support",
    "smtp.password": "pw",
    "imap.main.host": "a",
    "imap.main.trust.placement": "above",
}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"desk.name": "support"}, ["desk.name"], id="a value"),
        pytest.param(
            {"smtp.password": "", "imap.main.host": "b"}, ["imap.main.host", "smtp.password"], id="two"
        ),
        pytest.param({"desk.new": "x"}, [], id="a setting of a newer release"),
        pytest.param({"imap.second.host": "b"}, ["imap.second"], id="a mailbox more"),
    ],
)
def test_what_changed_is_named(change: dict[str, str], names: list[str]) -> None:
    before, after = fingerprints(KEY, SEEN), fingerprints(KEY, SEEN | change)
    assert changed_names(before, after) == names
    assert changed_names(after, before) == names


def test_with_another_key_only_the_key_is_named() -> None:
    assert changed_names(fingerprints(KEY, SEEN), fingerprints(OTHER, SEEN)) == ["secret_key"]


def test_the_same_value_looks_different_elsewhere() -> None:
    made = fingerprints(KEY, {"a": "pw", "b": "pw"})
    assert len(set(made.values())) == 3
    assert all(len(one) == 32 for one in made.values())
