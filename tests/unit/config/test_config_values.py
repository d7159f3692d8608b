"""Laws of turning one text into one value."""

from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network

import pytest

from tocsin.config import values
from tocsin.config.choices import Mistake, read_choice
from tocsin.model import Boilerplate, Severity, Term
from tocsin.storage.stories import KEPT

GOOD: list[tuple[Callable[[str], object], str, object]] = [
    (values.read_name, "  The Gazette ", "The Gazette"),
    (values.read_slug, "south-ossetia_2", "south-ossetia_2"),
    (values.read_flag, "Yes", True),
    (values.read_flag, "off", False),
    (values.read_duration, "90s", timedelta(seconds=90)),
    (values.read_duration, "10m", timedelta(minutes=10)),
    (values.read_duration, "2h", timedelta(hours=2)),
    (values.read_duration, "1d", timedelta(days=1)),
    (values.read_interval, "auto", None),
    (values.read_interval, "5m", timedelta(minutes=5)),
    (values.read_interval, " 0  7,17 * * Mon-Fri ", values.CronLine("0 7,17 * * mon-fri")),
    (values.read_proxy_url, "http://desk:p%40ss@proxy.example:3128", "http://desk:p%40ss@proxy.example:3128"),
    (values.read_proxy_url, "HTTPS://[::1]/", "HTTPS://[::1]/"),
    (values.read_proxy_url, "none", ""),
    (values.read_header_name, "X-Api_Key.1", "X-Api_Key.1"),
    (values.read_header_value, " Token a=b; c\n", "Token a=b; c"),
    (values.read_token, "a.b-c_d~e+f/g==\n", "a.b-c_d~e+f/g=="),
    (values.read_user, "jürgen", "jürgen"),
    (values.read_password, " p:ä ", " p:ä "),
    (values.read_timezone, "Europe/Kyiv", "Europe/Kyiv"),
    (values.read_language, "en", "en"),
    (values.read_language, "pt-BR", "pt"),
    (values.read_language, "zh-Hant_TW", "zh"),
    (values.read_network, "10.0.0.0/8", ip_network("10.0.0.0/8")),
    (values.read_network, "192.168.1.5", ip_network("192.168.1.5/32")),
    (values.read_network, "fd00::/8", ip_network("fd00::/8")),
    (values.read_term, "  troops\n remain ", Term(text="troops remain")),
    (values.read_term, '"all-out war"', Term(text="all-out war", exact=True)),
    (values.read_term, "“all-out war”", Term(text="all-out war", exact=True)),
    (values.read_term, "„Krieg“", Term(text="Krieg", exact=True)),
    (values.read_boilerplate, "Support us!", Boilerplate(text="Support us!")),
    (values.read_boilerplate, "… a small favor *", Boilerplate(text="… a small favor", to_end=True)),
    (values.read_web_url, "HTTPS://example.org:8443/a?b=c", "HTTPS://example.org:8443/a?b=c"),
    (values.read_web_url, "http://[::1]:8080/", "http://[::1]:8080/"),
    (values.read_address, "desk@example.org", "desk@example.org"),
    (values.read_sender, "Tocsin <tocsin@example.org>", "Tocsin <tocsin@example.org>"),
    (values.read_sender, "tocsin@example.org", "tocsin@example.org"),
    (values.read_webhook_secret, "whsec_" + "QUJD" * 8, "whsec_" + "QUJD" * 8),
    (values.read_webhook_secret, "x" * 24, "x" * 24),
    (values.read_webhook_secret, "щ" * 12, "щ" * 12),
    (values.read_sources, "1", 1),
    (values.read_sources, "50", 50),
    (values.read_outlets, "2", 2),
    (values.read_outlets, "1000", 1000),
    (values.read_share, "0.1", 0.1),
    (values.read_share, "1", 1.0),
    (values.read_window, "1h", timedelta(hours=1)),
    (values.read_window, "7d", timedelta(days=7)),
    (values.read_parameter, "Partner", "partner"),
]

