"""Function words of English and the small closed classes that a shallow parse needs."""

from __future__ import annotations

from synap.ingestion.lexicon.sets import word_set

SPEAKER = frozenset({"i", "me", "my", "mine", "myself"})
GROUP = frozenset({"we", "us", "our", "ours", "ourselves"})
ADDRESSEE = frozenset({"you", "your", "yours", "yourself", "u", "ya", "y'all"})
PERSONS = frozenset({"he", "she", "they"})
THIRD = word_set("he she they him her them his hers their theirs himself herself themselves")
THINGS = frozenset({"it", "its", "this", "that", "these", "those"})
DUMMIES = frozenset(
    {"it", "this", "that", "these", "those", "there", "here", "what", "who", "which", "such", "both", "all"}
)
MALE = frozenset({"he", "him", "his", "himself"})
FEMALE = frozenset({"she", "her", "hers", "herself"})

BE = frozenset({"am", "is", "are", "was", "were", "be", "been", "being"})
HAVE = frozenset({"have", "has", "had"})
DO = frozenset({"do", "does", "did"})
MODALS = word_set("will would can could may might must should shall cannot ought")
AUXILIARIES = BE | HAVE | DO | MODALS
PAST_AUXILIARIES = frozenset({"was", "were", "had", "did"})

DETERMINERS = word_set(
    "a an the my our your his her its their this that these those some any no every each another one two three"
)
PREPOSITIONS = word_set("""
    about above across after against along among around at before behind below beside between beyond by despite down
    during for from in inside into like near of off on onto out outside over past per since through throughout to toward
    towards under until up upon via with within without
    """)
SUBORDINATORS = word_set(
    "when while after before since because although though as once whenever until unless if even whereas"
)
CONJUNCTIONS = frozenset({"and", "but", "or", "so", "yet", "plus"})

ADVERBS = word_set("""
    also always almost already actually absolutely again away barely both certainly completely constantly currently
    definitely eventually ever even exactly extremely fairly finally frequently generally genuinely gradually greatly
    hardly honestly hopefully just kinda kind_of lately literally mainly maybe mostly much nearly never no_longer normally not
    now obviously occasionally often once only originally particularly perhaps personally possibly pretty previously
    primarily probably quickly quite rarely rather really recently regularly seldom seriously simply slightly so sometimes
    somewhat soon specifically still strictly strongly suddenly super surely then therefore today totally truly typically
    usually utterly very well yet too sorta tend_to
    """)
"""Words that may stand between a subject and its verb, besides those in -ly."""

KIN_MALE = word_set("""
    father dad daddy papa husband son brother uncle nephew grandfather grandpa granddad grandson boyfriend stepfather grandad godson
    stepdad stepson stepbrother father-in-law brother-in-law son-in-law godfather widower
    """)
KIN_FEMALE = word_set("""
    mother mom mum mama mommy wife daughter sister aunt auntie niece grandmother grandma granny granddaughter girlfriend landlady nan nana gran mummy stepmum goddaughter
    stepmother stepmom stepdaughter stepsister mother-in-law sister-in-law daughter-in-law godmother widow
    """)
KIN_OPEN = word_set("""
    partner spouse fiance fiancee fiancé fiancée ex child kid baby toddler cousin sibling twin parent grandparent
    grandchild friend buddy bestie roommate housemate flatmate neighbor neighbour colleague coworker co-worker teammate
    boss manager supervisor mentor mentee coach teacher tutor professor therapist doctor dentist lawyer landlord tenant
    client customer assistant accountant nanny babysitter trainer physio physiotherapist counselor classmate dog cat puppy
    kitten pet horse rabbit parrot hamster fish bird guinea_pig turtle
    """)
PEOPLE = KIN_MALE | KIN_FEMALE | KIN_OPEN
"""Nouns for persons (and pets) by their relation to somebody."""

INTERJECTIONS = word_set("""
    oh ah aw aww wow hey hi hello yo yeah yep yup yes nope nah ok okay alright right sure thanks well hmm hm haha lol lmao
    ugh phew whoa woah ooh oops cool great nice awesome gosh damn yay cheers please sorry congrats absolutely exactly
    totally definitely honestly actually anyway anyways so basically frankly btw fyi also and but plus still though
    seriously literally unfortunately fortunately luckily sadly hopefully thankfully interestingly currently lately
    recently personally apparently obviously indeed true agreed morning look listen see man dude um uh er tbh imo imho
    """)
"""Words that may open a sentence without being part of its statement."""

NOT_NAMES = word_set("""
    i i'm i've i'd i'll a an the my our your his her its their he she it they we you this that these those there here what
    when where why how who which if so and but or yes no yeah ok okay oh hey hi hello wow thanks thank please sorry well
    also then now today tomorrow yesterday monday tuesday wednesday thursday friday saturday sunday january february march
    april may june july august september october november december spring summer autumn fall winter christmas easter
    halloween thanksgiving god lol am pm mr mrs ms dr not never always just only really some any every each all both most
    after before since until while because although though as in on at by for from to with without about into over under
    one two three four five six seven eight nine ten first second third last next another other such very too more less
    user assistant system human agent bot ai
    """)
"""Capitalised words that are no names."""

LANGUAGES = word_set("""
    english german french spanish italian portuguese dutch russian polish czech slovak hungarian romanian bulgarian greek
    turkish arabic hebrew hindi urdu bengali punjabi tamil telugu chinese mandarin cantonese japanese korean vietnamese
    thai indonesian malay tagalog swedish norwegian danish finnish icelandic estonian latvian lithuanian ukrainian croatian
    serbian slovenian albanian swahili amharic persian farsi catalan basque galician irish welsh latin esperanto
    """)
