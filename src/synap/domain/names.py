"""Names for comparison: what two spellings of one name share, and how alike two names are."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from synap.domain.name_lists import ABBREVIATIONS, FEMALE_TITLES, MALE_TITLES, SHORT_NAMES, TITLES
from synap.domain.slot_table import LEGAL_SUFFIXES

_SPACES = re.compile(r"\s+")
_PARTS = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")
_EXPANDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "ß": "ss"})
_PLAIN = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "ł": "l", "đ": "d", "\u0131": "i"})
_WRITTEN_TOGETHER = str.maketrans({"'": None, "\u2019": None, ".": None})
_GENERIC = frozenset({"the", "project", "team"})
"""Words before a name that may as well be left out."""

_SHORTEST_ALIKE = 6
_ALIKE, _SHARED_TRIGRAMS = 0.94, 0.9
_INITIALS = range(3, 7)
_PREFIX_SHARE = 0.1
_LONGEST_PREFIX = 4
_BLOCK = 3


@dataclass(frozen=True, slots=True)
class Name:
    """A name, taken apart.

    Attributes:
        text: As written.
        normal: NFKC, folded, single spaces: by this two mentions of the same name meet.
        tokens: Its telling words, accents dropped, without titles and legal suffixes.
        spellings: The words as one, accents dropped and written out (`muller`, `mueller`), abbreviations resolved.
        gender: `m`, `f` or nothing, as far as a title tells.
    """

    text: str
    normal: str
    tokens: tuple[str, ...]
    spellings: frozenset[str]
    gender: str

    @property
    def initials(self) -> str:
        """The first letters of three words and more, else nothing."""
        return "".join(token[0] for token in self.tokens) if len(self.tokens) in _INITIALS else ""

    @property
    def abbreviation(self) -> str:
        """The name itself where it is a word of three to six capitals, else nothing."""
        compact = self.text.replace(".", "")
        return compact.casefold() if compact.isalpha() and compact.isupper() and len(compact) in _INITIALS else ""

    @property
    def keys(self) -> frozenset[int]:
        """Hashes by which names are found that may mean the same; equal names, and names that are alike, share one."""
        return _keys_of(self.text)


def normal_name(name: str) -> str:
    """Return the form in which two spellings of an entity's name meet inside a scope: NFKC, folded, single spaces."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", name)).strip().casefold()


@lru_cache(maxsize=16384)
def name_of(text: str) -> Name:
    """Return a name, taken apart."""
    normal = normal_name(text)
    words = [word.translate(_WRITTEN_TOGETHER) for word in normal.split()]
    titles = {word for word in words[:-1] if word in TITLES}
    gender = "m" if titles & MALE_TITLES else "f" if titles & FEMALE_TITLES else ""
    telling = _telling(words)
    plain, expanded = _folded(telling, _PLAIN), _folded(telling, _EXPANDED)
    spellings = {"".join(plain), "".join(expanded)}
    short = ABBREVIATIONS.get(normal) or ABBREVIATIONS.get(" ".join(plain))
    if short:
        spellings.add("".join(_PARTS.findall(short)))
    return Name(text=text, normal=normal, tokens=tuple(plain), spellings=frozenset(spellings - {""}), gender=gender)


def same(mine: Name, theirs: Name) -> bool:
    """Whether two names are one, but for case, accents, titles, legal suffixes and punctuation."""
    return bool(mine.spellings & theirs.spellings) and not _told_apart(mine, theirs)


def abbreviates(mine: Name, theirs: Name) -> bool:
    """Whether one of two names is the initials of the other (`IBM`), or its short form before the same last name."""
    if mine.abbreviation and mine.abbreviation == theirs.initials:
        return True
    if theirs.abbreviation and theirs.abbreviation == mine.initials:
        return True
    return len(mine.tokens) == len(theirs.tokens) > 1 and mine.tokens != theirs.tokens and _full(mine) == _full(theirs)


def part_of(mine: Name, theirs: Name) -> bool:
    """Whether the words of the first name are some of those of the second: its first ones, or its last behind a title."""
    count = len(mine.tokens)
    if not 0 < count < len(theirs.tokens) or _told_apart(mine, theirs):
        return False
    if theirs.tokens[:count] == mine.tokens:
        return True
    titled = mine.normal.split()[0].strip(".") in TITLES
    return titled and theirs.tokens[-count:] == mine.tokens


