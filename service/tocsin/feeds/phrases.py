"""What pages say to their readers where an article should stand, in the languages of the sites that say it.

A phrase is words side by side, in any case: `*` stands for up to five other words, `partner*` for any ending, `a/b`
for either word. They were written down from what such sites mean, so they hold no site's text.
"""

from collections.abc import Iterable

import regex

_GAP = r"(?:\S++\s++){0,5}?"


def _compiled(phrases: str) -> "regex.Pattern[str]":
    """Compile phrases, one a line."""
    lines = filter(None, map(str.strip, phrases.splitlines()))
    return regex.compile("|".join(_pattern(line.split()) for line in lines), regex.IGNORECASE)


def _pattern(words: Iterable[str]) -> str:
    pieces = [_GAP if word == "*" else f"{_word(word)}[,.:;!]?\\s++" for word in words]
    return r"(?<!\w)" + "".join(pieces).removesuffix(r"[,.:;!]?\s++") + r"(?!\w)"


def _word(either: str) -> str:
    words = (regex.escape(word.removesuffix("*")) + r"\w*+" * word.endswith("*") for word in either.split("/"))
    return f"(?:{'|'.join(words)})"


#: What pages say that ask for consent, by what they say. One alone stands in many a footer, several make such a page.
ASKING_CONSENT = tuple(
    map(
        _compiled,
        (
            """
            we and our * partners/vendors
            wir und unsere * partner*
            nous et nos * partenaires
            nosotros y nuestros * socios/proveedores
            noi e * partner/fornitori
            my i nasi * partnerzy
            мы и наши * партн*
            ми та/і наші * партнер*
            wij/we en onze * partners
            """,
            """
            accept/allow all
            accept/agree and continue/close/proceed
            alle/alles/allen akzeptieren/zustimmen
            akzeptieren/zustimmen und weiter
            mit werbung weiterlesen/lesen
            tout accepter
            accepter et continuer/fermer
            aceptar todo/todas
            aceptar y continuar
            accetta tutto/tutti
            accetta e continua/chiudi
            akceptuję/akceptuj/zaakceptuj wszystk*
            przejdź do serwisu
            принять все/всё
            согласиться и продолжить
            прийняти все/всі/усі
            погодитися і/та продовжити
            alles/alle accepteren
            """,
            """
            reject all
            continue without accepting
            alle/alles ablehnen
            tout refuser
            continuer sans accepter
            rechazar todo/todas
            rifiuta tutto/tutti
            continua senza accettare
            odrzuć wszystk*
            nie zgadzam się
            отклонить все/всё
            відхилити все/всі/усі
            alles/alle weigeren/afwijzen
            """,
            """
            manage * settings/preferences/choices/options
            privacy settings
            datenschutzeinstellungen/cookie-einstellungen/privatsphäre-einstellungen
            einstellungen verwalten/anpassen
            paramétrer/gérer mes/vos/les choix/préférences/cookies
            configurar/gestionar * cookies/preferencias/opciones
            gestisci/personalizza * preferenze/opzioni/scelte/cookie
            ustawienia zaawansowane/prywatności/plików
            настройки/настроить * cookie/куки/конфиденциальн*/приватн*
            налаштування/налаштувати * cookie/кукі/конфіденційн*/приватн*
            cookie-instellingen/privacy-instellingen
            """,
            """
            withdraw/give/change/manage/refuse your consent
            we need/value your consent/privacy
            ihre/deine einwilligung/zustimmung
            votre/vos consentement/choix
            su/tu consentimiento
            il tuo/suo/vostro consenso
            twoj*/państw*/pańsk* zgod*
            ваше/вашего/ваш* согласи*
            ваш*/вашу згод*
            uw/jouw/je toestemming
            """,
            """
            store * access information on a/your device
            we use cookies
            cookies and similar
            informationen auf einem/ihrem/deinem * gerät*/endgerät*
            wir verwenden/nutzen cookies
            informations sur un/votre appareil/terminal
            nous utilisons des cookies
            información en un/su/tu dispositivo
            utilizamos/usamos cookies
            informazioni su un dispositivo
            utilizziamo/usiamo * cookie
            informacj* na * urządzeni*
            używamy * cookie/cookies
            используем * cookie/куки
            информаци* на * устройств*
            використовуємо * cookie/кукі
            інформаці* на * пристро*
            wij/we gebruiken cookies
            """,
        ),
    )
)

