"""What is imported is pinned, what is pinned is imported, and production needs nothing of the workshop's."""

import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions, version

import pytest

from tests.sources import ROOT, Import, Source, imports, source, sources

PRODUCTION = ("helpdesk", "daemon", "shell", "sql", "helpdeskd.py", "helpdesk-admin.py")
WORKSHOP = ("tests", "bench")
OURS = frozenset(("helpdesk", "daemon", "shell", "sql", "tests", "bench"))
PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([0-9][0-9A-Za-z.+!]*)")

# Pinned although nothing imports them, each with its reason. A package that is imported after all leaves this list.
NOT_IMPORTED = {
    "requirements.txt": {
        "psycopg": "SQLAlchemy loads it for postgresql+psycopg:// URLs",
    },
    "requirements-dev.txt": {
        "ruff": "run as a command",
        "mypy": "run as a command",
    },
}


def normal(name: str) -> str:
    """Return a distribution's name as the index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> dict[str, str]:
    """Return the distributions that a requirements file pins, with their versions; other lines are refused."""
    found = {}
    for line in text.splitlines():
        wanted = line.partition("#")[0].strip()
        if not wanted or wanted.startswith("-r "):
            continue
        pin = PIN.fullmatch(wanted)
        if pin is None:
            raise ValueError(f"{wanted}: not pinned; write name==version")
        found[normal(pin[1])] = pin[2]
    return found


def pinned_in(name: str) -> dict[str, str]:
    """Return what the project's file *name* pins."""
    return pins((ROOT / name).read_text("utf-8"))


@cache
def distributions() -> Mapping[str, list[str]]:
    """Return the installed distributions that each top-level module comes from."""
    return packages_distributions()


def is_of_the_demo(of: Source) -> bool:
    """Say whether a file belongs to the demo, which runs in the workshop's environment only."""
    return of.path.parts[0] == "daemon" and of.path.name.startswith("demo")


def outside(of: Source) -> Iterator[tuple[Import, set[str]]]:
    """Yield the imports that come from neither us nor Python, with the distributions they may come from."""
    for found in imports(of):
        top = found.name.partition(".")[0]
        if top not in OURS and top not in sys.stdlib_module_names and top != "_typeshed":
            yield found, {normal(name) for name in distributions().get(top, [top])}


def unpinned(of: Source, pinned: Mapping[str, str]) -> Iterator[str]:
    """Yield the imports of what is not pinned, or only comes along with something that is."""
    for found, names in outside(of):
        if not names & pinned.keys():
            yield f"{of.path}:{found.line}: {found.name} is of {', '.join(sorted(names))}, which is not pinned"


def imported(all_sources: list[Source]) -> set[str]:
    """Return every distribution that the sources import."""
    return {name for one in all_sources for _found, names in outside(one) for name in names}


def production_sources() -> list[Source]:
    """Return what runs in production."""
    return [one for one in sources(*PRODUCTION) if not is_of_the_demo(one)]


def workshop_sources() -> list[Source]:
    """Return the tests, the benchmark and the demo."""
    return [*sources(*WORKSHOP), *(one for one in sources("daemon") if is_of_the_demo(one))]


def test_all_that_production_imports_is_pinned_for_production() -> None:
    pinned = pinned_in("requirements.txt")
    assert [problem for one in production_sources() for problem in unpinned(one, pinned)] == []


def test_all_that_tests_benchmark_and_demo_import_is_pinned() -> None:
    pinned = pinned_in("requirements.txt") | pinned_in("requirements-dev.txt")
    assert [problem for one in workshop_sources() for problem in unpinned(one, pinned)] == []


def test_the_workshops_requirements_include_those_of_production() -> None:
    lines = (ROOT / "requirements-dev.txt").read_text("utf-8").splitlines()
    assert "-r requirements.txt" in lines
    assert not pinned_in("requirements.txt").keys() & pinned_in("requirements-dev.txt").keys()


def test_no_file_of_production_needs_the_demo_to_be_imported() -> None:
    needing = [
        f"{one.path}:{found.line}"
        for one in production_sources()
        for found in imports(one)
        if found.at_top and found.name.startswith("daemon.demo")
    ]
    assert needing == []


@pytest.mark.parametrize(
    ("name", "used"),
    [
        pytest.param("requirements.txt", imported(production_sources()), id="production"),
        pytest.param("requirements-dev.txt", imported(workshop_sources()), id="workshop"),
    ],
)
def test_all_that_is_pinned_is_imported_or_has_a_reason(name: str, used: set[str]) -> None:
    pinned, excused = pinned_in(name).keys(), NOT_IMPORTED[name].keys()
    assert pinned - used == excused, "pinned but not imported (left), excused from it (right)"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_the_installed_versions_are_the_pinned_ones(name: str) -> None:
    pinned = pinned_in(name)
    assert {one: version(one) for one in pinned} == pinned


@pytest.mark.parametrize("line", ["cmd2", "cmd2>=4", "cmd2~=4.3", "cmd2==4.*", "https://example.org/x.whl"])
def test_a_line_that_does_not_pin_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not pinned"):
        pins(line)


def test_pins_are_read_with_extras_and_comments() -> None:
    text = "# what\n-r other.txt\npsycopg[binary]==3.3.9\nSQL_Alchemy==2.1.9  # why\n\n"
    assert pins(text) == {"psycopg": "3.3.9", "sql-alchemy": "2.1.9"}


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        pytest.param("import sqlalchemy", 0, id="pinned"),
        pytest.param("import os, helpdesk.core", 0, id="ours and Python's"),
        pytest.param("def f():\n    import pymap", 1, id="not pinned for production"),
        pytest.param("import nowhere_to_be_found", 1, id="not installed"),
        pytest.param("import mako", 1, id="comes along with Alembic"),
    ],
)
def test_an_import_that_is_not_pinned_is_found(text: str, problems: int) -> None:
    pinned = pinned_in("requirements.txt")
    assert len(list(unpinned(source("daemon/x.py", text), pinned))) == problems


def test_only_files_of_the_demo_are_excused() -> None:
    names = ["daemon/demo.py", "daemon/demoservers.py", "daemon/imap.py", "shell/demo.py"]
    assert [is_of_the_demo(source(name, "")) for name in names] == [True, True, False, False]
