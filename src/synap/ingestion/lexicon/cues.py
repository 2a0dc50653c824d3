"""Words and turns of phrase that decide what a clause is: preferences, events, tasks, small talk."""

from __future__ import annotations

from synap.ingestion.lexicon.sets import word_set

LIKING = {
    "love": 0.95, "adore": 0.95, "like": 0.75, "enjoy": 0.8, "prefer": 0.85, "favor": 0.75, "favour": 0.75, "fancy": 0.7,
    "crave": 0.8, "cherish": 0.9, "treasure": 0.85, "appreciate": 0.7, "dig_": 0.7, "hate": 0.95, "dislike": 0.75,
    "detest": 0.95, "loathe": 0.95, "despise": 0.95, "avoid": 0.75, "dread_": 0.7,
}  # fmt: skip
"""Base form of a verb of liking or disliking to the strength that it tells, 0..1."""

DISLIKING = frozenset({"hate", "dislike", "detest", "loathe", "despise", "avoid"})

EVENT_NOUNS = word_set("""
    appointment meeting call interview exam test flight train trip deadline due wedding party birthday anniversary concert
    conference workshop webinar class lesson course lecture session review standup stand-up sync retro retrospective demo
    launch release deploy deployment presentation talk surgery operation checkup check-up visit dinner lunch breakfast
    brunch date game match race marathon tournament festival ceremony graduation hearing trial move vacation holiday
    reservation booking delivery renewal shift audit kickoff kick-off rehearsal recital performance show premiere opening
    closing seminar gig election inspection briefing picnic barbecue handover
    funeral service therapy treatment vaccination scan orientation reunion sprint milestone submission
    """)
"""Nouns for things that are scheduled."""

SCHEDULE_VERBS = word_set("""
    expire renew start begin end close open launch release ship arrive depart leave fly return land take happen
    schedule plan meet due move marry graduate retire turn visit travel go have see attend present submit deliver host
    run join interview sit perform play celebrate
    """)
"""Verbs which, with a date to come, tell something that is going to happen."""

LIFE_EVENTS = word_set("""
    married divorced engaged died passed born graduated diagnosed hospitalized promoted fired laid adopted pregnant birth
    funeral wedding surgery accident retired emigrated immigrated moved bought won lost founded launched published
    miscarriage cancer marathon award scholarship degree
    """)
"""Words that raise the significance of an episode."""

STATES_OF_THE_PAST = word_set("be have live work study know like love want need own belong grow use believe be born")
"""Verbs whose past tells what used to be so rather than something that happened."""

TASK_NOUNS = word_set("""
    answer advice article bio blog caption code command comparison copy cover_letter description diagram draft email essay
    example examples explanation explanations feedback function guidance guide help haiku idea ideas info information
    introduction itinerary joke letter limerick list message outline overview paragraph poem post program proposal prompt
    query quiz quote recipe recommendation recommendations regex reply report response review script sentence snippet
    solution song sonnet speech steps story suggestion suggestions summary table template text tips title translation
    tutorial tweet version way
    """)
"""Nouns for what an assistant is asked to make."""

TASK_VERBS = word_set("""
    add analyse analyze answer brainstorm build calculate change check classify clarify compare compile complete compose
    compute convert correct count create debug define delete describe design develop draft draw edit elaborate enhance
    estimate evaluate expand explain extend extract fill find finish fix format generate give go guess help highlight
    identify implement improve include insert list look make merge modify name offer optimize organize outline paraphrase
    parse pick plan predict prepare print proofread propose provide put rank recommend refactor remove rename reorder
    rephrase replace reply research review revise rewrite run search send set share shorten show simplify solve sort
    split start suggest summarise summarize swap tell test think translate try turn update use verify walk write
    """)
"""Verbs that open a request to the assistant."""

EVALUATIONS = word_set("""
    amazing awesome awful bad beautiful best better boring brilliant cool crazy cute delicious difficult disgusting easy
    excellent exciting fabulous fantastic fascinating fine fun funny good gorgeous great hard horrible hilarious huge
    important impressive incredible inspiring interesting lovely magical meaningful nice okay ok perfect powerful pretty
    rad refreshing rewarding right scary sick special stunning super sweet terrible tough true ugly weird wild wonderful
    worse worst worth wrong yummy
    """)
"""Adjectives that judge without informing."""

HABIT_WORDS = word_set("""
    always usually often sometimes never rarely regularly daily weekly monthly every each typically normally generally
    mostly mornings evenings weekends nights currently
    """)

EMPTY_OBJECTS = word_set("it that this so them those these one something anything nothing everything stuff things lot")

RELATION_VERBS = word_set("be have work live study own lead manage run use prefer speak belong")

TELEGRAPHIC_ADJECTIVES = word_set("""
    allergic vegetarian vegan pescatarian diabetic lactose-intolerant celiac coeliac asthmatic married single divorced
    engaged widowed pregnant retired unemployed self-employed based born raised fluent colorblind colourblind left-handed
    right-handed nearsighted deaf blind bilingual gluten-free lactose
    """)
"""Adjectives that open a statement whose subject and verb are left out ("allergic to peanuts")."""
