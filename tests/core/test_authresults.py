"""A result is read as its border meant it, or the whole field is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.authresults import (
    MAX_BYTES,
    BadResults,
    Result,
    Results,
    authserv_id_of,
    check_together,
    read_results,
)
from helpdesk.core.trust import Profile

RFC, M365 = Profile.RFC8601, Profile.M365


def read(text: str, profile: Profile = RFC) -> list[tuple[str, str, dict[str, str]]]:
    found = read_results(text.replace("\n", "\r\n").encode(), profile)
    return [(result.method, result.value, dict(result.properties)) for result in found.results]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("mx.example; none", [], id="no results"),
        pytest.param("mx.example 1; none;", [], id="no results, version 1"),
        pytest.param("mx.example", [], id="an id alone"),
        pytest.param("mx.example; spf=pass", [("spf", "pass", {})], id="no properties"),
        pytest.param(
            "mx.example; DKIM=Pass Header.D=Univ.Example",
            [("dkim", "pass", {"header.d": "Univ.Example"})],
            id="capitals: names are folded, values kept",
        ),
        pytest.param(
            "mx.example; dkim=pass header.d=a.example; dkim=fail header.d=b.example",
            [("dkim", "pass", {"header.d": "a.example"}), ("dkim", "fail", {"header.d": "b.example"})],
            id="two of one method",
        ),
        pytest.param(
            'mx.example; bimi=skipped reason="insufficient dmarc"',
            [("bimi", "skipped", {"reason": "insufficient dmarc"})],
            id="a reason with a blank",
        ),
        pytest.param(
            r'mx.example; spf=pass smtp.mailfrom="a\"b\\c"',
            [("spf", "pass", {"smtp.mailfrom": r'a"b\c'})],
            id="quoted pairs",
        ),
        pytest.param(
            'mx.example; spf=pass smtp.mailfrom="prvs=1=a;b@x.example"',
            [("spf", "pass", {"smtp.mailfrom": "prvs=1=a;b@x.example"})],
            id="a semicolon in quotes ends nothing",
        ),
        pytest.param(
            "mx.example; spf=pass smtp.mailfrom=bounces+1=desk=x.example@y.example",
            [("spf", "pass", {"smtp.mailfrom": "bounces+1=desk=x.example@y.example"})],
            id="equals signs in a value",
        ),
        pytest.param(
            "mx.example; spf=none smtp.mailfrom=", [("spf", "none", {"smtp.mailfrom": ""})], id="empty"
        ),
        pytest.param(
            "mx.example; spf=none () smtp.helo=x", [("spf", "none", {"smtp.helo": "x"})], id="no comment"
        ),
        pytest.param(
            "mx.example; dmarc=pass(p=NONE,sp=NONE) header.from=x.example;",
            [("dmarc", "pass", {"header.from": "x.example"})],
            id="a comment glued to the word of the result",
        ),
        pytest.param(
            "mx.example (the border);\n\tspf=pass (a (b (c))) smtp.mailfrom=x (d);\n dkim/1=none (e) (f)",
            [("spf", "pass", {"smtp.mailfrom": "x"}), ("dkim", "none", {})],
            id="comments wherever they may stand",
        ),
        pytest.param(
            'mx.example; spf=pass (domain of "a b"@x.example) smtp.mailfrom=y',
            [("spf", "pass", {"smtp.mailfrom": "y"})],
            id="quotes in a comment, in pairs",
        ),
        pytest.param("mx.example;; spf=pass ; ;", [("spf", "pass", {})], id="spare semicolons"),
        pytest.param("mx.example; spf = pass", [("spf", "pass", {})], id="blanks around the equals sign"),
    ],
)
def test_the_forms_that_borders_write_are_read(
    text: str, found: list[tuple[str, str, dict[str, str]]]
) -> None:
    assert read(text) == found


MANY = "mx.example" + "; spf=none" * 32


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("mx.example; spf=pass smtp.mailfrom=é", "not ASCII", id="not ASCII"),
        pytest.param("mx.example; spf=pass \x01", "control characters", id="a control character"),
        pytest.param("mx.example 2; none", "version 2", id="another version"),
        pytest.param("mx.example; dkim/2=pass", "version 2", id="another version of a method"),
        pytest.param("", "does not begin with an authserv-id", id="nothing"),
        pytest.param("; spf=pass", "does not begin with an authserv-id", id="no id"),
        pytest.param("spf=pass; dmarc=pass", "does not begin with an authserv-id", id="a result for an id"),
        pytest.param(
            "mx.example spf=pass", "does not begin with an authserv-id", id="no semicolon after the id"
        ),
        pytest.param(f"{MANY}; spf=none", "33 results; the limit is 32", id="33 results"),
        pytest.param("mx.example; dmarc=pass; dmarc=fail", "two dmarc results", id="two dmarc"),
        pytest.param(
            "mx.example; dkim=pass header.d=a header.d=b", "header.d stands twice", id="a property twice"
        ),
        pytest.param(
            "mx.example; dkim=pass header.d=a HEADER.D=b", "header.d stands twice", id="in capitals"
        ),
        pytest.param("mx.example; spf", "cannot be read", id="no value"),
        pytest.param("mx.example; spf=", "cannot be read", id="an empty value"),
        pytest.param("mx.example; spf=pass smtp.mailfrom", "cannot be read", id="a property without value"),
        pytest.param("mx.example; none; spf=pass", "cannot be read", id="none and more"),
        pytest.param("mx.example; tenant; spf=pass", "cannot be read", id="a bare name"),
        pytest.param("mx.example; spf=pass (a", "cannot be read", id="a comment never closed"),
        pytest.param("mx.example; spf=pass a)", "cannot be read", id="a comment never opened"),
        pytest.param("mx.example; spf=pass (a (b (c (d))))", "cannot be read", id="comments four deep"),
        pytest.param("mx.example; spf=pass x=a(b)", "cannot be read", id="a comment glued to a value"),
        pytest.param("mx.example; spf=pass (b)x=a", "cannot be read", id="a value glued to a comment"),
        pytest.param('mx.example; spf=pass x="a"b', "cannot be read", id="text glued to quotes"),
        pytest.param('mx.example; spf=pass x=a"b"', "cannot be read", id="quotes glued to text"),
        pytest.param('mx.example; spf=pass x="a', "cannot be read", id="quotes never closed"),
        pytest.param(
            "mx.example; dkim=pass header.d=legitimate.example(.attack.example; dmarc=fail",
            "cannot be read",
            id="espoofer A4, a bracket in the domain of a signature",
        ),
        pytest.param(
            "mx.example; dkim=pass header.d=legitimate.example(.attack.example); dmarc=fail",
            "cannot be read",
            id="the same, closed",
        ),
        pytest.param(
            "mx.example; spf=pass smtp.mailfrom=any@legitimate.example(.a)attack.example",
            "cannot be read",
            id="espoofer A6, a comment inside the envelope domain",
        ),
        pytest.param(
            'mx.example; dkim=pass header.d=legitimate.example".attack.example; dmarc=fail',
            "cannot be read",
            id="espoofer A5, a quote in the domain of a signature",
        ),
        pytest.param(
            'mx.example; spf=none smtp.mailfrom="a; dmarc=pass header.from=x.example"@attack.example',
            "cannot be read",
            id="a result inside a quoted envelope sender",
        ),
        pytest.param(
            'mx.example; spf=none (domain of "x); dmarc=pass header.from=x.example; y=z ("@attack.example)',
            "cannot be read",
            id="a quoted envelope sender that ends a comment",
        ),
    ],
)
def test_whatever_could_be_read_in_two_ways_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadResults, match=reason):
        read(text)


def test_the_limit_of_results_is_32() -> None:
    assert len(read(MANY)) == 32


def test_the_limit_of_a_field_is_8_kib() -> None:
    text = b"mx.example; spf=none x=" + b"a" * MAX_BYTES

    assert len(read_results(text[:MAX_BYTES], RFC).results) == 1
    with pytest.raises(BadResults, match="it has 8193 bytes; the limit is 8192"):
        read_results(text[: MAX_BYTES + 1], RFC)


def test_results_of_several_fields_stand_together_with_one_dmarc_at_most() -> None:
    dmarc, spf = Result("dmarc", "pass"), Result("spf", "pass")

    check_together([dmarc, spf, spf])
    with pytest.raises(BadResults, match="two dmarc"):
        check_together([dmarc, spf, dmarc])


def test_microsoft_writes_no_id_and_old_borders_the_bare_name_of_a_tenant() -> None:
    text = "spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=x.example; desk.example; dmarc=pass action=none"

    assert read(text, M365) == [
        ("spf", "pass", {"smtp.mailfrom": "x.example"}),
        ("dmarc", "pass", {"action": "none"}),
    ]
    assert read_results(b"spf=pass", M365) == Results("", (Result("spf", "pass"),))


@pytest.mark.parametrize(
    ("value", "authserv_id"),
    [
        pytest.param(b" MX.Example; spf=pass", "mx.example", id="an id"),
        pytest.param(b"\r\n mx.example 1;\r\n none", "mx.example", id="folded, with version"),
        pytest.param(b" (c) mx.example; spf=pass", "mx.example", id="after a comment"),
        pytest.param(b" mx.example", "mx.example", id="alone"),
        pytest.param(b" spf=pass (sender IP is 1)", "", id="a result"),
        pytest.param(b" (mx.example; spf=pass", None, id="a comment never closed"),
        pytest.param(b' "mx.example"; spf=pass', None, id="in quotes"),
        pytest.param(b" mx\xc3\xa9.example; spf=pass", None, id="not ASCII"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_the_id_is_known_before_the_rest_is_read(value: bytes, authserv_id: str | None) -> None:
    assert authserv_id_of(value) == authserv_id


PARTS = st.sampled_from(
    [
        "mx.example",
        "; ",
        "dmarc=pass",
        "dkim=fail ",
        " header.from=legitimate.example",
        "(",
        ")",
        '"',
        "\\",
        " ",
        "=",
        "\r\n\t",
        "none",
        "/1",
        "2",
        "é",
        "\0",
    ]
)


@settings(max_examples=600, derandomize=True, deadline=None)
@given(st.lists(PARTS | st.text(max_size=3), max_size=30).map("".join), st.sampled_from(Profile))
def test_any_text_is_read_or_refused_by_the_declared_exception(text: str, profile: Profile) -> None:
    value = text.encode("utf-8", "surrogatepass")
    authserv_id_of(value)
    try:
        found = read_results(value, profile)
    except BadResults:
        return
    assert sum(result.method == "dmarc" for result in found.results) <= 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("(" * 65536, id="brackets"),
        pytest.param("(a)" * 21845, id="comments"),
        pytest.param("a=b " * 16384, id="properties"),
        pytest.param("a=b;" * 16384, id="results"),
        pytest.param('"' * 65536, id="quotes"),
        pytest.param('"\\"' * 21845, id="quoted pairs"),
        pytest.param("(\\)" * 21845, id="quoted pairs in comments"),
        pytest.param(" " * 65536, id="blanks"),
        pytest.param("a" * 65536, id="one word"),
        pytest.param('("' * 32768, id="quotes in comments"),
    ],
)
@pytest.mark.parametrize("length", [pytest.param(8000, id="8 KB"), pytest.param(65536, id="64 KiB")])
def test_hostile_text_is_refused_at_any_length(text: str, length: int) -> None:
    with pytest.raises(BadResults):
        read_results(("mx.example; spf=pass " + text)[:length].encode() + b" (", RFC)
