"""Foresight without a language model: from the last turns of a conversation to what the next one will ask memory for.

What people ask next stays near what is being talked about, but seldom repeats it. So the last turns say where to look
(`foresee`), and out of what is found there (`choose`) comes what they did not say themselves, each thing once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from synap.domain.contexts import Item
from synap.domain.memories import MemoryType, Modality
from synap.domain.sentences import sentences
from synap.domain.terms import tokenize
from synap.domain.tokens import count_tokens
from synap.retrieval.passages import says_something
from synap.retrieval.plan import names_in

WINDOW = 6
"""Turns that are looked back on."""

QUERY_WORDS = 60
"""Words of one turn that are searched with, at most: the rest of a long answer is elaboration."""

QUERY_CHARACTERS = 600
LONGEST_TOPIC = 40

TOPICS = 12
"""Topics of the earlier turns that are searched with."""

KEYWORDS = 40

THE_USER = "the user"
"""Subject of what a user says of themselves."""

FLOOR = 0.55
"""Share of the best score below which what was found is not on the subject: it would only keep other questions away."""

SAID = 0.8
"""Share of a memory's words which the last turns hold, from which on it repeats them."""

VARIETY = 0.3
"""How much likeness to what was chosen already counts against a memory, beside its relevance."""

SOON = timedelta(days=7)
PAST = timedelta(days=1)
DUE_LIFT = 1.15
"""Factor for what is planned or promised, or comes due around now: open threads are taken up again."""

_STATES = frozenset({MemoryType.FACT, MemoryType.PREFERENCE})
_NAME_WEIGHT = 2.0
_FADING = 0.7
"""Weight of a turn's words, relative to the turn after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A turn of the conversation; `id` is the document that it became, empty where unknown."""

    role: str
    text: str
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """Where the next turn is expected to look.

    Attributes:
        queries: What to search with, in plain words; none where the turns say nothing.
        topics: Words in play, the weightiest first, as they were written.
        stems: Terms of the turns looked back on.
        sources: Documents that those turns became.
    """

    queries: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    stems: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()


def foresee(turns: Sequence[Said]) -> Foresight:
    """Return where the turn after `turns` (in order, the last ones count) is expected to look.

    The question is what was said last, with the topics in play before it behind, the weightiest first: one question, as
    each costs the store a whole search, and two find no more. Greetings and thanks are no topic.
    """
    sources = frozenset(turn.id for turn in turns if turn.id)
    recent = [turn for turn in turns[-WINDOW:] if says_something(turn.text)]
    if not recent:
        return Foresight(sources=sources)
    topics = _topics(recent)
    last = _gist(recent[-1].text)
    spoken = frozenset(tokenize(last))
    earlier = [word for word in topics if spoken.isdisjoint(tokenize(word))][:TOPICS]
    stems = frozenset(stem for turn in recent for stem in tokenize(turn.text))
    return Foresight(queries=(" ".join((last, *earlier)),), topics=topics, stems=stems, sources=sources)


def choose(items: Sequence[Item], foresight: Foresight, *, now: datetime, budget: int, limit: int) -> tuple[Item, ...]:
    """Return those of `items` (best first) that the next turn may need, within `budget` tokens and `limit`, best first.

    Left out is what another memory overrides, what the turns themselves became, what only repeats them, and what is far
    less relevant than the best. Of the rest each is judged by its relevance, raised for open threads, less its likeness
    to what was chosen before it.

    Source of the choice: Carbonell, Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998.
    """
    standing = [item for item in items if _holds(item, now) and not _echo(item, foresight)]
    floor = FLOOR * max((item.score.total for item in standing), default=0.0)
    found = [_Choice(item, _merit(item, now)) for item in standing if item.score.total >= floor]
    return _varied(found, budget=budget, limit=limit)


def portray(items: Sequence[Item], *, now: datetime, budget: int, limit: int) -> tuple[Item, ...]:
    """Return who the user is: of `items` those about the user that are strongest and surest, within `budget` and `limit`.

    What was said again and again counts more; excerpts, and what another memory overrides, are left out.
    """
    own = [
        item for item in items if _holds(item, now) and not item.excerpt and item.memory.statement.subject == THE_USER
    ]
    return _varied([_Choice(item, _weight(item)) for item in own], budget=budget, limit=limit)


def keywords(foresight: Foresight, items: Iterable[Item]) -> tuple[str, ...]:
    """Return stems by which a question can be matched: those of the topics in play, then the commonest of the items."""
    spread = Counter(stem for item in items for stem in set(tokenize(item.content)))
    topics = [stem for word in foresight.topics for stem in tokenize(word) if stem in spread]
    return tuple(dict.fromkeys([*topics, *(stem for stem, _ in spread.most_common(KEYWORDS))]))[:KEYWORDS]


