"""What logins are judged by. The daemon has no right to read these."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, UniqueConstraint

from helpdesk.store.columns import Integer, UtcDateTime, exact, long_bytes, row_id, words
from helpdesk.store.tables.common import OPTIONS, key, metadata
from helpdesk.store.tables.people import people

credentials = Table(  # apart from people: the daemon has no right to read it
    "credentials",
    metadata,
    Column("person_id", ForeignKey(people.c.id), primary_key=True, autoincrement=False),
    Column("password_hash", exact(100), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("must_change", Boolean, nullable=False),  # set by an admin: its owner chooses another at once
    Column("totp_sealed", long_bytes()),  # NULL: no second factor
    Column("totp_last_step", row_id(), nullable=False, server_default="0"),
    **OPTIONS,
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    key(),
    Column("person_id", ForeignKey(people.c.id), nullable=False, index=True),
    Column("code_hash", exact(64), nullable=False),
    Column("used_at", UtcDateTime),
    **OPTIONS,
)

login_locks = (
    Table(  # what is locked until when, by account and by account and source; who counts holds the row
        "login_locks",
        metadata,
        Column("scope", exact(100), primary_key=True),
        Column("failed", Integer, nullable=False),
        Column("since", UtcDateTime, nullable=False),
        Column("locked_until", UtcDateTime, nullable=False),
        **OPTIONS,
    )
)

login_failures = (
    Table(  # when logins failed, for as long as that makes us wary; and when a password was tried
        "login_failures",
        metadata,
        key(),
        Column("scope", exact(100), nullable=False),
        Column("at", UtcDateTime, nullable=False),
        Index(None, "scope", "at"),
        **OPTIONS,
    )
)

login_codes = Table(  # sent by mail where a login comes from a new place
    "login_codes",
    metadata,
    key(),
    Column("person_id", ForeignKey(people.c.id), nullable=False, index=True),
    Column("place", exact(64), nullable=False),
    Column("code_hash", exact(64), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("used_at", UtcDateTime),
    **OPTIONS,
)

places = Table(  # from where people have logged in
    "places",
    metadata,
    key(),
    Column("person_id", ForeignKey(people.c.id), nullable=False),
    Column("place", exact(64), nullable=False),  # SHA-256 of what makes a place, in hex
    Column("shown", words(200), nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("address", words(100), nullable=False, server_default=""),  # of the network; empty: not known
    Column("country", exact(2), nullable=False, server_default=""),
    Column("client", words(200), nullable=False, server_default=""),
    UniqueConstraint("person_id", "place"),
    **OPTIONS,
)

sessions = Table(
    "sessions",
    metadata,
    key(),
    Column("person_id", ForeignKey(people.c.id), nullable=False, index=True),
    Column("token_hash", exact(64), nullable=False, unique=True),
    Column("kind", exact(20), nullable=False),  # shell, remembered
    Column("ip_address", exact(45), nullable=False),
    Column("user_agent", words(200), nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    Column("proved_at", UtcDateTime, nullable=False),  # when its owner last gave the password
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("revoked_at", UtcDateTime),
    **OPTIONS,
)
