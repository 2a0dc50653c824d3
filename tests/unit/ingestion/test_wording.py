from __future__ import annotations

import pytest

from synap.ingestion.wording import put_plainly


@pytest.mark.parametrize(
    ("clause", "plain", "held_back"),
    [
        ("I would say my favourite tea is oolong", "my favourite tea is oolong", True),
        ("You could say I collect debts", "I collect debts", True),
        ("I guess you could call me a night owl", "I am a night owl", True),
        ("I would say no", "I would say no", False),
        ("I keep bees lol 🐝", "I keep bees", False),
        ("my uncle was a miner, you know", "my uncle was a miner", False),
        ("tomorrow is my first day at the brewery", "my first day at the brewery is tomorrow", False),
    ],
)
def test_what_only_colours_a_clause_is_taken_off(clause: str, plain: str, held_back: bool) -> None:  # noqa: FBT001 - a table's column
    assert put_plainly(clause) == (plain, held_back)
