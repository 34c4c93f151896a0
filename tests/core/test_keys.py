"""Keys are told apart by their label, and the secret they come from does not show."""

import hmac

from helpdesk.core.keys import LOG_PEPPER, REPLY_TOKENS, Keys

SECRET = bytes(range(32))


def test_each_label_has_a_key_of_its_own_that_never_changes() -> None:
    keys = Keys(SECRET)
    made = {label: keys.derive(label) for label in (LOG_PEPPER, REPLY_TOKENS, "install-id")}
    assert len(set(made.values())) == 3
    assert all(len(key) == 32 for key in made.values())
    # Written out: a change here would break every mark in letters that are on their way.
    assert made[REPLY_TOKENS] == hmac.digest(SECRET, b"helpdesk key 1\0reply-tokens", "sha256")
    assert Keys(SECRET).derive(REPLY_TOKENS) == made[REPLY_TOKENS]


def test_another_secret_gives_other_keys() -> None:
    assert Keys(SECRET).derive(LOG_PEPPER) != Keys(SECRET[::-1]).derive(LOG_PEPPER)


def test_the_install_id_is_sixteen_hex_digits_and_the_same_for_ever() -> None:
    assert Keys(SECRET).install_id == "e2b2a35681bbeeeb"
    assert Keys(SECRET[::-1]).install_id != Keys(SECRET).install_id


def test_the_secret_does_not_show() -> None:
    assert repr(SECRET) not in repr(Keys(SECRET))
