"""What every test starts from: a clean environment and the profiles of hypothesis."""

import os
import signal
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text

# Started in the background, a shell has us ignore this, and what we start would too; tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)

PROXIES = frozenset({"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy"})


def forget_the_callers_environment() -> None:
    """Drop what would configure the service or its connections; `TOCSIN_TEST_…` configures the tests and stays."""
    for name in list(os.environ):
        ours = name.startswith("TOCSIN_") and not name.startswith("TOCSIN_TEST_")
        if ours or name.lower() in PROXIES:
            del os.environ[name]


# At import, before any test module is: what these read when they are imported must be clean as well.
forget_the_callers_environment()

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

POSTGRES = os.environ.get("TOCSIN_TEST_POSTGRES")


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """Return an empty database of the test's own, where TOCSIN_TEST_POSTGRES names a server."""
    if not POSTGRES:
        pytest.skip("TOCSIN_TEST_POSTGRES names no server")
    schema = f"tocsin_{uuid.uuid4().hex}"
    server = create_engine(make_url(POSTGRES).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
        yield make_url(POSTGRES).set(query={"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    server.dispose()
