"""Contractions of spoken English written out, so that every auxiliary is a word of its own."""

from __future__ import annotations

import re
from functools import lru_cache

from synap.ingestion import verbs

NO_LONGER = "no_longer"
"""How "no longer" stands while a clause is parsed: one word, an adverb that denies."""

_CONTRACTIONS = tuple(
    (re.compile(pattern, re.IGNORECASE), full)
    for pattern, full in (
        (r"\bcan['\u2019]t\b|\bcannot\b", "can not"),
        (r"\bwon['\u2019]t\b", "will not"),
        (r"\bshan['\u2019]t\b", "shall not"),
        (r"\bain['\u2019]t\b", "am not"),
        (r"\b(\w+)n['\u2019]t\b", r"\1 not"),
        (r"\b(dont|doesnt|didnt|isnt|wasnt|arent|havent|hasnt|wouldnt|couldnt|shouldnt|cant|wont)\b", ""),
        (r"\b(name)['\u2019]s(?= \w+[\s.!,]*$)", r"\1 is"),
        (r"\b(you|u|we|they) r\b", r"\1 are"),
        (r"\b(I)['\u2019]?m\b", r"\1 am"),
        (r"\b(you|we|they)['\u2019]re\b", r"\1 are"),
        (r"\b(I|you|we|they)['\u2019]?ve\b", r"\1 have"),
        (r"\b(I|you|he|she|it|we|they|that|there)['\u2019]ll\b", r"\1 will"),
        (
            r"\b(he|she|it)['\u2019]s(?= (?:\w+ly |just |already |also |always |never )?(?:been|gone|got|had|done|taken|become|started|moved|worked|lived)\b)",
            r"\1 has",
        ),
        (r"\b(he|she|it|that|there|here|what|who|where)['\u2019]s\b", r"\1 is"),
        (r"\b(I|you|he|she|it|we|they)['\u2019]d(?= (?:better|been|had|never|already|just|always)\b)", r"\1 had"),
        (r"\b(I|you|he|she|it|we|they)['\u2019]d\b", r"\1 would"),
        (r"\b(have|has) got\b(?! to\b)", r"\1"),
        (r"\bno longer\b", NO_LONGER),
        (r"\bgonna\b", "going to"),
        (r"\bwanna\b", "want to"),
        (r"\bgotta\b", "have to"),
        (r"\b(\w+)in['\u2019](?=\s)", r"\1ing"),
    )
)
_BARE_NEGATIONS = {
    "dont": "do not", "doesnt": "does not", "didnt": "did not", "isnt": "is not", "wasnt": "was not", "arent": "are not",
    "havent": "have not", "hasnt": "has not", "wouldnt": "would not", "couldnt": "could not", "shouldnt": "should not",
    "cant": "can not", "wont": "will not",
}  # fmt: skip
_NOUN_IS = re.compile(
    r"\b([A-Za-z]+)['\u2019]s (?=(?:a|an|the|not|in|on|at|from|also|really|very|so|allergic|[a-z]+ing)\b)"
)
_CONTRACTED = re.compile(
    r"['\u2019]|\b(?:cannot|(?:do|does|did|is|was|are|have|has|would|could|should|ca|wo)nt|im|ive|ill|youve|theyve|weve|(?:you|u|we|they) r"
    r"|(?:have|has) got|no longer|gonna|wanna|gotta)\b",
    re.IGNORECASE,
)
_LOWER_I = re.compile(r"(?<![\w.'\u2019-])i(?=['\u2019 ,])")


@lru_cache(maxsize=1024)
def expand(text: str) -> str:
    """Return the text with contractions written out and a lower-case `i` made a capital."""
    text = _LOWER_I.sub("I", text)
    if _CONTRACTED.search(text) is None:
        return text
    for pattern, full in _CONTRACTIONS:
        text = pattern.sub(full, text) if full else pattern.sub(lambda m: _BARE_NEGATIONS[m[1].casefold()], text)
    return _NOUN_IS.sub(_noun_is, text)


def _noun_is(match: re.Match[str]) -> str:
    word = match[1]
    if word.casefold() in ("let", "what", "who", "one", "today", "yesterday", "tomorrow", "world", "else"):
        return match[0]
    after = match.string[match.end() :].split(" ", 1)[0].casefold()
    owned = after.endswith("ing") and verbs.base_of_gerund(after) is None
    return match[0] if owned else f"{word} is "