BAD: list[tuple[Callable[[str], object], str]] = [
    (values.read_text, " \n"),
    (values.read_text, "a\0b"),
    (values.read_name, "a\u2028b"),
    (values.read_name, "a\x85b"),
    (values.read_slug, "-a"),
    (values.read_slug, "Беларусь"),
    (values.read_flag, "1"),
    (values.read_duration, "1.5h"),
    (values.read_duration, "٣m"),
    (values.read_duration, "10"),
    (values.read_duration, "999999999d"),
    (values.read_duration, "1h\n"),
    (values.read_interval, "* * * *"),
    (values.read_interval, "* 24 * * *"),
    (values.read_interval, "0 0 30 2 *"),
    (values.read_proxy_url, ""),
    (values.read_proxy_url, "proxy.example:3128"),
    (values.read_proxy_url, "socks5://desk:canary@proxy.example"),
    (values.read_proxy_url, "http://:canary@proxy.example"),
    (values.read_proxy_url, "http://proxy.example?canary"),
    (values.read_header_name, ""),
    (values.read_header_name, "X-Key:"),
    (values.read_header_name, "X-Key\r\nX-Other"),
    (values.read_header_name, "X-Kéy"),
    (values.read_header_name, "CONTENT-LENGTH"),
    (values.read_header_name, "if-range"),
    (values.read_header_value, "canary\nX-Other: canary"),
    (values.read_header_value, "canary\x00"),
    (values.read_header_value, "canary\x7f"),
    (values.read_header_value, "canäry"),
    (values.read_header_value, "canary" * 2000),
    (values.read_header_value, " \n"),
    (values.read_token, "Bearer canary"),
    (values.read_token, "canäry"),
    (values.read_user, "desk:canary"),
    (values.read_password, "canary\n"),
    (values.read_ca_file, "/nowhere/canary"),
    (values.read_timezone, "../../etc/passwd"),
    (values.read_timezone, "/etc/localtime"),
    (values.read_timezone, ""),
    (values.read_language, "e"),
    (values.read_language, "en-"),
    (values.read_network, "10.0.0.0/33"),
    (values.read_term, '""'),
    (values.read_term, '"a" "b"'),
    (values.read_boilerplate, " * "),
    (values.read_web_url, "https://example.org/\nnews"),
    (values.read_web_url, "https://@example.org/"),
    (values.read_web_url, "https://[::1/"),
    (values.read_web_url, "javascript:alert(1)"),
    (values.read_address, "a@b@example.org"),
    (values.read_address, "Desk <desk@example.org>"),
    (values.read_address, "desk@example.org\x7f"),
    (values.read_sender, "a@example.org, b@example.org"),
    (values.read_sender, "Tocsin <tocsin@example.org>\r\nBcc: all@example.org"),
    (values.read_smtp_url, "smtp://mail.example/inbox"),
    (values.read_smtp_url, "smtps://localhost?tls=none"),
    (values.read_smtp_url, "smtp://localhost.example.org?tls=none"),
    (values.read_smtp_url, "smtp://:canary@mail.example"),
    (values.read_smtp_url, "smtp://mail.example:smtp"),
    (values.read_webhook_secret, "x" * 23),
    (values.read_webhook_secret, "whsec_" + "QUJD" * 7),
    (values.read_webhook_secret, "whsec_" + "QUJD" * 22),
    (values.read_sources, "0"),
    (values.read_sources, "51"),
    (values.read_sources, "٣"),
    (values.read_outlets, "1"),
    (values.read_outlets, "1001"),
    (values.read_share, "0.09"),
    (values.read_share, "1.01"),
    (values.read_share, "nan"),
    (values.read_share, "1e-1"),
    (values.read_window, "59m"),
    (values.read_window, "169h"),
    (values.read_parameter, "a b"),
    (values.read_parameter, "a=canary"),
]


@pytest.mark.parametrize(("read", "text", "expected"), GOOD)
def test_a_right_text_becomes_its_value(read: Callable[[str], object], text: str, expected: object) -> None:
    """Each form that the documentation names is read as it says."""
    assert read(text) == expected


@pytest.mark.parametrize(("read", "text"), BAD)
def test_a_wrong_text_is_a_mistake(read: Callable[[str], object], text: str) -> None:
    """What cannot be taken is refused with a message that does not repeat it."""
    with pytest.raises(Mistake) as caught:
        read(text)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("smtp://mail.example", None),
        ("smtps://tocsin:p%40ss%2Fw%23rd@mail.example:465", "p@ss/w#rd"),
        ("smtp://localhost:1025?tls=none", None),
        ("smtp://127.0.0.9/?tls=none", None),
        ("smtp://[::1]:25?tls=none", None),
    ],
)
def test_an_smtp_url_gives_its_password_decoded(text: str, password: str | None) -> None:
    """The password is what the server is told, and neither it nor the URL is in any repr."""
    url = values.read_smtp_url(text)
    assert (url.text, url.password) == (text, password)
    assert text not in repr(url)


def test_a_choice_is_read_by_its_value() -> None:
    """A value that is none is refused with the ones there are."""
    assert read_choice("high", Severity) is Severity.HIGH
    with pytest.raises(Mistake, match="expected one of info, normal, high, critical"):
        read_choice("page", Severity)


def test_a_suggestion_ignores_case_and_keeps_silent_where_nothing_is_near() -> None:
    """The nearest known word is offered as it is written, and none that is far."""
    assert values.suggestion("DEKS", ["Desk", "archive"]) == ' (did you mean "Desk"?)'
    assert values.suggestion("ulr", ["url", "path"]) == ' (did you mean "url"?)'
    assert values.suggestion("seperate", ["severity"]) == ""
    assert values.suggestion("x", []) == ""


def test_no_window_is_longer_than_the_index_of_stories_is_kept() -> None:
    """What may be one story by the configuration is still in the database, with hours to spare for late arrivals."""
    assert values.LONGEST_WINDOW + timedelta(hours=12) <= KEPT
