"""Regular expressions must mean the same on every Python we run on, Debian's 3.11.2 included.

There a possessive quantifier on a *group* keeps what a half-matched last round has eaten (CPython gh-106052;
3.11.7 is right): ``a(?:\\.b)*+@`` matches ``a.@``. Readers that decide whom to believe would believe more than was
written. On one character or set (``[a-z]++``) it is right, and so is the atomic group ``(?>(?:\\.b)*)``.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from tests.sources import Source, source, sources

_PARSER = importlib.import_module("re._parser")  # the standard library's own reader of patterns
_COMPILER = importlib.import_module("re._compiler")
# In text: a quantified group that ends in a plus; behind the bracket of a group, not an escaped one.
_ON_A_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{[0-9,]++\})\+")
_QUANTIFIED_NAME = re.compile(r"(?:[*+?]|\{[0-9,]++\})\+")


def _repeats_a_group(pattern: "re.Pattern[str] | re.Pattern[bytes]") -> bool:
    return _holds_repeat(_PARSER.parse(pattern.pattern, pattern.flags & ~re.DEBUG))


def _holds_repeat(parsed: Any) -> bool:
    if isinstance(parsed, (tuple, list, _PARSER.SubPattern)):
        if len(parsed) == 2 and str(parsed[0]) == "POSSESSIVE_REPEAT" and not _COMPILER._simple(parsed[1][2]):
            return True
        return any(map(_holds_repeat, parsed))
    return False


def _patterns_in(value: object, depth: int = 3) -> "Iterator[re.Pattern[Any]]":
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        yield from (found for inner in value.values() for found in _patterns_in(inner, depth - 1))
    elif depth and isinstance(value, (tuple, list, set, frozenset)):
        yield from (found for inner in value for found in _patterns_in(inner, depth - 1))
    elif depth and isinstance(value, type):
        yield from _patterns_in(dict(vars(value)), depth - 1)


def _compiled_patterns() -> "dict[str, re.Pattern[Any]]":
    """Every pattern that stands in a module, its classes, tuples and dicts, by module and name."""
    found = {}
    for module in (each.module for each in sources("helpdesk", "daemon", "shell")):
        for name, value in vars(importlib.import_module(module)).items():
            for number, pattern in enumerate(_patterns_in(value)):
                found[f"{module}.{name}[{number}]"] = pattern
    return found


def _written_in(of: Source) -> Iterator[str]:
    """Where a piece of text in *of*, f-strings and bytes included, quantifies a group possessively.

    A name in an f-string counts as a group, but not at the top of a module, where the pattern itself is seen.
    """
    for node in ast.walk(of.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            if _ON_A_GROUP.search(text):
                yield f"{of.path}:{node.lineno}: {text[:60]}"
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.JoinedStr) and _quantifies_a_name(inner):
                    yield f"{of.path}:{inner.lineno}: {ast.unparse(inner)[:60]}"


def _quantifies_a_name(text: ast.JoinedStr) -> bool:
    return any(
        isinstance(before, ast.FormattedValue)
        and isinstance(after, ast.Constant)
        and _QUANTIFIED_NAME.match(str(after.value))
        for before, after in pairwise(text.values)
    )


def test_no_pattern_of_ours_repeats_a_group_possessively() -> None:
    patterns = _compiled_patterns()

    assert len(patterns) > 100
    assert [name for name, pattern in patterns.items() if _repeats_a_group(pattern)] == []


def test_no_text_of_ours_repeats_a_group_possessively() -> None:
    tops = ("helpdesk", "daemon", "shell", "sql", "bench", "helpdeskd.py", "helpdesk-admin.py")

    assert [place for each in sources(*tops) for place in _written_in(each)] == []


@pytest.mark.parametrize(
    ("pattern", "refused"),
    [
        pytest.param(r"(?:ab)*+", True, id="a group"),
        pytest.param(r"x(?:(ab)++|c)", True, id="a capturing group inside another"),
        pytest.param(r"(?>(?:a|bc)?+)", True, id="an optional group inside an atomic one"),
        pytest.param(r"(?:ab){1,3}+", True, id="a group so many times"),
        pytest.param(r"(?!(?:ab)*+)", True, id="a group in a lookahead"),
        pytest.param(r"(x)?(?(1)(?:ab)*+|c)", True, id="a group in a condition"),
        pytest.param(r"[ab]*+c++d{1,3}+e?+", False, id="sets and characters"),
        pytest.param(r"(?>(?:ab)*)", False, id="an atomic group"),
        pytest.param(r"(?:ab)*(?:ab)+?", False, id="quantifiers that are not possessive"),
        pytest.param(r"\((?:ab)\)++", False, id="a bracket that is a character"),
    ],
)
def test_a_possessive_quantifier_on_a_group_is_seen(pattern: str, refused: bool) -> None:
    assert _repeats_a_group(re.compile(pattern)) is refused
    assert _repeats_a_group(re.compile(pattern.encode())) is refused
    assert bool(list(_written_in(source("a.py", f"P = {pattern!r}")))) is refused
    assert bool(list(_written_in(source("a.py", f"P = {pattern.encode()!r}")))) is refused


@pytest.mark.parametrize(
    ("written", "refused"),
    [
        pytest.param('rf"{NAME}*+"', True, id="possessive"),
        pytest.param('rf"{NAME}{{1,3}}+"', True, id="possessive, so many times"),
        pytest.param('rf"(?>{NAME}*)+"', False, id="atomic"),
    ],
)
def test_a_name_in_an_f_string_of_a_function_counts_as_a_group(written: str, refused: bool) -> None:
    assert bool(list(_written_in(source("a.py", f"def f(NAME):\n    return {written}")))) is refused


@pytest.mark.parametrize(
    "held", [[re.compile("a")], {"a": (re.compile("a"),)}, type("A", (), {"P": re.compile("a")})]
)
def test_patterns_are_found_inside_what_holds_them(held: object) -> None:
    assert [pattern.pattern for pattern in _patterns_in(held)] == ["a"]
