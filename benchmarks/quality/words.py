"""Content words, by which a harness judges whether a text rests on a turn and holds an answer."""

from __future__ import annotations

import re

_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "hers",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "me",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "she",
        "so",
        "some",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "too",
        "very",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
        "about",
        "after",
        "all",
        "also",
        "any",
        "before",
        "both",
        "can",
        "could",
        "each",
        "here",
        "may",
        "might",
        "more",
        "most",
        "one",
        "other",
        "over",
        "should",
        "us",
    ]
)
_MONTHS = {
    name: f"month{number}"
    for number, names in enumerate(
        (
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sep", "sept"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        start=1,
    )
    for name in names
}
_WORD = re.compile(r"[a-z0-9]+")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")
_TOKEN = re.compile(r"\w+|[^\w\s]")


def content_words(text: str) -> list[str]:
    """Return the words that carry content: lower case, lightly stemmed, months as numbers, stop words left out."""
    words = []
    for word in _WORD.findall(text.lower().replace("'s", "")):
        if word in _STOP:
            continue
        ordinal = _ORDINAL.fullmatch(word)
        if ordinal:
            words.append(ordinal.group(1))
        else:
            words.append(_MONTHS.get(word) or (_stem(word) if word.isalpha() else word.lstrip("0") or word))
    return words


def count_plain_tokens(text: str) -> int:
    """Return the number of words and punctuation marks: a budget that depends on nobody's tokenizer."""
    return len(_TOKEN.findall(text))


def rests_on(text_words: set[str], turn_words: set[str]) -> bool:
    """Whether a text may claim a turn as evidence: three shared content words, or half of a short turn's."""
    return len(text_words & turn_words) >= min(3, -(-len(turn_words) // 2))


def _stem(word: str) -> str:
    for suffix in ("ies", "ing", "ed", "es", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:  # noqa: PLR2004 - a stem of three letters at least
            word = word[: -len(suffix)] + ("y" if suffix == "ies" else "")
            break
    return word[:-1] if len(word) > 4 and word.endswith("e") else word  # noqa: PLR2004 - keep short words whole
