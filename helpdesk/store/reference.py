"""The schema as MariaDB gets it, as one text for people to read: ``python -m helpdesk.store.reference``.

It is written to ``sql/schema-mariadb.sql``; a test holds it current. Databases are made by the migrations.
"""

from pathlib import Path

from sqlalchemy import create_mock_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from helpdesk.store.tables import metadata

FILE = Path(__file__).parents[2] / "sql" / "schema-mariadb.sql"
HEAD = """\
-- The schema of helpdeskd on MariaDB, for reading only: databases are made by `helpdeskd.py migrate`.
-- Written by `python -m helpdesk.store.reference`. The triggers that guard the audit trail stand in versions/.
"""


def reference_schema() -> str:
    """Return the statements that make every table and index, always in the same order."""
    dialect = create_mock_engine("mariadb+pymysql://", lambda *_: None).dialect
    statements = []
    for table in metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements += [str(CreateIndex(index).compile(dialect=dialect)) for index in indexes]
    lines = [
        line.rstrip().replace("\t", "    ") for one in statements for line in f"{one.strip()};".split("\n")
    ]
    text = "\n".join(line for line in lines if line)
    return HEAD + text.replace("CREATE TABLE", "\nCREATE TABLE").replace(")ENGINE", ") ENGINE") + "\n"


if __name__ == "__main__":
    FILE.write_text(reference_schema(), encoding="utf-8")
