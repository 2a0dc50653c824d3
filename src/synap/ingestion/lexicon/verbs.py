"""English verbs: the irregular ones with their forms, and the common regular ones.

Own compilation of everyday vocabulary; a verb that is not listed still works wherever a pronoun or an auxiliary
before it shows that it is one.
"""

from __future__ import annotations

from synap.ingestion.lexicon.sets import word_set

_IRREGULAR = """
arise arose arisen; awake awoke awoken; be was been; bear bore borne; beat beat beaten; become became become;
begin began begun; bend bent bent; bet bet bet; bind bound bound; bite bit bitten; bleed bled bled; blow blew blown;
break broke broken; breed bred bred; bring brought brought; broadcast broadcast broadcast; build built built;
burn burnt burnt; burst burst burst; buy bought bought; catch caught caught; choose chose chosen; cling clung clung;
come came come; cost cost cost; creep crept crept; cut cut cut; deal dealt dealt; dig dug dug; do did done;
draw drew drawn; dream dreamt dreamt; drink drank drunk; drive drove driven; eat ate eaten; fall fell fallen;
feed fed fed; feel felt felt; fight fought fought; find found found; flee fled fled; fly flew flown;
forbid forbade forbidden; forget forgot forgotten; forgive forgave forgiven; freeze froze frozen; get got gotten;
give gave given; go went gone; grind ground ground; grow grew grown; hang hung hung; have had had; hear heard heard;
hide hid hidden; hit hit hit; hold held held; hurt hurt hurt; keep kept kept; kneel knelt knelt; know knew known;
lay laid laid; lead led led; lean leant leant; leap leapt leapt; learn learnt learnt; leave left left;
lend lent lent; let let let; lie lay lain; light lit lit; lose lost lost; make made made; mean meant meant;
meet met met; mistake mistook mistaken; mow mowed mown; overcome overcame overcome; pay paid paid; prove proved proven;
put put put; quit quit quit; read read read; rebuild rebuilt rebuilt; redo redid redone; rewrite rewrote rewritten;
ride rode ridden; ring rang rung; rise rose risen; run ran run; say said said; see saw seen; seek sought sought;
sell sold sold; send sent sent; set set set; sew sewed sewn; shake shook shaken; shine shone shone; shoot shot shot;
show showed shown; shrink shrank shrunk; shut shut shut; sing sang sung; sink sank sunk; sit sat sat;
sleep slept slept; slide slid slid; smell smelt smelt; speak spoke spoken; speed sped sped; spend spent spent;
spill spilt spilt; spin spun spun; split split split; spoil spoilt spoilt; spread spread spread; stand stood stood;
steal stole stolen; stick stuck stuck; sting stung stung; strike struck struck; strive strove striven;
swear swore sworn; sweep swept swept; swell swelled swollen; swim swam swum; swing swung swung; take took taken;
teach taught taught; tear tore torn; tell told told; think thought thought; throw threw thrown;
undergo underwent undergone; understand understood understood; undo undid undone; uphold upheld upheld;
upset upset upset; wake woke woken; wear wore worn; weave wove woven; weep wept wept; win won won; wind wound wound;
withdraw withdrew withdrawn; write wrote written
"""

IRREGULAR: dict[str, tuple[str, str]] = {
    base: (past, participle)
    for base, past, participle in (entry.split() for entry in _IRREGULAR.replace("\n", " ").split(";"))
}
"""Base form to (simple past, past participle)."""

