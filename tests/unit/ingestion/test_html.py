from __future__ import annotations

from time import process_time

import pytest

from synap.ingestion.html import parse_html

LARGE = 20_000


@pytest.mark.parametrize("opening", ["<!--", "<!", "<?", "<![", "<a ", '<a b="', "</"])
def test_what_never_ends_is_read_in_linear_time(opening: str) -> None:
    begun = process_time()

    parse_html("<div>" + opening * LARGE)

    assert process_time() - begun < 2.5


def test_comments_and_declarations_are_left_out_and_offsets_stay() -> None:
    page = "<!doctype html><p>Tea <!-- no --> time</p><?php x ?><p>3 < 4</p>"

    first, second = parse_html(page)

    assert (first.text, second.text) == ("Tea time", "3 < 4")
    assert page[second.start : second.end] == "3 < 4"


def test_a_comment_without_an_end_hides_nothing() -> None:
    (block,) = parse_html("<p>Tea <!-- time</p>")

    assert block.text.startswith("Tea")
    assert "time" in block.text
