"""Reading URLs that we are asked to connect to. Pure."""

import httpx


class UrlRefused(ValueError):
    """A URL that we do not speak to; the message says why and does not repeat it."""


def read_url(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """Return `text`, relative to `base` where given, as an absolute http or https URL without its fragment.

    Raises:
        UrlRefused: it is none, is of another scheme, or holds a user name or password.
    """
    try:
        url = httpx.URL(text) if base is None else base.join(text)
    except httpx.InvalidURL:
        raise UrlRefused("it is not a URL") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise UrlRefused("it is not an http or https URL")
    if url.userinfo:
        raise UrlRefused("it holds a user name or password")
    return url.copy_with(fragment=None)
