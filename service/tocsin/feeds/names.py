"""What the names of a page's elements (their class and id) say of them."""

import re
from enum import Flag, auto
from functools import lru_cache


class Name(Flag):
    """What names may say; several may hold."""

    NOTHING = 0
    CONSENT = auto()  # a consent manager
    WALL = auto()  # a wall before an article, or, with some, the part that is behind it
    CHALLENGE = auto()  # a test of the reader
    APPEAL = auto()  # a box that asks readers for money


def _pattern(names: str) -> "re.Pattern[str]":
    """Compile what a name may begin with, or what stands behind a hyphen or underscore in it."""
    return re.compile(f"(?:^|[_-])(?:{'|'.join(names.split())})", re.IGNORECASE)


_END = r"(?:[_-]|$)"

_SAYING = (
    (
        Name.CONSENT,
        # OneTrust, Cookiebot, Didomi, Quantcast, Sourcepoint, TrustArc, Usercentrics, iubenda, Complianz, CookieYes,
        # Borlabs, Klaro, tarteaucitron, Axeptio, consentmanager, Google's Funding Choices, Osano; and plain words
        _pattern(
            rf"""onetrust optanon cybotcookiebot didomi qc-cmp truste usercentrics iubenda cmplz cky- borlabs
            klaro{_END} sp_message sp_choice tarteaucitron axeptio cmpbox cmpwrapper fc-consent osano cc-window
            pur-?abo pur-layer
            (?:cookie|consent|privacy|gdpr|dsgvo|cmp)[_-]?(?:wall|gate|page|screen|layer|dialog|modal|overlay|form|banner)
            consent-(?:text|content|container|actions)"""
        ),
    ),
    (
        Name.WALL,
        _pattern(
            rf"""(?:pay|reg|registration|subscriber|subscription|subscribe|login|sign-?in|abo|metered?|member)[_-]?wall
            (?:piano|tp-modal|tp-container|poool|pelcro|zephr|leaky|memberful|evolok){_END}
            (?:article|content|paid|premium|plus|subscriber|subscription)[_-]+(?:gate|barrier|lock|offer|truncated)
            (?:is-locked|content-locked|locked-content|paid-content-?teaser|abo-box|barrier-page){_END}"""
        ),
    ),
    (
        Name.CHALLENGE,
        # Cloudflare, DataDome, HUMAN, Imperva, AWS, Anubis
        _pattern(
            rf"""cf-challenge cf-browser-verification challenge-(?:form|error-text|running|container|stage)
            (?:px-captcha|g-recaptcha|h-captcha|cf-turnstile|captcha|captcha-container|main-iframe|anubis){_END}"""
        ),
    ),
    (
        Name.APPEAL,
        _pattern(
            rf"""(?:donate|donation|donations|donat-box|fundraising|fundraiser|spenden|spendenaufruf){_END}
            (?:support-(?:us|box|block|banner)|reader-appeal|contributions?-epic|membership-(?:box|appeal|promo)){_END}
            (?:patreon|ko-?fi|buy-?me-?a-?coffee){_END}"""
        ),
    ),
)

# WordPress and its kin name an article after its own subjects.
_SUBJECT = re.compile(r"(?:tag|category|topic|term|author|section|postid)[_-]", re.IGNORECASE)

#: What stands in scripts, and in the addresses of frames, of pages that test their reader.
CHALLENGE_SCRIPTS = re.compile(
    r"_cf_chl_opt|captcha-delivery\.com|_Incapsula_Resource|awsWafCookieDomainList|anubis_challenge|px-cloud\.net"
)

_LONGEST = 100  # code points of a name


@lru_cache(maxsize=20_000)
def names_of(attributes: str) -> Name:
    """Return what names, parted by blanks, say. It looks at each once: pages of a site have the same."""
    said = Name.NOTHING
    for name in attributes.split():
        if (found := _said_by(name[:_LONGEST])) is not Name.NOTHING:
            said |= found
    return said


def _said_by(name: str) -> Name:
    if _SUBJECT.match(name):
        return Name.NOTHING
    said = Name.NOTHING
    for meaning, pattern in _SAYING:
        if pattern.search(name):
            said |= meaning
    return said
