"""What a clause tells that somebody chose."""

from __future__ import annotations

import pytest

from synap.domain.choices import choices_of


@pytest.mark.parametrize(
    ("clause", "told"),
    [
        ("The user ordered the oat latte again", [("order", "the oat latte", False)]),
        ("The user had an oat latte at Blue Bottle", [("have", "an oat latte", False)]),
        ("The user got their usual oat latte", [("get", "the oat latte", False)]),
        ("The user usually takes the night train", [("take", "the night train", True)]),
        ("Dana drank a large oolong tea with Sam", [("drink", "an oolong tea", False)]),
        ("The user ate apple pie and a croissant", [("eat", "apple pie", False), ("eat", "a croissant", False)]),
        ("The user takes the night train", []),
        ("The user often ordered the oat latte", []),
        ("The user and others ordered Thai food", []),
        ("The user picked up the kids", []),
        ("The user bought the same red wine", [("buy", "the red wine", False)]),
        ("The user bought a house", []),
        ("The user watched a movie", []),
        ("The user ordered it", []),
        ("The user bought what the neighbour at the end of the street sells", []),
    ],
)
def test_a_choice_is_read_with_what_was_chosen(clause: str, told: list[tuple[str, str, bool]]) -> None:
    assert [(one.verb, one.thing, one.habit) for one in choices_of(clause, "the user")] == told


def test_other_words_for_the_same_thing_are_one_choice() -> None:
    ways = ("I ordered the oat latte again", "I had two oat lattes with Sam", "We got another oat latte in Rome")

    slots = {choice.slot for way in ways for choice in choices_of(way, "the user")}

    assert len(slots) == 1
    assert not slots.pop().single


def test_whose_choice_it_is_tells_them_apart() -> None:
    (mine,) = choices_of("I ordered the soup", "the user")
    (hers,) = choices_of("Dana ordered the soup", "the user")

    assert mine.slot.name == hers.slot.name
    assert mine.slot.subject != hers.slot.subject