REGULAR = word_set("""
    paddle row sew sculpt quilt whittle forage brew ferment compost surf sail row lurk stream podcast blog vlog
    moderate juggle busk tinker solder weld hoard thrift declutter doodle binge nap snowboard skateboard rollerblade
    parkour bike wrestle box fence bat bounce stargaze birdwatch picnic barbecue grill caravan sightsee backpack housesit
    petsit freelance telecommute moonlight intern apprentice lecture mentor proofread typeset translate interpret
    abandon accept accompany accomplish achieve acquire act adapt add address adjust admire admit adopt adore advise
    afford agree aim allow amaze announce annoy answer apologize appear apply appoint appreciate approach approve argue
    arrange arrive ask assemble assign assist assume attach attack attempt attend attract automate avoid babysit back
    bake balance ban bathe battle behave believe belong benefit blame bless block boil book boost borrow bother bounce
    bowl breathe brew brush bump call camp cancel care carry carve cause celebrate challenge change charge chase chat
    check cheer chill chop claim clean clear click climb close coach code collaborate collapse collect combine comfort
    commit communicate commute compare compete complain complete compose concentrate concern confirm confuse connect
    consider consist construct consult contact contain continue contribute control convert convince cook cope copy
    correct count cover crack craft crash crave create criticize crochet cross cry cure cycle damage dance dare date
    debug decide declare decline decorate dedicate defend define delay delete deliver demand deny depend deploy describe
    deserve design despise destroy detest develop devote diagnose die differ disagree disappear disappoint discover
    discuss dislike display distribute ditch dive divorce donate double doubt download draft drag dread dress drop drown
    dry dump earn edit educate elect email embarrass embrace emigrate emphasize employ enable encounter encourage end
    endure engage enhance enjoy enlist enroll ensure enter entertain escape establish estimate evaluate evolve examine
    exceed exchange excite exercise exhibit exist expand expect experience experiment expire explain explore export
    express extend face facilitate fail faint fancy fascinate fasten fear fetch figure file fill film finalize finance
    finish fire fish fit fix fold follow force forward foster found frame frighten fry fulfill function gain garden
    gather generate golf govern grab graduate grant greet grieve grill groom guarantee guard guess guide handle happen
    harvest hate haunt head heal heat help hesitate hike hire honor hop hope host house hug hunt hurry identify ignore
    imagine immigrate impact implement imply import impress improve include increase indicate influence inform inherit
    initiate injure insist inspect inspire install instruct insure integrate intend interact interest interview
    introduce invent invest investigate invite involve iron jog join joke journal judge juggle jump kayak kick kill kiss
    knit knock label lack land last laugh launch launder learn lease license lift like limit link list listen live load
    loan locate lock log long look loathe love lower maintain major manage map march mark marry master match matter
    measure meditate memorize mend mention mentor merge migrate mind miss mix model modify monitor motivate mourn move
    multiply murder name need negotiate nest note notice number obey object obsess obtain occur offer open operate
    oppose order organize outline outsource overlap owe own pack paint park participate pass paste patch pause perform
    permit persuade phone photograph pick pitch place plan plant play please plug point polish post pour practice
    practise praise pray predict prefer prepare present preserve press pretend prevent print prioritize process procure
    produce program progress promise promote prompt pronounce propose protect protest prove provide publish pull
    purchase pursue push qualify question race rain raise rank rate reach react realize rebook recall receive recognize
    recommend reconcile reconnect record recover recruit recycle reduce refactor refer reflect refuse regard register
    regret rehearse reject relate relax release relocate rely remain remember remind remodel remove rename renew
    renovate rent repair repeat replace reply report represent request require rescue research resemble reserve resign
    resist resolve respect respond rest restore result resume retire retrain return reveal review revise reward ride
    roast rock roll row ruin rule rush sail sample satisfy save scale scan scare schedule scold score scream screen
    search season select separate serve settle share shave shelter shift ship shop shout sigh sign signal ski skip
    bore irritate soothe hinder skate sketch slip slow smile smoke snack snore snow solve sort sound spark specialize sponsor spot sprain spray
    stabilize staff stain start starve state stay step stop store strengthen stress stretch structure struggle study
    stumble submit subscribe succeed suffer suggest suit supervise supply support suppose surf surprise surrender
    surround survive suspect sustain switch sync tackle talk target taste tattoo tend terminate test text thank threaten
    tie time tolerate touch tour trace track trade train transfer transform translate transport travel treat trigger
    trim trip trust try tune turn tutor type undertake unite unpack update upgrade upload urge use vacation validate
    value vary visit volunteer vote wait walk wander want warn wash waste watch water weigh welcome whisper whistle
    wish witness wonder work worry worship wrap yell zoom
    adjourn bury defer drip format leak postpone reschedule squeak
    """)
"""Base forms of common regular verbs."""

DOUBLED = word_set("""
    admit ban begin chat chop clap commit control cut dig dip drag drop equip fit forget get grab hit hop hug jog jot
    knit let log map mop occur omit pack_ patrol permit pet plan plug pop prefer program put quit refer regret rob rub
    run scan set ship shop shut sit skip slip snap split spot stop step submit swim tag tap top transfer transmit travel
    trim trip upset wrap zip win
    """)
"""Verbs that double their last consonant before -ed and -ing."""

STATIVE = word_set("""
    be have own live reside work study love like enjoy prefer hate dislike want need know believe belong consist contain
    cost depend drive eat drink exist fear feel hope hold include keep lack lead manage mean mind miss own play possess
    practice practise read remember require rent run sell serve speak spend sleep stay support teach trust understand
    use value volunteer weigh wear wish commute collect cook cycle exercise garden jog hike meditate paint sing swim
    train travel watch write raise attend major adore despise detest loathe crave fancy avoid share suffer struggle
    tend plan
    """)
"""Verbs that, in the present tense, tell a lasting state or a habit; they may open a telegraphic sentence."""

LINKING = word_set("be feel seem look sound become get grow remain stay turn appear")
"""Verbs that tie an adjective to the subject."""
