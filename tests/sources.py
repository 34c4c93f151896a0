"""The project's own Python files and what they import, read without running them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOPS = ("helpdesk", "daemon", "shell", "sql", "bench", "tests", "helpdeskd.py", "helpdesk-admin.py")


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file. ``module`` is its dotted name; ``path`` is relative to the project's root."""

    path: Path
    module: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, str(self.path))


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name, in full: ``from a import b`` is ``a.b``. ``at_top``: not inside a function."""

    name: str
    line: int
    at_top: bool = True


def source(path: str, text: str) -> Source:
    """Return a source as if *text* stood in the file *path*."""
    parts = Path(path).with_suffix("").parts
    return Source(Path(path), ".".join(parts[:-1] if parts[-1] == "__init__" else parts), text)


def sources(*tops: str) -> list[Source]:
    """Return the project's sources below the given folders or files, or all of them; what is missing is left out."""
    found = []
    for top in tops or TOPS:
        place = ROOT / top
        paths = sorted(place.rglob("*.py")) if place.is_dir() else [place] * place.is_file()
        found += [source(str(path.relative_to(ROOT)), path.read_text("utf-8")) for path in paths]
    return found


def imports(of: Source) -> Iterator[Import]:
    """Yield every import, those for type checking and inside functions too."""
    package = of.module if of.path.name == "__init__.py" else of.module.rpartition(".")[0]
    yield from _walk(of.tree, package, at_top=True)


def _walk(node: ast.AST, package: str, *, at_top: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, at_top) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = _base(child, package)
            yield from (Import(f"{base}.{alias.name}", child.lineno, at_top) for alias in child.names)
        else:
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from _walk(child, package, at_top=at_top and not is_function)


def _base(statement: ast.ImportFrom, package: str) -> str:
    if not statement.level:
        return statement.module or ""
    parts = package.split(".")
    kept = parts[: len(parts) - statement.level + 1]
    return ".".join([*kept, *([statement.module] if statement.module else [])])


def is_below(name: str, tops: tuple[str, ...] | frozenset[str]) -> bool:
    """Say whether a dotted name is one of *tops* or inside one."""
    parts = name.split(".")
    return any(".".join(parts[:count]) in tops for count in range(1, len(parts) + 1))
