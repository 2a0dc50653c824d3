"""Statements in other languages than English: recognised by script and function words, kept in the speaker's own words.

Typed by short lists of cues; nothing is rewritten, and nothing is kept that does not speak of its speaker.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from synap.domain.memories import MemoryType
from synap.ingestion.lexicon import foreign

CONFIDENCE = 0.8
"""Of a statement kept in the speaker's own words in another language."""

_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]*)?")
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|«[^»]*»|„[^“”]*[“”]")
_TELLING = 4_000
"""Characters of a text that show its language and whom it is about."""
_FEWEST = 2
_SHORTEST = 4
_MARGIN = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A statement in the speaker's own words.

    Attributes:
        text: Those words.
        kind: Which kind of memory it is.
        positive: False where it is negated.
        confidence: 0..1.
    """

    text: str
    kind: MemoryType
    positive: bool
    confidence: float


def language_of(sentence: str) -> str:
    """Return the ISO 639-1 code of a sentence's language: de, es, fr, pt, it, zh, ja, or en where nothing else is sure."""
    plain = _QUOTED.sub(" ", sentence)
    if _KANA.search(plain):
        return "ja"
    if len(_HAN.findall(plain)) >= _FEWEST:
        return "zh"
    words = [word.casefold().replace("\u2019", "'") for word in _WORD.findall(plain)]
    if len(words) < _FEWEST + 1:
        return "en"
    english = sum(word in foreign.ENGLISH for word in words)
    scores = dict.fromkeys(foreign.FUNCTION_WORDS, 0)
    for word in words:
        for code in _known().get(word) or (_known().get(word[: word.index("'") + 1], ()) if "'" in word else ()):
            scores[code] += 1
    cued = [code for code in scores if scores[code] > 0 and _tells_a_liking(words, plain, code)]
    if cued:
        return max(cued, key=lambda code: scores[code])
    best = max(scores, key=lambda code: scores[code])
    return best if scores[best] >= _FEWEST and scores[best] > english + _MARGIN - 1 else "en"


def _tells_a_liking(words: Sequence[str], plain: str, code: str) -> bool:
    """Whether a short sentence has a cue of a language, and no word that is English alone."""
    if any(word in foreign.ENGLISH and code not in _known().get(word, ()) for word in words):
        return False
    return re.search(foreign.PREFERENCE_CUES[code], plain, re.IGNORECASE) is not None


def statements_of(sentence: str, language: str) -> list[Foreign]:
    """Return what a sentence states about its speaker; nothing for questions, greetings and talk about other things."""
    bare = sentence.strip()
    if (
        bare.endswith(("?", "\uff1f", "か。", "か"))
        or bare.startswith("¿")
        or re.match(foreign.SOCIAL_CUES[language], bare, re.IGNORECASE)
    ):
        return []
    parts = [
        part.strip(" ,;.!。\uff01\uff0c、")
        for part in re.split(foreign.CONJUNCTIONS[language], bare, flags=re.IGNORECASE)
    ]
    owned = re.search(foreign.OWN_CUES[language], bare, re.IGNORECASE) is not None
    order = re.search(foreign.TASK_CUES[language], bare, re.IGNORECASE) is not None
    found = []
    for part in parts:
        kind = _kind(part, language)
        if order and kind is not MemoryType.PREFERENCE:
            continue
        if len(part) >= _SHORTEST and (owned or kind in (MemoryType.PREFERENCE, MemoryType.EMOTION)):
            positive = re.search(foreign.NEGATION_CUES[language], part, re.IGNORECASE) is None
            found.append(Foreign(text=part, kind=kind, positive=positive, confidence=CONFIDENCE))
    return found


def takes_back(sentence: str, language: str) -> bool:
    """Whether a sentence asks to forget something said before."""
    return re.search(foreign.RETRACTION_CUES[language], sentence.strip(), re.IGNORECASE) is not None


def topic_taken_back(sentence: str, language: str) -> str:
    """Return what a sentence asks to forget, or "" where it does not say."""
    pattern = foreign.RETRACTION_TOPICS.get(language)
    found = re.search(pattern, sentence.strip(), re.IGNORECASE) if pattern else None
    return found["topic"].strip() if found else ""


def speaks_of_itself(text: str) -> bool:
    """Whether a text in another language than English speaks of its author."""
    text = text[:_TELLING]
    language = language_of(text)
    return language != "en" and re.search(foreign.OWN_CUES[language], text, re.IGNORECASE) is not None


def _kind(part: str, language: str) -> MemoryType:
    if re.search(foreign.PREFERENCE_CUES[language], part, re.IGNORECASE):
        return MemoryType.PREFERENCE
    if re.search(foreign.EMOTION_CUES[language], part, re.IGNORECASE):
        return MemoryType.EMOTION
    if re.search(foreign.EPISODE_CUES[language], part, re.IGNORECASE):
        return MemoryType.EPISODE
    return MemoryType.FACT


@lru_cache(maxsize=1)
def _known() -> dict[str, tuple[str, ...]]:
    """Return the function words of all languages, each with the codes of its languages."""
    known: dict[str, tuple[str, ...]] = {}
    for code, words in foreign.FUNCTION_WORDS.items():
        for word in set(words.split()):
            known[word] = (*known.get(word, ()), code)
    return known
