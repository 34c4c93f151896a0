"""Marks that we sign, and everything that must not pass for one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core import replytokens
from helpdesk.core.replytokens import Claim, Mark

KEY = b"k" * 32
OLD_KEY = b"o" * 32
DESK = "desk@help.example"
DOMAIN = "help.example"
DEDUPE = "0123456789abcdef" * 4
TOKEN = replytokens.mark_token(KEY, Mark("t", 123), 7)


def message_id(mark: str = f".t123-{TOKEN}", domain: str = DOMAIN) -> str:
    return f"<c.{DEDUPE[:32]}{mark}@{domain}>"


def test_a_token_is_26_letters_that_no_mail_system_changes() -> None:
    assert len(TOKEN) == 26
    assert set(TOKEN) <= set("abcdefghijklmnopqrstuvwxyz234567")


@pytest.mark.parametrize(
    ("keys", "number", "person", "token", "holds"),
    [
        pytest.param([KEY], 123, 7, TOKEN, True, id="as made"),
        pytest.param([OLD_KEY, KEY], 123, 7, TOKEN, True, id="made with a key since replaced"),
        pytest.param([KEY, OLD_KEY], 123, 7, TOKEN, True, id="made with the newest key"),
        pytest.param([OLD_KEY], 123, 7, TOKEN, False, id="key was withdrawn"),
        pytest.param([], 123, 7, TOKEN, False, id="no key at all"),
        pytest.param([KEY], 124, 7, TOKEN, False, id="another ticket"),
        pytest.param([KEY], 123, 8, TOKEN, False, id="another person"),
        pytest.param([KEY], 12, 37, TOKEN, False, id="digits moved between the two"),
        pytest.param([KEY], 123, 7, TOKEN[:-1], False, id="cut"),
        pytest.param([KEY], 123, 7, "", False, id="empty"),
        pytest.param([KEY], 123, 7, "é" * 26, False, id="not ASCII"),
    ],
)
def test_a_token_holds_for_its_ticket_and_person_only(
    keys: list[bytes], number: int, person: int, token: str, holds: bool
) -> None:
    assert replytokens.genuine(keys, Claim(Mark("t", number), token), person) is holds


def test_a_token_for_a_held_mail_does_not_open_the_ticket_of_the_same_number() -> None:
    held = replytokens.mark_token(KEY, Mark("h", 123), 7)
    assert not replytokens.genuine([KEY], Claim(Mark("t", 123), held), 7)
    assert replytokens.genuine([KEY], Claim(Mark("h", 123), held), 7)


@pytest.mark.parametrize(
    ("ids", "numbers"),
    [
        pytest.param([message_id()], [123], id="as sent"),
        pytest.param([message_id().upper()], [123], id="case was changed"),
        pytest.param([message_id(), message_id()], [123], id="named twice"),
        pytest.param(
            [f"<c.{DEDUPE[:32]}.t5-{TOKEN}@{DOMAIN}>", message_id()], [5, 123], id="several, in their order"
        ),
        pytest.param([message_id(mark="")], [], id="a letter without a mark"),
        pytest.param([message_id(domain="evil.example")], [], id="another domain"),
        pytest.param([message_id(domain=f"{DOMAIN}.evil.example")], [], id="our domain as a prefix"),
        pytest.param([message_id(domain=f"x.{DOMAIN}")], [], id="below our domain"),
        pytest.param([message_id(mark=f".t0-{TOKEN}")], [], id="number zero"),
        pytest.param([message_id(mark=f".t0123-{TOKEN}")], [], id="leading zero"),
        pytest.param([message_id(mark=f".x123-{TOKEN}")], [], id="unknown kind"),
        pytest.param([message_id(mark=f".t123-{TOKEN}a")], [], id="token too long"),
        pytest.param([message_id(mark=f".t123-{TOKEN[1:]}")], [], id="token too short"),
        pytest.param([message_id(mark=f".t{2**31 - 1}-{TOKEN}")], [2**31 - 1], id="largest number"),
        pytest.param([message_id(mark=f".t{2**31}-{TOKEN}")], [], id="more than a column holds"),
        pytest.param([message_id()[1:-1]], [], id="no angle brackets"),
        pytest.param([message_id() + " "], [], id="something after it"),
        pytest.param(["", "<>", "<[x@y]>"], [], id="not ids at all"),
    ],
)
def test_marks_are_read_from_our_own_message_ids_only(ids: list[str], numbers: list[int]) -> None:
    assert [claim.mark.number for claim in replytokens.claims_in_ids(ids, DOMAIN)] == numbers


def test_a_mark_for_a_held_mail_may_be_as_large_as_a_row_id() -> None:
    ids = [message_id(f".h{2**63 - 1}-{TOKEN}"), message_id(f".h{2**63}-{TOKEN}")]
    assert replytokens.claims_in_ids(ids, DOMAIN) == (Claim(Mark("h", 2**63 - 1), TOKEN),)


@pytest.mark.parametrize(
    ("address", "numbers"),
    [
        pytest.param(f"desk+t123-{TOKEN}@help.example", [123], id="as sent"),
        pytest.param(f"Desk+T123-{TOKEN.upper()}@HELP.example", [123], id="case was changed"),
        pytest.param("desk@help.example", [], id="plain address"),
        pytest.param(f"desk+t123-{TOKEN}@evil.example", [], id="another domain"),
        pytest.param(f"other+t123-{TOKEN}@help.example", [], id="another mailbox"),
        pytest.param(f"desk+x+t123-{TOKEN}@help.example", [], id="something before it"),
        pytest.param(f"desk+t123-{TOKEN}+x@help.example", [], id="something after it"),
        pytest.param(f"desk+t123-{TOKEN}", [], id="no domain"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_marks_are_read_from_plus_addresses_of_the_desk_only(address: str, numbers: list[int]) -> None:
    assert [claim.mark.number for claim in replytokens.claims_in_addresses([address], DESK)] == numbers


def test_what_we_write_into_an_address_is_what_we_read_back() -> None:
    address = replytokens.reply_address(DESK, Mark("t", 123), TOKEN)
    assert address == f"desk+t123-{TOKEN}@help.example"
    assert replytokens.claims_in_addresses([address], DESK) == (Claim(Mark("t", 123), TOKEN),)


def test_an_address_too_long_for_smtp_is_not_made() -> None:
    fits, too_long = "d" * 32 + "@help.example", "d" * 33 + "@help.example"
    made = replytokens.reply_address(fits, Mark("t", 123), TOKEN)
    assert made is not None
    assert len(made.partition("@")[0]) == 64
    assert replytokens.reply_address(too_long, Mark("t", 123), TOKEN) is None


def test_a_bounce_address_names_its_letter_and_no_other() -> None:
    address = replytokens.bounce_address(KEY, DESK, DEDUPE)
    assert address is not None
    assert replytokens.bounced_letter([OLD_KEY, KEY], address, DESK) == DEDUPE[:12]
    assert replytokens.bounced_letter([KEY], address.upper(), DESK) == DEDUPE[:12]
    assert replytokens.bounced_letter([OLD_KEY], address, DESK) is None
    assert replytokens.bounced_letter([KEY], address, "other@help.example") is None
    assert replytokens.bounced_letter([KEY], address.replace("b0", "b1"), DESK) is None
    assert replytokens.bounced_letter([KEY], DESK, DESK) is None


def test_a_bounce_address_too_long_for_smtp_is_not_made() -> None:
    assert replytokens.bounce_address(KEY, "d" * 23 + "@help.example", DEDUPE) is not None
    assert replytokens.bounce_address(KEY, "d" * 24 + "@help.example", DEDUPE) is None


@pytest.mark.parametrize(
    ("given_id", "own"),
    [
        pytest.param(message_id(), True, id="with mark"),
        pytest.param(message_id(mark=""), True, id="without mark"),
        pytest.param("<c.abc@help.example>", False, id="not our form"),
        pytest.param(message_id(domain="evil.example"), False, id="not our domain"),
    ],
)
def test_our_own_message_ids_are_known_by_their_form(given_id: str, own: bool) -> None:
    assert replytokens.is_own_message_id(given_id, DOMAIN) is own


@settings(deadline=None)
@given(st.text(max_size=200))
def test_readers_take_any_text(text: str) -> None:
    for form in (text, f"<{text}@{DOMAIN}>", f"desk+{text}@help.example"):
        assert replytokens.claims_in_ids([form], DOMAIN) == ()
        replytokens.claims_in_addresses([form], DESK)
        assert replytokens.bounced_letter([KEY], form, DESK) is None
