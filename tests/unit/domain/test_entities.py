from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synap.domain.entities import Filling, Term, fillers_at, terms_of

ANA, BO, CLEO = 1, 2, 3


def day(number: int) -> datetime:
    return datetime(2027, 4, number, tzinfo=UTC)


def said(filler: int, on: int, *, until: int | None = None, holds: bool = True) -> Filling:
    return Filling(filler=filler, said=day(on), until=None if until is None else day(until), holds=holds)


def spans(*fillings: Filling, several: bool = False) -> list[tuple[int, int | None, int | None]]:
    terms = terms_of(fillings, several=several)
    return [(one.filler, one.since.day if one.since else None, one.until.day if one.until else None) for one in terms]


@pytest.mark.parametrize(
    ("fillings", "terms"),
    [
        ((said(ANA, 1),), [(ANA, 1, None)]),
        ((said(ANA, 1), said(BO, 5)), [(ANA, 1, 5), (BO, 5, None)]),
        ((said(BO, 5), said(ANA, 1)), [(ANA, 1, 5), (BO, 5, None)]),
        ((said(ANA, 1), said(ANA, 3)), [(ANA, 1, None)]),
        ((said(ANA, 1), said(BO, 5), said(ANA, 9)), [(ANA, 1, 5), (BO, 5, 9), (ANA, 9, None)]),
        ((said(ANA, 1), said(ANA, 4, holds=False)), [(ANA, 1, 4)]),
        ((said(ANA, 1), said(BO, 4, holds=False)), [(BO, None, 1), (ANA, 1, None)]),
        ((said(ANA, 4, holds=False),), [(ANA, None, 4)]),
        ((said(BO, 5), said(ANA, 5, holds=False)), [(ANA, None, 5), (BO, 5, None)]),
        ((said(ANA, 1, until=3), said(BO, 5)), [(ANA, 1, 3), (BO, 5, None)]),
    ],
)
def test_one_filler_comes_after_another(
    fillings: tuple[Filling, ...], terms: list[tuple[int, int | None, int | None]]
) -> None:
    assert spans(*fillings) == terms


def test_several_fill_a_shared_role_side_by_side() -> None:
    assert spans(said(ANA, 1), said(BO, 5), said(ANA, 7, holds=False), several=True) == [(ANA, 1, 7), (BO, 5, None)]


def test_what_was_said_belongs_to_who_filled_the_role_then() -> None:
    terms = terms_of([said(ANA, 3), said(BO, 8)], several=False)

    assert [fillers_at(terms, day(number)) for number in (1, 3, 7, 8, 30)] == [{ANA}, {ANA}, {ANA}, {BO}, {BO}]


def test_before_a_known_end_nobody_is_guessed() -> None:
    terms = (Term(filler=CLEO, since=None, until=day(2)), Term(filler=ANA, since=day(5)))

    assert [fillers_at(terms, day(number)) for number in (1, 3, 6)] == [{CLEO}, frozenset(), {ANA}]
