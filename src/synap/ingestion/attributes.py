"""What goes with a statement beside its text: feelings and liking, modality, participants, names, how sure it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from synap.domain.memories import Modality
from synap.ingestion import verbs
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.cues import DISLIKING, LIFE_EVENTS, LIKING
from synap.ingestion.lexicon.feelings import BOOSTERS, DOWNTONERS, FEELING_NOUNS, FEELING_VERBS, FEELINGS, FELT
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.lexicon.verbs import LINKING
from synap.ingestion.shapes import KEPT, Shape, is_name, words_of
from synap.ingestion.tenses import Tense

_HEDGES = re.compile(
    r"\b(?:maybe|perhaps|probably|possibly|might|may be|I think|I guess|I suppose|I believe|not sure|kind of|kinda|sort of|seems?|apparently|supposedly|as far as I know|I assume|about to)\b",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"\b(?:want|wants|wish|wishes|hope|hopes|hoping|would (?:love|like)|dream of|dreams of|dreaming of|wanted)\b",
    re.IGNORECASE,
)
_PLAN = re.compile(
    r"\b(?:plan|plans|planning|going to|intend|intends|will|about to|aim to|aiming to|thinking (?:of|about)|considering|need to|needs to|have to|has to|goal is to|looking to|trying to)\b",
    re.IGNORECASE,
)
_REPORT_VERBS = word_set(
    "say tell mention claim report explain announce write text believe think promise admit complain suggest hint insist"
)
_LIKES_PHRASE = re.compile(
    r"\b(?:(?:my|our|[A-Z]\w+['\u2019]s|his|her|their) (?:all-time )?favou?rites?\b|(?:a )?(?:big|huge|great|real|massive) fan of|(?:have|has) (?:really )?(?:grown|become|got|gotten) (?:fond of|attached to|keen on|partial to|to (?:like|love|enjoy|hate))|(?:have|has) come to (?:like|love|enjoy|appreciate|hate)|(?:am|is|are) (?:really |very |super |so )?(?:into|fond of|keen on|crazy about|obsessed with|passionate about|partial to)"
    r"|would rather|would (?:\w+ )?(?:take|choose|pick|have) .+ over\b|(?:can|could) not (?:stand|bear)|(?:not|never) (?:a )?(?:big |huge )?(?:fan of|into)|(?:am|is|are) not (?:a )?(?:fan of|into|keen on|fond of)|sick of|tired of|allergic to (?:meetings|small talk)|addicted to|can not get enough of"
    r"|rather .+ than\b|works? best for (?:me|us)|suits? (?:me|us)|(?:go-to|preferred|preference|pet peeve|guilty pleasure|happy place))\b",
    re.IGNORECASE,
)
_DISLIKES_PHRASE = re.compile(
    r"(?:can|could) not (?:stand|bear)|not (?:a )?(?:big |huge )?(?:fan|into|keen|fond)|sick of|tired of|pet peeve|least favou?rite",
    re.IGNORECASE,
)
_MAKES = re.compile(
    r"\b(?:makes?|made|making|leaves?|left|got|gets|has) (?:me|us|him|her|them|[A-Z]\w+)(?: feel(?:ing)?)? (?P<how>(?:[\w-]+ ){0,2}[\w-]+)",
    re.IGNORECASE,
)
_AWAITED = re.compile(
    r"\b(?:I|we) (?:\w+ ){0,2}(?:can not wait|(?:am|are) (?:\w+ ){0,2}looking forward) (?:to|for)\b", re.IGNORECASE
)
_NAME_JOINERS = frozenset({"of", "the", "de", "da", "di", "van", "von", "der", "and", "&", "la", "le", "for"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeling:
    """A feeling that somebody has.

    Attributes:
        category: `joy`, `anger`, `anxiety`, …
        intensity: 0..1.
    """

    category: str
    intensity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Liking:
    """What somebody likes or dislikes.

    Attributes:
        strength: 0..1.
        positive: Whether it is liked.
    """

    strength: float
    positive: bool


@lru_cache(maxsize=KEPT)
def feeling_of(shape: Shape) -> Feeling | None:
    """Return the feeling that the clause tells of its subject, or None; a negated one is none."""
    if shape.verb < 0:
        return None
    rest = tuple(word.lower for word in shape.rest)
    if shape.base == "stop" and shape.negated and rest:
        return _feels(FEELING_VERBS.get(verbs.base_of_gerund(rest[0]) or ""), ("really",))
    if _AWAITED.search(shape.text):
        return Feeling(category="excitement", intensity=0.75)
    if shape.negated:
        return None
    return _by_idiom(shape) or _caused(shape) or _by_its_verb(shape, rest) or _linked(shape, rest)


_IDIOMS = (
    (
        re.compile(
            r"\b(?:over the moon|on cloud nine|in seventh heaven|walking on air|on top of the world)\b", re.IGNORECASE
        ),
        "joy",
        0.9,
    ),
    (
        re.compile(
            r"\b(?:down in the dumps|heavy heart|in tears|beside (?:my|our|him|her|them)sel\w+ with grief)\b",
            re.IGNORECASE,
        ),
        "sadness",
        0.75,
    ),
    (
        re.compile(
            r"\b(?:(?:driv(?:es?|ing)|drove|driven) (?:me|us) (?:mad|crazy|nuts|insane|up the wall)|at (?:my|our) wits['\u2019]? end|"
            r"had enough of|had it with|sick and tired of|gets? on (?:my|our) nerves|(?:my|our) blood boil)\b",
            re.IGNORECASE,
        ),
        "anger",
        0.8,
    ),
    (
        re.compile(
            r"\b(?:on edge|on tenterhooks|butterflies in (?:my|our) stomachs?|scared (?:stiff|to death)|worried sick|losing sleep over)\b",
            re.IGNORECASE,
        ),
        "anxiety",
        0.75,
    ),
    (
        re.compile(r"\b(?:at the end of (?:my|our) tether|running on empty|dead on (?:my|our) feet)\b", re.IGNORECASE),
        "fatigue",
        0.75,
    ),
)
"""Turns of phrase for a feeling, each with its category and strength."""

_IDIOM = re.compile("|".join(idiom.pattern for idiom, _, _ in _IDIOMS), re.IGNORECASE)


def _by_idiom(shape: Shape) -> Feeling | None:
    """Read "I am over the moon", "the noise is driving me mad"."""
    if not _IDIOM.search(shape.text):
        return None
    return next(
        Feeling(category=name, intensity=strength) for idiom, name, strength in _IDIOMS if idiom.search(shape.text)
    )


def affects_the_speaker(shape: Shape) -> bool:
    """Whether a thing brings about what the speaker feels ("the noise is driving me mad")."""
    return any(word.lower in ("me", "us") for word in shape.rest) and (
        _by_idiom(shape) is not None or _caused(shape) is not None
    )


def _caused(shape: Shape) -> Feeling | None:
    """Read "it makes me nervous"."""
    made = _MAKES.search(shape.text)
    return _named_feeling(tuple(word.lower for word in words_of(made["how"]))) if made else None


def _by_its_verb(shape: Shape, rest: tuple[str, ...]) -> Feeling | None:
    """Read "I worry about", "I freaked out", "I am still grieving"."""
    around = tuple(word.lower for word in shape.words)
    if shape.base == "freak" and rest[:1] == ("out",):
        return Feeling(category="anxiety", intensity=0.8)
    if shape.base in FEELING_VERBS and "out" not in rest[:2]:
        needs_object = shape.base in ("miss", "fear", "regret", "cry")
        told = not needs_object or (bool(rest) and not rest[0][0].isdigit() and rest[0] not in ("the", "a", "you"))
        return _feels(FEELING_VERBS[shape.base], around) if told else None
    return _feels(FEELINGS.get(shape.words[shape.verb].lower), around) if shape.helpers else None


def _linked(shape: Shape, rest: tuple[str, ...]) -> Feeling | None:
    """Read "I am anxious", "I feel terrible", "I feel a lot of anger"."""
    if shape.base not in LINKING:
        return None
    found = _named_feeling(rest[:6], copula=shape.base == "be")
    if found is not None or shape.base != "feel":
        return found
    felt = next((FELT[word] for word in rest[:3] if word in FELT), None)
    return _feels(felt, rest[:2])


def _feels(entry: tuple[str, float] | None, around: tuple[str, ...]) -> Feeling | None:
    return Feeling(category=entry[0], intensity=_weighed(entry[1], around)) if entry else None


def _named_feeling(words: tuple[str, ...], *, copula: bool = False) -> Feeling | None:
    for place, word in enumerate(words[:5]):
        pair = " ".join(words[place : place + 2])
        entry = FEELINGS.get(pair) or FEELINGS.get(word)
        if entry is None and not copula and word in FEELING_NOUNS:
            entry = (FEELING_NOUNS[word], 0.65)
        if entry is not None:
            before = words[:place]
            if (
                "not" in before
                or "never" in before
                or (word == "down" and place + 1 < len(words) and words[place + 1] in ("to", "for", "with", "the"))
            ):
                continue
            return Feeling(category=entry[0], intensity=_weighed(entry[1], before))
        if word in lexicon.PREPOSITIONS | {"a", "an", "my"} and word not in ("like", "a"):
            return None
    return None


def _weighed(strength: float, around: tuple[str, ...]) -> float:
    if any(word in BOOSTERS for word in around):
        strength += 0.15
    if any(word in DOWNTONERS for word in around):
        strength -= 0.25
    return round(min(1.0, max(0.1, strength)), 2)


@lru_cache(maxsize=KEPT)
def liking_of(shape: Shape) -> Liking | None:
    """Return what the clause tells about liking, or None."""
    if shape.verb < 0:
        return None
    phrase = _LIKES_PHRASE.search(shape.text)
    if phrase:
        return Liking(strength=0.85, positive=_DISLIKES_PHRASE.search(shape.text) is None)
    base = shape.base
    if base in ("want", "choose", "pick") and shape.tense is Tense.PRESENT and _whenever(shape):
        return Liking(strength=0.8, positive=not shape.negated)
    if base not in LIKING or _no_liking(shape):
        return None
    strength = LIKING[base] - (0.15 if any(w.lower in DOWNTONERS for w in shape.words) else 0.0)
    if any(w.lower in BOOSTERS | {"always", "never"} for w in shape.words[: shape.verb + 1]):
        strength = min(1.0, strength + 0.1)
    return Liking(strength=round(strength, 2), positive=(base in DISLIKING) == shape.negated)


def _whenever(shape: Shape) -> bool:
    """Whether a wish is told as lasting ("I always want"); a wish to do something is a plan."""
    lasting = any(word.lower in ("always", "never", "only", "generally") for word in shape.words[: shape.verb])
    return lasting and bool(shape.rest) and shape.rest[0].lower != "to"


def _no_liking(shape: Shape) -> bool:
    """Whether a verb of liking asks for something ("I would like"), thanks, or tells of one past moment."""
    thanks = shape.base == "appreciate" and shape.rest[:1] and shape.rest[0].lower in ("the", "it", "that")
    wish = shape.base in ("like", "love") and "would" in shape.helpers
    return bool(thanks) or wish or (shape.tense is Tense.PAST and not shape.perfect)


@lru_cache(maxsize=KEPT)
def modality_of(shape: Shape) -> Modality:
    """Return how the clause is meant."""
    if reported(shape):
        return Modality.REPORTED
    if any(helper in ("might", "could", "may") for helper in shape.helpers):
        return Modality.HYPOTHETICAL
    head = shape.text[: shape.words[min(len(shape.words) - 1, shape.verb + 1)].end] if shape.verb >= 0 else shape.text
    if shape.tense is not Tense.PAST and _WISH.search(head):
        return Modality.WISHED
    waived = shape.negated and shape.base in ("have", "need") and "to" in (word.lower for word in shape.rest[:1])
    if shape.tense is Tense.FUTURE or (shape.tense is Tense.PRESENT and not waived and _PLAN.search(head)):
        return Modality.PLANNED
    return Modality.ASSERTED


def reported(shape: Shape) -> bool:
    """Whether the clause tells what somebody else said."""
    if shape.base not in _REPORT_VERBS or shape.words[shape.subject[0]].lower in ("i", "we"):
        return False
    return len(shape.rest) >= 3  # noqa: PLR2004 - a reported clause has a subject, a verb and more


@lru_cache(maxsize=KEPT)
def hedged(text: str) -> bool:
    """Whether the speaker is not sure."""
    return _HEDGES.search(text) is not None


def significance_of(shape: Shape, *, dated: bool) -> float:
    """Return how much an episode matters, 0..1: turning points of a life most, everyday doings least."""
    words = {word.lower for word in shape.words}
    return round(min(1.0, 0.5 + 0.3 * bool(words & LIFE_EVENTS) + 0.1 * dated + 0.1 * ("first" in words)), 2)


def names_in(text: str) -> tuple[str, ...]:
    """Return the names that a text mentions, in order, each once: runs of capitalised words that open no sentence by chance."""
    found: dict[str, None] = {}
    run: list[str] = []
    previous_end = 0
    for word in words_of(text):
        broken = bool(text[previous_end : word.start].strip())
        proper = is_name(word.text) and (word.start > 0 or _surely_a_name(word.text))
        if (not proper or broken) and run:
            found.setdefault(_trimmed(run))
            run = []
        if proper or (run and word.lower in _NAME_JOINERS):
            run.append(word.text)
        previous_end = word.end
    if run:
        found.setdefault(_trimmed(run))
    return tuple(name for name in found if name)[:16]


def _surely_a_name(word: str) -> bool:
    lower = word.casefold()
    return (
        verbs.base_of(lower) is None
        and lower not in lexicon.INTERJECTIONS | lexicon.ADVERBS | lexicon.PREPOSITIONS
        and not lower.endswith(("ing", "ly"))
    )


def _trimmed(run: list[str]) -> str:
    while run and run[-1].casefold() in _NAME_JOINERS:
        run.pop()
    name = " ".join(run)
    return name.removesuffix("'s").removesuffix("\u2019s")


def participants_of(shape: Shape, speaker: str) -> tuple[str, ...]:
    """Return who took part in an episode: the speaker where mentioned, persons by relation, names with "with" or "and"."""
    people: dict[str, None] = {}
    words = shape.words
    for place, word in enumerate(words):
        if word.lower in lexicon.SPEAKER | lexicon.GROUP:
            people.setdefault(speaker)
        owner = word.lower.removesuffix("'s")
        singular = owner if owner in lexicon.PEOPLE else owner.removesuffix("s")
        if singular in lexicon.PEOPLE and place and words[place - 1].lower in ("my", "our"):
            follows = words[place + 1].text if place + 1 < len(words) else ""
            people.setdefault(follows if is_name(follows) else owner)
        elif is_name(word.text) and place and words[place - 1].lower in ("with", "and"):
            people.setdefault(word.text.removesuffix("'s"))
    if is_name(shape.subject_text.split(" ")[0]) and shape.subject_text:
        people.setdefault(shape.subject_text)
    return tuple(people)[:8]
