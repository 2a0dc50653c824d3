"""How a conversation stands at its end: its topics, what is open, what comes next, what was said last."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from synap.compaction import cues
from synap.compaction.chatter import FILLER, unfenced
from synap.compaction.remarks import Reading, Remark
from synap.domain.compactions import Message, PointKind, State
from synap.domain.terms import stem
from synap.domain.tokens import cut
from synap.domain.words import STOP_WORDS

_TOPICS = 5
_LISTED = 5
_LAST_WORDS_TOKENS = 60
_RECENT_REMARKS = 60
_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+")
_SHORTEST_TOPIC = 4


def standing(messages: Sequence[Message], reading: Reading) -> State:
    """Return how a conversation stands; what is listed is listed latest last."""
    if not messages:
        return State()
    last = messages[-1]
    steps = [remark.content for remark in reading.remarks if remark.kind is PointKind.STEP]
    tones = [r.content for r in reading.remarks if r.message.role != "assistant" and cues.feels(r.content)]
    words = " ".join(unfenced(last.content).split())
    return State(
        topics=_topics(reading.remarks[-_RECENT_REMARKS:]),
        open_questions=tuple(remark.content for remark in reading.questions[-_LISTED:]),
        next_steps=tuple(steps[-_LISTED:]),
        tone=tones[-1] if tones else "",
        last_speaker=last.name,
        last_words="" if FILLER in words else cut(words, _LAST_WORDS_TOKENS),
        last_at=last.at,
        messages=len(messages),
    )


def _topics(remarks: Sequence[Remark]) -> tuple[str, ...]:
    """Return names and words said most, recent ones first among equals; names count double."""
    weight: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for age, remark in enumerate(reversed(remarks)):
        names = {item.value for item in remark.items if item.kind == "name"}
        seen = set()
        for match in _WORD.finditer(_ADDRESS.sub(" ", remark.content)):
            word = match.group().replace("\u2019", "'").removesuffix("'s")
            plain = word.casefold()
            named = plain in names
            if (
                plain in STOP_WORDS
                or plain.partition("'")[0] in STOP_WORDS
                or (len(plain) < _SHORTEST_TOPIC and not named)
            ):
                continue
            key = stem(plain)
            if key not in seen:
                seen.add(key)
                weight[key] += (2 if named else 1) * 1000 - age
                shown.setdefault(key, word)
    common = sorted(weight, key=lambda key: (-weight[key], key))
    return tuple(shown[key] for key in common[:_TOPICS])