def due(item: Item, now: datetime) -> bool:
    """Whether a memory is an open thread: planned or promised, or an event whose day is about now."""
    statement = item.memory.statement
    if statement.when is not None and not statement.when.recurrence:
        end = statement.when.end or statement.when.start
        return end >= now - PAST and statement.when.start <= now + SOON
    return statement.modality is Modality.PLANNED and statement.type is not MemoryType.PREFERENCE


class _Choice:
    """An item while it is being chosen: its merit, and how like it is to what was chosen."""

    __slots__ = ("item", "likeness", "merit", "size", "stems")

    def __init__(self, item: Item, merit: float) -> None:
        self.item = item
        self.merit = merit
        self.stems = frozenset(tokenize(item.content))
        self.size = count_tokens(item.content)
        self.likeness = 0.0


def _varied(found: Sequence[_Choice], *, budget: int, limit: int) -> tuple[Item, ...]:
    """Return the items of most merit that differ from each other, best first; what does not fit the budget is passed over."""
    left, chosen = list(found), list[_Choice]()
    while left and len(chosen) < limit:
        best = max(left, key=lambda one: ((1 - VARIETY) * one.merit - VARIETY * one.likeness, one.item.memory.id))
        left.remove(best)
        if best.size > budget or best.likeness >= SAID:
            continue
        budget -= best.size
        chosen.append(best)
        for one in left:
            one.likeness = max(one.likeness, _overlap(one.stems, best.stems))
    return tuple(one.item for one in sorted(chosen, key=lambda one: (-one.merit, one.item.memory.id)))


def _merit(item: Item, now: datetime) -> float:
    return min(1.0, item.score.total * (DUE_LIFT if due(item, now) else 1.0))


def _weight(item: Item) -> float:
    """Return how strong and sure a memory is, 0..1; each repetition halves what is missing to 1."""
    statement = item.memory.statement
    missing = 1.0 - statement.confidence * statement.score
    return 1.0 - missing * 0.5 ** min(item.memory.seen_count - 1, 8)


def _holds(item: Item, now: datetime) -> bool:
    """Whether a memory may be served without a look at the question: nothing overrides it, and it is not over."""
    statement = item.memory.statement
    over = statement.valid_until is not None and statement.valid_until < now
    return item.overridden_by is None and not (over and statement.type in _STATES)


def _echo(item: Item, foresight: Foresight) -> bool:
    """Whether an item is one of the turns looked back on, or says nothing that they do not."""
    if item.memory.document_id and item.memory.document_id in foresight.sources:
        return True
    stems = set(tokenize(item.content))
    return len(stems & foresight.stems) >= SAID * len(stems)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 1.0


def _gist(text: str) -> str:
    """Return a turn as far as it is searched with: whole, or its questions and then its first sentences."""
    if len(text) <= QUERY_CHARACTERS and len(text.split()) <= QUERY_WORDS:
        return text.strip()
    spans = [text[start:end] for start, end in sentences(text)]
    order = sorted(range(len(spans)), key=lambda n: (not spans[n].rstrip().endswith("?"), n))
    kept: list[int] = []
    room = QUERY_WORDS
    for number in order:
        room -= len(spans[number].split())
        if room < 0 and kept:
            break
        kept.append(number)
    return " ".join(" ".join(spans[number].split()[:QUERY_WORDS]) for number in sorted(kept))[:QUERY_CHARACTERS]


def _topics(turns: Sequence[Said]) -> tuple[str, ...]:
    """Return the content words of `turns`, weightiest first: names count double, and what was said last counts most."""
    weights: defaultdict[str, float] = defaultdict(float)
    shown: dict[str, str] = {}
    for age, turn in enumerate(reversed(turns)):
        names = _names(turn.text)
        for word in dict.fromkeys(_words(turn.text)):
            (stem, *_) = tokenize(word) or [""]
            if not stem:
                continue
            shown.setdefault(stem, word)
            weights[stem] += _FADING**age * (_NAME_WEIGHT if word.casefold() in names else 1.0)
    return tuple(shown[stem] for stem, _ in sorted(weights.items(), key=lambda pair: -pair[1]))


def _names(text: str) -> frozenset[str]:
    """Return the capitalised words that do not merely open a sentence, in lower case."""
    inner = " ".join(text[start:end].partition(" ")[2] for start, end in sentences(text))
    return frozenset(names_in(inner)) if any(map(str.isupper, inner)) else frozenset()


def _words(text: str) -> list[str]:
    """Return the words of a text that tell something, as written, without what stands around them."""
    bare = (word.strip(".,;:!?\"'()[]\u2018\u2019\u201c\u201d\u2026") for word in text.split())
    return [word for word in bare if 0 < len(word) <= LONGEST_TOPIC and says_something(word)]
