from __future__ import annotations

import pytest

from synap.domain.likings import likings_of


@pytest.mark.parametrize(
    ("clause", "value", "changed"),
    [
        ("The user likes plums", "yes", False),
        ("I do not like plums", "no", False),
        ("I can not stand plums", "no", False),
        ("The user no longer likes plums", "no", True),
        ("The user does not like plums any more", "no", True),
        ("The user stopped liking plums", "no", True),
        ("The user likes plums now", "yes", True),
        ("The user used to love plums", "no", True),
    ],
)
def test_a_clause_tells_what_is_liked_and_whether_that_changed(clause: str, value: str, *, changed: bool) -> None:
    (slot,) = likings_of(clause, "the user")

    assert (slot.subject, slot.name, slot.value, slot.single) == ("the user", "liking:plum", value, changed)


@pytest.mark.parametrize(
    "clause", ["The user is like a plum", "I like plums more than pears", "She likes plums", "I like it", "Plums fall"]
)
def test_comparisons_and_what_leaves_open_who_or_what_tell_nothing(clause: str) -> None:
    assert list(likings_of(clause, "the user")) == []
