from __future__ import annotations

import pytest

from synap.domain.tokens import count_tokens, cut

GERMAN = (
    "Wir haben gestern beschlossen, dass die Wohnung erst im Frühjahr gekündigt wird. Der Vermieter verlangt eine "
    "dreimonatige Kündigungsfrist, was ziemlich ärgerlich ist."
)


@pytest.mark.parametrize(
    ("text", "lowest", "highest"),
    [
        ("", 0, 0),
        ("hello", 1, 1),
        ("The quick brown fox jumps over the lazy dog.", 10, 11),
        ("1234567890", 4, 4),
        ("for item in items:\n    total += item.price\n", 12, 16),
        ("東京に住んでいます。", 6, 10),
        (GERMAN, 33, 41),
    ],
)
def test_counts_stay_near_those_of_byte_pair_tokenisers(text: str, lowest: int, highest: int) -> None:
    assert lowest <= count_tokens(text) <= highest


def test_a_text_that_fits_is_returned_as_it_is() -> None:
    assert cut("One two three. Four five.", 50) == "One two three. Four five."


def test_a_cut_keeps_whole_sentences_and_marks_the_rest() -> None:
    text = "One two three. Four five six. Seven eight nine."

    assert cut(text, count_tokens("One two three. Four five six. …")) == "One two three. Four five six. …"


@pytest.mark.parametrize("budget", [-1, 0, 1, 4])
def test_nothing_comes_back_where_no_sentence_fits(budget: int) -> None:
    assert cut("This sentence is longer than that. And more.", budget) == ""
