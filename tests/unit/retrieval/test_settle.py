from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from synap.domain.contexts import Candidate, ScoreParts
from synap.domain.memories import Evidence, Memory, MemoryType, Statement, When
from synap.domain.scopes import LADDER, Scope
from synap.domain.slots import slots_of
from synap.retrieval.scored import Scored, Settled
from synap.retrieval.settle import settle

START = datetime(2025, 1, 1, tzinfo=UTC)
SCOPES = {
    "user": Scope(rung="user", space="inst_0", ids=(("customer", "c"), ("user", "u"))),
    "customer": Scope(rung="customer", space="inst_0", ids=(("customer", "c"),)),
    "client": Scope(rung="client", space="inst_0"),
}


def _scored(
    id_: str,
    rung: str,
    text: str,
    *,
    day: int = 0,
    total: float = 0.5,
    excerpt: bool = False,
    type_: MemoryType = MemoryType.FACT,
    when: When | None = None,
    quoted: str = "",
) -> Scored:
    said = START + timedelta(days=day)
    slots = slots_of(text, subject="the user")
    statement = Statement(type=type_, content=text, slots=slots, said_at=said, when=when)
    evidence = (Evidence(document_id="d", start=0, end=len(quoted), quote=quoted),) if quoted else ()
    memory = Memory(id=id_, scope=SCOPES[rung], statement=statement, evidence=evidence, recorded_at=said)
    return Scored(candidate=Candidate(memory=memory, excerpt=excerpt), score=ScoreParts(total=total))


def _ids(settled: list[Settled]) -> list[str]:
    return [one.scored.candidate.memory.id for one in settled]


def _marks(settled: list[Settled]) -> dict[str, str]:
    return {one.scored.candidate.memory.id: one.overridden_by for one in settled if one.overridden_by}


@pytest.mark.parametrize(
    ("broad", "narrow"),
    [
        ("Default support hours are 9am-5pm EST", "Acme Corp has 24/7 premium support"),
        ("Support is available 24/7 for everyone", "Support hours of Acme Corp are 9am-5pm EST"),
    ],
)
def test_the_narrower_scope_wins_in_both_directions_of_wording(broad: str, narrow: str) -> None:
    ranked = [_scored("broad", "client", broad, day=90, total=0.9), _scored("narrow", "customer", narrow, total=0.2)]

    settled = settle(ranked, LADDER)

    assert _ids(settled) == ["broad", "narrow"]
    assert _marks(settled) == {"broad": "narrow"}


def test_equal_facts_appear_once_the_narrowest_kept_in_the_best_place() -> None:
    ranked = [
        _scored("broad", "client", "Invoices are sent by e-mail.", total=0.9),
        _scored("other", "client", "The mascot is a heron.", total=0.5),
        _scored("narrow", "user", "invoices are sent by e-mail", total=0.3),
    ]

    settled = settle(ranked, LADDER)

    assert _ids(settled) == ["narrow", "other"]
    assert settled[0].merged == ("broad",)


def test_within_a_scope_the_newest_of_equal_facts_is_kept() -> None:
    ranked = [
        _scored("old", "user", "The user likes jazz", day=0),
        _scored("new", "user", "The user likes jazz", day=5),
    ]

    assert _ids(settle(ranked, LADDER)) == ["new"]


def test_equal_words_about_different_days_are_different_events() -> None:
    first, second = (When(start=START + timedelta(days=days)) for days in (0, 30))
    ranked = [
        _scored("a", "user", "The user visited Oslo", type_=MemoryType.EPISODE, when=first),
        _scored("b", "user", "The user visited Oslo", type_=MemoryType.EPISODE, when=second),
    ]

    assert _ids(settle(ranked, LADDER)) == ["a", "b"]


def test_within_a_scope_the_newer_of_two_values_wins() -> None:
    ranked = [
        _scored("old", "user", "The user lives in Sligo", day=0, total=0.9),
        _scored("new", "user", "The user moved to Ennis", day=30, total=0.4),
    ]

    assert _marks(settle(ranked, LADDER)) == {"old": "new"}


def test_a_chain_of_scopes_names_the_narrowest_winner() -> None:
    ranked = [
        _scored("client", "client", "The theme is light"),
        _scored("customer", "customer", "The theme is sepia"),
        _scored("user", "user", "The user's theme is dark"),
    ]

    assert _marks(settle(ranked, LADDER)) == {"client": "user", "customer": "user"}


def test_complements_and_near_misses_all_stay_unmarked() -> None:
    ranked = [
        _scored("a", "client", "The free plan stores 100 documents"),
        _scored("b", "client", "The enterprise plan stores 10,000 documents"),
        _scored("c", "customer", "Deployments happen on Tuesdays"),
        _scored("d", "user", "The user deployed the billing service last Tuesday"),
    ]

    settled = settle(ranked, LADDER)

    assert _ids(settled) == ["a", "b", "c", "d"]
    assert _marks(settled) == {}


def test_within_a_scope_an_excerpt_overrides_no_memory_nor_the_other_way_round() -> None:
    ranked = [
        _scored("memory", "user", "The user lives in Sligo", day=0),
        _scored("excerpt", "user", "I moved to Ennis", day=30, excerpt=True),
    ]

    assert _marks(settle(ranked, LADDER)) == {}


def test_an_excerpt_of_a_narrower_scope_overrides_a_broad_memory() -> None:
    ranked = [
        _scored("memory", "client", "The rate limit is 100 requests per minute"),
        _scored("excerpt", "customer", "Our rate limit is 900 requests per minute", excerpt=True),
    ]

    assert _marks(settle(ranked, LADDER)) == {"memory": "excerpt"}


def test_a_conflict_buried_in_a_long_broad_text_is_found_and_does_not_condemn_the_rest_of_it() -> None:
    long = (
        "Welcome to the handbook. Coffee is on the second floor. Expense reports need two approvals. "
        "Please keep the kitchen tidy. The fire drill is in March."
    )
    ranked = [
        _scored("broad", "customer", long, excerpt=True, total=0.9),
        _scored("narrow", "user", "One approval is enough for my expense reports"),
    ]

    settled = settle(ranked, LADDER)

    assert _marks(settled) == {}
    assert [one.winner for one in settled] == ["narrow", None]


def test_an_excerpt_of_one_sentence_is_overridden_like_a_memory() -> None:
    ranked = [
        _scored(
            "broad", "customer", "Handbook\nExpense reports need two approvals.", excerpt=True, quoted="two approvals"
        ),
        _scored("narrow", "user", "One approval is enough for my expense reports"),
    ]

    assert _marks(settle(ranked, LADDER)) == {"broad": "narrow"}


def test_nothing_in_gives_nothing_out() -> None:
    assert settle([], LADDER) == []
