"""Laws of what is sent along with requests, whom they are made to, and which feeds one request serves."""

from base64 import b64decode
from pathlib import Path

import pytest
import trustme

from tocsin.config.build import load_plan
from tocsin.errors import ConfigError
from tocsin.log import Veil
from tocsin.model import FeedSpec
from tocsin.plan import Plan

ENVIRONMENT = {"KEY": "canary-key", "PASSWORD": "canary pass:wörd", "TOKEN": "canary-token"}


def feed(load, url: str = "https://gazette.example/rss", keys: str = "", top: str = "") -> FeedSpec:
    text = f"{top}\nfeeds: [{{name: a, url: '{url}'{', ' if keys else ''}{keys}}}]"
    [spec] = load(text, environment=ENVIRONMENT).feeds
    return spec


def source(load, url: str = "https://gazette.example/rss", keys: str = "", top: str = "") -> str:
    return feed(load, url, keys, top).source


@pytest.mark.parametrize(
    "url",
    [
        "HTTPS://Gazette.EXAMPLE/rss",
        "https://gazette.example:443/rss",
        "https://gazette.example/rss#latest",
        "https://gazette.example./rss",
    ],
)
def test_spellings_of_one_address_are_one_source(load, url: str) -> None:
    """What makes no difference to a request makes none to the source."""
    assert source(load, url) == source(load)


@pytest.mark.parametrize(
    "url",
    [
        "http://gazette.example/rss",
        "https://gazette.example:8443/rss",
        "https://gazette.example/RSS",
        "https://gazette.example/rss?",
        "https://gazette.example/rss/",
        "https://www.gazette.example/rss",
        "https://gazette.example/rss?page=1",
    ],
)
def test_other_addresses_are_other_sources(load, url: str) -> None:
    """What a server could answer otherwise is another source, but for a question mark with nothing behind it."""
    assert (source(load, url) == source(load)) is url.endswith("?")


@pytest.mark.parametrize(
    "keys",
    [
        "headers: {X-Key: a}",
        "auth: {token: canary}",
        "proxy: 'http://proxy.example:3128'",
        "insecure_tls: yes",
        "allow_private: [10.0.0.0/8]",
    ],
)
def test_what_is_sent_along_makes_a_source_of_its_own(load, keys: str) -> None:
    """Feeds that differ in headers, credentials, proxy, certificates or addresses allowed are not fetched together."""
    assert source(load, keys=keys) != source(load)


def test_what_is_not_of_the_request_makes_no_source(load) -> None:
    """Pace, tags, language and the case and order of headers are nothing to the server."""
    keys = "every: 1h, tags: [x], language: en, full_text: always, headers: {X-A: '1', X-B: '2'}"
    assert source(load, keys=keys) == source(load, keys="headers: {x-b: '2', x-a: '1'}")


def test_a_host_is_as_dns_knows_it(load) -> None:
    """Capitals, a trailing dot, a port and letters beyond ASCII make no other host."""
    assert feed(load, "https://Zeitung.EXAMPLE.:8443/rss").host == "zeitung.example"
    assert feed(load, "https://bücher.example/rss").host == "xn--bcher-kva.example"
    assert feed(load, "http://[::1]:8080/").host == "::1"


def test_a_directory_is_a_host_and_a_source_of_its_own(load) -> None:
    """Directories are told apart from each other and from every address."""
    one, other = load("feeds: [{name: a, path: gazette.example}, {name: b, path: seeds}]").feeds
    assert (one.host, other.host) == ("path:gazette.example", "path:seeds")
    assert len({one.source, other.source, source(load, "https://gazette.example")}) == 3


def test_credentials_become_a_header(load) -> None:
    """A user and a password are basic authentication in UTF-8, a token is a bearer's; headers go before them."""
    basic = feed(load, keys='headers: {X-A: b}, auth: {user: jürgen, password: "${PASSWORD}"}')
    [own, (name, value)] = basic.headers
    assert (own, name) == (("X-A", "b"), "Authorization")
    assert b64decode(value.removeprefix("Basic ")).decode() == "jürgen:canary pass:wörd"
    assert feed(load, keys='auth: {token: "${TOKEN}"}').headers == (("Authorization", "Bearer canary-token"),)


