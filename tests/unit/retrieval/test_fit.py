from __future__ import annotations

from typing import Any

from synap.domain.contexts import Item, ScoreParts
from synap.domain.memories import MemoryType
from synap.domain.tokens import count_tokens
from synap.retrieval.fit import fit
from synap.retrieval.format import render


def item(make: Any, name: str, content: str, **memory: Any) -> Item:
    return Item(memory=make.memory(name, content, **memory), content=content, rank=0, score=ScoreParts(total=1.0))


def test_items_are_taken_in_the_fill_order_and_returned_in_their_own(make: Any) -> None:
    items = [item(make, name, "A short statement of one line.") for name in "abc"]

    kept = fit(items, [2, 0, 1], budget=32)

    assert [one.memory.id for one in kept] == ["a", "c"]
    assert count_tokens(render(kept)) <= 32


def test_the_last_item_is_cut_at_a_sentence_with_a_mark(make: Any) -> None:
    long = item(
        make, "a", "The first sentence is short. " + "The second one goes on for rather too long to fit here. " * 3
    )

    (kept,) = fit([long], [0], budget=20)

    assert kept.content == "The first sentence is short. …"
    assert kept.cut
    assert count_tokens(render([kept])) == kept.tokens <= 20


def test_what_cannot_be_cut_is_left_out_and_nothing_follows_it(make: Any) -> None:
    long = item(make, "a", "One sentence that simply has far too many words for such a small budget to hold.")
    short = item(make, "b", "Yes.")

    assert fit([long, short], [0, 1], budget=12) == []


def test_headings_are_paid_for(make: Any) -> None:
    items = [item(make, "a", "Blue."), item(make, "b", "Calm.", type=MemoryType.EMOTION)]
    whole = count_tokens(render(items))

    assert len(fit(items, [0, 1], budget=whole - 1)) == 1
    assert len(fit(items, [0, 1], budget=whole + 4)) == 2


def test_no_budget_keeps_nothing(make: Any) -> None:
    assert fit([item(make, "a", "Blue.")], [0], budget=0) == []
    assert fit([], [], budget=100) == []
