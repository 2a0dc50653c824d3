"""The order in which remarks are kept: those first that hold most of what nothing before them holds, for their length."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence

from synap.compaction import cues
from synap.compaction.remarks import Remark
from synap.domain.compactions import PointKind
from synap.domain.tokens import count_line

_BASE = {
    PointKind.DECISION: 4.5,
    PointKind.PREFERENCE: 2.6,
    PointKind.STEP: 2.0,
    PointKind.QUESTION: 2.2,
    PointKind.FACT: 1.6,
    PointKind.REMARK: 0.6,
}
"""What a kind of remark is worth by itself."""

_ITEM = {"name": 0.5, "number": 0.9, "date": 0.9}
"""What the first mention of a name, a number or a date is worth; an item said often is worth up to twice as much."""

_WORD = 0.12
"""What a telling word is worth that nothing before it had."""

_ASSISTANT = 0.45
_FIRM = {PointKind.DECISION: 0.9, PointKind.PREFERENCE: 0.6, PointKind.QUESTION: 0.6, PointKind.STEP: 0.5}
_LOOSE = 0.3
"""Share of its worth that a remark keeps where others have said its words already, by kind and for the rest."""

_FEELING = 0.5
_CORRECTION = 1.5
_OLDEST = 0.75
"""What the oldest remark is worth beside an equal one at the end."""

_OVERHEAD = 6
"""Tokens added to a remark's length, so that the shortest are not always first."""


def ranked(remarks: Sequence[Remark], *, last_position: int) -> list[int]:
    """Return the positions of remarks in the order in which they are to be kept.

    Greedy by value for length, where a thing said counts once (lazy evaluation: Minoux 1978; budgeted coverage: Lin and
    Bilmes 2010).
    """
    mentions = Counter(item for remark in remarks for item in remark.items)
    covered: set[object] = set()

    def worth(remark: Remark) -> float:
        gain = sum(
            _ITEM[item.kind] * (1 + min(mentions[item] - 1, 4) / 4) for item in remark.items if item not in covered
        )
        gain += _WORD * sum(word not in covered for word in remark.words)
        base = _BASE[remark.kind] + (_FEELING if cues.feels(remark.content) else 0.0)
        base += _CORRECTION if remark.corrects else 0.0
        fresh = sum(word not in covered for word in remark.words) / (len(remark.words) or 1)
        said = remark.message
        by = _ASSISTANT if said.role == "assistant" and remark.kind is not PointKind.DECISION else 1.0
        recency = _OLDEST + (1 - _OLDEST) * said.position / max(last_position, 1)
        repeated = 1 + 0.15 * min(len(remark.also), 3)
        length = count_line(remark.content) + (count_line(remark.asked) if remark.asked else 0) + _OVERHEAD
        return (base * max(fresh, _FIRM.get(remark.kind, _LOOSE)) + gain) * by * recency * repeated / length

    heap = [(-worth(remark), at) for at, remark in enumerate(remarks)]
    heapq.heapify(heap)
    order: list[int] = []
    while heap:
        _, at = heapq.heappop(heap)
        value = worth(remarks[at])
        if heap and -value > heap[0][0]:
            heapq.heappush(heap, (-value, at))
            continue
        order.append(at)
        covered |= remarks[at].items | remarks[at].words
    return order
