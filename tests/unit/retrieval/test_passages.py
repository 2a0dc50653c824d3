from __future__ import annotations

from typing import Any

import pytest

from synap.domain.contexts import Query
from synap.retrieval.passages import WordsAsked, own_words, says_something, several_sentences


@pytest.mark.parametrize(
    "empty",
    [
        "",
        "...",
        "Noted, I will.",
        "Got it!",
        "Got it, I'll remember that.",
        "Sounds good, will do!",
        "Okay, no problem.",
        "You're welcome! Happy to help.",
        "Hi Gil,",
        "Dear Ms Okafor,",
        "Best regards,\nAnna Smith",
        "Thanks, Bo",
        "Bye!",
        "From: Ann <ann@acme.test>\nTo: Gil\nSubject: Budget for the summer party",
    ],
)
def test_courtesies_and_heads_of_mails_say_nothing(empty: str) -> None:
    assert not says_something(empty)


@pytest.mark.parametrize(
    "telling",
    [
        "Miso.",
        "In Lisbon.",
        "Yes, in Lisbon.",
        "Yes, on 7 May.",
        "Okay, moved to Friday.",
        "Of course, there are also light beers!",
        "Pizza is best.",
        "Hi Gil, the budget is two hundred.",
        "Thanks for the bread recipe, it worked.",
        "From: Lisbon\nTo: Porto\nDate: 5 May",
        "猫の名前はミソです。",
    ],
)
def test_anything_else_does(telling: str) -> None:
    assert says_something(telling)


def test_own_words_come_without_label_and_heading(make: Any) -> None:
    said = make.candidate("a", "Orla Byrne: The kiln is hot.", excerpt=True, speaker="Orla Byrne")
    role = make.candidate("b", "Assistant: The kiln is hot.", excerpt=True)
    document = make.candidate("c", "Studio > Kiln\nIt is hot.", excerpt=True, quote="It is **hot**.")
    lines = make.candidate("d", "Kiln: hot\nDoor: shut", excerpt=True, quote="- **Kiln**: hot\n- Door: shut")
    memory = make.candidate("e", "User: is a word.")

    assert [own_words(one) for one in (said, role, document, lines, memory)] == [
        "The kiln is hot.",
        "The kiln is hot.",
        "It is hot.",
        "Kiln: hot\nDoor: shut",
        "User: is a word.",
    ]


def test_sentences_are_counted() -> None:
    assert several_sentences("The kiln is hot. The door is shut.")
    assert not several_sentences("The kiln, e.g. the big one, is hot.")


def test_words_asked_for_are_found_whatever_their_endings() -> None:
    asked = WordsAsked([Query(text="Which breeds of cats?"), Query(text="寿司")])

    assert asked.found_in("A breeding CAT, a scat") == {"breed", "cat"}
    assert asked.found_in("昨日寿司を食べた") == {"寿司"}
    assert WordsAsked().found_in("anything") == frozenset()