#: What only pages say that keep the rest of an article back.
KEEPING_BACK = _compiled(
    """
    subscribe/register/join/login * to/and continue/keep reading
    sign/log in/up * to/and continue/keep reading
    subscribe/register/join * to read/unlock/access the/this full/rest/whole/article/story
    to continue/keep reading * subscribe/register/log/sign/create
    this article/story/content is * for/to * subscribers/members
    exclusively for/to * subscribers/members
    subscriber-only/members-only/subscribers-only article/story/content
    you have/you've read/reached/used * free articles
    weiterlesen mit
    um diesen/den artikel * weiterzulesen/weiter/lesen
    dieser/der artikel/beitrag/inhalt ist * für/mit * abonnent*/abo/mitglieder
    nur/exklusiv für * abonnent*
    lesen sie diesen/den * artikel/beitrag/text mit
    article est * réservé aux/à * abonnés
    réservé/réservée aux/à * abonnés
    il vous reste * de cet article
    la suite est réservée
    abonnez-vous pour lire/continuer/accéder/poursuivre
    pour lire la suite * abonnez-vous/connectez-vous/inscrivez-vous
    contenido/artículo/noticia exclusivo/exclusiva/solo/sólo para * suscriptores/abonados/socios
    suscríbete para/y seguir/continuar/leer
    para seguir/continuar leyendo * suscríbete/regístrate/inicia
    contenuto/articolo riservato/esclusivo agli/per/ai * abbonati/iscritti
    abbonati per/e continuare/leggere/continua/leggi
    per continuare a leggere * abbonati/accedi/registrati
    pozostało * artykułu/tekstu/treści
    dalsza część * dostępna * dla
    artykuł/tekst/materiał * tylko/wyłącznie dla * prenumerator*/subskrybent*/abonent*
    wykup/kup prenumeratę/subskrypcję/dostęp aby/i/żeby czyt*/przeczyt*
    материал/статья/текст доступ* только/лишь/исключительно * подписчик*
    только для * подписчиков
    оформите/купите подписку/доступ чтобы чита*/прочита*/дочита*/продолжить
    чтобы дочитать/прочитать/читать * оформите/подпишитесь/войдите
    матеріал/стаття/текст доступн* лише/тільки/виключно * передплатник*/підписник*
    лише/тільки для * передплатників/підписників
    оформіть/придбайте передплату/підписку/доступ щоб чита*/прочита*/дочита*/продовжити
    щоб дочитати/прочитати/читати * оформіть/передплатіть/увійдіть
    dit artikel is alleen/exclusief voor * abonnees/leden
    """
)

#: What pages say that doubt their reader.
DOUBTING = _compiled(
    """
    enable javascript and cookies to continue
    please enable js/javascript and
    verify/verifying/confirm/prove/ensure that/whether/if you are/are * human/robot/bot
    verify/verifying/confirm/prove you are/are * human/robot/bot
    making sure you're/you not/are * bot/human/robot
    checking your browser
    checking if the site connection is secure
    needs to review the security of your connection
    are you a human/robot
    i'm/i not/am * robot
    unusual traffic/activity from your
    access denied
    access to this page has been denied
    you have been blocked
    bestätigen sie dass sie * mensch/roboter
    vérifiez/vérification que vous êtes/n'êtes * humain/robot
    confirme/confirma que no eres un robot
    conferma/verifica di non essere un robot
    potwierdź że nie jesteś robotem
    подтвердите что вы не робот*
    підтвердьте/підтвердіть що ви не робот*
    """
)

#: Headings of pages that stand where there is none; what follows a dash or bar is the site's name.
MISSING = regex.compile(
    r"""(?xi) \s* (?: (?: (?:error|http|fehler|erreur|błąd|ошибка|помилка) [\s:]* )? (?:404|410) [\s:.,|–—-]* )?
    (?: (?:sorry|oops|hoppla|ups) [\s,.!…–—-]* )? (?:
        (?: (?:this|the|that)\s+ )? page (?:\s+(?:you\s+requested|you(?:'re|\s+are)\s+looking\s+for))?
          \s+ (?: not | (?:was|is|could|can) (?:\s+not|n't|not) (?:\s+be)? ) \s+ found
      | (?: (?:this|the|that)\s+ )? page \s+ (?:does\s+not|doesn't|no\s+longer) \s+ exists?
      | (?:die\s+)?(?:angeforderte\s+)? seite (?:\s+wurde)? (?:\s+leider)? \s+ nicht \s+ gefunden
      | (?:la\s+)? page (?:\s+demandée)? (?:\s+est)? \s+ (?:introuvable|non\s+trouvée|n'existe\s+pas)
      | (?:la\s+)? página (?:\s+solicitada)? \s+ no \s+ (?:encontrada|existe)
      | pagina \s+ (?:non\s+trovata|niet\s+gevonden)
      | nie \s+ znaleziono \s+ strony | strona \s+ nie \s+ (?:istnieje|została\s+znaleziona)
      | (?:такой\s+)? страниц[аы] \s+ не \s+ (?:найдена|существует) | сторінк[ау] \s+ не \s+ (?:знайдено|існує)
    ) [.!]? \s* (?: \s[|–—·-]\s .* )?"""
)

#: Headings of such pages that may head an article too.
ERROR_NUMBER = regex.compile(
    r"(?i)\s*(?:(?:error|http|fehler|erreur|błąd|ошибка|помилка)[\s:]*)?(?:404|410|500|502|503)(?:[\s:.,|–—-].*)?"
)

#: Headings of pages that are there to let readers in.
LOGGING_IN = regex.compile(
    r"""(?xi) \s* (?: log\s?in | sign\s?in | register | subscribe | anmelden | einloggen | login | se\s+connecter
      | connexion | identifiez-vous | iniciar\s+sesión | accedi | zaloguj(?:\s+się)? | logowanie | вход | войти
      | войдите | увійти | вхід | inloggen ) \b .{0,60}"""
)
