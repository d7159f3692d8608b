"""Words too common to ask for: articles, pronouns, prepositions, conjunctions and auxiliaries, by language.

Negations are not among them: "talks without Kyiv" is not "talks Kyiv". Nor are words that carry a meaning of their
own in news (first, new, say, million).
"""

from functools import cache
from types import MappingProxyType

from tocsin.text.tokens import ignoring_case, without_accents

_LISTS = MappingProxyType(
    {
        "en": """a an the this that these those and or but so yet if then than as at by for from in into of off on
            onto out over per to toward towards under until till up upon via with within about above across after
            against along amid among around before behind below beneath beside between beyond during since through
            throughout down near i me my mine myself we us our ours ourselves you your yours he him his himself she her
            hers herself it its itself they them their theirs themselves who whom whose which what when where why how
            is am are was were be been being has have had having do does did doing will would shall should can could
            may might must there here also just very too such some any each both all more most other another own same
            only again once because while although though whether""",
        "ru": """и в во на с со к ко у о об от до за из по под при для над про через между после перед а но или да
            же ли бы что чтобы как так то это этот эта эти этого этой этому этих тот та те того той тем тех я меня мне
            мы нас нам вы вас вам ты он его ему им она ее её ей они их кто который которая которое которые которого
            которой которых свой своя свои был была было были быть есть будет будут если когда где там тут здесь уже
            еще ещё только также тоже все всё весь вся сам себя""",
        "uk": """і й та у в на з із зі до від за по під при для над про через між після перед а але або чи ж би б що
            щоб як так то це цей ця ці цього цієї той та ті того я мене мені ми нас нам ви вас вам ти він його йому
            вона її їй вони їх хто який яка яке які якого якої яких свій своя свої був була було були бути є буде
            будуть якщо коли де там тут вже ще тільки також теж усе все весь вся сам себе""",
        "be": """і й ды у ў на з са да ад за па пад пры для над пра праз паміж пасля перад а але або ці ж бы што каб
            як так то гэта гэты гэтая гэтыя той тая тыя я мяне мне мы нас нам вы вас вам ён яго яму яна яе ёй яны іх
            хто які якая якое якія свой свая свае быў была было былі быць ёсць будзе будуць калі дзе там тут ужо яшчэ
            толькі таксама усё ўсе""",
        "pl": """i a oraz ale lub albo czy w we na z ze do od za po pod przy dla nad o u przez między po przed jak
            tak to ten ta te tego tej tym tych ja mnie mi my nas nam wy was wam on jego jemu go mu ona jej oni ich im
            kto który która które którego której których co czego swój swoje jest są był była było były być będzie
            będą się że żeby aby jeśli gdy kiedy gdzie tam tu już jeszcze tylko także też""",
        "de": """der die das den dem des ein eine einen einem einer eines und oder aber denn so als wie an am auf aus
            bei beim bis durch für gegen hinter im in ins mit nach neben ob seit über um unter von vom vor während wegen
            zu zum zur zwischen ich mich mir mein wir uns unser du dich dir dein ihr euch euer er ihn ihm sein sie ihre
            ihren ihrer es wer wen wem was wann wo warum welche welcher welches ist sind war waren sein bin bist wird
            werden wurde wurden hat haben hatte hatten kann können soll sollen will wollen muss müssen dass wenn weil
            dieser diese dieses diesen diesem jener sich auch noch nur schon da dort hier man""",
        "fr": """le la les l un une des du de d au aux et ou mais donc or car que qu qui quoi jusqu lorsqu puisqu
            dont où à dans en par pour sur sous vers avec chez entre depuis pendant avant après contre ce cet cette
            ces c ça il elle ils elles on nous vous je j tu me m te t se s lui leur leurs son sa ses mon ma mes ton
            ta tes notre nos votre vos y est sont était étaient être été a ont avait avaient avoir sera seront si
            comme quand aussi plus très tout tous toute toutes""",
        "es": """el la los las lo un una unos unas y e o u pero que quien quienes cual cuyo donde cuando como de del a
            al en con por para sobre bajo entre desde hasta hacia contra tras durante ante yo me mi mis tu te tus él
            ella ellos ellas nos nosotros se su sus le les es son era eran ser fue fueron está están estaba ha han
            había haber si también muy más este esta estos estas ese esa eso esos esto aquel todo todos""",
        "it": """il lo la i gli le l un uno una e ed o ma che chi cui dove quando come di del dello della dei degli
            delle dell d a al allo alla ai agli alle all da dal dalla dai dalle dall in nel nella nei nelle nell con
            su sul sulla sui sulle sull agl dagl degl negl sugl gl c coll per tra fra io mi tu ti noi ci voi vi lui
            lei loro egli si suo sua suoi sue è sono era erano essere stato ha hanno aveva avere se anche più questo
            questa questi queste quello quella tutto""",
        "pt": """o a os as um uma uns umas e ou mas que quem qual cujo onde quando como de do da dos das em no na nos
            nas por pelo pela pelos pelas para com sobre sob entre desde até contra após eu me meu minha tu te ele ela
            eles elas nós nos se seu sua seus suas lhe lhes é são era eram ser foi foram está estão há tem têm ter se
            também muito mais este esta estes estas esse essa isso isto aquele todo todos ao aos à às""",
        "nl": """de het een en of maar dus want als dan dat die deze dit wie wat waar wanneer hoe van voor met op in
            uit aan bij door naar om over onder tussen tegen tot sinds na te ik mij mijn wij we ons onze jij je jullie
            u uw hij hem zijn zij ze haar hun er is was waren ben bent wordt worden werd werden heeft hebben had hadden
            kan kunnen zal zullen zou ook nog al zich men""",
        "tr": """ve veya ya da de ile için gibi kadar göre sonra önce bu şu o bunu şunu onu bunlar onlar ben beni bana
            biz bizi bize siz sizi size sen seni sana onun onların bir ki mi mı mu mü ne kim hangi nerede nasıl çok daha
            en her ise idi olan olarak oldu olduğu var""",
        "ar": """و في من إلى على عن مع بين حتى منذ خلال بعد قبل تحت فوق عند لدى هذا هذه ذلك تلك هؤلاء الذي التي الذين
            هو هي هم هن أنا نحن أنت أن إن كان كانت كانوا يكون قد أو أم ثم كما كل أي ما حيث إذا لكن بل""",
        "cs": """a i ale nebo ani že aby když kde jak tak to ten ta ti ty toho té tom v ve na z ze do od za po pod při
            pro nad o u přes mezi před s se k ke já mě my nás nám vy vás on jeho ho mu ona její ji oni jejich jim kdo co
            který která které jeho své je jsou byl byla bylo byli být bude budou si už ještě jen také""",
        "ro": """și sau dar că să ca cum când unde ce care cine de la în din pe cu pentru prin despre sub peste între
            după până al a ai ale un o unei unui unor cel cea cei cele acest această acești aceste el ea ei ele eu noi
            voi se își său sa săi sale este sunt era erau fi fost a au am va vor mai foarte și""",
        "sv": """och eller men att som om när var hur en ett den det de i på av för med till från vid under över mellan
            efter före mot sedan jag mig min vi oss vår du dig din ni han honom hans hon henne hennes dem deras sig sin
            är var varit vara blir blev har hade kan ska skulle vill också så denna detta dessa""",
    }
)


#: Languages (ISO 639) that have a list.
LISTED = frozenset(_LISTS)


@cache
def stop_words(language: str) -> frozenset[str]:
    """Return the stop words of a language (ISO 639) without case; none for a language without a list.

    They are there with and without their accents: `für` typed as `fur` is one too, but no accent makes one (`sûr`).
    """
    listed = [ignoring_case(word) for word in _LISTS.get(language, "").split()]
    return frozenset(listed).union(map(without_accents, listed))
