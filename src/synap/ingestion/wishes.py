"""Sentences with something left out: wishes of the speaker without "I want", and statements without "I"."""

from __future__ import annotations

import re
from dataclasses import replace

from synap.ingestion import verbs
from synap.ingestion.clauses import split
from synap.ingestion.corrections import value_and_reason
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.cues import TELEGRAPHIC_ADJECTIVES
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.lexicon.verbs import STATIVE
from synap.ingestion.rewrite import Voice, rewrite
from synap.ingestion.shapes import Word, analyse, is_name, words_of

_ADJECTIVAL = word_set("""
    left used lost set fixed read put let hit cost cut based born tired excited bored thrilled worried scared pleased
    stressed exhausted annoyed disappointed frustrated confused surprised shocked amazed interested relieved blessed
    crossed fried baked grilled roasted boiled smoked mixed limited advanced united red shed fed bound said told thought
    felt meant agreed understood noted needed liked loved guessed supposed
    """)
"""Past forms that as a first word describe what follows, or only react to what was said."""
_BEFORE_VERBS = word_set("just also recently finally still never not")
_MUSING = word_set("looking thinking hoping wondering sounding")
_AFTER_GERUNDS = lexicon.PREPOSITIONS | {"a", "an", "my", "the"}
_AFTER_PASTS = (
    lexicon.DETERMINERS | lexicon.PREPOSITIONS | {"to", "up", "out", "back", "home", "married"} | lexicon.ADVERBS
)
_NOUNS_TOO = word_set("classes lessons games plans shoes boots lights tests notes runs walks rides trips visits plants")
_NEAR = 6
_POINTING = re.compile(r"(?:it|that)['\u2019 ]", re.IGNORECASE)
_DENIED = re.compile(
    r"(?:(?:didn|haven|hadn|couldn|wasn)['\u2019]?t|can['\u2019]?t(?! (?:wait|believe|complain|help|tell|remember|think|say|decide|see\b))|cannot(?! wait)) (?!(?:you|we|i|he|she|it|they|that|this|there|the|my|your)\b)",
    re.IGNORECASE,
)
_FAN = re.compile(
    r"(?P<article>(?:not )?an? |not )?(?:(?:huge|big|massive|total|lifelong|avid|keen|proud|real) )?(?:fan|lover|believer|supporter|owner) (?:of|in)\b"
    r"|(?P<not>not an? )[a-z-]+ person\b",
    re.IGNORECASE,
)
_YOU = re.compile(r"\byou (\w+)", re.IGNORECASE)
_MAIN_FOLLOWS = re.compile(r",\s*(?:i|we|my|our)\b", re.IGNORECASE)


def standing_content(wanted: str, voice: Voice) -> str | None:
    """Return a request for lasting behaviour as a statement of the speaker's wish, or None where that is not safe."""
    text = re.sub(r"(?:,\s*)?\b(?:please|pls|thanks|thank you)\b", "", wanted, flags=re.IGNORECASE).strip(" ?.!,")
    words = words_of(text)
    if not words:
        return None
    first = words[0].lower
    called = re.match(r"(?:always )?(?:call|address|refer to) me (?P<as>as )?(?P<name>.+)", text, re.IGNORECASE)
    if called and (called["as"] or not re.match(r"\w+ly\b|by\b|with\b|using\b|in\b", called["name"])):
        return f"{voice.name} wants to be called {called['name'].strip()}"
    text = _YOU.sub(_it, text)
    text = re.sub(r"\byour\b", "its", re.sub(r"\byourself\b", "itself", text, flags=re.IGNORECASE), flags=re.IGNORECASE)
    text = (
        text[:1].lower() + text[1:]
        if not is_name(words[0].text) or verbs.is_base(first) or first in ("don't", "do")
        else text
    )
    negated = re.match(r"(?:do not|don['\u2019]?t|not)\s+(?:ever\s+)?", text, re.IGNORECASE)
    if negated:
        text = f"I want the assistant not to {text[negated.end() :]}"
    elif verbs.is_base(first) or first in ("always", "never", "be"):
        text = f"I want the assistant to {text}"
    else:
        text = f"I want {text}"
    return rewrite(analyse(text), replace(voice, addressee=None))


def _it(match: re.Match[str]) -> str:
    verb = match[1].casefold()
    if verb in lexicon.MODALS:
        return f"it {verb}"
    return f"it {'is' if verb == 'are' else verbs.third_person(verb) if verbs.is_base(verb) else verb}"


def is_fragment(text: str) -> bool:
    """Whether a correction has no statement of its own: "Tuesday", "it's the 13th", "three, I forgot the stray"."""
    if _POINTING.match(text) or value_and_reason(text)[1]:
        return True
    return not telegraphic_opening(text) and analyse(split(text)[0].text).verb < 0


def telegraphic_opening(text: str) -> str:
    """Return what a sentence without a subject leaves out: "I " before "live in Lisbon", "I am " before "allergic to"."""
    words = words_of(text)
    if len(words) < 2 or words[0].text in ("I", "i"):  # noqa: PLR2004 - one word states nothing
        return ""
    place = int(words[0].lower in _BEFORE_VERBS and len(words) > len(("I", "live")))
    word, after = words[place].lower, words[place + 1].lower
    if _DENIED.match(text):
        return "I "
    if (
        (word in lexicon.AUXILIARIES and word != "been")
        or after in lexicon.AUXILIARIES - {"have"}
        or after in ("you", "that", "it")
    ):
        return ""
    compared = word == "like" and after in ("a", "an")
    if word in STATIVE and not compared and not words[place].text[1:].isupper() and after not in lexicon.CONJUNCTIONS:
        return "I "
    return _being(text, word, after) or ("I " if _did(words[place:]) else "")


def _being(text: str, word: str, after: str) -> str:
    """Return the left-out "I am " or "I have " of a sentence that tells what somebody is, is doing or has been."""
    if _MAIN_FOLLOWS.search(text):
        return ""  # "Being a nurse, I work weekends": nothing is left out
    fan = _FAN.match(text)
    if fan:
        return "I am " if fan["article"] or fan["not"] else "I am a "
    if word == "been":
        return "I have "
    future = word == "gonna" or (word == "going" and after == "to")
    if future or (word in TELEGRAPHIC_ADJECTIVES and after not in ("people", "food", "couples")):
        return "I am "
    doing = verbs.base_of_gerund(word) is not None and word not in _MUSING
    return "I am " if doing and after in _AFTER_GERUNDS and analyse(text.split(",", maxsplit=1)[0]).verb < 0 else ""


def _did(words: tuple[Word, ...]) -> bool:
    """Whether a sentence opens with what its speaker did: "Sold the van", but not "Baked potatoes are cheap"."""
    word, after = words[0].lower, words[1]
    if verbs.base_of_past(word) is None or not verbs.looks_past(word):
        return False
    if after.lower in _AFTER_PASTS or is_name(after.text):
        return True
    return word not in _ADJECTIVAL and not _has_finite_verb(words[1:])


def _has_finite_verb(words: tuple[Word, ...]) -> bool:
    """Whether a verb follows, so that the participle in front only describes its subject: "Baked potatoes are cheap"."""
    return any(
        word.text in lexicon.AUXILIARIES
        or (verbs.base_of_third(word.lower) is not None and word.lower not in _NOUNS_TOO)
        for word in words[:_NEAR]
    )
