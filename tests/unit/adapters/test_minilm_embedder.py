from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synap.adapters.minilm.embedder import available_cores, batches


@given(st.lists(st.integers(2, 256), max_size=200))
def test_batches_hold_every_text_once_and_stay_bounded(lengths: list[int]) -> None:
    groups = batches(lengths)

    assert sorted(position for group in groups for position in group) == list(range(len(lengths)))
    assert all(len(group) <= 32 for group in groups)
    assert all(len(group) * max(lengths[position] for position in group) <= 2048 for group in groups)


def test_texts_of_like_length_share_a_batch() -> None:
    groups = batches([200, 5, 200, 5, 5] + [200] * 8)

    assert groups[0][:3] == [1, 3, 4]


def test_at_least_one_core_is_available() -> None:
    assert available_cores() >= 1
