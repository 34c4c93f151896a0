"""What a database is told about the way to its rows, where it would go astray by itself."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class OnlyFilters(FunctionElement[Any]):
    """A column of which SQLite must not take the index: it counts no rows, and would choose it by a guess."""

    name = "only_filters"
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(OnlyFilters)
def _as_it_is(element: OnlyFilters, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(OnlyFilters, "sqlite")
def _without_index(element: OnlyFilters, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"  # https://sqlite.org/optoverview.html#uplus
