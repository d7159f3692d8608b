"""Compares and checks web addresses: a key for "the same page", the owner of a host, what may be linked to.

It fetches nothing and resolves nothing.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Set as AbstractSet
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from publicsuffixlist import PublicSuffixList

# What publishers and networks add to say where a reader came from; the page is the same without it. Only names that
# mean nothing else: a name too many makes two articles one, and the second is never seen.
TRACKING_PARAMETERS = frozenset(
    """
    _ga _gl _hsenc _hsmi amp_js_v at_campaign at_format at_link_id at_medium at_ptr_name cmpid dclid ecid
    fb_action_ids fb_ref fb_source fbclid ftag gad_source gbraid gclid gclsrc guccounter igsh igshid ito mbid mc_cid
    mc_eid mkt_tok msclkid ncid ns_campaign ns_mchannel ns_source ocid outputtype ref ref_src ref_url s_cid smid smtyp
    srnd taid tpcc traffic_source twclid wbraid wt.mc_id wt_mc xtor yclid
    """.split()
)
TRACKING_PREFIXES = ("utm_", "pk_", "mtm_", "hsa_", "at_custom")
# Parameters that ask for another form of the same page, by the values that do.
_FORMS = {
    "amp": frozenset({"", "1", "true", "yes"}),
    "print": frozenset({"", "1", "true", "yes"}),
    "printable": frozenset({"", "1", "true", "yes"}),
    "view": frozenset({"amp", "print", "mobile"}),
    "format": frozenset({"amp", "print", "pdf"}),
    "mode": frozenset({"amp", "print"}),
}
_HOST_VARIANT = re.compile(r"(?:www\d?|m|mobile|amp|edition)\.(?=[^.]+\.)")
_NO_HOST = re.compile(r"[\s<>\"'`\\^{|}\x00-\x20\x7f]")  # what no host holds (WHATWG URL, 3.5), but some links do
_AMP_END = re.compile(r"(?:/amp|\.amp)?/*$")
_AMP_START = re.compile(r"^/amp(?=/[^/])")
_PRINT_END = re.compile(r"(?<=[^/])/(?:print|printable|pdf)/*$", re.IGNORECASE)
# Where caches keep what publishers made for them: the publisher's own host and path follow, behind an `s` where https.
_AMP_CACHE = re.compile(
    r"https?://(?:(?:www\.)?google\.[a-z.]{2,6}/amp/|[^/?#]+\.cdn\.ampproject\.org/(?:c|v|wp|i)/)(s/)?(?=[^/?#]+\.)",
    re.IGNORECASE,
)
_DEFAULT_PORTS = frozenset({("http", 80), ("https", 443)})
_PATH_SAFE = "%/:@!$&'()*+,;=~"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, invisible formats, surrogates, line separators


def canonical_url(url: str, tracking: AbstractSet[str] = frozenset()) -> str | None:
    """Return a key that is equal for addresses of the same page; None for what is no http(s) URL.

    It is made to be compared, not to be fetched: https always, a host without www, m, mobile, amp or edition, no
    default port, fragment, trailing slash, tracking parameters (those named in `tracking`, in small letters, too) or
    sign of an AMP or print form, the query in order. What an AMP cache keeps has the key of its publisher's page.
    """
    parts = _split(_AMP_CACHE.sub(lambda cache: "https://" if cache[1] else "http://", url.strip(), count=1))
    if parts is None:
        return None
    query = urlencode(sorted(_telling_parameters(parts.query, tracking)))
    return f"https://{_key_host(parts)}{_key_path(parts.path)}{'?' if query else ''}{query}"


def article_key(url: str, tracking: AbstractSet[str] = frozenset()) -> str | None:
    """Return the canonical URL of an article's address; None for a front page, which is no article's own."""
    key = canonical_url(url, tracking)
    return key if (key and key.count("/") > 2) or (key and "?" in key) else None


def request_url(url: str) -> str:
    """Return an http(s) URL in the spelling that is equal for all URLs that make the same request.

    Host and scheme are in small letters, the default port, an empty path and the fragment are evened (RFC 3986, 6.2.2.1
    and 6.2.3). Anything else comes back as it is.
    """
    parts = _split(url)
    if parts is None:
        return url
    host, default = _bracketed(_ascii_host(parts)), (parts.scheme, parts.port) in _DEFAULT_PORTS
    port = "" if parts.port is None or default else f":{parts.port}"
    return parts._replace(netloc=f"{host}{port}", path=parts.path or "/", fragment="").geturl()


def request_host(url: str) -> str:
    """Return the host that a request for an http(s) URL is made to, as DNS knows it; empty where there is none."""
    parts = _split(url)
    return _ascii_host(parts) if parts else ""


def registered_domain(url: str) -> str:
    """Return the domain that the host of `url` was registered under (publicsuffix.org): the outlet behind it.

    An IP address, a single-label host and a public suffix stand for themselves; without a host it is empty.
    """
    parts = _split(url)
    return _domain_of(_ascii_host(parts)) if parts else ""


@lru_cache(maxsize=4096)
def _domain_of(ascii_host: str) -> str:
    host = _readable(ascii_host)
    return host if _is_address(host) else _public_suffixes().privatesuffix(host) or host


def http_url(text: str) -> str | None:
    """Return `text` as an absolute http or https URL that can be shown and linked to, or None.

    Refused are control and invisible characters, and user names and passwords. Blanks within are escaped.
    """
    url = text.strip()
    if not url.isprintable() and any(unicodedata.category(character) in _UNSEEN for character in url):
        return None
    parts = _split(url)
    return url.replace(" ", "%20") if parts and "@" not in parts.netloc else None


def _split(url: str) -> SplitResult | None:
    """Split an http(s) URL that has a host and a port in range; None for anything else."""
    try:
        parts = urlsplit(url.strip())
        has_host = bool((parts.hostname or "").strip(".")) and not _NO_HOST.search(parts.netloc)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and has_host and has_port else None


def _ascii_host(parts: SplitResult) -> str:
    """Return the host in small letters, in ASCII where it has such a form (RFC 3490)."""
    host = (parts.hostname or "").rstrip(".")
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _readable(host: str) -> str:
    """Return an ASCII host in the letters that people read."""
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def _bracketed(host: str) -> str:
    """Return a host as it stands in a URL: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def _key_host(parts: SplitResult) -> str:
    host = _ascii_host(parts)
    while not _is_address(host) and (variant := _HOST_VARIANT.match(host)):
        host = host[variant.end() :]
    host = _bracketed(host)
    is_default = parts.port is None or (parts.scheme, parts.port) in _DEFAULT_PORTS
    return host if is_default else f"{host}:{parts.port}"


def _key_path(path: str) -> str:
    """Return a path without the signs of an AMP or print form, and without slashes at its end."""
    evened = _AMP_START.sub("", quote(path, safe=_PATH_SAFE))
    while (shorter := _AMP_END.sub("", _PRINT_END.sub("", evened))) != evened:
        evened = shorter
    return evened


def _telling_parameters(query: str, tracking: AbstractSet[str]) -> list[tuple[str, str]]:
    """Return the parameters that say which page it is."""
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    return [(name, value) for name, value in pairs if not _is_idle(name.lower(), value.lower(), tracking)]


def _is_idle(name: str, value: str, tracking: AbstractSet[str]) -> bool:
    """Tell whether a parameter says nothing of which page it is."""
    is_tracking = name in TRACKING_PARAMETERS or name in tracking or name.startswith(TRACKING_PREFIXES)
    return is_tracking or value in _FORMS.get(name, ())


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def _public_suffixes() -> PublicSuffixList:
    """Read the list once, for readable hosts; it comes with the package, nothing is fetched."""
    return PublicSuffixList(accept_encoded_idn=False)
