"""Identity is the one address in From; the corpus has a file for every form, named by what is odd."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.address import BadSender, Sender, disagreement, normal_address, sender_of
from helpdesk.core.headers import Field, HeaderBlock, read_headers
from tests.core.makers import CAPS

CORPUS = Path(__file__).parents[1] / "mails" / "from"


def corpus(kind: str) -> list[object]:
    return [pytest.param(path.read_bytes(), id=path.stem) for path in sorted(CORPUS.glob(f"{kind}-*.eml"))]


def expected(raw: bytes, what: str) -> str:
    found = re.search(rb"X-Expected-" + what.encode() + rb": ([^\r\n]*)", raw)
    return found[1].decode() if found else ""


def sender_in(value: bytes) -> Sender | BadSender:
    return sender_of(HeaderBlock((Field("from", value),), 0))


@pytest.mark.parametrize("raw", corpus("accept"))
def test_a_plain_from_gives_its_address(raw: bytes) -> None:
    block = read_headers(raw, CAPS)
    sender = sender_of(block)

    assert block.problem == ""
    assert isinstance(sender, Sender)
    assert sender.address == expected(raw, "Sender")
    assert sender.domain == sender.address.rpartition("@")[2]
    assert sender.name == (expected(raw, "Name") or sender.name)
    assert sender.deceptive is bool(expected(raw, "Deceptive"))


@pytest.mark.parametrize("raw", corpus("refuse"))
def test_a_from_that_can_be_read_in_two_ways_is_refused(raw: bytes) -> None:
    block = read_headers(raw, CAPS)
    sender = sender_of(block)

    reason = block.problem or (sender.reason if isinstance(sender, BadSender) else "")
    assert reason
    assert expected(raw, "Reason") in reason


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param([], "no From field", id="none"),
        pytest.param([b"a@b.example", b"a@b.example"], "2 From fields; exactly one is allowed", id="two"),
    ],
)
def test_there_is_exactly_one_from(values: list[bytes], reason: str) -> None:
    block = HeaderBlock(tuple(Field("from", value) for value in values), 0)

    assert sender_of(block) == BadSender(reason)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(b"Jean <a@b.example>", "", id="the same"),
        pytest.param(b"<a@b.example>, <a@b.example>", "", id="the same twice"),
        pytest.param(b"x@y.example", "parsers disagree about the address in From", id="another"),
        pytest.param(
            b"<a@b.example>, x@y.example", "parsers disagree about the address in From", id="one more"
        ),
        pytest.param(b"<x:a@b.example>", "parsers disagree about the address in From", id="one finds none"),
        pytest.param(b".J <a@b.example>", "a parser fails on From: AttributeError", id="one fails"),
    ],
)
def test_the_parsers_of_the_standard_library_must_find_the_same_address(line: bytes, problem: str) -> None:
    assert disagreement(line, b"a@b.example") == problem


def test_the_corpus_is_there() -> None:
    assert len(corpus("accept")) >= 60
    assert len(corpus("refuse")) >= 100


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        pytest.param("jean@univ.example", "jean@univ.example", id="plain"),
        pytest.param(
            "  Jean.Dupont@UNIV.Example ", "jean.dupont@univ.example", id="capitals and blanks around"
        ),
        pytest.param("o'neil+desk@univ.example", "o'neil+desk@univ.example", id="apostrophe and plus"),
        pytest.param("jean@université.example", "jean@xn--universit-j4a.example", id="international domain"),
        pytest.param("jean@Université.example", "jean@xn--universit-j4a.example", id="with a capital"),
        pytest.param("jean@xn--universit-j4a.example", "jean@xn--universit-j4a.example", id="as an A-label"),
        pytest.param("a" * 64 + "@univ.example", "a" * 64 + "@univ.example", id="64 before the @"),
    ],
)
def test_a_typed_address_is_stored_in_one_form(typed: str, stored: str) -> None:
    assert normal_address(typed) == stored


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        pytest.param("jean", "jean: a mail address has an @, as in jean@example.org", id="no @"),
        pytest.param("", ": a mail address has an @, as in jean@example.org", id="nothing"),
        pytest.param(
            "jean@univ", "jean@univ: after the @ stands a domain with a dot, like example.org", id="no dot"
        ),
        pytest.param(
            "jé@univ.example",
            "jé@univ.example: before the @ stand letters without accents, digits and . _ + - only",
            id="an accent before the @",
        ),
        pytest.param(
            "Jean <jean@univ.example>",
            "Jean <jean@univ.example>: before the @ stand letters without accents, digits and . _ + - only",
            id="with a name",
        ),
        pytest.param(
            "a" * 65 + "@univ.example",
            "a" * 65 + "@univ.example: 65 characters stand before the @; the limit is 64",
            id="65 before the @",
        ),
        pytest.param(
            "x@lin\u212a.example",
            "x@lin\u212a.example: the domain is written with look-alike or composed characters",
            id="the Kelvin sign",
        ),
        pytest.param(
            "x@-univ.example",
            "x@-univ.example: -univ.example is no domain name (letters, digits, hyphens and dots)",
            id="a hyphen in front",
        ),
    ],
)
def test_a_typed_address_that_cannot_be_used_says_why(typed: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)) as error:
        normal_address(typed)
    assert str(error.value) == problem


PARTS = st.sampled_from(
    [
        *(b'<>()[]"\\,;:@.=? \t'[i : i + 1] for i in range(17)),
        b"=?utf-8?Q?a=40b?=",
        b"=?utf-8?B?YQ==?=",
        b"admin@legitimate.example",
        b"\r\n ",
        b"xn--a",
        b"jean",
        b"\xc3\xa9",
    ]
)


@settings(max_examples=600, derandomize=True, deadline=None)
@given(st.lists(PARTS | st.binary(max_size=3), max_size=12).map(b"".join))
def test_any_bytes_give_a_sender_or_a_reason(value: bytes) -> None:
    sender = sender_in(value)

    if isinstance(sender, Sender):
        assert re.fullmatch(r"[!-~]+@[a-z0-9.-]+", sender.address)
        assert sender.address == sender.address.lower()
        assert sender.address.encode() in value.lower() or b"\xc3" in value
    else:
        assert sender.reason


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.text(max_size=40))
def test_whatever_is_typed_gives_an_address_or_a_value_error(text: str) -> None:
    try:
        address = normal_address(text)
    except ValueError:
        return
    assert normal_address(address) == address


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"(" * 65536, id="brackets"),
        pytest.param(b'"' * 65536, id="quotes"),
        pytest.param(b'"\\"' * 21845, id="quoted pairs"),
        pytest.param(b"a." * 32768, id="dots"),
        pytest.param(b"a " * 32768, id="words"),
        pytest.param(b"<" * 65536, id="angle brackets"),
        pytest.param(b"a@" * 32768, id="at signs"),
        pytest.param(b"=?a?q?" * 10922, id="encoded words begun"),
        pytest.param(b"\r\n " * 21845, id="folds"),
    ],
)
@pytest.mark.parametrize("length", [pytest.param(990, id="990 bytes"), pytest.param(65536, id="64 KiB")])
def test_hostile_values_are_refused_at_any_length(value: bytes, length: int) -> None:
    assert isinstance(sender_in(value[:length]), BadSender)
