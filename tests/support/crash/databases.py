"""Databases to be killed on: a file, or a schema of its own on the server that TOCSIN_TEST_POSTGRES names."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from tocsin.storage.migrate import upgrade

SQLITE, POSTGRESQL = KINDS = ("sqlite", "postgresql")


@contextmanager
def database(kind: str, directory: Path) -> Iterator[str]:
    """Have a database; a server's is made ready, as only `tocsin db upgrade` may do that."""
    if kind == SQLITE:
        yield f"sqlite:///{directory}/tocsin.db"
        return
    server = make_url(os.environ["TOCSIN_TEST_POSTGRES"])
    schema = f"tocsin_{uuid.uuid4().hex}"
    _execute(server.render_as_string(hide_password=False), f"CREATE SCHEMA {schema}")
    try:
        url = server.set(query={"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
        upgrade(url)
        yield url
    finally:
        _execute(server.render_as_string(hide_password=False), f"DROP SCHEMA {schema} CASCADE")


def _execute(url: str, statement: str) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
