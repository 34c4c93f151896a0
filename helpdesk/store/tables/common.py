"""What all tables share: the metadata, the options of MariaDB, the form of a key."""

from typing import Any

from sqlalchemy import Column, MetaData

from helpdesk.store.columns import row_id

_ENGINE = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_unicode_ci"}
OPTIONS: dict[str, Any] = {
    f"{dialect}_{name}": value for dialect in ("mysql", "mariadb") for name, value in _ENGINE.items()
}

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key() -> Column[int]:
    """Return the column of a row key, which the process makes."""
    return Column("id", row_id(), primary_key=True, autoincrement=False)
