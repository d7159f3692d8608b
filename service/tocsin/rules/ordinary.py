"""Words that are too ordinary to be another word for a person, a place or an organisation: they mean too much else."""

COMMON_WORDS = frozenset(
    """
    a ability able about above abroad absence accept access accident account across act action active actual add
    address adult advance advice affair afraid after again against age agency agent ago agree aid aim air airport
    alarm album alive all alliance allow ally almost alone along already also always amber among amount an analysis
    ancient and angel anger angry animal anniversary announce annual another answer any anyone anything apart
    apartment appeal appear apple application apply approach april area argue arm army around arrive art article
    artist as ash ask asset assistant associate at attack attempt attend attention attorney audience august aunt
    author authority autumn available average avoid award away baby back background bad bag bailey baker balance
    ball ban band bank banker bar barrel base basic basin basis basket bath battery battle bay be beach bean bear
    beat beautiful beauty because become bed beer before begin behind believe bell belong below belt bench benefit
    berry best better between beyond big bill billion bird birth bishop bit bitter black blade blind block blood
    blow blue board boat body bomb bond bone book boom border born boss both bottle bottom bowl box boy branch brand
    brave bread break bridge brief bright bring broad broadcast brook brother brown brush budget build building bull
    burn bus bush business busy but butcher butler buy buyer by cabinet cable call calm camera camp campaign can
    cancer candidate cap capital captain car carbon card care career carpenter carry carter case cash cast castle
    cat catch cause cave cell center central centre century certain chain chair challenge chamber chance chancellor
    change channel chapel chapter charge charity charm chase cheap check chef chemical chest chief child children
    choice choose church circle citizen city civil claim clan clark class classic clean clear clerk clever client
    climate climb clinic clock close cloud club coach coal coalition coast coat code coffee coin cold collect
    college color colour column combat come comment commerce commission common communist community company compare
    complex concern concrete condition conduct conference conflict congress conservative consider constitution
    contact content contest context continent continue contract control cook cool cooper copper copy core corn
    corner corporate correct cost cotton couch could council counsel count country county couple courage course
    court cousin cover cow craft crane crash crazy cream create credit crew crime crisis critic crop cross crowd
    crown cruel cry culture cup cure currency current customer cut cycle dad daily damage dance danger dark data
    date daughter dawn day dead deal dean dear death debate debt decade december decide deck deep deer defence
    defense degree delay delegate delta demand democracy democrat department deputy desert design desk detail device
    dialogue diamond dictator die diet dinner diplomat direct director dirty dish district divide doctor dog dollar
    domestic door double doubt down dozen draft dragon draw dream dress drink drive drop drought drug dry due duke
    dust duty each eagle ear earl early earn earth east eastern easy eat economic economy edge editor education
    effect effort egg eight either elder elect election electric element eleven elite else embassy emerald emergency
    emperor empire empty end enemy energy engine engineer enjoy enough enter entire equal era error escape estate
    even evening event ever every evidence exact example except exchange executive exercise exile exit expect expert
    export express extra eye face fact factor factory fail fair faith fall false fame family famous fan far farm
    farmer fashion fast fat father fault favor fear feature february federal fee feed feel fellow female fence
    festival few fiction field fierce fifth fifty fight figure file fill film final finance find fine finger finish
    fire firm first fish fisher fit five fix flag flame flat fleet fleming flight flood floor flower fly focus
    follow food fool foot football for force ford foreign forest forever forge forget form former fort fortune forty
    forum forward foster found foundation four fourth fox frame frank free freedom frequent fresh friday friend from
    front frost fruit fuel full fun fund funeral funny future gain gallery game gap garden gardener gas gate gather
    general generation gentle get ghost giant gift girl give glad glass global go goal god gold golden gone good
    goods gossip govern government governor grace grain grand grant grass grave gray great green grey ground group
    grove grow growth guard guardian guess guest guide guilty gulf gun guy habit hair half hall hammer hand happen
    happy harbor harbour hard hardy harm harvest hat hate have hawk he head health hear heart heat heath heaven
    heavy height help her here hero hidden high highway hill him his historic history hit hold hole holiday holly
    holy home honest honor hope horn horse hospital host hot hotel hour house how huge human humble hundred hunger
    hunt hunter husband ice idea if image immigrant impact import important in income increase independence index
    industry influence inform initial inside insurance intelligence interest international internet interview into
    invest iron island issue it item ivory january jet jewel job join joint joke journal journey joy judge july jump
    june jungle junior jury just justice keen keep key kick kid kill kind king kingdom kitchen knife knight know
    labor labour lack lady lake lamb lamp land lane language large last late laugh launch law lawn lawyer layer lead
    leader leaf league learn least leather leave lee left leg legal legend lemon less lesson let letter level liar
    liberal liberty library license lie life lift light like likely lily limit line link lion lip liquid list listen
    little live load loan local lock logic long look loop lord lose loss lost lot loud love low loyal luck lunch
    lung luxury machine mad magic mail main major majority make male mall man manager many map marble march margin
    marine mark market marriage marsh martyr mask mason mass master match mate material matter may maybe mayor
    meadow meal mean measure meat media medical medicine meet meeting member memorial memory men mercury mercy
    message metal method metro middle mid might migrant mile military milk mill miller million mind mine minister
    ministry minor minute mirror miss missile mission mist mistake mix mobile model modern mom moment monday money
    monitor monster month moon moral more morning most mother motion motor mount mountain mouse mouth move movement
    movie much murder museum music must my mystery name narrow nation national native nature navy near neck need
    neighbor neighbour nerve net network never new news newspaper next nice night nine no noble nobody noise none
    noon normal north northern nose not note nothing notice novel november now nuclear number nurse oak object ocean
    october of off offer office officer official often oil old olive on once one only open opera operation opinion
    opposition option or oracle orange order origin orphan other our out outside over own owner oxygen pace pack
    page pain paint palace palm pan panel panic paper paradise parent parish park parker parliament part partner
    party pass passion past patch path patient patriot pattern pay peace peak pearl pen penalty pension people
    pepper per perfect perhaps period permit person phase phoenix phone photo picture piece pike pilgrim pilot pin
    pine pink pipe pirate pitch place plain plan plane planet plant plate platform play player plaza pleasure plus
    pocket poem poet point poison police policy political pond pool poor pop pope popular port porter position post
    potter pound poverty power praise pray present president press pretty price pride priest prime prince princess
    print prison private prize problem process product profit program project promise proof property protest proud
    prove public publish pull pump punch pure purple purpose push put quality quarter queen question quick quiet
    quite race radical radio rail rain raise ranch range rank rapid rare rate raven raw ray reach read reader ready
    real reason rebel record recovery red reed reform refugee region regular relate relation release religion rely
    remain remote rent repair report reporter republic republican rescue research reserve resident resist resource
    rest result return rice rich ride rifle right ring rise risk river road rob rock rocket role roll roof room root
    rope rose rough round route royal rubber rule ruler run rural rush sad safe saint sake sale salt same sample
    sand saturday save say scale scandal scene school science score screen script sea search season seat second
    secret secretary section sector secure security see seed seek sell senate senator send senior sense september
    series serious serve service session set settle seven several sex shade shadow shake shape share sharp she shell
    shelter shepherd sheriff shift shine ship shirt shock shoe shoot shop shore short shot should shoulder show
    shower shut sick side sign signal silence silent silk silver simple since sing single singer sir sister sit site
    six size skill skin sky slave sleep slow small smart smith smoke smooth snow so soap social society soft soil
    soldier sole solid some son song soon sorry soul sound source south southern space spark speak speaker special
    speech speed spend spirit spokesman sport spot spread spring spy square staff stage stake stamp stand standard
    star start state statement station statue status stay steal steel step stick still stock stone stop store storm
    story straight strange stream street strength stress strike string strong student studio study style subject
    success such sudden sugar suit summer summit sun sunday super supply support supreme sure surface surprise sweet
    swift swim sword system table tail tailor take talent talk tall tank target task taste tax taylor tea teach
    teacher team tech technology tell temple ten tennis term terror test text than thank that the theater theatre
    their them theme then theory there they thick thin thing think third thirty this thorn thousand threat three
    through throw thunder thursday ticket tide tie tiger tight time times tin tiny tip tire title to tobacco today
    together tomorrow tone too tool top topic total touch tough tour tourist toward tower town track trade tradition
    traffic train transit transport travel treasure treat treaty tree trend trial tribe tribune trip triumph troops
    trouble truck true trust truth try tuesday tunnel turn turner twelve twenty twin two type ugly uncle under union
    unit united unity universe university until up upper urban us use user usual valley value van vast vegetable
    vehicle version very veteran victim victory video view village violence virgin virus visa vision visit voice
    volume vote voter wage wait walk walker wall want war ward warm warning wash waste watch water wave way we weak
    wealth weapon weather web wedding wednesday week weight welcome welfare well west western what wheat wheel when
    where which while white who whole why wide wife wild will win wind window wine wing winner winter wise wish with
    witness wolf woman women wonder wood word work worker world worry worth would wound write writer wrong yard year
    yellow yes yesterday yet you young youth zero zone
    """.split()
)

