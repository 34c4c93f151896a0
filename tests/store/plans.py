"""What a database does to answer a query: which tables it walks through whole, which indexes it uses."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, event, inspect

from helpdesk.store.engine import Database
from helpdesk.store.tables import metadata
from helpdesk.store.work import Work

Statement = tuple[str, Any]
SQLITE_STEP = re.compile(
    r"(SEARCH|SCAN) (\w+)(?: USING (?:COVERING )?INDEX (\w+)| USING ((?:INTEGER )?PRIMARY KEY))?"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One table of a plan with the columns of the index it is read by; none: it is read whole."""

    table: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan; ``sorts`` where rows are sorted because no index has them in order."""

    steps: tuple[Step, ...]
    sorts: bool


def plans_of(database: Database, question: Callable[[Work], object]) -> list[Plan]:
    """Return the plan of every statement that *question* runs."""
    with Work(database) as work:
        connection = work._connection
        with _overheard(database) as statements:
            question(work)
        explain = {"sqlite": _sqlite, "postgresql": _postgresql}.get(database.kind, _mariadb)
        indexes = _indexes(connection)
        return [explain(connection, statement, indexes) for statement in statements]


@contextmanager
def _overheard(database: Database) -> Iterator[list[Statement]]:
    heard: list[Statement] = []

    def hear(_c: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE")):
            heard.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(database.engine, "before_cursor_execute", hear)


def _indexes(connection: Connection) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the columns of every index and key by table and name."""
    looking = inspect(connection)
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for table in metadata.tables:
        primary = looking.get_pk_constraint(table)
        columns = tuple(primary["constrained_columns"])
        names = ("PRIMARY", "PRIMARY KEY", "INTEGER PRIMARY KEY", str(primary["name"]))
        found |= {(table, name): columns for name in names}
        for index in looking.get_indexes(table):
            found[table, str(index["name"])] = tuple(str(name) for name in index["column_names"])
        for unique in looking.get_unique_constraints(table):
            found[table, str(unique["name"])] = tuple(unique["column_names"])
    return found


def _sqlite(
    connection: Connection, statement: Statement, indexes: dict[tuple[str, str], tuple[str, ...]]
) -> Plan:
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement[0]}", statement[1]).all()
    steps = []
    for row in rows:
        if match := SQLITE_STEP.match(row.detail):
            kind, table, index, primary = match.groups()
            if (table, "PRIMARY") not in indexes:
                continue  # what another step of the plan has found
            name = index or primary
            if kind == "SCAN" or name is None:
                steps.append(Step(table, ()))
            elif (table, name) in indexes:
                steps.append(Step(table, indexes[table, name]))
            else:  # SQLite names the indexes of its keys itself
                columns = connection.exec_driver_sql(f"PRAGMA index_info({name})").all()
                steps.append(Step(table, tuple(column.name for column in columns)))
    return Plan(tuple(steps), any("USE TEMP B-TREE" in row.detail for row in rows))


def _mariadb(
    connection: Connection, statement: Statement, indexes: dict[tuple[str, str], tuple[str, ...]]
) -> Plan:
    rows = connection.exec_driver_sql(f"EXPLAIN {statement[0]}", statement[1]).all()
    steps = [
        Step(row.table, () if row.type in ("ALL", "index") else indexes[row.table, key])
        for row in rows
        if row.table is not None
        and not row.table.startswith("<")  # what another step of the plan has found
        and row.type != "system"  # a table of one row
        for key in (row.key or "").split("|")  # several where it merges indexes
    ]
    return Plan(tuple(steps), any("filesort" in (row.Extra or "") for row in rows))


def _postgresql(
    connection: Connection, statement: Statement, indexes: dict[tuple[str, str], tuple[str, ...]]
) -> Plan:
    told = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement[0]}", statement[1]).scalar_one()
    tree = json.loads(told) if isinstance(told, str) else told
    nodes = list(_nodes(tree[0]["Plan"]))
    by_name = {name: Step(table, columns) for (table, name), columns in indexes.items()}
    steps = [by_name[node["Index Name"]] for node in nodes if "Index Name" in node]
    steps += [Step(node["Relation Name"], ()) for node in nodes if node["Node Type"] == "Seq Scan"]
    return Plan(tuple(steps), any("Sort" in node["Node Type"] for node in nodes))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
