"""Alembic's environment: the connection is handed over by ``helpdesk.store.schema``, never read from a file."""

from alembic import context

from helpdesk.store.schema import changes
from helpdesk.store.tables import metadata


def run() -> None:
    """Run the wanted migrations on the given connection, a transaction for each where the database can."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        transaction_per_migration=True,
        compare_type=True,
        include_name=lambda name, kind, _parents: kind != "table" or name != changes.name,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