FIRST_NAMES = frozenset(
    """
    aaron abdul abdullah abigail abraham adam adrian agnes ahmad ahmed aidan alan albert alec aleksandar aleksander
    aleksandr aleksandra aleksei alessandro alex alexander alexandra alexei alexey alexis alfred ali alice alicia
    alina alison allan allen amanda amelia amina amir amy ana anastasia anatoly anders andre andrea andreas andrei
    andrew andrey andrii andriy andrzej angela angelica anita ann anna anne anthony antoine anton antonio arkady
    arnold artem arthur artur astrid audrey augusto barbara bartosz beata beatrice ben benedict benjamin bernard
    bernd beth bettina bill björn bob bogdan bohdan boris brad brandon brenda brian brigitte bruce bruno bryan
    camille carl carla carlo carlos carmen carol caroline caspar catherine cecilia charles charlotte chloe chris
    christian christina christine christoph christopher claire clara claude claudia claus colin connor craig
    cristina cyril dan daniel daniela danylo daria darya dave david deborah denis dennys denys derek diana diane
    diego dieter dimitri dirk dmitri dmitriy dmitry dmytro dominic dominik donald dorothy douglas duncan dylan
    eduard edward edwin elaine eleanor elena eli elias elisabeth elizabeth ella ellen emil emily emma enrico eric
    erica erik ernest ernst esther eugene eva evelyn evgeny fatima felix ferdinand fernando filip florian frances
    francesca francesco francis francisco franz fred frederick friedrich fritz gabriel gabriela gareth gary gavin
    gennady geoffrey georg george gerald gerard gerhard gilbert giovanni giuseppe gleb gloria gordon graham greg
    gregory greta guido guillaume gustav guy halyna hamid hanna hannah hans harold harriet harry hasan hassan
    heather hector heinrich helen helena helmut henri henrik henry herbert hermann howard hubert hugo hussein ian
    ibrahim ignacio igor ihor ilya inga ingrid inna ira irene irina isaac isabel isabella ivan ivana ivanka iván
    jack jacek jackson jacob jacques jake jakub james jamie jan jane janet janusz jason javier jean jeff jeffrey
    jennifer jens jeremy jerome jerry jesse jessica jesus jill jim joachim joan joanna joe joel johan johann johanna
    johannes john jonas jonathan jorge jose josef joseph joshua juan judith jules julia julian julie jürgen kaja
    kamil karen karim karin karina karl kate katarina kateryna katharina katherine kathleen katrin katya keith kelly
    ken kenneth kevin khaled kira kirill klaus konrad konstantin krzysztof kseniya kurt kyle kyrylo larry lars
    larysa laszlo laura lauren laurence laurent lech leo leon leonard leonid leslie lesya lew lewis liam lidia linda
    lisa lois lorenzo louis louise luca lucas lucia lucy ludmila ludwig luis luka lukas lukasz luke lydia lyudmila
    maciej madeleine magdalena mahmoud maksim maksym malcolm manfred manuel marcel marcin marco marcus marek
    margaret maria marian marie marina mario marion marius mariya mariusz marta martha martin mary maryam maryna
    mateusz matthew matthias maurice max maxim maximilian megan mehmet melanie melissa michael michal michel michele
    michelle miguel mihai mikhail mila milan miles miloš mirosław mohamed mohammad mohammed moritz mustafa mykhailo
    mykola nadia nancy natalia natalie natalya natasha nathan nazar neil nicholas nick nicola nicolas nicole nigel
    nikita nikolai nikolay nina noah nora norman oksana ola olaf oleg oleh oleksandr oleksandra oleksii oleksiy
    olena olga olha oliver olivia omar oscar oskar osman otto pablo pamela paola paolo patricia patrick paul paula
    pauline pavel pavlo pawel pedro peter petra petro philip philippe phillip pierre piotr polina pyotr rachel
    radosław rafael rainer raisa ralph ramon raphael raul raymond rebecca reinhard renate rené ricardo richard rita
    robert roberto robin rodrigo roger roland rolf roman ronald rosa roy ruben rudolf ruslan ruth ryan sabine
    salvatore sam samantha samuel sandra sara sarah sasha scott sean sebastian serge sergei sergey sergio serhii
    serhiy sharon sheila shirley sibylle sidney sigmund silvia simon sofia sofiya solomiya sonia sophia sophie stacy
    stanislav stanisław stefan stefania stella stepan stephanie stephen steve steven stuart susan susanne sven
    svetlana svitlana sylvia taras tamara tania tanya tatiana tatyana ted teresa terry tetiana theo theodor theresa
    thierry thomas tibor tim timothy timur tobias todd tom tomas tomasz tony torsten tracy travis tristan ulrich
    ulrike ursula uwe vadim vadym valentin valentina valentyn valerie valery vanessa vasily vasyl vera veronica
    veronika victor victoria viktor viktoria vincent viola vitali vitaliy vitaly vlad vladimir vladislav vladyslav
    volodymyr vyacheslav walter wanda warren wayne wendy werner wilhelm william wojciech wolfgang xavier yan yana
    yaroslav yegor yekaterina yelena yevgeny yevhen yevheniia yulia yuliia yuri yuriy yusuf yves yvonne zachary
    zbigniew zoe zofia zoya александр алексей алина анастасия анатолий андрей анна антон борис вадим валентин
    валерий василий вера виктор виталий владимир владислав вячеслав галина геннадий григорий дарья денис дмитрий
    евгений екатерина елена иван игорь илья ирина кирилл константин лариса леонид людмила максим мария марина михаил
    надежда наталья никита николай нина оксана олег ольга павел петр роман руслан светлана сергей станислав степан
    татьяна федор юлия юрий яна олександр олексій андрій богдан валерій василь віктор віталій володимир ганна дмитро
    євген ігор ірина катерина кирило марія микола михайло наталія олена петро сергій тарас тетяна юлія юрій ярослав
    """.split()
)
