"""A certificate authority of the tests' own."""

import ssl

import pytest
import trustme


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def tls(authority):
    """What a client trusts."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context
