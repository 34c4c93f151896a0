"""Who is registered, and in which teams."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table

from helpdesk.store.columns import Integer, UtcDateTime, exact, words
from helpdesk.store.tables.common import OPTIONS, key, metadata

teams = Table(
    "teams",
    metadata,
    key(),
    Column("name", words(100), nullable=False, unique=True),
    **OPTIONS,
)

people = Table(
    "people",
    metadata,
    key(),
    Column("name", words(200), nullable=False),
    Column("role", exact(20), nullable=False),
    Column("language", exact(2), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sort_name", words(200), nullable=False, server_default=""),  # as it is sorted and searched
    Index(None, "sort_name", "id"),
    **OPTIONS,
)

memberships = Table(
    "memberships",
    metadata,
    Column("team_id", ForeignKey(teams.c.id), primary_key=True),
    Column("person_id", ForeignKey(people.c.id), primary_key=True, index=True),
    **OPTIONS,
)

addresses = Table(
    "addresses",
    metadata,
    key(),
    Column("person_id", ForeignKey(people.c.id), nullable=False, index=True),
    Column("address", exact(254), nullable=False, unique=True),
    Column("state", exact(20), nullable=False),
    Column("best_verdict", exact(20), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("bounces", Integer, nullable=False, server_default="0"),  # letters in a row that came back
    Column("bounced_at", UtcDateTime),  # when the last of them did
    Column("valid_from", UtcDateTime),  # the first moment at which its mail is taken
    Column("valid_until", UtcDateTime),  # the first moment at which it is not any more
    Column("disowned_at", UtcDateTime),  # when its owner said that mail from there was not theirs
    Column("route", exact(400), nullable=False, server_default=""),  # by which its proven mail comes
    **OPTIONS,
)
