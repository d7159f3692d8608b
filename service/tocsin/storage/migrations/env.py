"""Alembic's entry: runs the migrations in the transaction that `tocsin.storage.migrate` has opened."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()
