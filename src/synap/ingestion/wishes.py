"""Sentences with something left out: wishes of the speaker without "I want", and statements without "I"."""

from __future__ import annotations

import re
from dataclasses import replace

from synap.ingestion import verbs
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.cues import TELEGRAPHIC_ADJECTIVES
from synap.ingestion.lexicon.verbs import STATIVE
from synap.ingestion.rewrite import Voice, rewrite
from synap.ingestion.shapes import analyse, is_name, words_of


def standing_content(wanted: str, voice: Voice) -> str | None:
    """Return a request for lasting behaviour as a statement of the speaker's wish, or None where that is not safe."""
    text = re.sub(r"(?:,\s*)?\b(?:please|pls|thanks|thank you)\b", "", wanted, flags=re.IGNORECASE).strip(" ?.!,")
    words = words_of(text)
    if not words:
        return None
    first = words[0].lower
    called = re.match(r"(?:always )?(?:call|address|refer to) me (?:as )?(?P<name>.+)", text, re.IGNORECASE)
    if called:
        return f"{voice.name} wants to be called {called['name'].strip()}"
    text = re.sub(r"\byour\b", "its", re.sub(r"\byourself\b", "itself", text, flags=re.IGNORECASE), flags=re.IGNORECASE)
    text = (
        text[:1].lower() + text[1:]
        if not is_name(words[0].text) or verbs.is_base(first) or first in ("don't", "do")
        else text
    )
    negated = re.match(r"(?:do not|don['\u2019]?t)\s+(?:ever\s+)?", text, re.IGNORECASE)
    if negated:
        text = f"I want the assistant not to {text[negated.end() :]}"
    elif verbs.is_base(first) or first in ("always", "never", "be"):
        text = f"I want the assistant to {text}"
    else:
        text = f"I want {text}"
    return rewrite(analyse(text), replace(voice, addressee=None))


def telegraphic_opening(text: str) -> str:  # noqa: PLR0911 - first rule that decides
    """Return what a sentence without a subject leaves out: "I " before "live in Lisbon", "I am " before "allergic to"."""
    words = words_of(text)
    if len(words) < 2 or words[0].text in ("I", "i"):  # noqa: PLR2004 - one word states nothing
        return ""
    place = int(
        words[0].lower in ("just", "also", "recently", "finally", "still", "never", "not")
        and len(words) > len(("I", "live"))
    )
    word, after = words[place].lower, words[place + 1].lower
    if word in lexicon.AUXILIARIES or after in lexicon.AUXILIARIES - {"have"} or after in ("you", "that", "it"):
        return ""
    if word in TELEGRAPHIC_ADJECTIVES and after not in ("people", "food", "couples"):
        return "I am "
    if word in STATIVE and not words[place].text[1:].isupper() and after not in lexicon.CONJUNCTIONS:
        return "I "
    if (
        verbs.base_of_gerund(word)
        and word not in ("looking", "thinking", "hoping", "wondering", "sounding")
        and after in lexicon.PREPOSITIONS | {"a", "an", "my", "the"}
    ):
        shape = analyse(text)
        return "I am " if shape.verb < 0 else ""
    past = verbs.base_of_past(word) is not None and verbs.looks_past(word)
    if (
        past
        and after
        in lexicon.DETERMINERS | lexicon.PREPOSITIONS | {"to", "up", "out", "back", "home", "married"} | lexicon.ADVERBS
    ):
        return "I "
    return "I " if past and is_name(words[place + 1].text) else ""
