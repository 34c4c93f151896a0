"""Which passwords are taken: long ones that nobody would try first."""

import unicodedata

import pytest

from helpdesk.actions.passwords import known_passwords
from helpdesk.core.passwords import MAX_CHARS, normal_password, password_flaw

OWN = ("Jeanne Dupont", "Support du centre", "jeanne.dupont@ecole.example")


@pytest.mark.parametrize(
    ("password", "has_totp", "told"),
    [
        pytest.param("x1y2z3a4b5c6d7e", False, "", id="fifteen characters"),
        pytest.param("x1y2z3a4b5c6d7", False, "15 characters or more", id="one fewer"),
        pytest.param("x1y2z3a4b5c6", True, "", id="twelve with a second factor"),
        pytest.param("x1y2z3a4b5c", True, "12 characters or more", id="one fewer, with it"),
        pytest.param("ab cd ef gh " * 10 + "12345678", False, "", id="128 characters"),
        pytest.param("ab cd ef gh " * 10 + "123456789", False, "128 characters at most", id="one more"),
        pytest.param("quatre mots dans un rang", False, "", id="words alone"),
        pytest.param("un chêne très élevé", False, "", id="French letters"),
        pytest.param("one line\nand another", False, "control characters", id="a line break"),
        pytest.param("password password", False, "tried", id="our own words"),
        pytest.param("helpdeskhelpdesk1", False, "tried", id="the product's name"),
        pytest.param("JeanneDupont2026!!", False, "tried", id="the name and a year"),
        pytest.param("ecole.example.2026", False, "tried", id="the address's domain"),
        pytest.param("aaaaaaaaaaaaaaaa", False, "tried", id="one letter"),
        pytest.param("abababababababab", False, "tried", id="two letters"),
        pytest.param("azerty123azerty123", False, "tried", id="a known one twice"),
        pytest.param("xyzxyzxyzxyzxyz", False, "tried", id="three letters again and again"),
        pytest.param("1234567890123456", False, "tried", id="digits alone"),
        pytest.param("jeanne aime le café noir", False, "", id="a name among other words"),
    ],
)
def test_a_password_is_taken_or_it_is_said_why_not(password: str, has_totp: bool, told: str) -> None:
    flaw = password_flaw(password, OWN, known_passwords(), has_totp)
    assert (flaw is None) if not told else (flaw is not None and told in flaw.english)


def test_a_known_password_is_refused_in_any_case() -> None:
    for known in ("Motdepasse123456", "ILOVEYOUILOVEYOU"):
        assert password_flaw(known, OWN, known_passwords(), False)
    long_known = max(known_passwords(), key=len)
    assert password_flaw(long_known.upper().ljust(15, "1"), OWN, known_passwords(), False)


def test_two_keyboards_that_write_one_letter_differently_write_one_password() -> None:
    assert normal_password(unicodedata.normalize("NFD", "élevé")) == normal_password("élevé")
    assert len(normal_password("ﬁ" * MAX_CHARS)) == 2 * MAX_CHARS
