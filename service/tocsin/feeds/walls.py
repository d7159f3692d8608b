"""Tells a page that shows its article from one that asks for something first, or that is none.

It judges by what sites put into their pages: the markup of consent managers and of walls, schema.org's word on what is
free, and the sentences that readers are stopped with. What merely lies over an article that is there is no wall.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from tocsin.feeds.phrases import ASKING_CONSENT, DOUBTING, KEEPING_BACK, LOGGING_IN, MISSING
from tocsin.model import PageFailed, PageOutcome
from tocsin.text.wordcount import word_count

#: Words below which a page holds no article.
LEAST_WORDS = 60

#: Words from which the text of a page with a wall is taken for the article: walls come after less, or lie over it.
TEASER_WORDS = 200

#: What part of the words that the page says it has must be there, where it has a wall.
_WHOLE = 0.5

#: What part of a text must be asking for consent for the page to be nothing else.
_MOSTLY = 0.5

_LONGEST_READ = 20_000  # code points of what a page shows that are searched for sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What a page shows and says of itself, besides its article.

    `headings` are its title and first headlines. `shown` is all text that readers may see, on one line. `is_free` and
    `stated_words` are what the page says of its article; None where it says nothing.
    """

    url: str
    headings: Sequence[str] = ()
    shown: str = ""
    is_article: bool = False
    has_consent_manager: bool = False
    has_wall: bool = False
    has_challenge: bool = False
    has_password: bool = False
    is_free: bool | None = None
    stated_words: int | None = None


def _any_of(alternatives: str) -> "regex.Pattern[str]":
    """Compile alternatives, one a line; a blank stands for any white space."""
    lines = "|".join(filter(None, map(str.strip, alternatives.splitlines())))
    return regex.compile(f"(?:{lines})".replace(" ", r"\s+"), regex.IGNORECASE)


# ---------------------------------------------------------------------------------------------------------------
# Names that elements have (class and id)

#: Of consent managers: OneTrust, Cookiebot, Didomi, Quantcast, Sourcepoint, TrustArc, Usercentrics, iubenda, Complianz,
#: CookieYes, Borlabs, Klaro, tarteaucitron, Axeptio, consentmanager, Google's Funding Choices, Osano; and plain words.
CONSENT_NAMES = _any_of(
    r"""
    \b(?:onetrust|optanon|cybotcookiebot|didomi|qc-cmp|truste|usercentrics|iubenda|cmplz|cky-|borlabs|klaro\b)
    \b(?:sp_message|sp_choice|tarteaucitron|axeptio|cmpbox|cmpwrapper|fc-consent|osano-cm|cc-window)
    \b(?:cookie|consent|privacy|gdpr|dsgvo|cmp)[-_]?(?:wall|gate|page|screen|layer|dialog|modal|overlay|form|banner)
    \b(?:pur-?abo|purabo|pur-layer|consent-(?:text|content|container|actions))
    """
)

#: Of walls; publishers also call the part of an article `paywall` that is behind one.
WALL_NAMES = _any_of(
    r"""
    (?:pay|reg|registration|subscriber|subscription|subscribe|login|sign-?in|abo|metered?|member)[-_]?wall
    \b(?:piano|tp-modal|tp-container|poool|pelcro|zephr|leaky|leaky_paywall|memberful|evolok)\b
    (?:article|content|paid|premium|plus|subscriber|subscription)[-_]+(?:gate|barrier|lock|blocker|offer|truncated)
    \b(?:is-locked|content-locked|locked-content|paid-content-?teaser|offer-?block|abo-box|barrier-page)\b
    """
)

#: Of pages that look at their readers first: Cloudflare, DataDome, HUMAN, Imperva, AWS, Anubis.
CHALLENGE_NAMES = _any_of(
    r"""
    \b(?:cf-challenge|cf-browser-verification|cf-wrapper|challenge-(?:form|error-text|running|container|stage))
    \b(?:px-captcha|g-recaptcha|h-captcha|cf-turnstile|captcha|captcha-container|main-iframe|anubis)\b
    """
)

#: The same in scripts and addresses of frames.
CHALLENGE_SCRIPTS = _any_of(
    r"""
    _cf_chl_opt
    captcha-delivery\.com
    _Incapsula_Resource
    awsWafCookieDomainList
    anubis_challenge
    perimeterx|px-cloud\.net
    """
)

_CONSENT_ADDRESS = regex.compile(
    r"https?://(?:(?:consent|cmp|privacy|guce|myprivacy|zustimmung)\.[^/?#]+|[^/?#]+/(?:[^?#]*/)?"
    r"(?:consent|collectconsent|cookie-?consent|cookie-?wall|privacy-gate|zustimmung|pur-?abo)(?:[/.?#]|\Z))",
    regex.IGNORECASE,
)

# ---------------------------------------------------------------------------------------------------------------
# Judging


def wall_before(face: Face, text: str) -> PageFailed | None:
    """Return what keeps the article from us, or that there is none; None where `text`, found on the page, is it."""
    count, shown = word_count(text), face.shown[:_LONGEST_READ]
    if any(map(MISSING.fullmatch, face.headings)):
        return _failed(PageOutcome.FAILED, "the site says that there is no such page")
    if count < LEAST_WORDS and (face.has_challenge or DOUBTING.search(shown)) and not face.is_article:
        return _failed(PageOutcome.FAILED, "the site wants to be sure first that its reader is no program")
    if _asks_consent(face, shown, text, count):
        return _failed(PageOutcome.CONSENT, "the page asks for consent first")
    if _is_walled(face, shown, count):
        return _failed(PageOutcome.PAYWALL, "the page shows its text to subscribers only")
    if count < LEAST_WORDS:
        return _failed(PageOutcome.SHORT, f"the page has {count} words of text, fewer than {LEAST_WORDS}")
    return None


def _failed(outcome: PageOutcome, detail: str) -> PageFailed:
    return PageFailed(outcome=outcome, detail=detail)


def _asks_consent(face: Face, shown: str, text: str, count: int) -> bool:
    """Tell whether the page is there to ask for consent.

    An article, long or short, may have a banner over it; its text is not what a banner says.
    """
    asked = sum(1 for said in ASKING_CONSENT if said.search(shown))
    at_address = bool(_CONSENT_ADDRESS.match(face.url))
    is_asking = at_address or asked >= 3 or (asked >= 2 and face.has_consent_manager)
    if not is_asking:
        return False
    if count < LEAST_WORDS:
        return at_address or asked >= 4 or not face.is_article
    return _is_about_consent(text)


def _is_about_consent(text: str) -> bool:
    """Tell whether most of a text speaks to readers of their consent, as no report on the matter does."""
    paragraphs = text.split("\n\n")
    asking = [paragraph for paragraph in paragraphs if any(said.search(paragraph) for said in ASKING_CONSENT)]
    return sum(map(len, asking)) >= _MOSTLY * len(text)


def _is_walled(face: Face, shown: str, count: int) -> bool:
    """Tell whether no more is shown than what makes readers want to have the rest."""
    if face.is_free:
        return False
    is_stopping = face.is_free is False or face.has_wall or bool(KEEPING_BACK.search(shown))
    if is_stopping and face.stated_words:
        return count < min(face.stated_words * _WHOLE, TEASER_WORDS * 10)
    if is_stopping:
        return count < TEASER_WORDS
    return count < LEAST_WORDS and face.has_password and any(map(LOGGING_IN.fullmatch, face.headings))
