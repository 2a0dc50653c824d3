"""The model of a campaign: who sees what, and what it says of an answer."""

from __future__ import annotations

import random

import pytest

from synap.api.contexts import ContextItem
from synap.verify.model import Model, Planted, Verdict, markers_in
from synap.verify.owners import CUSTOMERS, LONE_USERS, PLAN, USERS, WORLD, Owner, population, sees
from synap.verify.tally import CERTAIN_AFTER, Tally, report

ANA, BEN = Owner(0, "acme", "ana"), Owner(0, "acme", "ben")
MARKER, OTHER = "zq0123456789", "zqfedcba9876"


def planted(owner: Owner, marker: str = MARKER) -> Planted:
    return Planted(owner=owner, marker=marker, text=f"A parcel {marker}.")


@pytest.mark.parametrize(
    ("viewer", "owner", "may"),
    [
        (ANA, ANA, True),
        (ANA, BEN, False),
        (ANA, Owner(0, "acme"), True),
        (Owner(0, "acme"), ANA, False),
        (ANA, Owner(0), True),
        (Owner(0), Owner(0, "acme"), False),
        (ANA, Owner(1, "acme", "ana"), False),
        (ANA, Owner(1), False),
        (ANA, Owner(0, None, "ana"), False),
        (Owner(0, None, "ana"), ANA, False),
        (Owner(0, None, "acme"), Owner(0, "acme"), False),
        (Owner(2), Owner(3), True),
        (Owner(2, "acme"), Owner(3, "acme"), False),
        (Owner(1), Owner(2), False),
        (ANA, WORLD, True),
    ],
)
def test_an_owner_sees_its_own_chain_and_nothing_else(viewer: Owner, owner: Owner, *, may: bool) -> None:
    assert sees(viewer, owner) is may


def test_an_answer_is_wrong_in_four_ways() -> None:
    model = Model()
    model.learn(planted(ANA))
    model.learn(planted(BEN, OTHER))
    model.lose(planted(BEN, OTHER), "deleted")

    right = model.judge(ANA, frozenset({MARKER}), wanted=[MARKER], still=True)
    foreign = model.judge(BEN, frozenset({MARKER}), still=False)
    unknown = model.judge(ANA, frozenset({"zqaaaaaaaaaa"}), still=False)
    remains = model.judge(BEN, frozenset({OTHER}), still=True)
    missing = model.judge(ANA, frozenset(), wanted=[MARKER, OTHER], still=True)

    assert right == Verdict(shown=frozenset({MARKER}))
    assert foreign.foreign == {MARKER}
    assert unknown.foreign == {"zqaaaaaaaaaa"}
    assert remains == Verdict(shown=frozenset({OTHER}), remains=frozenset({OTHER}))
    assert missing.missing == {MARKER}


def test_while_things_change_only_strangers_markers_are_judged() -> None:
    model = Model()
    model.learn(planted(ANA))
    model.lose(planted(ANA), "deleted")

    verdict = model.judge(ANA, frozenset({MARKER}), wanted=[OTHER], still=False)

    assert verdict == Verdict(shown=frozenset({MARKER}))


def test_what_two_were_told_stays_with_the_other() -> None:
    model = Model()
    model.learn(planted(ANA))
    model.learn(planted(BEN))
    model.lose(planted(ANA), "deleted")

    assert model.judge(ANA, frozenset({MARKER}), still=True).remains == {MARKER}
    assert model.judge(BEN, frozenset(), wanted=[MARKER], still=True).missing == {MARKER}


def test_what_was_replaced_may_be_quoted_and_nothing_else() -> None:
    model = Model()
    model.learn(planted(ANA))
    model.lose(planted(ANA), "replaced", quoted=True)

    assert model.judge(ANA, frozenset({MARKER}), still=True).remains
    assert not model.judge(ANA, frozenset({MARKER}), still=True, quotes=True).remains
    assert model.judge(BEN, frozenset({MARKER}), still=True, quotes=True).foreign


def test_markers_are_found_in_any_part_but_the_repeated_question() -> None:
    item = ContextItem(
        id="1", type="fact", content="x", scope="user", source="", confidence=1.0,
        metadata={"deep": [{"er": MARKER.upper()}]}, matched_queries=(OTHER,),
    )  # fmt: skip

    assert markers_in([item], f"and {OTHER[:-1]}") == {MARKER}


def test_ids_that_hold_markers_are_known_to_the_model() -> None:
    model = Model()
    model.announce_ids(Owner(0, "zi0123456789", "ana"))

    assert not model.judge(Owner(0, "zi0123456789", "ben"), frozenset({"zi0123456789"}), still=True).foreign
    assert model.judge(Owner(1, "acme"), frozenset({"zi0123456789"}), still=True).foreign


def test_the_same_seed_draws_the_same_owners_and_all_hostile_ids() -> None:
    drawn = population(random.Random(5), size=50)  # noqa: S311 - repeatable

    assert drawn == population(random.Random(5), size=50)  # noqa: S311 - repeatable
    assert len(drawn) == len(set(drawn))
    assert {one.customer for one in drawn if one.instance == 0} >= set(CUSTOMERS)
    assert {one.user for one in drawn if one.customer is None} >= set(LONE_USERS)
    assert {one.user for one in drawn} & set(USERS)
    assert {one.instance for one in drawn} == set(range(len(PLAN)))
    assert all(one.customer is None for one in drawn if PLAN[one.instance].tenancy == "b2c")
    assert all(one.customer or one.shared for one in drawn if PLAN[one.instance].tenancy == "b2b")


def reported(tally: Tally) -> dict[str, object]:
    return report(tally, showing=frozenset({"list", "get"}))


def test_a_campaign_that_found_nothing_is_red() -> None:
    tally = Tally()
    tally.checks["list"] = 10

    assert reported(tally)["problems"] == ["nothing was ever found: the campaign proves nothing"]


def test_a_campaign_with_a_blind_kind_of_check_is_red() -> None:
    tally = Tally()
    tally.checks.update({"list": 5, "get": CERTAIN_AFTER})
    tally.found["list"] = tally.controls["list"] = 5

    assert reported(tally)["problems"] == ["nothing was ever shown by: get"]
    tally.controls["get"] = 1
    assert reported(tally)["passed"]


def test_a_kind_of_check_that_was_seldom_tried_is_told_and_no_problem() -> None:
    tally = Tally()
    tally.checks.update({"list": 5, "get": CERTAIN_AFTER - 1})
    tally.found["list"] = tally.controls["list"] = 5

    assert (reported(tally)["passed"], reported(tally)["unproven"]) == (True, ("get",))


def test_a_campaign_that_was_hardly_answered_is_red() -> None:
    tally = Tally()
    tally.checks["list"] = tally.found["list"] = tally.controls["list"] = 100
    tally.unanswered["list: overloaded"] = 2

    assert reported(tally)["problems"] == ["2 calls were not answered"]


def test_one_leak_makes_a_campaign_red_and_gives_no_bound() -> None:
    model, tally = Model(), Tally()
    model.learn(planted(ANA))
    tally.note("list", BEN, "list", model.judge(BEN, frozenset({MARKER}), still=True), {})
    tally.found["list"] = 1

    made = reported(tally)

    assert (made["passed"], made["leaks"], made["leak_rate_below"]) == (False, 1, None)