def alike(mine: Name, theirs: Name) -> bool:
    """Whether two long names differ by a slip of the pen alone: same first letter, same digits, no other whole word.

    Jaro-Winkler of 0.94 at least, or a share of 0.9 in the trigrams.
    """
    one, other = "".join(mine.tokens), "".join(theirs.tokens)
    if min(len(one), len(other)) < _SHORTEST_ALIKE or one[0] != other[0] or len(mine.tokens) != len(theirs.tokens):
        return False
    if _DIGITS.findall(one) != _DIGITS.findall(other):
        return False
    differing = [pair for pair in zip(mine.tokens, theirs.tokens, strict=True) if pair[0] != pair[1]]
    if any(min(map(len, pair)) < _SHORTEST_ALIKE for pair in differing):
        return False
    return all(jaro_winkler(*pair) >= _ALIKE or _trigram_share(*pair) >= _SHARED_TRIGRAMS for pair in differing)


def jaro_winkler(one: str, other: str) -> float:
    """Return how alike two words are, 0..1.

    Source: Winkler, "String comparator metrics and enhanced decision rules in the Fellegi-Sunter model", 1990.
    """
    similarity = _jaro(one, other)
    prefix = 0
    for mine, theirs in zip(one[:_LONGEST_PREFIX], other[:_LONGEST_PREFIX], strict=False):
        if mine != theirs:
            break
        prefix += 1
    return similarity + prefix * _PREFIX_SHARE * (1 - similarity)


def _jaro(one: str, other: str) -> float:
    if one == other:
        return 1.0
    reach = max(0, max(len(one), len(other)) // 2 - 1)
    taken = [False] * len(other)
    matched: list[str] = []
    for place, letter in enumerate(one):
        for there in range(max(0, place - reach), min(len(other), place + reach + 1)):
            if not taken[there] and other[there] == letter:
                taken[there] = True
                matched.append(letter)
                break
    if not matched:
        return 0.0
    in_order = [letter for letter, used in zip(other, taken, strict=True) if used]
    swapped = sum(a != b for a, b in zip(matched, in_order, strict=True)) / 2
    count = len(matched)
    return (count / len(one) + count / len(other) + (count - swapped) / count) / 3


def _trigram_share(one: str, other: str) -> float:
    mine, theirs = _trigrams(one), _trigrams(other)
    return len(mine & theirs) / len(mine | theirs)


def _trigrams(word: str) -> set[str]:
    padded = f"  {word} "
    return {padded[start : start + _BLOCK] for start in range(len(padded) - _BLOCK + 1)}


def _told_apart(mine: Name, theirs: Name) -> bool:
    return bool(mine.gender and theirs.gender and mine.gender != theirs.gender)


def _full(name: Name) -> tuple[str, ...]:
    return (SHORT_NAMES.get(name.tokens[0], name.tokens[0]), *name.tokens[1:])


def _telling(words: list[str]) -> list[str]:
    """Return the words without titles and generic words in front and legal suffixes behind; never none of them."""
    while len(words) > 1 and words[0].strip(".,") in TITLES | _GENERIC:
        words = words[1:]
    while len(words) > 1 and words[-1].strip(".,") in LEGAL_SUFFIXES:
        words = words[:-1]
    return words


def _folded(words: list[str], letters: Mapping[int, str]) -> list[str]:
    text = unicodedata.normalize("NFKD", " ".join(words).translate(letters))
    return _PARTS.findall("".join(letter for letter in text if not unicodedata.combining(letter)))


@lru_cache(maxsize=16384)
def _keys_of(text: str) -> frozenset[int]:
    name = name_of(text)
    marks = {f"w:{token}" for token in name.tokens} | {f"s:{spelling}" for spelling in name.spellings}
    marks |= {f"i:{mark}" for mark in (name.initials, name.abbreviation) if mark}
    marks |= {f"w:{SHORT_NAMES[token]}" for token in name.tokens if token in SHORT_NAMES}
    joined = "".join(name.tokens)
    if len(joined) >= _SHORTEST_ALIKE:
        marks.add(f"p:{joined[:_BLOCK]}")
    return frozenset(map(_hashed, marks))


@lru_cache(maxsize=65536)
def _hashed(mark: str) -> int:
    digest = hashlib.blake2b(mark.encode("utf-8", "surrogatepass"), digest_size=8, person=b"synap-name").digest()
    return int.from_bytes(digest, "big", signed=True)
