from __future__ import annotations

import pytest

from synap.domain.sentences import sentences


@pytest.mark.parametrize(
    "parts",
    [
        ["Dr. Smith came at 5 p.m. in Berlin.", "We left."],
        ["See https://example.org/a?b=1.5 for more.", "Then write to a.b@example.org."],
        ["We use Python 3.11+ and it works... mostly.", "Fine!"],
        ["lol ok.", "then we went home"],
        ['"Really?" she asked.', 'He said "Go."', "We left."],
        ["It is Plan B.", "The end."],
        ["J. R. Hartley wrote it.", "It costs $3.50."],
        ["I moved to the U.S.", "It was hard."],
        ["St. Gallen is nice.", "He lives on Main St.", "He likes it."],
        ["Am 3. Mai ziehe ich um.", "Danach nicht mehr."],
        ["See fig. 3 and no. 7, e.g. the left one.", "Done."],
        ["今日は晴れ。", "明日\uff01"],
    ],
)
def test_text_is_split_where_a_reader_would(parts: list[str]) -> None:
    text = " ".join(parts)

    assert [text[start:end] for start, end in sentences(text)] == parts


def test_a_line_break_always_ends_a_sentence() -> None:
    text = "1. Do this\n2. Do that\r\n\r\n  and more "

    assert [text[start:end] for start, end in sentences(text)] == ["1. Do this", "2. Do that", "and more"]


def test_blank_text_has_no_sentences() -> None:
    assert sentences(" \n\t ") == []
