"""The size of an answer is the sum of what its lines cost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synap.domain.tokens import count_line, count_lines, count_tokens

LINES = st.text(min_size=1).map(lambda text: " ".join(text.split())).filter(bool)


@given(st.lists(LINES, max_size=8))
def test_lines_cost_together_what_the_whole_costs(lines: list[str]) -> None:
    assert count_lines(lines) == count_tokens("\n".join(lines))


@given(st.lists(LINES, min_size=1, max_size=8))
def test_the_whole_never_costs_more_than_its_lines_and_breaks_rounded_up(lines: list[str]) -> None:
    apart = sum(count_line(line) + count_tokens("\n") for line in lines)

    assert count_lines(lines) <= apart
