from __future__ import annotations

import pytest

from synap.ingestion.rewrite import Voice
from synap.ingestion.wishes import standing_content, telegraphic_opening


@pytest.mark.parametrize(
    ("sentence", "opening"),
    [
        ("Sold the canoe", "I "),
        ("Started fencing lessons last week", "I "),
        ("Just adopted a tortoise", "I "),
        ("gonna repaint the shed", "I am "),
        ("Been sober since 2019", "I have "),
        ("Huge fan of brass bands", "I am a "),
        ("Not a morning person", "I am "),
        ("Baked potatoes are cheap", ""),
        ("Left ankle hurts", ""),
        ("Being a plumber, I start early", ""),
        ("Plans change", ""),
    ],
)
def test_what_a_telegraphic_sentence_leaves_out(sentence: str, opening: str) -> None:
    assert telegraphic_opening(sentence) == opening


def test_the_assistant_is_never_called_you() -> None:
    assert standing_content("Never use slang when you write to me", Voice()) == (
        "The user wants the assistant to never use slang when it writes to them"
    )
