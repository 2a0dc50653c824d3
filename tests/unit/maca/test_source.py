from __future__ import annotations

import pytest

from synap.errors import InvalidInputError
from synap.maca.source import MAX_BYTES, parse

_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [*{a},*{a},*{a},*{a}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
)


def test_a_mapping_is_read() -> None:
    assert parse("a: 1\nb: {c: [x, y]}") == {"a": 1, "b": {"c": ["x", "y"]}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (_BOMB, "anchors and aliases"),
        ("a: !!python/object/apply:os.system ['true']", "tags"),
        ("[" * 5000, "nested deeper"),
        ("a: 1\nb: 2\na: 3", "'a' is given twice (line 3)"),
        ("a: {x: 1, x: 2}", "'x' is given twice"),
        ("? [a]\n: b", "keys must be words"),
        ("a: [1, 2", "not valid YAML (line 1"),
        ("a: 1\n---\nb: 2", "not valid YAML"),
        ("a: \x07", "not valid YAML"),
        ("a: 2024-99-99", "cannot read"),
        ("- a\n- b", "must be a mapping"),
        ("just words", "must be a mapping"),
        ("a: " + "x" * MAX_BYTES, "64 KiB"),
        ("a: \ud800", "not valid YAML"),
    ],
)
def test_harmful_or_broken_text_is_refused_with_the_reason(text: str, told: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse(text)

    assert told in caught.value.message
    assert caught.value.field == "config"
