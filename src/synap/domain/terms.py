"""Lexical terms: the words of a text in the form in which documents and queries meet, and their 64-bit hashes.

A term is a word after NFKC and case folding, with English inflections taken off. Scripts written without spaces
(Chinese, Japanese, Thai and others) and Korean, which glues particles to words, yield overlapping pairs of characters.
Everything here takes time linear in the text.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from synap.domain.words import IRREGULAR, STOP_WORDS, UNSTEMMED

TERM_CAP = 96
"""Distinct terms of one segment or memory, at most. Longer texts are split by whoever makes segments."""

_LAST_MARK = 0x1FFF  # combining marks of living scripts lie below; those above belong to symbols
_MARKS = "".join(c for c in map(chr, range(0x300, _LAST_MARK)) if unicodedata.category(c) in {"Mn", "Mc"}) + "゙゚"
_PART = rf"(?:[^\W_]++|[{_MARKS}]++)++"  # nothing is given back, so nothing is kept for it: a word may have ten million letters
_WORD = re.compile(rf"{_PART}(?:['.,/:_&-]{_PART})*(?:\+\+|#)?")
_JOINER = re.compile(r"[.,/:_&-]")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Myanmar, Khmer
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Hangul
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Hiragana, Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
)
_RUNS = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")

_VOWELS = frozenset("aeiouy")
_SHORTEST_STEM = 3


def tokenize(text: str) -> list[str]:
    """Return the terms of `text` in order, repeated ones included.

    English stop words are left out unless there is nothing else. Compound words yield themselves and their parts
    (`user_id` → `user_id`, `user`, `id`); numbers with separators stay whole (`24/7`, `3.11`), thousands lose their
    commas; `c++` and `c#` are terms.
    """
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    words: list[str] = []
    for word in _WORD.findall(folded):
        if word.isascii() and word.isalnum():
            words.append(word)
        else:
            words += _split(word)
    telling = [word for word in words if word not in STOP_WORDS]
    return [stem(word) for word in telling or words]


def term_hashes(text: str) -> tuple[int, ...]:
    """Return the hashes of the distinct terms of `text`, in order of first occurrence, each a signed 64-bit integer."""
    return tuple(map(hash_term, dict.fromkeys(tokenize(text))))


@lru_cache(maxsize=32768)
def hash_term(term: str) -> int:
    """Return the frozen hash of one term: the 8 bytes of its BLAKE2b digest, big-endian, signed (RFC 7693)."""
    digest = hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8, person=b"synap-term").digest()
    return int.from_bytes(digest, "big", signed=True)


def lowered(text: str) -> str:
    """Return `text` in lower case, every character in its place (the lower case of `İ` is two: it stays).

    For patterns: they take a third of the time where they need not mind the case.
    """
    low = text.lower()
    return low if len(low) == len(text) else "".join(one if len(one.lower()) > 1 else one.lower() for one in text)


@lru_cache(maxsize=32768)
def stem(word: str) -> str:
    """Return a lower-case English word without its plural, -ing or -ed ending; other words come back unchanged.

    Conservative: a stem keeps at least three letters and a vowel. The result is a key for comparison and need not be
    a word (`hiking`, `hike` → `hik`). The plural rules are those of Harman, "How effective is suffixing?", JASIS 1991.
    """
    if word in IRREGULAR:
        word = IRREGULAR[word]
    if len(word) <= _SHORTEST_STEM or word in UNSTEMMED or not (word.isascii() and word.isalpha()):
        return word
    return _bare(_without_tense(_without_plural(word)))


def _split(word: str) -> Iterator[str]:
    """Yield the terms of one match: whole word, parts, or pairs of characters."""
    if _HAS_UNSPACED.search(word):
        for run in _RUNS.findall(word):
            yield from _pairs(run) if _HAS_UNSPACED.match(run) else _compound(run.strip("'.,/:_&-"))
    else:
        yield from _compound(word)


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    for first, second in pairwise(run):
        yield first + second


def _compound(word: str) -> Iterator[str]:
    parts = _JOINER.split(word)
    if len(parts) == 1:
        if word:
            yield _without_possessive(word)
        return
    if _THOUSANDS.fullmatch(word):
        yield word.replace(",", "")
        return
    joined_by_word = set(_JOINER.findall(word)) <= {"-", ","}
    numeric = all(part.isdecimal() for part in parts)
    if numeric or not joined_by_word or ("," not in word and any(any(map(str.isdecimal, part)) for part in parts)):
        yield word
    if not numeric and len(parts[0]) == 1 and "-" in word:
        yield "".join(parts)
    for part in parts:
        if len(part) > (_SHORTEST_STEM if numeric else 1):
            yield _without_possessive(part)


def _without_possessive(word: str) -> str:
    return word.removesuffix("'s")


def _without_plural(word: str) -> str:
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y" if len(word) > len("dies") else word[:-1]
    if word.endswith("es") and not word.endswith(("aes", "ees", "oes")):
        return word[:-1]
    if word.endswith("oes"):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("us", "ss", "is")):
        return word[:-1]
    return word


def _without_tense(word: str) -> str:
    if word in UNSTEMMED:
        return word
    if word.endswith("ied") and len(word) > len("died"):
        return word[:-3] + "y"
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= _SHORTEST_STEM and not word.endswith("eed") and not _VOWELS.isdisjoint(rest):
            return rest
    return word


def _bare(word: str) -> str:
    """Take off a final e and undouble a final consonant, so that `planned`, `plan`, `hiking`, `hike` meet in pairs."""
    if len(word) > _SHORTEST_STEM and word.endswith("e"):
        word = word[:-1]
    if len(word) > _SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in _VOWELS:
        word = word[:-1]
    return word
