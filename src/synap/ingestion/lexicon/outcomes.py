"""Words for how things ended and for what gladdens or grieves: by them a clause is tied to its neighbour.

The lists hold only what hardly anybody would feel otherwise about; what is missing leaves two clauses apart.
"""

from __future__ import annotations

from synap.ingestion.lexicon.sets import word_set

GAINS = word_set("""
    pass passed won graduated recovered engaged married promoted accepted hired published healed achieved succeeded survived born
    approved awarded offered aced qualified reunited rescued reconciled admitted
    """)
LOSSES = word_set("""
    died lost failed broke stole stolen cancelled canceled rejected fired missed crashed robbed burgled cheated dumped divorced
    diagnosed hospitalized hospitalised injured hurt damaged ruined destroyed flooded burned burnt collapsed evicted denied refused
    insulted humiliated betrayed lied attacked bullied vandalised vandalized hacked scammed postponed
    """)
LOST_PHRASES = (
    "passed away", "ran away", "broke up", "turned down", "turned me down", "fell through", "went missing", "laid off", "down with",
)  # fmt: skip
"""What grieves though a word of it alone need not."""

GAINED_PHRASES = ("got the job", "got the part", "got the place", "got a raise", "got in", "all clear", "got better")
BAD_ENDS = word_set("""
    not never fail fails failed backfired collapsed crashed broke died flopped badly wrong horribly terribly nowhere burnt no refused
    declined denied rejected unsuccessful failure disaster flop waste lost gave still little last
    """)
"""Words of an end that was none to be glad of."""

NEWS = word_set("get receive hear find finish complete learn tell announce hand submit")
"""Verbs of what reaches somebody or is done with; a feeling that needs an object is about that."""

DIRECTED = word_set("""
    relieved thrilled delighted overjoyed ecstatic elated stoked pleased glad proud grateful thankful surprised shocked stunned
    amazed astonished speechless heartbroken devastated gutted crushed disappointed bummed furious livid outraged fuming irate
    offended appalled horrified embarrassed humiliated mortified touched disheartened
    """)
"""Feelings that nobody has about nothing, unlike moods."""

GLAD = frozenset({"joy", "excitement", "gratitude", "pride", "relief"})
GRIEVED = frozenset({"sadness", "disappointment", "anger", "fear", "anxiety", "shame"})
AHEAD = frozenset({"excitement", "anxiety", "fear"})
"""Categories of feelings about what is to come."""

ASKING = word_set(
    "ask apply request propose invite offer suggest pitch submit appeal negotiate complain beg email write call send"
)
ATTEMPTING = word_set("""
    try attempt apply interview interviewed audition auditioned bid enter compete run race sit take submit appeal negotiate play register fight sue
    """)
