"""Words for feelings, each with its category and how strong it is by itself (0..1).

Categories follow the six basic emotions of Ekman, "An argument for basic emotions", 1992, widened by everyday ones;
the strengths are our own ordering, not a validated scale.
"""

from __future__ import annotations

from synap.ingestion.lexicon.sets import word_set

_TABLE = {
    "joy": (
        "happy:.6 glad:.5 joyful:.7 delighted:.75 thrilled:.9 overjoyed:.95 ecstatic:.95 elated:.9 cheerful:.6 pleased:.5 "
        "blissful:.8 jubilant:.9 pumped:.75 stoked:.8 psyched:.8 giddy:.7"
    ),
    "excitement": "excited:.75 eager:.6 hyped:.75 exhilarated:.85 energized:.65 motivated:.6 inspired:.65",
    "gratitude": "grateful:.65 thankful:.6 blessed:.65 touched:.6 moved_:.6 appreciative:.55",
    "pride": "proud:.7 accomplished:.6 confident:.55 empowered:.65",
    "love": "smitten:.8 infatuated:.8",
    "relief": "relieved:.65 reassured:.55 comforted:.55",
    "calm": "calm:.4 content:.45 peaceful:.5 relaxed:.45 serene:.5 hopeful:.55 optimistic:.55 fulfilled:.6 satisfied:.5",
    "amusement": "amused:.5 entertained:.45",
    "surprise": "surprised:.6 shocked:.85 stunned:.8 amazed:.7 astonished:.8 startled:.6 speechless:.75",
    "sadness": (
        "sad:.65 unhappy:.6 depressed:.85 miserable:.85 heartbroken:.95 devastated:.95 gutted:.85 upset:.65 down:.5 "
        "gloomy:.55 blue_:.5 hopeless:.85 homesick:.65 hurt:.65 grieving:.9 mourning:.9 tearful:.7 crushed:.85 "
        "melancholic:.6 despondent:.8 heavy-hearted:.7"
    ),
    "loneliness": "lonely:.7 isolated:.65 abandoned:.8 unloved:.8",
    "disappointment": "disappointed:.6 discouraged:.6 disheartened:.65 let_down:.6 dissatisfied:.5 bummed:.5 disillusioned:.65",
    "anger": (
        "angry:.75 mad:.7 furious:.95 livid:.95 outraged:.9 irritated:.55 annoyed:.5 frustrated:.65 pissed:.8 enraged:.95 "
        "resentful:.65 bitter:.6 fuming:.9 exasperated:.7 aggravated:.6 fed_up:.7 offended:.6 irate:.9"
    ),
    "fear": "afraid:.7 scared:.7 terrified:.95 frightened:.75 petrified:.95 fearful:.65 panicked:.85 spooked:.55 horrified:.85",
    "anxiety": (
        "anxious:.65 nervous:.6 worried:.6 stressed:.65 tense:.5 uneasy:.5 overwhelmed:.75 restless:.5 apprehensive:.55 "
        "panicking:.85 worrying:.6 dreading:.7 stressed-out:.7 jittery:.5 on_edge:.6 insecure:.55 concerned:.5"
    ),
    "fatigue": "exhausted:.7 burned_out:.75 burnt_out:.75 drained:.65 worn_out:.65 fatigued:.6",
    "disgust": "disgusted:.75 grossed_out:.65 repulsed:.75 appalled:.8 sickened:.75",
    "shame": "ashamed:.7 embarrassed:.6 humiliated:.85 guilty:.65 mortified:.85 self-conscious:.5",
    "envy": "jealous:.65 envious:.6",
    "confusion": "confused:.5 puzzled:.45 perplexed:.5 baffled:.55 torn:.5 conflicted:.55 lost_:.5",
    "boredom": "bored:.5 uninspired:.45",
    "doubt": "skeptical:.45 doubtful:.45 unsure:.4 suspicious:.5 hesitant:.4",
}


def _entries() -> dict[str, tuple[str, float]]:
    found: dict[str, tuple[str, float]] = {}
    for category, words in _TABLE.items():
        for entry in words.split():
            word, strength = entry.rsplit(":", 1)
            if not word.endswith("_"):
                found[word.replace("_", " ")] = (category, float(strength))
    return found


FEELINGS = _entries()
"""Adjective or participle to (category, strength)."""

FELT = {
    "terrible": ("sadness", 0.7), "awful": ("sadness", 0.7), "horrible": ("sadness", 0.7), "bad": ("sadness", 0.55),
    "great": ("joy", 0.6), "good": ("joy", 0.45), "amazing": ("joy", 0.75), "wonderful": ("joy", 0.7), "fantastic": ("joy", 0.7),
    "better": ("relief", 0.5), "free": ("joy", 0.5), "alone": ("loneliness", 0.7), "stuck": ("anxiety", 0.5), "sick": ("sadness", 0.5),
    "numb": ("sadness", 0.65), "empty": ("sadness", 0.7), "accepted": ("joy", 0.6), "loved": ("joy", 0.65), "tired": ("fatigue", 0.5),
    "defeated": ("sadness", 0.7), "rejected": ("sadness", 0.75), "supported": ("gratitude", 0.55), "alive": ("joy", 0.65),
}  # fmt: skip
"""Words that tell a feeling only after "feel"."""

FEELING_NOUNS = {
    "joy": "joy", "happiness": "joy", "excitement": "excitement", "gratitude": "gratitude", "pride": "pride",
    "relief": "relief", "sadness": "sadness", "grief": "sadness", "sorrow": "sadness", "despair": "sadness",
    "loneliness": "loneliness", "disappointment": "disappointment", "anger": "anger", "rage": "anger",
    "frustration": "anger", "fear": "fear", "panic": "fear", "anxiety": "anxiety", "worry": "anxiety", "stress": "anxiety",
    "guilt": "shame", "shame": "shame", "jealousy": "envy", "dread": "anxiety", "heartbreak": "sadness",
}  # fmt: skip

FEELING_VERBS = {
    "worry": ("anxiety", 0.6), "fear": ("fear", 0.65), "dread": ("anxiety", 0.7), "miss": ("sadness", 0.6),
    "grieve": ("sadness", 0.9), "mourn": ("sadness", 0.9), "regret": ("shame", 0.6), "panic": ("anxiety", 0.85),
    "resent": ("anger", 0.65), "envy": ("envy", 0.6), "struggle_": ("anxiety", 0.6), "cry": ("sadness", 0.8),
}  # fmt: skip
"""Base form of a verb that tells a feeling of its subject to (category, strength)."""

BOOSTERS = word_set("""
    very really so extremely incredibly super totally absolutely completely utterly terribly awfully deeply truly
    insanely beyond seriously immensely unbelievably highly thoroughly way hugely particularly especially
    """)
DOWNTONERS = word_set("slightly somewhat mildly kinda sorta fairly little bit bit. tad rather pretty_ moderately")
