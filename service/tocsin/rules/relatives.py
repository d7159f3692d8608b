"""English words of one family that the stemmer keeps apart: `invasion` does not find `invading`.

A family is named by one word for each of its stems; the inflections of these come with them. Families are of words
that news uses for one another: a verb and what it names, forms that no rule of spelling gives. Who does it is another
thing (`invest`, `investor`) and no relative here.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from itertools import takewhile
from types import MappingProxyType

from tocsin.text.stems import stemmer

#: Letters that a wildcard needs before it to be worth offering.
SHORTEST_PREFIX = 4

_FAMILIES = """
    invade invasion, intrude intrusion, collude collusion, conclude conclusion, exclude exclusion, include inclusion,
    erode erosion, explode explosion, collide collision, decide decision, divide division, provide provision,
    persuade persuasion, evade evasion, expand expansion, suspend suspension, extend extension,
    apprehend apprehension, defend defense defence, offend offense offence, intend intention, detain detention,
    retain retention, abstain abstention, convert conversion, divert diversion, subvert subversion, admit admission,
    permit permission, omit omission, submit submission, transmit transmission, emit emission, concede concession,
    secede secession, intervene intervention, contravene contravention, deceive deception, perceive perception,
    describe description, subscribe subscription, prescribe prescription, destroy destruction,
    denounce denunciation, renounce renunciation, disclose disclosure, expose exposure, seize seizure,
    close closure, fail failure, depart departure, analyze analysis, diagnose diagnosis, emphasize emphasis,
    paralyze paralysis, advise advice, prove proof, believe belief, relieve relief, grieve grief, threaten threat,
    strengthen strength, weaken weakness, heal health, free freedom, bankrupt bankruptcy, pirate piracy,
    secret secrecy, democrat democracy, diplomat diplomacy, autocrat autocracy, bureaucrat bureaucracy,
    conspire conspiracy, legitimate legitimacy, candidate candidacy, occupy occupation, apply application,
    identify identification, verify verification, notify notification, ratify ratification,
    classify classification, clarify clarification, justify justification, fortify fortification,
    modify modification, unify unification, qualify qualification, satisfy satisfaction, proclaim proclamation,
    explain explanation, maintain maintenance, comply compliance, defy defiance, rely reliance, vary variation,
    occur occurrence, violent violence, silent silence, hinder hindrance, distant distance, marry marriage,
    block blockade, leak leakage, wreck wreckage, elect electoral, parliament parliamentary, rebel rebellion,
    revolt revolution, crime criminal, produce production, reduce reduction, introduce introduction,
    deduce deduction, absorb absorption, resume resumption, assume assumption, consume consumption,
    presume presumption, pursue pursuit, acquire acquisition, inquire inquiry, acquit acquittal, expel expulsion,
    compel compulsion, repel repulsion, rebut rebuttal, deny denial, represent representation, tax taxation,
    starve starvation, infect infectious, bribe bribery, fraud fraudulent, forge forgery, rob robbery,
    censor censorship, punish punitive, ship shipment, pay payment, move movement, agree agreement,
    settle settlement, argue argument, slave slavery, bomb bombard, bury burial, traffic trafficking,
    migrate migrant, evacuate evacuee, deport deportee, terrorism terrorist, extremism extremist,
    separatism separatist, racism racist, fascism fascist, communism communist, nationalism nationalist,
    arson arsonist, crisis crises, hypothesis hypotheses, hungry hunger, poor poverty,
    man men, woman women, child children, gunman gunmen, policeman policemen, serviceman servicemen,
    fisherman fishermen, spokesman spokesmen, wolf wolves, knife knives, wife wives, thief thieves theft, half halves,
    foot feet, tooth teeth, mouse mice, die dead death, slay slain, shoot shot, strike struck, fight fought,
    flee fled flight, freeze froze frozen, steal stole stolen, sell sold sale, buy bought, lose lost loss, win won,
    grow grew growth, fall fell fallen, speak spoke speech, choose chose choice, give gave,
    take took, withdraw withdrew, overthrow overthrew, swear swore sworn, hold held, meet met, send sent,
    build built, lead led, feed fed, bleed bled, seek sought, bring brought, catch caught, teach taught,
    think thought, break broke broken, drive drove, write wrote written, shake shook shaken, sink sank sunk,
    shrink shrank shrunk, begin began begun, run ran, come came, overcome overcame, hide hid hidden, ride rode,
    tear tore torn, throw threw, blow blew, draw drew, forbid forbade, undergo underwent,
    undertake undertook, uphold upheld, withhold withheld, fly flew
"""


def relatives_of(word: str) -> Sequence[str]:
    """Return the words of the family of an English word in small letters, one for each stem; none for most words."""
    return _by_stem().get(_stem(word), ())


def stems_of(words: Iterable[str]) -> AbstractSet[str]:
    """Return the stems of words in small letters."""
    return frozenset(_stem(word) for word in words)


def is_found_by(relative: str, stems: AbstractSet[str]) -> bool:
    """Tell whether a word of one of these stems finds a relative in any inflection."""
    return _stem(relative) in stems


def wildcard_for(family: Sequence[str]) -> str | None:
    """Return a wildcard that finds all words of a family, such as `inva*`; None where it would find too much else."""
    letters = takewhile(lambda together: len(set(together)) == 1, zip(*family, strict=False))
    prefix = "".join(together[0] for together in letters)
    return f"{prefix}*" if len(prefix) >= SHORTEST_PREFIX else None


def families() -> Sequence[Sequence[str]]:
    """Return all families."""
    return [family.split() for family in _FAMILIES.split(",")]


def _stem(word: str) -> str:
    return stemmer("en")(word)


@cache
def _by_stem() -> Mapping[str, Sequence[str]]:
    found: dict[str, Sequence[str]] = {}
    for family in families():
        for word in family:
            found.setdefault(_stem(word), tuple(family))
    return MappingProxyType(found)
