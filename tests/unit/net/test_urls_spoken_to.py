"""Which URLs are spoken to."""

import httpx
import pytest

from tocsin.net.urls import UrlRefused, read_url


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "/feed", "ftp://example.org/", "file:///etc/passwd", "data:text/xml,x", "http:///feed", "http://",
        "https://u@example.org/", "https://u:secret@example.org/", "http://[::1",
        "http://example.org/\x00", "gopher://example.org",
    ],
)  # fmt: skip
def test_other_urls_are_refused_without_repeating_them(text):
    """What is no http or https URL, or holds a password, is refused, and the message holds nothing of it."""
    with pytest.raises(UrlRefused) as raised:
        read_url(text)
    assert "secret" not in str(raised.value)


def test_a_url_is_taken_relative_to_its_base_without_fragment():
    """A redirect may be relative; a fragment never goes on the wire."""
    assert str(read_url("../b?x=1#top", base=httpx.URL("https://example.org/a/c"))) == "https://example.org/b?x=1"
    assert read_url("HTTPS://Example.ORG/").host == "example.org"
