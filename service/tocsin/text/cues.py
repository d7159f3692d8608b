"""Phrases by which a paragraph is known for what an outlet puts around its articles, though it was never seen."""

import re

_LONGEST = 120  # words; a paragraph of more is not furniture alone

# All are in small letters, as a paragraph is made before it is searched.
_BEGINS = re.compile(
    r"\W*(?:(?:read|see|watch|listen|more|related|also|recommended|most read|trending"
    r"|don't miss)\b[^.]{0,24}(?:[:|>→»]|\Z)"
    r"|(?:additional )?(?:reporting|writing|editing|edited|compiled|photos?|photographs?|images?|video"
    r"|file photo)\b(?: by\b|:)"
    r"|(?:last )?(?:updated|published|posted)\b(?=[^.]{0,60}\Z))",
    re.DOTALL,
)
_CUE = re.compile(
    # money and mail
    r"\b(?:subscribe (?:to|now|today|for|from|here|and)\b|subscription\b(?=.*\b(?:today|now|our|offer|cancel|log in)\b)"
    r"|already a (?:subscriber|member)\b"
    r"|(?:sign|signing) up (?:for|to)\b|(?:our|free|daily|weekly|morning|evening) (?:\w+ )?newsletters?\b"
    r"|your inbox\b"
    r"|(?:support|fund|donate to|back) (?:us\b|our (?:work|journalis|news|report)|(?:independent|quality"
    r"|local) (?:journalis|news|report|media))"
    r"|monthly (?:gift|donation|contribution)\b|(?:readers|people|supporters) like you\b"
    r"|small (?:favou?r|gift|donation)\b"
    r"|become a (?:member|supporter|patron|subscriber)\b|free trial\b|cancel any ?time\b|special offer\b"
    r"|to continue reading\b|(?:log|sign) in\b|register (?:now|here|to)\b|in (?:our|the) app\b"
    r"|(?:download|get) (?:our|the) app\b"
    # rights and rules
    r"|all rights reserved\b|copyright (?:\(c\)|\d{4}|by)|terms (?:of (?:use|service)|and conditions)\b"
    r"|(?:uses?|accept|our) cookies\b|cookie (?:policy|settings)\b|privacy (?:policy|notice|page|settings)\b"
    r"|may not be (?:reproduced|republished|published)\b|(?:views|opinions) expressed (?:in|here|are)\b"
    r"|(?:first|originally) (?:published|appeared) (?:in|on|by|at)\b|republished (?:from|under|with)\b"
    # further reading
    r"|read (?:more|also|next|the full)\b|more (?:on|about) this (?:story|topic)\b"
    r"|related (?:stories|articles|topics|coverage|news)\b"
    r"|you (?:may|might) also like\b|recommended for you\b|click here\b|scroll down\b"
    r"|story continues below\b"
    r"|advertisement\b|sponsored content\b"
    # the reader and the writers
    r"|(?:follow|like|join|find) us (?:on|at)\b|follow @|(?:follow|join) our\b|share this\b"
    r"|leave a comment\b"
    r"|listen to this (?:article|story)\b|\d+[ -]min(?:ute)?s?[ -]read\b|reading time\b"
    r"|got a (?:tip|story)\b|send (?:us )?(?:your|a) (?:tips?|story)\b"
    r"|(?:contact|e-?mail|write to) (?:us|the (?:author|reporter|editor|newsroom|desk))\b"
    r"|contributed (?:to this (?:report|story|article)|reporting)\b"
    # other languages
    r"|abonnieren\b|lesen sie (?:auch|mehr|hier)\b|alle rechte vorbehalten\b|unterstützen sie uns\b"
    r"|abonnez-vous\b|lire (?:aussi|également)\b|tous droits réservés\b|inscrivez-vous\b"
    r"|suscríb[ea]\w*|(?:lea|lee) también\b|todos los derechos reservados\b|assine\b"
    r"|leia (?:também|mais)\b"
    r"|iscriviti\b|leggi anche\b|tutti i diritti riservati\b|czytaj (?:też|także|więcej)\b"
    r"|читайте (?:также|нас|далее)\b|подп(?:исывайтесь|ишитесь)\b|все права защищены\b|поддержите\b"
    r"|читайте також\b|підп(?:исуйтесь|ишіться)\b|усі права захищено\b)",
    re.DOTALL,
)
_SIGN = re.compile(r"©|\S@\w[\w-]*\.\w")


def has_cue(paragraph: str) -> bool:
    """Tell whether a paragraph has a phrase that stands in furniture and hardly anywhere else."""
    if paragraph.count(" ") >= _LONGEST:
        return False
    even = paragraph.lower().replace("’", "'")
    return any(found is not None for found in (_BEGINS.match(even), _SIGN.search(even), _CUE.search(even)))
