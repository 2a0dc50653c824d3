"""What a conversation holds that a compaction should still hold: its facts, names, numbers and dates.

Read off the messages as they are, with no knowledge of what a compaction chose: this is the measure, not the method. A
text that a language model wrote is measured by the same inventory.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from synap.compaction.chatter import is_chatter, unfenced
from synap.domain.compactions import Message
from synap.domain.sentences import sentences
from synap.domain.terms import tokenize
from synap.domain.values import Kind, read_values
from synap.domain.wordlists import listed
from synap.domain.words import STOP_WORDS

CLASS_WEIGHTS = {"fact": 0.4, "name": 0.2, "number": 0.2, "date": 0.2}
"""How much each class counts for the score; a class that a conversation lacks gives its weight to the others."""

HELD_SHARE = 0.7
"""Share of a fact's words that one line must hold for the fact to count as held."""

BY_MACHINE = 0.5
"""Weight of what the assistant alone says, beside 1 for what people say."""

MOST_MENTIONS = 3
"""Repetitions beyond these add nothing to an item's weight."""

FEWEST_WORDS = 3
"""Telling words that make a sentence a fact; one less makes half of one, or a whole one with a name, number or date."""

_DATES = frozenset({Kind.DATE, Kind.MONTH, Kind.YEAR, Kind.WEEKDAY, Kind.CLOCK, Kind.HOURS})
_RELATIVE = re.compile(
    r"\b(?:today|tonight|tomorrow|yesterday|(?:next|last|this) (?:week|month|year|quarter|weekend|spring|summer|autumn|"
    r"fall|winter)|heute|morgen|gestern|ma\u00f1ana|ayer|demain|hier)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_](?:[\w]|['\u2019.-](?=\w))*")
_INNER = re.compile(r"\w[A-Z]|[A-Za-z]\d")
_CALENDAR = frozenset(
    listed(
        "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
        "september october november december mon tue tues wed thu thurs fri sat sun jan feb mar apr jun jul aug sep sept oct "
        "nov dec i ok okay"
    )
)
_OPENERS = "\"'\u201c\u2018\u00ab([*_-\u2022#> "


@dataclass(frozen=True, slots=True)
class Item:
    """A name, a number or a date in comparable form."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What a conversation holds, with weights.

    Attributes:
        items: Names, numbers and dates.
        facts: Sentences that state something, as the sets of their telling words.
    """

    items: Mapping[Item, float]
    facts: Mapping[frozenset[str], float]


def names_of(texts: Iterable[str]) -> frozenset[str]:
    """Return the names in texts, in lower case: words with a capital where no sentence begins, and those like `OAuth2`."""
    found: set[str] = set()
    for text in texts:
        for start, end in sentences(text):
            sentence = text[start:end]
            for word in _WORD.finditer(sentence):
                if _is_name(word.group(), leads=not sentence[: word.start()].strip(_OPENERS)):
                    found.add(_plain(word.group()))
    return frozenset(found)


def items_in(text: str, names: Collection[str]) -> frozenset[Item]:
    """Return the numbers and dates in a text, and those of `names` that stand in it."""
    values, _ = read_values(text)
    found = {
        Item("date" if v.kind in _DATES else "number", f"{v.kind}:{v.value}") for v in values if v.kind != Kind.QUOTE
    }
    found |= {Item("date", match.group().casefold()) for match in _RELATIVE.finditer(text)}
    found |= {Item("name", word) for word in map(_plain, _WORD.findall(text)) if word in names}
    return frozenset(found)


def inventory(messages: Sequence[Message], over: Collection[tuple[int, str]] = ()) -> Inventory:
    """Return what the messages hold.

    Args:
        messages: The conversation.
        over: Sentences that a later one corrected, as (position, sentence): what they alone say need not be held.
    """
    names = names_of(unfenced(message.content) for message in messages)
    gone = frozenset(over)
    mentions: Counter[Item] = Counter()
    human: defaultdict[Item, bool] = defaultdict(bool)
    facts: dict[frozenset[str], float] = {}
    for message in messages:
        text = unfenced(message.content)
        for start, end in sentences(text):
            sentence = text[start:end]
            if (message.position, " ".join(sentence.split())) in gone or is_chatter(sentence):
                continue
            held = items_in(sentence, names)
            for item in held:
                mentions[item] += 1
                human[item] = human[item] or message.role != "assistant"
            words = frozenset(tokenize(sentence)) - {""}
            if _states(sentence, words):
                weight = (BY_MACHINE if message.role == "assistant" else 1.0) * (1.25 if held else 1.0)
                weight *= 1.0 if held or len(words) >= FEWEST_WORDS else 0.5
                facts[words] = max(facts.get(words, 0.0), weight)
    weights = {item: min(n, MOST_MENTIONS) * (1.0 if human[item] else BY_MACHINE) for item, n in mentions.items()}
    return Inventory(items=weights, facts=facts)


def score(held: Inventory, text: str) -> float:
    """Return the weighted share, 0..1, of an inventory that a text still holds; 1 for an inventory that is empty.

    Names, numbers and dates count as held where the text has them in any form of equal value. A fact counts as held where
    one line of the text has at least `HELD_SHARE` of its words and every number in it.
    """
    names = {item.value for item in held.items if item.kind == "name"}
    present = items_in(text, names)
    shares: dict[str, tuple[float, float]] = {}
    for kind in ("name", "number", "date"):
        wanted = {item: weight for item, weight in held.items.items() if item.kind == kind}
        shares[kind] = (sum(w for item, w in wanted.items() if item in present), sum(wanted.values()))
    shares["fact"] = _facts_held(held.facts, text)
    total = sum(CLASS_WEIGHTS[kind] for kind, (_, whole) in shares.items() if whole)
    if not total:
        return 1.0
    held_share = sum(CLASS_WEIGHTS[kind] * part / whole for kind, (part, whole) in shares.items() if whole)
    return min(1.0, max(0.0, held_share / total))


def _facts_held(facts: Mapping[frozenset[str], float], text: str) -> tuple[float, float]:
    lines = [frozenset(tokenize(line)) for line in text.splitlines() if line.strip()]
    where: defaultdict[str, list[int]] = defaultdict(list)
    for number, words in enumerate(lines):
        for word in words:
            where[word].append(number)
    part = 0.0
    for words, weight in facts.items():
        # A line that holds seven tenths of the words holds one of the rarer ones: only those need be looked at.
        rare = sorted(words, key=lambda word: len(where.get(word, ())))[: len(words) - int(HELD_SHARE * len(words)) + 1]
        nominated = {number for word in rare for number in where.get(word, ())}
        numbers = {word for word in words if word[:1].isdigit()}
        if any(len(words & lines[n]) >= HELD_SHARE * len(words) and numbers <= lines[n] for n in nominated):
            part += weight
    return part, sum(facts.values())


def _states(sentence: str, words: frozenset[str]) -> bool:
    if sentence.rstrip("\"'\u201d)* ").endswith(("?", "\uff1f", "\u061f")):
        return False
    return len(words) >= FEWEST_WORDS - 1


def _is_name(word: str, *, leads: bool) -> bool:
    plain = _plain(word)
    if len(plain) < 2 or plain in STOP_WORDS or plain in _CALENDAR:  # noqa: PLR2004 - a single letter is no name
        return False
    if plain.split("'")[0] in STOP_WORDS:
        return False
    if _INNER.search(word) is not None:
        return True
    return word[0].isupper() and not leads


def _plain(word: str) -> str:
    return word.replace("\u2019", "'").removesuffix("'s").casefold()