def test_secrets_may_come_from_a_file(load, tmp_path: Path) -> None:
    """A header takes `${file:…}`, whose line break at the end is cut."""
    (tmp_path / "key").write_text("canary-of-a-file\n")
    assert feed(load, keys=f'headers: {{X-Key: "${{file:{tmp_path}/key}}"}}').headers == (
        ("X-Key", "canary-of-a-file"),
    )


@pytest.mark.parametrize(
    "keys",
    [
        "headers: {X-Key: written-key}",
        "headers: {Authorization: Token written-key}",
        "auth: {token: written-key}",
        "auth: {user: desk, password: written-key}",
        "proxy: 'http://desk:written-key@proxy.example:3128'",
        "proxy: 'http://desk:written%2Dkey@proxy.example:3128'",
    ],
)
def test_what_lets_us_in_is_never_printed(load, keys: str) -> None:
    """Values of headers, credentials and proxy passwords are secrets, however they are written, and in no `repr()`."""
    plan: Plan = load(f"feeds: [{{name: a, url: 'https://gazette.example/', {keys}}}]")
    [spec] = plan.feeds
    assert "written" not in f"{plan!r}"
    shown = Veil(plan.secrets)(f"{spec.headers} {spec.proxy} written-key")
    assert "written" not in shown
    assert spec.headers or "proxy.example" not in shown or "desk" not in shown


def test_the_encoded_credentials_are_a_secret_too(load) -> None:
    """The base64 of user and password is as good as these."""
    plan = load("feeds: [{name: a, url: 'https://gazette.example/', auth: {user: desk, password: written-key}}]")
    [(_, value)] = plan.feeds[0].headers
    assert value.removeprefix("Basic ") not in Veil(plan.secrets)(f"sent {value.removeprefix('Basic ')}")


def test_a_proxy_is_that_at_the_top_unless_one_is_named(load) -> None:
    """A feed's or channel's own proxy goes before that of all, and `none` before both."""
    plan = load("""
        proxy: http://proxy.example:3128
        feeds:
          - {name: all, url: "https://a.example/"}
          - {name: own, url: "https://a.example/", proxy: "https://other.example"}
          - {name: none, url: "https://a.example/", proxy: none}
          - {name: files, path: .}
        channels:
          - {name: all, type: console}
          - {name: own, type: webhook, url: "https://a.example/", proxy: "http://other.example:8080/"}
          - {name: none, type: console, proxy: none}
    """)
    assert plan.proxy == "http://proxy.example:3128"
    assert [spec.proxy for spec in plan.feeds] == ["http://proxy.example:3128", "https://other.example", "", ""]
    assert [spec.proxy for spec in plan.channels] == ["http://proxy.example:3128", "http://other.example:8080/", ""]
    assert plan.secrets == frozenset()


def test_authorities_are_read_when_the_configuration_is(load, tmp_path: Path, authorities: str) -> None:
    """`ca_file` names a file of certificates in PEM form; one that is none of these is a mistake."""
    right, wrong = tmp_path / "right.pem", tmp_path / "wrong.pem"
    right.write_text(authorities)
    wrong.write_text("-----BEGIN CERTIFICATE-----\nZmljdGlvbmFs\n-----END CERTIFICATE-----\n")
    assert load(f"ca_file: {right}").ca_file == str(right)
    for path, said in ((wrong, "holds no certificates in PEM form"), (tmp_path, "cannot be read: Is a directory")):
        with pytest.raises(ConfigError, match=f"ca_file: {said}"):
            load(f"ca_file: {path}")


@pytest.fixture
def authorities() -> str:
    """Return a certificate of an authority that nobody knows."""
    return trustme.CA().cert_pem.bytes().decode()


def test_the_service_reports_where_it_is_told_to(load, tmp_path: Path) -> None:
    """`ops` is one channel or a list, each once; without it no channel is named, which stands for all."""
    channels = "channels: [{name: a, type: console}, {name: b, type: console}]"
    assert load(f"ops: [b, a, b]\n{channels}").ops == ("b", "a")
    assert load(f"ops: b\n{channels}").ops == ("b",)
    assert load(channels).ops == ()
    assert load_plan(tmp_path / "configuration", {}).proxy == ""
