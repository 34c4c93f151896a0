"""Fill it for the people who are registered already."""

import sqlalchemy as sa
from alembic import op

from helpdesk.core.names import sort_name

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

AT_ONCE = 1000


def upgrade() -> None:
    """Write rows only: what cannot be said in SQL that all databases understand is said in Python."""
    people = sa.table("people", sa.column("id"), sa.column("name"), sa.column("sort_name"))
    connection = op.get_bind()
    there = connection.execute(sa.select(people.c.id, people.c.name)).all()
    mine = people.update().where(people.c.id == sa.bindparam("key"))
    for start in range(0, len(there), AT_ONCE):
        named = [{"key": row.id, "sorted": sort_name(row.name)} for row in there[start : start + AT_ONCE]]
        connection.execute(mine.values(sort_name=sa.bindparam("sorted")), named)
