"""Names of attachments, safe to show and to offer."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.core.filenames import file_name, made_up_name


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        pytest.param("relevé.pdf", "relevé.pdf", id="a plain name"),
        pytest.param("Mon relevé (2).pdf", "Mon relevé (2).pdf", id="blanks and brackets"),
        pytest.param("الشاحن.pdf", "الشاحن.pdf", id="arabic"),
        pytest.param("../../etc/cron.d/x", "x", id="a path"),
        pytest.param("..\\..\\x.exe", "x.exe", id="a windows path"),
        pytest.param("a/b.pdf/", "b.pdf", id="a slash at the end"),
        pytest.param("..", "attachment", id="the folder above"),
        pytest.param("/", "attachment", id="the root"),
        pytest.param("", "attachment", id="nothing"),
        pytest.param(" . ", "attachment", id="dots and blanks"),
        pytest.param(".bashrc", "bashrc", id="hidden"),
        pytest.param("-rf", "rf", id="an option"),
        pytest.param("~root", "root", id="a home"),
        pytest.param("a-b.c", "a-b.c", id="dash and dot inside"),
        pytest.param("a.pdf. ", "a.pdf", id="dots and blanks at the end, which windows drops"),
        pytest.param("a\0b.pdf", "ab.pdf", id="nul"),
        pytest.param("a\r\nb\t.pdf", "a b .pdf", id="line ends"),
        pytest.param("a\x1b[2J.pdf", "a[2J.pdf", id="an escape"),
        pytest.param("a\x9b.pdf", "a.pdf", id="a C1 control"),
        pytest.param("photo\u202egpj.exe", "photogpj.exe", id="right to left"),
        pytest.param("a\u200b\ufeff\u2066b.pdf", "ab.pdf", id="zero width"),
        pytest.param("a\U000e0041\ue000\ud800.pdf", "a.pdf", id="tags, private, surrogates"),
        pytest.param("a\u2028b", "ab", id="a line separator"),
        pytest.param("a\u3000b", "a b", id="a wide blank"),
        pytest.param("e\u0301te\u0301.pdf", "été.pdf", id="composed"),
        pytest.param('a<b>:"|?*c.txt', "a_b______c.txt", id="signs windows refuses"),
        pytest.param("con", "file-con", id="a device"),
        pytest.param("NUL.txt", "file-NUL.txt", id="a device with an extension"),
        pytest.param("com1.txt", "file-com1.txt", id="a port"),
        pytest.param("lpt².txt", "file-lpt².txt", id="a port, written high"),
        pytest.param("console.txt", "console.txt", id="only begins like a device"),
        pytest.param("com10.txt", "com10.txt", id="only begins like a port"),
        pytest.param("a" * 146 + ".pdf", "a" * 146 + ".pdf", id="150 characters"),
        pytest.param("a" * 147 + ".pdf", "a" * 146 + ".pdf", id="151 characters keep the extension"),
        pytest.param("a" * 151, "a" * 150, id="151 characters without extension"),
        pytest.param("a." + "b" * 200, "a." + "b" * 148, id="too long to be an extension"),
        pytest.param("é" * 118 + ".pdf", "é" * 118 + ".pdf", id="240 bytes"),
        pytest.param("é" * 119 + ".pdf", "é" * 118 + ".pdf", id="242 bytes"),
        pytest.param("x" * 9000 + ".pdf", "x" * 146 + ".pdf", id="thousands of characters"),
    ],
)  # fmt: skip
def test_a_declared_name_becomes_a_safe_one(declared: str, name: str) -> None:
    assert file_name(declared) == name


@pytest.mark.parametrize(
    ("content_type", "number", "name"),
    [
        pytest.param("image/png", 1, "attachment-1.png", id="a known type"),
        pytest.param("application/x-odd", 12, "attachment-12.bin", id="an unknown type"),
    ],
)
def test_a_part_without_a_name_gets_one_from_its_type(content_type: str, number: int, name: str) -> None:
    assert made_up_name(content_type, number) == name


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(st.characters() | st.sampled_from("./\\-~ \0\u202e\u0301\u200dcon:é"), max_size=200))
def test_any_name_is_short_visible_and_stays_as_it_is_the_second_time(declared: str) -> None:
    name = file_name(declared)
    assert 1 <= len(name) <= 150
    assert len(name.encode("utf-8")) <= 240
    assert unicodedata.is_normalized("NFC", name)
    assert not set(name) & set('/\\<>:"|?*\0')
    assert {unicodedata.category(character) for character in name}.isdisjoint(
        {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    )
    assert name[0] not in ".-~ "
    assert name[-1] not in ". "
    assert file_name(name) == name
